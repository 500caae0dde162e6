"""Boxes and the cardiothoracic ratio from masks: arrays in, numbers in pixels of the film out."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...core.boxes import Box
from .heart import Border, borders, silhouette
from .masks import FilmMasks, mask_box

LEAST_CONTRAST, LEAST_SEEN = 0.03, 0.5
"""Of `Border`: with less of either, a border is not told from its surroundings. Of 53 films on which both borders can
be followed by eye 47 pass, and 11 of 21 others."""
MOST_REACH = 0.87
"""A border this close to the chest wall, as a part of the way to it, is one of an opacity that hides the heart's."""
MOST_UNEVEN = 0.3
"""Where one lung seems to end this much of its height above the other, an opacity hides its base and the heart's border
with it. In 74 drawn pairs of lungs the difference is 0.28 at most."""
PLAUSIBLE_RATIO = (0.3, 0.85)
"""Below and above, the borders are taken for a mistake. Adults' ratios lie around 0.4 to 0.6."""


@dataclass(frozen=True)
class Line:
    """A horizontal line in film pixels, from x0 to x1 at row y."""

    x0: float
    x1: float
    y: float

    @property
    def length(self) -> float:
        """Pixels from end to end."""
        return self.x1 - self.x0


@dataclass(frozen=True)
class HeartSize:
    """The cardiothoracic ratio and its landmarks, all in pixels of `Film.pixels`.

    Args:
        box: of the cardiac silhouette.
        left_reach: from the midline to the border's widest point at the left of the picture.
        right_reach: the same at the right.
        thorax: the greatest internal diameter.
        clear: both borders of the heart and the bases of both lungs are seen; only then is the ratio a measurement.
    """

    box: Box
    left_reach: Line
    right_reach: Line
    thorax: Line
    clear: bool

    @property
    def ratio(self) -> float:
        """Greatest horizontal cardiac diameter over greatest internal diameter of the thorax, both in pixels of a row.

        The cardiac diameter is the sum of the greatest reaches to both sides, at whatever levels (Danzer CS, "The
        cardiothoracic ratio: an index of cardiac enlargement", Am J Med Sci 157 (1919) 513-521).
        """
        return (self.right_reach.x1 - self.left_reach.x0) / self.thorax.length


def thoracic_diameter(masks: FilmMasks) -> Line | None:
    """The longest horizontal line between the outer borders of both lungs; None when no row shows both."""
    rows = np.flatnonzero(masks.image_left.any(axis=1) & masks.image_right.any(axis=1))
    if len(rows) == 0:
        return None
    starts = np.argmax(masks.image_left[rows], axis=1)
    ends = masks.image_right.shape[1] - np.argmax(masks.image_right[rows, ::-1], axis=1)
    widths = ends - starts
    level = np.flatnonzero(widths == widths.max())
    widest = int(level[len(level) // 2])
    return Line(float(starts[widest]), float(ends[widest]), float(rows[widest]) + 0.5)


def tilt(masks: FilmMasks) -> float:
    """How far the thorax leans, in degrees, positive where its top leans to the picture's right.

    The mean of the long axes of both lungs, which lean to each other alike in an upright thorax. On 74 films with drawn
    lungs it is 2 degrees in the mean with a deviation of 4, true leaning included, so it tells only a plain tilt.
    """
    lungs = [mask for mask in (masks.image_left, masks.image_right) if mask.any()]
    return float(np.mean([_lean(mask) for mask in lungs])) if len(lungs) == 2 else 0.0


def _lean(mask: NDArray[np.bool_]) -> float:
    """Angle of a structure's long axis to the columns, in degrees, positive where its top leans to the right."""
    places = np.argwhere(mask).astype(np.float64)
    places -= places.mean(axis=0)
    down, right = np.linalg.eigh(places.T @ places)[1][:, 1]
    return math.degrees(math.atan2(-right, down) if down > 0 else math.atan2(right, -down))


def unevenness(masks: FilmMasks) -> float:
    """How far the bases of the lungs lie apart, as a fraction of the taller lung's height."""
    left, right = mask_box(masks.image_left), mask_box(masks.image_right)
    return abs(left[3] - right[3]) / max(left[3] - left[1], right[3] - right[1])


def heart_size(film: NDArray[np.float32], masks: FilmMasks) -> HeartSize | None:
    """Size of the heart; None when nothing plausible is found between the lungs.

    An opacity that adjoins the heart and leaves lung beside it is measured as heart.

    Args:
        film: (rows, columns), 0..1, bright = dense.
        masks: of the same shape.
    """
    thorax = thoracic_diameter(masks)
    if thorax is None or not masks.heart.any():
        return None
    box = silhouette(masks.heart)
    left, right = borders(film, masks.heart, thorax.length)
    middle = min(max(_midline(masks), left.x), right.x)
    clear = (unevenness(masks) <= MOST_UNEVEN and all(map(_clear, (left, right)))
             and middle - left.x <= MOST_REACH * (middle - thorax.x0)
             and right.x - middle <= MOST_REACH * (thorax.x1 - middle))
    size = HeartSize(box, Line(left.x, middle, left.y), Line(middle, right.x, right.y), thorax, clear)
    return size if PLAUSIBLE_RATIO[0] <= size.ratio <= PLAUSIBLE_RATIO[1] else None


def _midline(masks: FilmMasks) -> float:
    """Column halfway between the inner borders of the lungs, over the upper two thirds of the rows that show both."""
    rows = np.flatnonzero(masks.image_left.any(axis=1) & masks.image_right.any(axis=1))
    upper = rows[:max(1, len(rows) * 2 // 3)]
    columns = masks.image_left.shape[1]
    inner = columns - np.argmax(masks.image_left[upper, ::-1], axis=1) + np.argmax(masks.image_right[upper], axis=1)
    return float(np.median(inner / 2))


def _clear(border: Border) -> bool:
    return border.contrast >= LEAST_CONTRAST and border.seen >= LEAST_SEEN

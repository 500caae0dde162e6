"""Boxes and the cardiothoracic ratio from masks and borders: arrays in, numbers in pixels of the film out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...core.boxes import Box
from .heart import GRID, Border, trace_borders
from .lungs import LungMasks

LEAST_CONTRAST = 0.08
LEAST_SUPPORT = 0.6
MOST_REACH = 0.87
"""A border this close to the chest wall is one of an opacity that hides the heart's."""
LEAST_LUNG_SCORE = 0.5
MOST_UNEVEN = 0.3
"""Where one lung seems to end this much of its height above the other, an opacity hides its base and the heart's border
with it. In 74 drawn pairs of lungs the difference is 0.28 at most."""
PLAUSIBLE_RATIO = (0.3, 0.85)
"""Below and above, the traced borders are taken for a mistake. Adults' ratios lie around 0.4 to 0.6."""


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
        box: of the cardiac silhouette between its borders, from the level where tracing began to the base.
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


def mask_box(mask: NDArray[np.bool_]) -> Box:
    """The smallest box [x0, y0, x1, y1], half-open, that holds a mask with at least one pixel."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def thoracic_diameter(lungs: LungMasks) -> Line | None:
    """The longest horizontal line between the outer borders of both lungs; None when no row shows both."""
    rows = np.flatnonzero(lungs.image_left.any(axis=1) & lungs.image_right.any(axis=1))
    if len(rows) == 0:
        return None
    starts = np.argmax(lungs.image_left[rows], axis=1)
    ends = lungs.image_right.shape[1] - np.argmax(lungs.image_right[rows, ::-1], axis=1)
    widths = ends - starts
    level = np.flatnonzero(widths == widths.max())
    widest = int(level[len(level) // 2])
    return Line(float(starts[widest]), float(ends[widest]), float(rows[widest]) + 0.5)


def unevenness(lungs: LungMasks) -> float:
    """How far the bases of the lungs lie apart, as a fraction of the taller lung's height."""
    left, right = mask_box(lungs.image_left), mask_box(lungs.image_right)
    return abs(left[3] - right[3]) / max(left[3] - left[1], right[3] - right[1])


def heart_size(film: NDArray[np.float32], lungs: LungMasks) -> HeartSize | None:
    """Size of the heart; None when nothing plausible is found between the lungs.

    An opacity that adjoins the heart and leaves lung beside it is measured as heart.

    Args:
        film: (rows, columns), 0..1, bright = dense.
        lungs: masks of the same shape.
    """
    thorax = thoracic_diameter(lungs)
    borders = trace_borders(film, lungs)
    if thorax is None or borders is None:
        return None
    left, right = borders.left, borders.right
    across, down = film.shape[1] / GRID, film.shape[0] / GRID
    edges = left.widest[0] * across, right.widest[0] * across
    middle = borders.middle * across
    box = (edges[0], min(left.top, right.top) * down, edges[1], max(left.bottom, right.bottom) * down)
    size = HeartSize(box, Line(edges[0], middle, left.widest[1] * down), Line(middle, edges[1], right.widest[1] * down),
                     thorax, _bases_seen(lungs) and _clear(left) and _clear(right))
    return size if PLAUSIBLE_RATIO[0] <= size.ratio <= PLAUSIBLE_RATIO[1] else None


def _bases_seen(lungs: LungMasks) -> bool:
    return lungs.score >= LEAST_LUNG_SCORE and unevenness(lungs) <= MOST_UNEVEN


def _clear(border: Border) -> bool:
    return border.contrast >= LEAST_CONTRAST and border.supported >= LEAST_SUPPORT and border.reach <= MOST_REACH

"""Both borders of the heart on a frontal film, traced from the middle outwards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from .lungs import LungMasks

GRID = 512
"""Rows and columns of the square that the film is looked at in."""

_STEEP_EDGE = 0.012
_DARK_SHARE, _DARK_MOST = 0.3, 0.13
_WRONG_SIDE, _OUTWARDS, _BEND = 2.0, 0.25, 0.05
_REACH = 3
_SEARCHED = 0.92
_LEAST_EDGE = 0.3
_ON_DIAPHRAGM = 2.0
# In brightness per GRID pixel, fractions of the film's range, weights of the path's terms and GRID pixels per row:
# set by eye on 40 films and the generated ones; no set of traced hearts was at hand.

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Border:
    """One side's border, in GRID pixels.

    Args:
        widest: (column, row) of the border's point farthest from the midline.
        contrast: brightness just inside minus just outside, around that point and along the border (the smaller of
            the two), as a fraction of the film's range.
        supported: fraction of the border's rows that show an edge.
        reach: distance of the widest point from the midline, as a fraction of that of the lung's outer border.
        top: first row that was looked at.
        bottom: row of the border's end.
    """

    widest: tuple[float, float]
    contrast: float
    supported: float
    reach: float
    top: float
    bottom: float


@dataclass(frozen=True)
class Borders:
    """Both borders and the midline between the lungs, in GRID pixels.

    Args:
        middle: column of the midline.
        left: the border at the left of the picture.
        right: the border at the right.
    """

    middle: float
    left: Border
    right: Border


@dataclass(frozen=True)
class _Side:
    """One side of the heart's surroundings: columns are distances from the midline, rows are rows of the square."""

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    brightness: Floats
    edge: Floats
    inside_lung: NDArray[np.bool_]


def trace_borders(film: NDArray[np.float32], lungs: LungMasks) -> Borders | None:
    """The heart's border at the left of the picture and at the right.

    A border is the path, one column per row, that best follows an edge from bright to dark and has bright pixels on
    its inner and dark ones on its outer side, found by dynamic programming (the edge term after Li et al., "Optimal
    surface segmentation in volumetric images", IEEE Trans Pattern Anal Mach Intell 28 (2006) 119-134; the region term
    after Chan and Vese, IEEE Trans Image Process 10 (2001) 266-277).

    Args:
        film: (rows, columns), 0..1, bright = dense.
        lungs: masks of the same shape.

    Returns:
        Both borders in GRID pixels (columns and rows scaled apart); None when a lung is too small to look beside it.
    """
    square = _square(film)
    low, high = np.percentile(square, [1, 99])
    square = (square - low) / max(high - low, 1e-6)
    masks = _square(lungs.image_left) > 0.5, _square(lungs.image_right) > 0.5
    middle = _midline(*masks)
    left = _look(square, masks[0], middle, -1, 0.55)
    right = _look(square, masks[1], middle, 1, 0.5)
    if left is None or right is None:
        return None
    return Borders(middle, _trace(left, middle, -1), _trace(right, middle, 1))


def _square(image: NDArray[np.generic]) -> Floats:
    picture = Image.fromarray(np.ascontiguousarray(image, dtype=np.float32))
    return np.asarray(picture.resize((GRID, GRID), Image.Resampling.BOX), np.float64)


def _midline(left: NDArray[np.bool_], right: NDArray[np.bool_]) -> float:
    """Column halfway between the inner borders of the lungs, over the upper two thirds of the rows that show both."""
    rows = np.flatnonzero(left.any(axis=1) & right.any(axis=1))
    if len(rows) == 0:
        return GRID / 2
    upper = rows[:max(1, len(rows) * 2 // 3)]
    inner = (GRID - np.argmax(left[upper, ::-1], axis=1) + np.argmax(right[upper], axis=1)) / 2
    return float(np.median(inner))


def _look(square: Floats, lung: NDArray[np.bool_], middle: float, side: int, start: float) -> _Side | None:
    """What lies between the midline and the outer border of one lung, from `start` of its height to its base."""
    lung_rows, lung_columns = np.flatnonzero(lung.any(axis=1)), np.flatnonzero(lung.any(axis=0))
    if len(lung_rows) < 40 or len(lung_columns) < 20:
        return None
    bases = GRID - np.argmax(lung[::-1, lung_columns], axis=0)
    base = np.interp(np.arange(GRID), lung_columns, bases)
    first = int(lung_rows[0] + start * (lung_rows[-1] - lung_rows[0]))
    rows = np.arange(first, max(int(np.percentile(bases, 40)), first + 20))
    outermost = lung_columns[0] if side < 0 else lung_columns[-1]
    columns = np.arange(4, max(int(_SEARCHED * abs(outermost - middle)), 24))
    rows = rows[rows < GRID]
    at = np.clip(np.rint(middle + side * columns), 0, GRID - 1).astype(int)
    drop = -side * ndimage.gaussian_filter(square, 3, order=(0, 1))
    across = np.clip(drop, 0, None)
    edge = across * across / (np.hypot(drop, ndimage.gaussian_filter(square, 3, order=(1, 0))) + 1e-9)
    inside = rows[:, None] < base[at][None, :]
    field = np.ix_(rows, at)
    return _Side(rows, columns, ndimage.gaussian_filter(square, (4, 2))[field],
                 np.where(inside, np.minimum(edge[field] / _STEEP_EDGE, 1), 0), inside)


def _trace(side: _Side, middle: float, sign: int) -> Border:
    path = _best_path(_reward(side))
    lines = np.arange(len(path))
    distance = side.columns[path]
    edge = side.edge[lines, path]
    counted = side.inside_lung[lines, path] & (edge > _LEAST_EDGE) & (lines <= _diaphragm_from(distance))
    widest = int(np.argmax(np.where(counted, distance, -1)))
    near = slice(max(0, widest - 12), widest + 13)
    last = side.brightness.shape[1] - 1
    step = side.brightness[lines, np.maximum(path - 12, 0)] - side.brightness[lines, np.minimum(path + 12, last)]
    return Border((middle + sign * float(distance[widest]), float(side.rows[widest])),
                  float(min(np.mean(step[near]), np.median(step))), float((edge > _LEAST_EDGE).mean()),
                  float(distance[widest] / side.columns[-1] * _SEARCHED),
                  float(side.rows[0]), float(side.rows[-1] + 1))


def _reward(side: _Side) -> Floats:
    """How well each place would do as border: an edge, bright from the midline to it, dark beyond it."""
    half = len(side.columns) // 2
    lung = np.percentile(side.brightness[:, half:], 30, axis=1)[:, None]
    heart = np.median(side.brightness[:, :16], axis=1)[:, None]
    dark = side.brightness < lung + np.minimum(_DARK_SHARE * (heart - lung), _DARK_MOST)
    dark_inside = np.cumsum(dark, axis=1)
    bright_outside = np.cumsum(~dark[:, ::-1], axis=1)[:, ::-1]
    wrong = (dark_inside + 0.5 * bright_outside) / side.columns[-1]
    outwards = np.where(side.edge > _LEAST_EDGE, side.columns / side.columns[-1], 0)
    return np.asarray(side.edge + _OUTWARDS * outwards - _WRONG_SIDE * wrong, np.float64)


def _best_path(reward: Floats) -> NDArray[np.int64]:
    """One column index per row with the greatest sum, at most _REACH columns from row to row, bends costing _BEND."""
    total = reward.copy()
    origin = np.zeros(reward.shape, np.int64)
    width = reward.shape[1]
    shifts = np.arange(-_REACH, _REACH + 1)
    sources = np.arange(width)[None, :] - shifts[:, None]
    allowed = (sources >= 0) & (sources < width)
    sources = np.clip(sources, 0, width - 1)
    for row in range(1, len(reward)):
        offers = np.where(allowed, total[row - 1][sources] - _BEND * np.abs(shifts)[:, None], -np.inf)
        best = np.argmax(offers, axis=0)
        total[row] += offers[best, np.arange(width)]
        origin[row] = sources[best, np.arange(width)]
    path = np.zeros(len(reward), np.int64)
    path[-1] = int(np.argmax(total[-1]))
    for row in range(len(reward) - 1, 0, -1):
        path[row - 1] = origin[row, path[row]]
    return path


def _diaphragm_from(distance: NDArray[np.int64]) -> int:
    """First line, in the lower third, where the path turns flat as the dome of the diaphragm is."""
    span = 12
    flatness = (distance[span:] - distance[:-span]) / span
    flat = np.flatnonzero((flatness > _ON_DIAPHRAGM) & (np.arange(len(flatness)) > 0.65 * len(distance)))
    return int(flat[0]) if len(flat) else len(distance)

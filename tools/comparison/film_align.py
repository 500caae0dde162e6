"""Alignment of two chest films by their lungs, and the check that it is one. Pure.

Points are (x, y) in pixels of `Film.pixels`, pixel centres at half pixels, origin top left.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..localization.masks import FilmMasks, Mask

ENDS = (2.0, 98.0)
"""Percentiles of a lung's pixels along its own axes that count as its apex, base and borders: less moved by single
pixels than the outermost ones."""
LEAST_OVERLAP = 0.6
"""Overlap of the lung fields after alignment below which it is not believed."""
LIES_ALREADY = 0.9
"""Overlap edge to edge from which films lie on each other without being moved."""
MOST_TURN_DEG, MOST_SCALE = 30.0, 2.0
"""Films turned farther, or scaled farther from equal width, are not aligned."""
SIDE = 256
"""Rows and columns of the grid on which overlaps are counted."""

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class FilmAlignment:
    """How the prior film lies on the current one.

    Args:
        to_prior: (3, 3) from (x, y, 1) of the current film to (x, y, 1) of the prior one: a similarity.
        before: overlap (Dice) of the lung fields with the films laid on each other edge to edge.
        after: the same with the alignment.
        moved: whether `to_prior` is from landmarks; False where these brought no better overlap than the edges.
    """

    to_prior: Matrix
    before: float
    after: float
    moved: bool

    @property
    def aligned(self) -> bool:
        """Whether the films lie on each other by `to_prior`: by landmarks, or edge to edge where they do so already."""
        return self.moved or self.before >= LIES_ALREADY

    @property
    def turn_deg(self) -> float:
        """By which the prior film is turned clockwise."""
        return float(-np.degrees(np.arctan2(self.to_prior[1, 0], self.to_prior[0, 0])))

    @property
    def scale(self) -> float:
        """By which the prior film is enlarged."""
        return float(1 / np.hypot(self.to_prior[0, 0], self.to_prior[1, 0]))


def align_films(prior: FilmMasks, current: FilmMasks) -> FilmAlignment | None:
    """The similarity that brings the lung landmarks of two films together in the least squares sense.

    Args:
        prior: of the earlier film.
        current: of the later one.

    Returns:
        None when no lung is seen on both. Where the landmarks bring no better overlap of the lung fields than laying
        the films on each other edge to edge, the latter, which is an alignment only from `LIES_ALREADY` on.
    """
    pairs = [(one, other) for one, other in ((prior.image_left, current.image_left),
                                            (prior.image_right, current.image_right)) if one.any() and other.any()]
    if not pairs:
        return None
    edges = _edge_to_edge(prior.heart.shape, current.heart.shape)
    points = [np.concatenate([landmarks(pair[which]) for pair in pairs]) for which in (0, 1)]
    found = umeyama(points[1], points[0])
    before, after = (overlap(pairs, matrix) for matrix in (edges, found))
    result = FilmAlignment(found, before, after, True)
    plausible = (abs(result.turn_deg) <= MOST_TURN_DEG and after >= max(before, LEAST_OVERLAP)
                 and 1 / MOST_SCALE <= result.scale * edges[0, 0] <= MOST_SCALE)
    return result if plausible else FilmAlignment(edges, before, before, False)


def landmarks(lung: Mask) -> NDArray[np.float64]:
    """Middle, apex, base and both borders of a lung: (5, 2) points along its own axes, so that they turn with it.

    Args:
        lung: (rows, columns), not empty.
    """
    rows, columns = np.nonzero(lung)
    points = np.stack([columns, rows], axis=1) + 0.5
    middle = points.mean(axis=0)
    _, axes = np.linalg.eigh(np.cov((points - middle).T))
    found = [middle]
    for axis, upward in ((axes[:, 1], 1), (axes[:, 0], 0)):
        along = axis if axis[upward] >= 0 else -axis
        found += [middle + end * along for end in np.percentile((points - middle) @ along, ENDS)]
    return np.asarray(found)


def umeyama(points: NDArray[np.float64], onto: NDArray[np.float64]) -> Matrix:
    """The (3, 3) similarity without reflection that brings points nearest to others in the least squares sense
    (Umeyama, IEEE TPAMI 13(4):376-380, 1991).

    Args:
        points: (n, 2), n >= 2, not all one.
        onto: (n, 2).
    """
    middles = points.mean(axis=0), onto.mean(axis=0)
    first, second = points - middles[0], onto - middles[1]
    left, spread, right = np.linalg.svd(second.T @ first / len(points))
    signs = np.array([1.0, np.sign(np.linalg.det(left @ right))])
    turn = left @ np.diag(signs) @ right
    scale = float((spread * signs).sum() / (first**2).sum(axis=1).mean())
    matrix = np.eye(3)
    matrix[:2, :2] = scale * turn
    matrix[:2, 2] = middles[1] - scale * turn @ middles[0]
    return matrix


def overlap(pairs: list[tuple[Mask, Mask]], to_prior: Matrix) -> float:
    """Dice of the prior lungs, brought onto the current film, with the current ones; counted on a coarse grid.

    Args:
        pairs: the same lung on the prior and on the current film.
        to_prior: see `FilmAlignment`.
    """
    shared = total = 0
    for prior, current in pairs:
        step = (current.shape[0] / SIDE, current.shape[1] / SIDE)
        rows, columns = ((np.arange(SIDE) + 0.5) * size for size in step)
        x, y = np.meshgrid(columns, rows)
        there = to_prior @ np.stack([x.ravel(), y.ravel(), np.ones(x.size)])
        moved = _at(prior, there[0], there[1])
        here = _at(current, x.ravel(), y.ravel())
        shared += int((moved & here).sum())
        total += int(moved.sum()) + int(here.sum())
    return round(2 * shared / total, 3) if total else 0.0


def moved_film(film: NDArray[np.float32], to_prior: Matrix, shape: tuple[int, int]) -> NDArray[np.float32]:
    """The prior film as it lies on the current one, linearly interpolated, black beyond its edges.

    Args:
        film: (rows, columns) of the prior film.
        to_prior: see `FilmAlignment`.
        shape: of the current film.
    """
    swapped = to_prior[np.ix_([1, 0, 2], [1, 0, 2])]  # from (x, y) to (row, column)
    offset = swapped[:2, :2] @ np.array([0.5, 0.5]) + swapped[:2, 2] - 0.5
    return np.asarray(ndimage.affine_transform(film, swapped[:2, :2], offset, shape, order=1), np.float32)


def _edge_to_edge(prior: tuple[int, ...], current: tuple[int, ...]) -> Matrix:
    """Middle on middle, equally wide."""
    scale = prior[1] / current[1]
    matrix = np.diag([scale, scale, 1.0])
    matrix[:2, 2] = [0.0, (prior[0] - scale * current[0]) / 2]
    return matrix


def _at(mask: Mask, x: NDArray[np.float64], y: NDArray[np.float64]) -> Mask:
    columns, rows = np.floor(x).astype(int), np.floor(y).astype(int)
    inside = (rows >= 0) & (rows < mask.shape[0]) & (columns >= 0) & (columns < mask.shape[1])
    found = np.zeros(len(x), bool)
    found[inside] = mask[rows[inside], columns[inside]]
    return found

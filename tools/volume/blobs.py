"""Bright balls in a volume, by scale-space maxima. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .grids import Mask, ball, bounding_box

SCALES_MM = (1.5, 2.0, 3.0, 4.5, 6.5, 9.0)
SMALLEST_RESPONSE = 200.0
"""HU. A ball of 700 HU contrast answers with about 600 at its own scale."""
SMALLEST_ROUNDNESS = 0.75
"""Weakest over strongest curvature: 1 for a ball, 0 for a tube; forks of vessels and ribs stay below 0.7."""
APART_MM = 6.0


@dataclass(frozen=True)
class Blob:
    """A scale-space maximum.

    Args:
        index: (k, j, i) in the searched array.
        radius_mm: of the ball that would answer most at this scale.
        strength: response in HU times roundness.
    """

    index: tuple[int, int, int]
    radius_mm: float
    strength: float


def find_blobs(values: NDArray[np.float32], within: Mask, spacing: tuple[float, float, float]) -> Iterator[Blob]:
    """Round maxima of the scale-normalised negative Laplacian.

    Args:
        values: (k, j, i) HU, flat where nothing is to be found.
        within: where maxima count.
        spacing: mm along (k, j, i).
    """
    if not within.any():
        return
    place = bounding_box(within, 2)
    cut = values[place].astype(np.float32)
    smooth = [ndimage.gaussian_filter(cut, [scale / step for step in spacing], truncate=3.0) for scale in SCALES_MM]
    responses = np.stack([scale**2 * _negative_laplacian(blurred, spacing)
                          for scale, blurred in zip(SCALES_MM, smooth, strict=True)])
    best, which = responses.max(axis=0), responses.argmax(axis=0)
    peaks = (ndimage.maximum_filter(best, footprint=ball(APART_MM, spacing)) == best) & (best > SMALLEST_RESPONSE)
    for index in np.argwhere(peaks & within[place]):
        if (index < 1).any() or (index >= np.array(cut.shape) - 1).any():
            continue
        at = int(which[tuple(index)])
        round_part = _roundness(smooth[at], index, spacing, SCALES_MM[at])
        if round_part >= SMALLEST_ROUNDNESS:
            k, j, i = (int(part) + cut_at.start for part, cut_at in zip(index, place, strict=True))
            yield Blob((k, j, i), SCALES_MM[at] * 3**0.5, float(best[tuple(index)]) * round_part)


def _negative_laplacian(values: NDArray[np.float32], spacing: tuple[float, float, float]) -> NDArray[np.float32]:
    total = np.zeros_like(values)
    for axis, step in enumerate(spacing):
        total += ndimage.correlate1d(values, np.array([-1.0, 2.0, -1.0]) / step**2, axis, mode="nearest")
    return total


def _roundness(values: NDArray[np.float32], index: NDArray[np.int64], spacing: tuple[float, float, float],
               scale_mm: float) -> float:
    """Weakest over strongest downward curvature at a maximum, 0 where one curves upwards.

    Curvatures are differences of neighbours, which fall short of the true ones the more the farther apart these lie:
    each is divided by what a ball of the scale keeps of its own, so that balls are as round in thick slices as in thin.
    """
    k, j, i = index
    near = values[k - 1:k + 2, j - 1:j + 2, i - 1:i + 2].astype(np.float64)
    kept = [_kept_curvature(step, scale_mm) for step in spacing]
    hessian = np.empty((3, 3))
    for first in range(3):
        for second in range(3):
            slope = np.gradient(np.gradient(near, spacing[first], axis=first), spacing[second], axis=second)
            hessian[first, second] = slope[1, 1, 1] / np.sqrt(kept[first] * kept[second])
        line = np.moveaxis(near, first, 0)[:, 1, 1]
        hessian[first, first] = (line[0] + line[2] - 2 * line[1]) / spacing[first] ** 2 / kept[first]
    curvature = -np.linalg.eigvalsh(hessian)
    return float(curvature.min() / curvature.max()) if curvature.min() > 0 else 0.0


def _kept_curvature(step_mm: float, scale_mm: float) -> float:
    """Second difference over second derivative in the middle of a Gaussian of the variance of a blurred ball.

    A ball that answers most at a scale has a radius of sqrt(3) scales (Lindeberg 1998), so a variance along each axis
    of 3/5 scales squared beside the blur's; a voxel's edge adds its own twelfth.
    """
    variance = 1.6 * scale_mm**2 + step_mm**2 / 12
    return float(2 * (1 - np.exp(-step_mm**2 / (2 * variance))) * variance / step_mm**2)

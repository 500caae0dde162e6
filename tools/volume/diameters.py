"""Size of a solid ball in lung, from its partial-volume-weighted volume. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.geometry import VolumeGeometry

AIR_LIKE_HU = -500.0
SOLID_CORE_HU = -250.0
"""What a core must reach; below it the ball is ground glass, a blurred lung border, or too small for its voxels."""


@dataclass(frozen=True)
class Ball:
    """A measured ball.

    Args:
        centre_mm: LPS.
        diameter_mm: of the sphere with its volume.
        lung_hu: of what surrounds it.
        solid_hu: of its core.
    """

    centre_mm: tuple[float, float, float]
    diameter_mm: float
    lung_hu: float
    solid_hu: float


def measure_ball(voxels: NDArray[Any], geometry: VolumeGeometry, centre_mm: NDArray[np.float64],
                 radius_mm: float) -> Ball | None:
    """Centre and equivalent-sphere diameter of a solid ball surrounded by lung.

    Each voxel counts by the part of it that is solid, (value - lung) / (solid - lung) kept to 0..1, where lung is the
    median of the air-like voxels around and solid a high percentile of the core (the upper decile where partial volume
    reaches the core, less where only noise does); the sum is the volume, which partial
    volume does not bias (Kuhnigk et al., IEEE TMI 25(4):417-434, 2006, for the idea). Only voxels within the current
    radius plus the blur of one voxel count, so that most of an attached vessel is left out.

    Args:
        voxels: (k, j, i) HU.
        geometry: of the voxels.
        centre_mm: first guess, LPS.
        radius_mm: first guess.

    Returns:
        None when there is no lung around it or its core is not solid.
    """
    values, points = _around(voxels, geometry, centre_mm, 2.0 * radius_mm + 8.0)
    lung = values[values < AIR_LIKE_HU]
    core = values[np.linalg.norm(points - centre_mm, axis=1) <= max(0.6 * radius_mm, 0.6 * max(geometry.spacing))]
    small = 0.6 * radius_mm < max(geometry.spacing)
    if len(lung) < 20 or not len(core):
        return None
    low, high = float(np.median(lung)), float(np.percentile(core, 90 if small else 60))
    if high < SOLID_CORE_HU:
        return None
    part = np.clip((values - low) / (high - low), 0.0, 1.0)
    part[part < 0.15] = 0.0
    centre, radius = centre_mm, radius_mm
    blur = 0.75 * float(np.mean(geometry.spacing))
    for _ in range(8):
        weight = np.where(np.linalg.norm(points - centre, axis=1) <= radius + blur, part, 0.0)
        if weight.sum() == 0:
            return None
        centre = (weight[:, None] * points).sum(axis=0) / weight.sum()
        volume = float(weight.sum()) * geometry.voxel_ml * 1000
        radius = (3 * volume / (4 * np.pi)) ** (1 / 3)
    return Ball((float(centre[0]), float(centre[1]), float(centre[2])), 2 * float(radius), low, high)


def _around(voxels: NDArray[Any], geometry: VolumeGeometry, centre_mm: NDArray[np.float64], reach_mm: float
            ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Values (n,) and LPS positions (n, 3) of the voxels within `reach_mm` of a place."""
    middle = geometry.to_index(centre_mm)
    spans = [range(max(0, int(at - reach_mm / step)), min(size, int(at + reach_mm / step) + 2))
             for at, step, size in zip(middle, geometry.spacing, geometry.shape, strict=True)]
    index = np.stack(np.meshgrid(*spans, indexing="ij"), axis=-1).reshape(-1, 3)
    points = geometry.to_lps(index.astype(np.float64))
    near = np.linalg.norm(points - centre_mm, axis=1) <= reach_mm
    return voxels[tuple(index[near].T)].astype(np.float64), points[near]

"""Solid tissue that hangs on chest wall or mediastinum and bulges into a lung. Pure.

A closing of the lung takes in what bulges into it; what it took in and is solid is searched for balls. Two sizes of
closing: a wide one for masses, where only a large ball counts because hila and the heart hold smaller ones; and a
narrower one for smaller opacities, which count only away from the airways, because hilar vessels lie along them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ...core.finding import Laterality
from ...core.geometry import VolumeGeometry
from .grids import Coarse, Mask, ball, close, coarse_geometry, coarsen
from .lungs import Chest

SOLID_HU = -300.0
WIDE_CLOSING_MM, WIDE_GRID_MM = 40.0, 3.0
WIDE_CORE_MM, WIDE_CORE_SLICES = 15.0, 1.5
"""Radius of the ball that a mass must hold, in mm and in slice distances: a mass is larger than 30 mm. Normal hila and
hearts held balls of up to 10 mm in thin slices and of 13 mm in slices of 5 mm."""
CLOSING_MM, CORE_MM = 15.0, 5.0
FROM_AIRWAYS_MM = 15.0
"""Normal hilar vessels that held a ball of 5 mm lay within 5 mm of the airways."""
CORE_HU = 0.0
"""A core whose mean is below holds fat: the pleura beside ribs and diaphragm."""
TRUNK = 0.6
"""Part of its inscribed ball's radius that an opacity must be thick to count: what is thinner hangs on it (vessels)."""


@dataclass(frozen=True)
class Core:
    """An opacity at a lung's border.

    Args:
        mask: (k, j, i) on the grid it was found on.
        geometry: of that grid.
        side: of the lung.
    """

    mask: Mask
    geometry: VolumeGeometry
    side: Laterality


def find_cores(chest: Chest, lungs: Mapping[Laterality, Mask], geometry: VolumeGeometry) -> list[Core]:
    """Masses, then smaller opacities that are no part of one; each by side, then by place.

    Args:
        chest: segmentation of the volume.
        lungs: on the chest's coarse grid.
        geometry: of the stored voxels.
    """
    fine = coarse_geometry(geometry, chest.coarse.factors, chest.body.shape)
    wide = coarsen(chest.coarse.values, fine, WIDE_GRID_MM)
    place = coarse_geometry(fine, wide.factors, wide.values.shape)
    free = coarsen(chest.body & ~chest.airways, fine, WIDE_GRID_MM).values > 0.5
    least = max(WIDE_CORE_MM, WIDE_CORE_SLICES * geometry.spacing[0])
    masses = []
    for side, lung in sorted(lungs.items()):
        shrunk = coarsen(lung, fine, WIDE_GRID_MM).values > 0.5
        solid = close(shrunk, wide.spacing, WIDE_CLOSING_MM) & ~shrunk & free & (wide.values > SOLID_HU)
        masses += [Core(mask, place, side) for mask, _ in _pieces(solid, wide, least)]
    return masses + [core for core in _small(chest, lungs, fine) if not any(_within(core, mass) for mass in masses)]


def _small(chest: Chest, lungs: Mapping[Laterality, Mask], geometry: VolumeGeometry) -> Iterator[Core]:
    """Opacities away from the airways; none where no airways are seen, because hila cannot be told then."""
    if not chest.lumen.any():
        return
    coarse = chest.coarse
    away = ndimage.distance_transform_edt(~chest.lumen, coarse.spacing)
    for side, lung in sorted(lungs.items()):
        closed = close(lung, coarse.spacing, CLOSING_MM)
        solid = closed & ~lung & chest.body & ~chest.airways & (coarse.values > SOLID_HU)
        for mask, core in _pieces(solid, coarse, max(CORE_MM, coarse.spacing[0])):
            if away[mask].min() >= FROM_AIRWAYS_MM and coarse.values[core].mean() >= CORE_HU:
                yield Core(mask, geometry, side)


def _pieces(solid: Mask, grid: Coarse, radius_mm: float) -> Iterator[tuple[Mask, Mask]]:
    """Pieces of solid tissue that hold a ball of the radius, and the inner half of each."""
    depth = ndimage.distance_transform_edt(solid, grid.spacing)
    labels, count = ndimage.label(depth >= radius_mm / 2)
    for number in range(1, count + 1):
        inscribed = float(depth[labels == number].max())
        if inscribed >= radius_mm:
            trunk = (labels == number) & (depth >= inscribed * TRUNK)
            whole = ndimage.binary_dilation(trunk, ball(inscribed * TRUNK, grid.spacing)) & solid
            yield whole, whole & (depth >= inscribed / 2)


def _within(core: Core, mass: Core) -> bool:
    centre = core.geometry.to_lps(np.argwhere(core.mask).astype(float)).mean(axis=0)
    points = mass.geometry.to_lps(np.argwhere(mass.mask).astype(float))
    return bool(np.linalg.norm(points - centre, axis=1).min() <= 2 * max(mass.geometry.spacing))

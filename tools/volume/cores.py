"""Solid tissue that hangs on chest wall or mediastinum and bulges into a lung. Pure.

A closing of the lung takes in what bulges into it; what it took in and is solid is searched for balls. The wider the
closing, the flatter a bulge it takes in, and the larger the ball that normal hila, heart and ribs hold there. Hila lie
along the airways, so away from these a smaller ball counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ...core.finding import Laterality
from ...core.geometry import VolumeGeometry
from .grids import Coarse, Mask, bounding_box, close, coarse_geometry, coarsen, distance
from .lungs import Chest

SOLID_HU = -300.0


@dataclass(frozen=True)
class Level:
    """A closing, and the radius in mm of the ball that what it took in must hold.

    Args:
        closing_mm: radius of the closing.
        anywhere_mm: radius of the ball; at least `ANYWHERE_SLICES` slice distances.
        away_mm: the same away from the airways.
        grid_mm: voxels of the grid.
    """

    closing_mm: float
    anywhere_mm: float
    away_mm: float
    grid_mm: float


LEVELS = (Level(40.0, 15.0, 15.0, 3.0), Level(25.0, 12.5, 8.0, 2.0), Level(15.0, 12.5, 5.0, 2.0))
"""With 40 mm, normal hearts held balls of up to 12.6 mm; with 25 mm, normal hila held up to 9.7 mm within 5 mm of the
airways, and 13 mm in slices of 10 mm; away from the airways nothing held 5 mm."""
ANYWHERE_SLICES = 1.5
FROM_AIRWAYS_MM, FROM_AIRWAYS_SLICES = 15.0, 2.5
"""Distance from the airways in mm and in slice distances, whichever is more."""
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


def find_cores(chest: Chest, lungs: Sequence[tuple[Laterality, Mask]], geometry: VolumeGeometry
               ) -> list[Core]:
    """Opacities at the lungs' borders, from the widest closing to the narrowest, by side, then by place.

    Args:
        chest: segmentation of the volume.
        lungs: each by itself with its side, on the chest's coarse grid: a closing of both would take in all between.
        geometry: of the stored voxels.
    """
    fine = coarse_geometry(geometry, chest.coarse.factors, chest.body.shape)
    found: list[Core] = []
    for level in LEVELS:
        for core in _at_level(level, chest, lungs, fine):
            if not any(_within(core, other) for other in found):
                found.append(core)
    return found


def _at_level(level: Level, chest: Chest, lungs: Sequence[tuple[Laterality, Mask]], fine: VolumeGeometry
              ) -> Iterator[Core]:
    grid = coarsen(chest.coarse.values, fine, level.grid_mm)
    place = coarse_geometry(fine, grid.factors, grid.values.shape)
    free = (coarsen(chest.body & ~chest.airways, fine, level.grid_mm).values > 0.5) & (grid.values > SOLID_HU)
    away = _from_airways(coarsen(chest.lumen, fine, level.grid_mm).values > 0, grid)
    slice_mm = fine.spacing[0]
    anywhere, apart = max(level.anywhere_mm, ANYWHERE_SLICES * slice_mm), max(level.away_mm, slice_mm)
    far = max(FROM_AIRWAYS_MM, FROM_AIRWAYS_SLICES * slice_mm)
    for side, lung in sorted(lungs, key=lambda item: item[0]):
        shrunk = coarsen(lung, fine, level.grid_mm).values > 0.5
        solid = close(shrunk, grid.spacing, level.closing_mm) & ~shrunk & free
        for mask, inner, inscribed in _pieces(solid, grid, apart):
            if (inscribed >= anywhere or away[mask].min() >= far) and grid.values[inner].mean() >= CORE_HU:
                yield Core(mask, place, side)


def _from_airways(lumen: Mask, grid: Coarse) -> NDArray[np.float64]:
    """Distance from the airways in mm; 0 where none are seen, because hila cannot be told then."""
    if not lumen.any():
        return np.zeros(lumen.shape)
    return distance(~lumen, grid.spacing).astype(float)


def _pieces(solid: Mask, grid: Coarse, radius_mm: float) -> Iterator[tuple[Mask, Mask, float]]:
    """Pieces of solid tissue that hold a ball of the radius, the inner half of each, and the largest ball's radius."""
    depth = distance(solid, grid.spacing)
    labels, count = ndimage.label(depth >= radius_mm / 2)
    deepest = np.zeros(count + 1)
    np.maximum.at(deepest, labels[labels > 0], depth[labels > 0])
    for number, inscribed in enumerate(deepest):
        if inscribed >= radius_mm:
            trunk = (labels == number) & (depth >= inscribed * TRUNK)
            near = bounding_box(trunk, int(inscribed / min(grid.spacing)) + 1)
            whole = np.zeros_like(solid)
            whole[near] = (distance(~trunk[near], grid.spacing) <= inscribed * TRUNK) & solid[near]
            yield whole, whole & (depth >= inscribed / 2), float(inscribed)


def _within(core: Core, mass: Core) -> bool:
    centre = core.geometry.to_lps(np.argwhere(core.mask).astype(float)).mean(axis=0)
    points = mass.geometry.to_lps(np.argwhere(mass.mask).astype(float))
    return bool(np.linalg.norm(points - centre, axis=1).min() <= 2 * max(mass.geometry.spacing))

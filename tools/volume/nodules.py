"""Solid round candidates in and at the lungs. Pure. A candidate is a place to look at, never a diagnosis.

Two detectors. Blobs: maxima of the scale-normalised Laplacian of Gaussian (Lindeberg, IJCV 30(2):79-116, 1998) whose
Hessian is nearly isotropic, which tells a ball from a vessel (after Sato et al., Medical Image Analysis 2(2):143-168,
1998). Masses: solid tissue that a wide closing of the lung takes in and that holds a large ball; vessels, hila and
rib impressions hold only small ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ...core.boxes import BoxMm
from ...core.finding import Laterality
from ...core.geometry import VolumeGeometry
from .blobs import find_blobs
from .diameters import measure_ball
from .grids import Coarse, Mask, ball, bounding_box, box_mm, coarsen
from .lungs import Chest

MOST = 3
LUNG_HU, SOLID_HU = -850.0, -300.0
SMALLEST_MM, LARGEST_NODULE_MM = 4.0, 30.0
"""A rounded opacity above 30 mm is a mass, not a nodule (Bankier et al., Radiology 310(2):e232558, 2024)."""
VOXELS_ACROSS = 1.5
"""A ball smaller than this many of the largest voxel edges is mostly partial volume and is not measured."""
NEAR_CLOSING_MM, WIDE_CLOSING_MM, MASS_GRID_MM = 10.0, 40.0, 3.0
MASS_CORE_MM = 12.0
"""Radius of the ball that a mass must hold. Hila of normal size hold balls of 8 to 10 mm."""
TRUNK = 0.6
"""Part of its inscribed ball's radius that a mass must be thick to count: what is thinner hangs on it (vessels)."""
SAME_SIZE = (0.6, 1.7)
"""Measured over expected diameter; outside it the blob was no ball."""


@dataclass(frozen=True)
class Candidate:
    """A round or massive solid place.

    Args:
        centre_mm: LPS.
        diameter_mm: of the sphere with the candidate's volume.
        bbox_mm: [x0, y0, z0, x1, y1, z1] in LPS.
        side: of the lung it lies in or at.
        is_mass: found by the mass detector: its border towards chest wall or mediastinum is the closing's.
        strength: for ranking only; no probability.
    """

    centre_mm: tuple[float, float, float]
    diameter_mm: float
    bbox_mm: BoxMm
    side: Laterality
    is_mass: bool
    strength: float


def find_candidates(chest: Chest, voxels: NDArray[Any], geometry: VolumeGeometry) -> list[Candidate]:
    """The strongest candidates, at most three: masses by size, then blobs by roundness and contrast.

    Args:
        chest: segmentation of the same volume.
        voxels: (k, j, i) HU.
        geometry: of the voxels.
    """
    if not chest.lungs:
        return []
    lungs = {lung.side: coarsen(lung.mask, geometry).values > 0.5 for lung in chest.lungs}
    masses = _masses(chest, lungs, geometry)
    blobs = _blobs(chest, lungs, voxels, geometry)
    apart = [blob for blob in blobs if all(_distance(blob, mass) > mass.diameter_mm / 2 for mass in masses)]
    return [*masses, *apart][:MOST]


def _distance(one: Candidate, other: Candidate) -> float:
    return float(np.linalg.norm(np.subtract(one.centre_mm, other.centre_mm)))


def _blobs(chest: Chest, lungs: dict[Laterality, Mask], voxels: NDArray[Any], geometry: VolumeGeometry
           ) -> list[Candidate]:
    coarse = chest.coarse
    both = np.logical_or.reduce(list(lungs.values()))
    hull = close(both, coarse.spacing, NEAR_CLOSING_MM) & ~chest.airways
    smallest = max(SMALLEST_MM, VOXELS_ACROSS * max(geometry.spacing))
    found = []
    for blob in find_blobs(np.where(hull, np.clip(coarse.values, LUNG_HU, 50), LUNG_HU), hull, coarse.spacing):
        index = (np.array(blob.index) + 0.5) * coarse.factors - 0.5
        measured = measure_ball(voxels, geometry, geometry.to_lps(index), blob.radius_mm)
        if measured is None or not smallest <= measured.diameter_mm <= LARGEST_NODULE_MM:
            continue
        if not SAME_SIZE[0] <= measured.diameter_mm / (2 * blob.radius_mm) <= SAME_SIZE[1]:
            continue
        reach = measured.diameter_mm / 2
        x, y, z = measured.centre_mm
        low, high = ([round(part + shift, 1) for part in (x, y, z)] for shift in (-reach, reach))
        found.append(Candidate(measured.centre_mm, measured.diameter_mm,
                               (low[0], low[1], low[2], high[0], high[1], high[2]),
                               _side_of(blob.index, lungs, coarse), False, blob.strength))
    return sorted(found, key=lambda item: (-item.strength, item.centre_mm))


def _side_of(index: tuple[int, int, int], lungs: dict[Laterality, Mask], coarse: Coarse) -> Laterality:
    """The lung with the most voxels near a place."""
    reach = [max(1, round(20.0 / step)) for step in coarse.spacing]
    near = tuple(slice(max(0, at - r), at + r + 1) for at, r in zip(index, reach, strict=True))
    return max(sorted(lungs), key=lambda side: int(lungs[side][near].sum()))


def close(mask: Mask, spacing: tuple[float, float, float], radius_mm: float) -> Mask:
    """Morphological closing by a ball, through distance transforms.

    Args:
        mask: (k, j, i).
        spacing: mm along (k, j, i).
        radius_mm: of the ball.
    """
    if not mask.any():
        return mask
    place = bounding_box(mask)
    pads = [(int(np.ceil(radius_mm / step)) + 1,) * 2 for step in spacing]
    room = np.pad(mask[place], pads)
    grown = ndimage.distance_transform_edt(~room, spacing) <= radius_mm
    shrunk = ndimage.distance_transform_edt(grown, spacing) > radius_mm
    inner = shrunk[tuple(slice(pad[0], -pad[1]) for pad in pads)]
    closed = mask.copy()
    closed[place] |= inner
    return closed


def _masses(chest: Chest, lungs: dict[Laterality, Mask], geometry: VolumeGeometry) -> list[Candidate]:
    fine = chest.coarse
    step = VolumeGeometry(fine.values.shape, _coarse_affine(geometry, fine.factors))
    grid = coarsen(fine.values, step, MASS_GRID_MM)
    free = coarsen(chest.body & ~chest.airways, step, MASS_GRID_MM).values > 0.5
    place = VolumeGeometry(grid.values.shape, _coarse_affine(step, grid.factors))
    found = []
    for side, mask in sorted(lungs.items()):
        lung = coarsen(mask, step, MASS_GRID_MM).values > 0.5
        solid = close(lung, grid.spacing, WIDE_CLOSING_MM) & ~lung & free & (grid.values > SOLID_HU)
        found += _cores(solid, grid, place, side)
    return sorted(found, key=lambda item: (-item.strength, item.centre_mm))


def _coarse_affine(geometry: VolumeGeometry, factors: tuple[int, int, int]) -> NDArray[np.float64]:
    """The affine of a grid whose voxels are blocks of the given one's."""
    affine = geometry.affine.copy()
    affine[:3, :3] = affine[:3, :3] * np.array(factors)
    affine[:3, 3] = geometry.to_lps((np.array(factors, float) - 1) / 2)
    return affine


def _cores(solid: Mask, grid: Coarse, place: VolumeGeometry, side: Laterality) -> list[Candidate]:
    depth = ndimage.distance_transform_edt(solid, grid.spacing)
    labels, count = ndimage.label(depth >= MASS_CORE_MM / 2)
    found = []
    for number in range(1, count + 1):
        inscribed = float(depth[labels == number].max())
        if inscribed < MASS_CORE_MM:
            continue
        trunk = (labels == number) & (depth >= inscribed * TRUNK)
        whole = ndimage.binary_dilation(trunk, ball(inscribed * TRUNK, grid.spacing)) & solid
        x, y, z = place.to_lps(np.argwhere(whole).astype(float)).mean(axis=0)
        volume = float(whole.sum()) * place.voxel_ml * 1000
        found.append(Candidate((float(x), float(y), float(z)), equivalent_diameter(volume),
                               box_mm(bounding_box(whole), place), side, True, inscribed))
    return found


def equivalent_diameter(volume_mm3: float) -> float:
    """Diameter in mm of the sphere with this volume."""
    return float((6.0 * volume_mm3 / np.pi) ** (1 / 3))

"""Solid candidates in and at the lungs, found and ranked. Pure. A candidate is a place to look at, never a diagnosis.

Balls within lung: maxima of the scale-normalised Laplacian of Gaussian (Lindeberg, IJCV 30(2):79-116, 1998) whose
Hessian is nearly isotropic, which tells a ball from a vessel (after Sato et al., Medical Image Analysis 2(2):143-168,
1998). What hangs on chest wall or mediastinum is found by `cores`.
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
from .calipers import longest, measure_opacity
from .cores import Core, find_cores
from .diameters import Ball, measure_ball
from .grids import Coarse, Mask, bounding_box, box_mm, close, coarsen
from .lungs import Chest, Lung

MOST = 3
LUNG_HU = -850.0
SMALLEST_MM, LARGEST_NODULE_MM = 4.0, 30.0
"""A rounded opacity above 30 mm is a mass, not a nodule (Bankier et al., Radiology 310(2):e232558, 2024)."""
VOXELS_ACROSS = 1.5
"""A ball smaller than this many of the largest voxel edges is mostly partial volume and is not measured."""
NEAR_CLOSING_MM = 10.0
LEAST_OF_BOTH = 0.2
"""Smallest part of both lungs that is a lung of its own, where sides are not told."""
SAME_SIZE = (0.6, 1.7)
"""One measure of a diameter over another; outside it the blob was no ball, or runs into the chest wall."""
SAME_BALL = (0.8, 1.4)
"""Diameter of a ball over that of the same opacity on the coarser grid of `find_cores`."""
LEAST_PRECISION_MM, SLICE_PRECISION = 0.5, 0.4
"""Precision of a ball's diameters: 0.4 slice distances, at least 0.5 mm. Made balls of 4 to 28 mm with blur and
noise, in slices of 1 to 5 mm, are measured within it."""


@dataclass(frozen=True)
class Candidate:
    """A round or massive solid place.

    Args:
        centre_mm: LPS.
        long_mm: long axis.
        short_mm: short axis, at right angles in the same plane.
        precision_mm: of both: see `LEAST_PRECISION_MM`; for attached ones the largest edge of the grid they were found
            on.
        volume_ml: volume.
        bbox_mm: [x0, y0, z0, x1, y1, z1] in LPS.
        side: of the lung it lies in or at.
        attached: found by `find_cores`: its border towards chest wall or mediastinum is the closing's.
    """

    centre_mm: tuple[float, float, float]
    long_mm: float
    short_mm: float
    precision_mm: float
    volume_ml: float
    bbox_mm: BoxMm
    side: Laterality
    attached: bool

    @property
    def diameter_mm(self) -> float:
        """Mean of long and short axis (Bankier et al., Radiology 285(2):584-600, 2017)."""
        return (self.long_mm + self.short_mm) / 2

    @property
    def volume_precision_ml(self) -> float:
        """What a shell as thick as half the diameters' precision holds."""
        return float(np.pi / 2 * self.diameter_mm**2 * self.precision_mm) / 1000


def find_candidates(chest: Chest, voxels: NDArray[Any], geometry: VolumeGeometry) -> list[Candidate]:
    """All candidates, largest mean diameter first: size says most about a nodule (McWilliams et al., N Engl J Med
    369(10):910-919, 2013).

    Args:
        chest: segmentation of the same volume.
        voxels: (k, j, i) HU.
        geometry: of the voxels.
    """
    if not chest.lungs:
        return []
    lungs = {lung.side: coarsen(lung.mask, geometry).values > 0.5 for lung in chest.lungs}
    alone = [(lung.side, piece & lungs[lung.side]) for lung in chest.lungs for piece in apart(lung)]
    balls = list(_balls(chest, lungs, voxels, geometry))
    found = [one for one in map(_attached, find_cores(chest, alone, geometry))
             if not any(_is_seen_whole(one, ball) for ball in balls)]
    for one in balls:
        if all(_distance(one, other) > other.diameter_mm / 2 for other in found):
            found.append(one)
    return sorted(found, key=lambda item: (-item.diameter_mm, item.centre_mm))


def apart(lung: Lung) -> list[Mask]:
    """A lung as it is; of both lungs in one the two that do not touch, on the coarse grid; none where they touch."""
    if lung.side is not Laterality.BILATERAL:
        return [lung.rough]
    labels, count = ndimage.label(lung.rough)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    large = np.flatnonzero(sizes > LEAST_OF_BOTH * sizes.sum()) + 1
    return [labels == number for number in large] if len(large) == 2 else []


def _attached(core: Core) -> Candidate:
    grid = core.geometry
    x, y, z = grid.to_lps(np.argwhere(core.mask).astype(float)).mean(axis=0)
    long_mm, short_mm, _ = longest(core.mask, grid.spacing, (0,))
    return Candidate((float(x), float(y), float(z)), long_mm, short_mm, max(grid.spacing),
                     float(core.mask.sum()) * grid.voxel_ml, box_mm(bounding_box(core.mask), grid), core.side, True)


def _is_seen_whole(core: Candidate, ball: Candidate) -> bool:
    """Whether what a closing took in is a ball with lung all around it, which is measured on the stored voxels then."""
    same = SAME_BALL[0] <= ball.diameter_mm / core.diameter_mm <= SAME_BALL[1]
    return same and _distance(core, ball) <= core.diameter_mm / 4


def _distance(one: Candidate, other: Candidate) -> float:
    return float(np.linalg.norm(np.subtract(one.centre_mm, other.centre_mm)))


def _balls(chest: Chest, lungs: dict[Laterality, Mask], voxels: NDArray[Any], geometry: VolumeGeometry
           ) -> list[Candidate]:
    coarse = chest.coarse
    both = np.logical_or.reduce(list(lungs.values()))
    hull = close(both, coarse.spacing, NEAR_CLOSING_MM) & ~chest.airways
    smallest = max(SMALLEST_MM, VOXELS_ACROSS * max(geometry.spacing))
    found: list[Candidate] = []
    for blob in find_blobs(np.where(hull, np.clip(coarse.values, LUNG_HU, 50), LUNG_HU), hull, coarse.spacing):
        index = (np.array(blob.index) + 0.5) * coarse.factors - 0.5
        measured = measure_ball(voxels, geometry, geometry.to_lps(index), blob.radius_mm)
        if measured is None or not smallest <= measured.diameter_mm <= LARGEST_NODULE_MM:
            continue
        if not SAME_SIZE[0] <= measured.diameter_mm / (2 * blob.radius_mm) <= SAME_SIZE[1]:
            continue
        candidate = _measured(measured, _side_of(blob.index, lungs, coarse), voxels, geometry)
        found += [candidate] if candidate else []
    return found


def _measured(found: Ball, side: Laterality, voxels: NDArray[Any], geometry: VolumeGeometry
              ) -> Candidate | None:
    size = measure_opacity(voxels, geometry, found)
    if size is None or not SAME_SIZE[0] <= size.mean_mm / found.diameter_mm <= SAME_SIZE[1]:
        return None
    reach = size.long_mm / 2
    low, high = ([round(part + shift, 1) for part in found.centre_mm] for shift in (-reach, reach))
    return Candidate(found.centre_mm, size.long_mm, size.short_mm,
                     max(LEAST_PRECISION_MM, SLICE_PRECISION * geometry.spacing[0]), size.volume_ml,
                     (low[0], low[1], low[2], high[0], high[1], high[2]), side, False)


def _side_of(index: tuple[int, int, int], lungs: dict[Laterality, Mask], coarse: Coarse) -> Laterality:
    """The lung with the most voxels near a place."""
    reach = [max(1, round(20.0 / step)) for step in coarse.spacing]
    near = tuple(slice(max(0, at - r), at + r + 1) for at, r in zip(index, reach, strict=True))
    return max(sorted(lungs), key=lambda side: int(lungs[side][near].sum()))

"""Right and left lung in a CT of the chest. Pure.

Method: air inside the body below an optimal threshold, in three-dimensional components, airways removed, right and
left separated, after Hu, Hoffman and Reinhardt, IEEE TMI 20(6):490-498, 2001; the coarse steps work on a grid of
about 2 mm, the border is then drawn on the stored voxels. Vessels that lung surrounds within a slice count as lung;
consolidation, fluid and masses that reach the pleura do not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ...core.finding import Laterality
from ...core.geometry import VolumeGeometry
from .airways import airways
from .body import body_mask, optimal_threshold
from .grids import Coarse, Mask, bounding_box, coarsen, refine

GAS_HU = -950.0
"""A component of which more than half is darker is gas (bowel, stomach), not lung."""
LUNG_RANGE_HU = (-950.0, -650.0)
MOSTLY = 0.6
"""Part of a component that must lie within `LUNG_RANGE_HU` unless it is far larger than any bowel loop."""
SMALLEST_ML, SMALLEST_INNER_ML, SURE_ML = 10.0, 300.0, 1000.0
"""Smallest part of a lung that the first or last slice cuts; smallest lung inside the volume; size that needs no
further proof."""
EROSIONS_MM = (2.0, 3.0, 4.5, 6.0, 8.0, 10.0, 13.0)

SIDES = (Laterality.RIGHT, Laterality.LEFT)


def lung_name(side: Laterality) -> str:
    """Right lung, Left lung, Both lungs."""
    return "Both lungs" if side is Laterality.BILATERAL else f"{side.value.capitalize()} lung"


@dataclass(frozen=True)
class Lung:
    """One lung, or both where they cannot be told apart.

    Args:
        side: the patient's side; BILATERAL for both in one.
        mask: (k, j, i) bool on the stored grid.
        cut_low: whether the first slice (towards the feet) cuts it.
        cut_high: whether the last slice cuts it.
    """

    side: Laterality
    mask: Mask
    cut_low: bool
    cut_high: bool

    @property
    def name(self) -> str:
        """Right lung, Left lung, Both lungs."""
        return lung_name(self.side)

    @property
    def partial(self) -> bool:
        """Whether the volume holds only a part of the lung."""
        return self.cut_low or self.cut_high


@dataclass(frozen=True)
class Chest:
    """What the segmentation made of a CT.

    Args:
        coarse: the grid that morphology works on.
        body: body mask on the coarse grid.
        threshold: HU below which air inside the body counted as lung.
        airways: trachea and large bronchi on the coarse grid.
        lungs: right before left; empty when nothing looks like lung.
    """

    coarse: Coarse
    body: Mask
    threshold: float
    airways: Mask
    lungs: tuple[Lung, ...]


def segment_chest(voxels: NDArray[Any], geometry: VolumeGeometry, *, sides_known: bool = True) -> Chest:
    """Body, airways and lungs of a CT whose slices run from feet to head.

    Args:
        voxels: (k, j, i) HU.
        geometry: of the voxels; its k axis grows to the head.
        sides_known: whether x is known to grow to the patient's left; if not, both lungs are given as one.
    """
    coarse = coarsen(voxels, geometry)
    body = body_mask(coarse.values, coarse.spacing)
    inside = coarse.values[body]
    threshold = optimal_threshold(inside) if len(inside) else -400.0
    tubes = airways(coarse.values, body, coarse.spacing)
    air = body & (coarse.values < threshold) & ~tubes
    parts = _lung_parts(air, coarse)
    x_step = float(geometry.affine[0, 2]) * coarse.factors[2]
    sides = _name_sides(parts, body, coarse, x_step) if sides_known else _as_one(parts)
    lungs = tuple(_refined(side, mask, voxels, coarse, threshold, tubes)
                  for side, mask in sides.items() if mask.any())
    return Chest(coarse, body, threshold, tubes, tuple(lung for lung in lungs if lung.mask.any()))


def _lung_parts(air: Mask, coarse: Coarse) -> list[Mask]:
    """The components of air that look like lung."""
    labels, count = ndimage.label(air)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    return [labels == number for number in range(1, count + 1)
            if sizes[number] * coarse.voxel_ml >= SMALLEST_ML and _is_lung(labels, number, coarse)]


def _is_lung(labels: NDArray[np.int32], number: int, coarse: Coarse) -> bool:
    values = coarse.values[labels == number]
    millilitres = len(values) * coarse.voxel_ml
    cut = bool((labels[0] == number).any() or (labels[-1] == number).any())
    if float(np.median(values)) < GAS_HU:
        return False
    if millilitres >= SURE_ML:
        return True
    typical = float(np.mean((values > LUNG_RANGE_HU[0]) & (values < LUNG_RANGE_HU[1])))
    return (cut or millilitres >= SMALLEST_INNER_ML) and typical >= MOSTLY


def _as_one(parts: list[Mask]) -> dict[Laterality, Mask]:
    return {Laterality.BILATERAL: np.logical_or.reduce(parts)} if parts else {}


def _name_sides(parts: list[Mask], body: Mask, coarse: Coarse, x_step: float) -> dict[Laterality, Mask]:
    """Parts by the patient's side; one that lies on both sides is parted, or kept as both where it cannot be."""
    sides = {side: np.zeros(body.shape, bool) for side in SIDES}
    if not parts:
        return sides
    middle = _midline(parts, body)
    for part in parts:
        share = float(part[:, :, int(middle) + 1:].sum() / part.sum())
        pieces = [part] if min(share, 1 - share) < 0.2 else _part(part, middle, coarse)
        if not pieces:
            return _as_one(parts)
        for piece in pieces:
            centre = ndimage.center_of_mass(piece)[2]
            sides[Laterality.LEFT if (centre > middle) == (x_step > 0) else Laterality.RIGHT] |= piece
    return sides


def _midline(parts: list[Mask], body: Mask) -> float:
    """Mean column of the body in the slices that show lung."""
    slices = np.logical_or.reduce([part.any(axis=(1, 2)) for part in parts])
    columns = body[slices].sum(axis=(0, 1))
    return float(np.average(np.arange(len(columns)), weights=columns))


def _part(lung: Mask, middle: float, coarse: Coarse) -> list[Mask]:
    """Right and left lung that touch at a junction line: eroded until they part, then grown back (watershed)."""
    from skimage import segmentation  # needed by few scans, slow to import

    place = bounding_box(lung, 1)
    inner = lung[place]
    depth = ndimage.distance_transform_edt(inner, coarse.spacing)
    for erosion in EROSIONS_MM:
        labels, count = ndimage.label(depth > erosion)
        if count < 2:
            continue
        sizes = np.bincount(labels.ravel())
        sizes[0] = 0
        first, second = (int(number) for number in np.argsort(-sizes, kind="stable")[:2])
        centres = [ndimage.center_of_mass(labels == number)[2] + place[2].start for number in (first, second)]
        if sizes[second] > 0.25 * sizes[first] and (centres[0] > middle) != (centres[1] > middle):
            markers = np.where(labels == first, 1, 0) + np.where(labels == second, 2, 0)
            grow: Any = segmentation.watershed
            halves = grow(-depth, markers, mask=inner)
            return [_placed(halves == number, place, lung.shape) for number in (1, 2)]
    return []


def _placed(piece: Mask, place: tuple[slice, ...], shape: tuple[int, ...]) -> Mask:
    whole = np.zeros(shape, bool)
    whole[place] = piece
    return whole


def _refined(side: Laterality, rough: Mask, voxels: NDArray[Any], coarse: Coarse, threshold: float,
             tubes: Mask) -> Lung:
    """The lung on the stored grid: stored voxels below the threshold near the coarse mask, holes filled per slice."""
    near = ndimage.binary_dilation(rough, ndimage.generate_binary_structure(3, 1)) & ~tubes
    mask = np.zeros(voxels.shape, bool)
    place = tuple(slice(part.start * factor, min(part.stop * factor, size)) for part, factor, size
                  in zip(bounding_box(near), coarse.factors, voxels.shape, strict=True))
    fine = refine(near, coarse.factors, voxels.shape)[place]
    inner = fine & (voxels[place] < threshold)
    mask[place] = np.stack([ndimage.binary_fill_holes(plane) for plane in inner])
    ends = mask[0], mask[-1]
    return Lung(side, mask, bool(ends[0].any()), bool(ends[1].any()))

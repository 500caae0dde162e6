"""Right and left lung in a CT of the chest. Pure.

Method: air inside the body below an optimal threshold, in three-dimensional components, airways removed, right and
left separated, after Hu, Hoffman and Reinhardt, IEEE TMI 20(6):490-498, 2001; the coarse steps work on a grid of
about 2 mm, the border is then drawn on the stored voxels. Vessels that lung surrounds within a slice count as lung;
consolidation, fluid and masses that reach the pleura do not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ...core.finding import Laterality
from ...core.geometry import VolumeGeometry
from .airways import airways, with_wall
from .body import body_mask, optimal_threshold
from .grids import Coarse, Mask, Patch, bounding_box, coarse_place, coarsen, distance, patch_of, refine

GAS_HU, LARGE_GAS_HU = -950.0, -980.0
"""A component of which more than half is darker is gas (bowel, stomach), not lung; the second value is for components
of at least `SURE_ML`, because lung with severe emphysema is darker than the first."""
LUNG_RANGE_HU = (-950.0, -650.0)
MOSTLY = 0.6
"""Part of a component that must lie within `LUNG_RANGE_HU` unless it is far larger than any bowel loop."""
SMALLEST_ML, SMALLEST_INNER_ML, SURE_ML = 10.0, 300.0, 1000.0
"""Smallest part of a lung that an end of the volume cuts; smallest lung inside the volume; size that needs no
further proof."""
AIRWAY_BORDER_HU = -500.0
SMALLEST_AIRWAYS_ML = 10.0
"""Less is a gas bubble, or too little of a trachea to be told from one."""
BORDER_HU = 100.0
"""How far the threshold is moved for the stated precision of a volume."""
CUT_BESIDE_MM2 = 200.0
PADDING_HU = -1024
"""What lies outside the scanned circle has this value or less, and is not lung; within a lung it is a hole."""
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
        patch: its mask on the stored grid.
        rough: its mask on the coarse grid.
        doubtful: voxels at its border that change sides when the threshold is moved by `BORDER_HU` up or down: the
            mean of both.
        cut: which ends of the scan cut it: `lowest slice`, `highest slice`, `edge of the image`.
    """

    side: Laterality
    patch: Patch
    rough: Mask
    doubtful: float
    cut: tuple[str, ...]

    @property
    def mask(self) -> Mask:
        """(k, j, i) on the stored grid, made anew at each call."""
        return self.patch.whole()

    @property
    def name(self) -> str:
        """Right lung, Left lung, Both lungs."""
        return lung_name(self.side)

    @property
    def partial(self) -> bool:
        """Whether the volume holds only a part of the lung."""
        return bool(self.cut)


@dataclass(frozen=True)
class Chest:
    """What the segmentation made of a CT.

    Args:
        shape: of the stored grid.
        coarse: the grid that morphology works on.
        body: body mask on the coarse grid.
        threshold: HU below which air inside the body counted as lung.
        lumen: of trachea and large bronchi on the coarse grid.
        airways: the same with their walls.
        airway_ml: volume of the lumen on the stored grid and what it changes when the threshold is moved by
            `BORDER_HU`; None when no trachea is seen.
        lungs: right before left; empty when nothing looks like lung.
    """

    shape: tuple[int, int, int]
    coarse: Coarse
    body: Mask
    threshold: float
    lumen: Mask
    airways: Mask
    airway_ml: tuple[float, float] | None
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
    lumen = airways(coarse.values, body, coarse.spacing)
    tubes = with_wall(lumen, body)
    air = body & (coarse.values < threshold) & ~tubes
    parts = _lung_parts(air, coarse)
    x_step = float(geometry.affine[0, 2]) * coarse.factors[2]
    sides = _name_sides(parts, body, coarse, x_step) if sides_known else _as_one(parts)
    airway_ml = _airway_ml(tubes, voxels, geometry, coarse)
    chest = Chest(geometry.shape, coarse, body, threshold, lumen, tubes, airway_ml, ())
    lungs = tuple(_refined(side, mask, voxels, chest) for side, mask in sides.items() if mask.any())
    return replace(chest, lungs=tuple(lung for lung in lungs if lung.patch.inner.any()))


def _airway_ml(tubes: Mask, voxels: NDArray[Any], geometry: VolumeGeometry, coarse: Coarse
               ) -> tuple[float, float] | None:
    """Air within the airways and their walls: below half way between air and wall."""
    if not tubes.any():
        return None
    place = bounding_box(tubes)
    cut = coarse_place(place, coarse.factors, voxels.shape)
    within = refine(tubes[place], coarse.factors, tuple(part.stop - part.start for part in cut))
    values = voxels[cut][within]
    low, middle, high = (float((values < AIRWAY_BORDER_HU + shift).sum()) * geometry.voxel_ml
                         for shift in (-BORDER_HU, 0.0, BORDER_HU))
    return (middle, (high - low) / 2) if middle >= SMALLEST_AIRWAYS_ML else None


def _lung_parts(air: Mask, coarse: Coarse) -> list[Mask]:
    """The components of air that look like lung."""
    labels, count = ndimage.label(air)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    return [labels == number for number in range(1, count + 1)
            if sizes[number] * coarse.voxel_ml >= SMALLEST_ML and _is_lung(labels, number, coarse)]


def _is_lung(labels: NDArray[np.int32], number: int, coarse: Coarse) -> bool:
    values = coarse.values[labels == number]
    millilitres = len(values) * coarse.voxel_ml
    large = millilitres >= SURE_ML
    if float(np.median(values)) < (LARGE_GAS_HU if large else GAS_HU):
        return False
    if large:
        return True
    ends = (face for axis in range(3) for face in (labels.take(0, axis), labels.take(-1, axis)))
    cut = any(bool((face == number).any()) for face in ends)
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
    depth = distance(inner, coarse.spacing)
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


def _refined(side: Laterality, rough: Mask, voxels: NDArray[Any], chest: Chest) -> Lung:
    """The lung on the stored grid: stored voxels below the threshold near the coarse mask, holes filled per slice."""
    factors = chest.coarse.factors
    near = ndimage.binary_dilation(rough, ndimage.generate_binary_structure(3, 1)) & ~chest.airways
    place = bounding_box(near)
    cut = coarse_place(place, factors, voxels.shape)
    shape = tuple(part.stop - part.start for part in cut)
    fine = refine(near[place], factors, shape)
    values = voxels[cut]
    inner = fine & (values < chest.threshold) & (values > PADDING_HU)
    for plane in inner:
        ndimage.binary_fill_holes(plane, output=plane)
    rim = refine((near & ~ndimage.binary_erosion(rough))[place], factors, shape) & fine
    doubtful = sum(int(np.count_nonzero(edge & (np.abs(plane - chest.threshold) < BORDER_HU)))
                   for plane, edge in zip(values, rim, strict=True)) / 2
    patch = patch_of(inner, cut, voxels.shape)
    return Lung(side, patch, rough, doubtful, _cut_by(patch, rough, chest))


def _cut_by(patch: Patch, rough: Mask, chest: Chest) -> tuple[str, ...]:
    first, last = patch.place[0].start == 0, patch.place[0].stop == patch.shape[0]
    inside = chest.body.copy()
    inside[:, [0, -1], :] = False
    inside[:, :, [0, -1]] = False
    within = ndimage.generate_binary_structure(3, 1)
    within[0], within[2] = False, False
    beyond = ndimage.binary_dilation(rough, within) & ~inside
    open_mm2 = float(beyond.sum()) * chest.coarse.voxel_ml * 1000 / min(chest.coarse.spacing[1:])
    ends = (("lowest slice", first), ("highest slice", last), ("edge of the image", open_mm2 >= CUT_BESIDE_MM2))
    return tuple(name for name, is_cut in ends if is_cut)

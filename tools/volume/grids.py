"""Coarser and finer grids for morphology: the shape of a lung needs no 0.6 mm voxels, its border does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.boxes import BoxMm
from ...core.geometry import VolumeGeometry

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Coarse:
    """A volume averaged over blocks.

    Args:
        values: (k, j, i) float32 block means, in the unit of the fine volume.
        factors: fine voxels per coarse voxel along (k, j, i).
        spacing: mm between coarse voxels along (k, j, i).
    """

    values: NDArray[np.float32]
    factors: tuple[int, int, int]
    spacing: tuple[float, float, float]

    @property
    def voxel_ml(self) -> float:
        """Volume of a coarse voxel in ml, for grids that are not sheared."""
        return float(np.prod(self.spacing)) / 1000.0


@dataclass(frozen=True)
class Patch:
    """A mask of a large grid, kept as the block that holds all of it: a lung fills a tenth of a chest CT.

    Args:
        inner: the block.
        place: where it lies, as (k, j, i) slices.
        shape: of the large grid.
    """

    inner: Mask
    place: tuple[slice, ...]
    shape: tuple[int, ...]

    def whole(self) -> Mask:
        """The mask on the large grid."""
        mask = np.zeros(self.shape, bool)
        mask[self.place] = self.inner
        return mask

    def plane(self, axis: int, index: int) -> Mask:
        """One plane of the large grid, across an axis."""
        others = [other for other in range(3) if other != axis]
        plane = np.zeros([self.shape[other] for other in others], bool)
        inside = self.place[axis]
        if inside.start <= index < inside.stop:
            plane[tuple(self.place[other] for other in others)] = self.inner.take(index - inside.start, axis)
        return plane

    def count(self) -> int:
        """How many voxels are true."""
        return int(np.count_nonzero(self.inner))


def patch_of(mask: Mask, place: tuple[slice, ...], shape: tuple[int, ...]) -> Patch:
    """A mask of a block, cut to what is true in it.

    Args:
        mask: the block.
        place: of the block in the large grid.
        shape: of the large grid.
    """
    tight = bounding_box(mask)
    moved = tuple(slice(outer.start + inner.start, outer.start + inner.stop)
                  for outer, inner in zip(place, tight, strict=True))
    return Patch(np.ascontiguousarray(mask[tight]), moved, shape)


def refined_planes(mask: Mask, factors: tuple[int, int, int], shape: tuple[int, ...]) -> Iterator[Mask]:
    """The planes of a coarse mask on the fine grid, one after the other, so that the whole is never held.

    Args:
        mask: (k, j, i) of the coarse grid.
        factors: fine voxels per coarse voxel.
        shape: of the fine grid.
    """
    for k in range(shape[0]):
        yield refine(mask[k // factors[0]][None], (1, *factors[1:]), (1, *shape[1:]))[0]


def coarsen(voxels: NDArray[Any], geometry: VolumeGeometry, target_mm: float = 2.0) -> Coarse:
    """Average blocks of voxels so that the spacing comes near `target_mm`, never beyond it by more than a half.

    Blocks that stick out of the volume are filled by repeating its last voxels.

    Args:
        voxels: (k, j, i), any number type.
        geometry: of the voxels.
        target_mm: wished distance of voxels.
    """
    factors = tuple(max(1, round(target_mm / step)) for step in geometry.spacing)
    fk, fj, fi = factors
    slabs = [_shrink(voxels[k:k + fk], fj, fi) for k in range(0, voxels.shape[0], fk)]
    steps = tuple(step * factor for step, factor in zip(geometry.spacing, factors, strict=True))
    return Coarse(np.stack(slabs), (fk, fj, fi), (steps[0], steps[1], steps[2]))


def _shrink(slab: NDArray[Any], fj: int, fi: int) -> NDArray[np.float32]:
    plane = slab.mean(axis=0, dtype=np.float32) if slab.shape[0] > 1 else slab[0].astype(np.float32)
    j, i = (-(-size // factor) * factor for size, factor in zip(plane.shape, (fj, fi), strict=True))
    padded = np.pad(plane, ((0, j - plane.shape[0]), (0, i - plane.shape[1])), mode="edge")
    blocks: NDArray[np.float32] = padded.reshape(j // fj, fj, i // fi, fi).mean(axis=(1, 3), dtype=np.float32)
    return blocks


def refine(mask: NDArray[Any], factors: tuple[int, int, int], shape: tuple[int, ...]) -> NDArray[Any]:
    """A coarse mask or label map on the fine grid: each coarse voxel becomes its block.

    Args:
        mask: (k, j, i) of the coarse grid.
        factors: fine voxels per coarse voxel.
        shape: of the fine grid.
    """
    fine = mask
    for axis, factor in enumerate(factors):
        if factor > 1:
            fine = np.repeat(fine, factor, axis=axis)
    return fine[:shape[0], :shape[1], :shape[2]]


def coarse_place(place: tuple[slice, ...], factors: tuple[int, int, int], shape: tuple[int, ...]
                 ) -> tuple[slice, ...]:
    """Where a block of coarse voxels lies in the fine grid.

    Args:
        place: (k, j, i) slices of the coarse grid.
        factors: fine voxels per coarse voxel.
        shape: of the fine grid.
    """
    return tuple(slice(part.start * factor, min(part.stop * factor, size))
                 for part, factor, size in zip(place, factors, shape, strict=True))


def ball(radius_mm: float, spacing: tuple[float, float, float]) -> Mask:
    """A structuring element: all voxels whose centres lie within `radius_mm` of the middle one."""
    reach = [int(radius_mm / step) for step in spacing]
    axes = np.ogrid[tuple(slice(-r, r + 1) for r in reach)]
    squares = sum((axis * step) ** 2 for axis, step in zip(axes, spacing, strict=True))
    return np.asarray(squares <= radius_mm**2 + 1e-6)


def bounding_box(mask: Mask, margin: int = 0) -> tuple[slice, ...]:
    """Slices that hold every true voxel, grown by `margin` voxels within the array; the whole array when none is."""
    box = []
    for axis in range(mask.ndim):
        line = mask.any(axis=tuple(other for other in range(mask.ndim) if other != axis))
        hits = np.flatnonzero(line)
        if not len(hits):
            return tuple(slice(0, size) for size in mask.shape)
        box.append(slice(max(0, int(hits[0]) - margin), min(mask.shape[axis], int(hits[-1]) + 1 + margin)))
    return tuple(box)


def box_mm(place: tuple[slice, ...], geometry: VolumeGeometry) -> BoxMm:
    """The LPS box around a block of voxels, outer faces included, rounded to 0.1 mm.

    Args:
        place: (k, j, i) slices.
        geometry: of the grid that they index.
    """
    ends = [(part.start - 0.5, part.stop - 0.5) for part in place]
    corners = geometry.to_lps(np.stack(np.meshgrid(*ends, indexing="ij"), axis=-1).reshape(-1, 3))
    low, high = (np.round(edge, 1) + 0.0 for edge in (corners.min(axis=0), corners.max(axis=0)))
    return (float(low[0]), float(low[1]), float(low[2]), float(high[0]), float(high[1]), float(high[2]))


def distance(mask: Mask, spacing: Sequence[float]) -> NDArray[np.float32]:
    """Distance of each true voxel to the nearest false one, centre to centre; 0 where false.

    Maurer et al. 2003 (https://doi.org/10.1109/TPAMI.2003.1177156), in ITK's threads.

    Args:
        mask: (k, j, i); at least one voxel is false.
        spacing: along (k, j, i), in the unit of the result.
    """
    import SimpleITK as sitk  # noqa: N813  its documented alias

    image = sitk.GetImageFromArray((~mask).view(np.uint8))
    image.SetSpacing([float(step) for step in reversed(spacing)])
    signed = sitk.SignedMaurerDistanceMap(image, insideIsPositive=False, squaredDistance=False, useImageSpacing=True)
    return np.asarray(np.maximum(sitk.GetArrayViewFromImage(signed), 0), np.float32)


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
    grown = distance(~room, spacing) <= radius_mm
    shrunk = distance(grown, spacing) > radius_mm
    inner = shrunk[tuple(slice(pad[0], -pad[1]) for pad in pads)]
    closed = mask.copy()
    closed[place] |= inner
    return closed


def coarse_geometry(geometry: VolumeGeometry, factors: tuple[int, int, int], shape: tuple[int, int, int]
                    ) -> VolumeGeometry:
    """The geometry of a grid whose voxels are blocks of the given one's.

    Args:
        geometry: of the fine grid.
        factors: fine voxels per coarse voxel.
        shape: of the coarse grid.
    """
    affine = geometry.affine.copy()
    affine[:3, :3] = affine[:3, :3] * np.array(factors)
    affine[:3, 3] = geometry.to_lps((np.array(factors, float) - 1) / 2)
    return VolumeGeometry(shape, affine)

"""A DICOM series as a volume: headers first, then a plan, then each used slice read once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.case import Series
from ..core.errors import RefusedFile
from ..core.geometry import VolumeGeometry
from ..core.refusal import Refusal, RefusalCode
from ..core.settings import Limits
from .in_threads import in_threads
from .slice_choice import Stack, choose_stack
from .slice_grid import Grid, lay_grid
from .slice_headers import SliceHeader, read_slices
from .slice_voxels import Target, damaged_files, fill_grid, target_of
from .volume_data import ARBITRARY, HU, Plane, Volume


def load_dicom_volume(series: Series, root: Path, limits: Limits) -> Volume:
    """A DICOM CT or MR series, classic or enhanced, as a regular grid.

    Stored values are rescaled (PS3.3 C.11.1) per slice; without a rescale, or where the header names another unit, a CT
    is in arbitrary units and the notes say so. Hounsfield units are kept as whole numbers. Padded pixels become
    -1024 HU in a CT and the lowest value elsewhere. Peak memory is the voxels and a few slices.

    Raises:
        RefusedFile: no sound grid can be made; the codes of `read_slices`, `lay_grid` and the decoders.
    """
    stack, lost = _read_stack(series, root, limits)
    target = target_of(stack.slices, series.modality)
    kept, grid, voxels, damaged = _decode(stack.slices, target, root, limits)
    geometry = VolumeGeometry(voxels.shape, grid.affine)
    return Volume(
        voxels=voxels, geometry=geometry, modality=series.modality, unit=HU if target.hu else ARBITRARY,
        planes=_planes(kept, grid),
        notes=(*stack.notes, *_describe_damage(damaged), *grid.notes, *_describe_unit(series.modality, target, kept)),
        left_out=(*lost, *stack.left_out, *damaged_files(damaged, stack.slices), *_beyond(kept, grid)))


def load_dicom_planes(series: Series, root: Path, limits: Limits,
                      choose: Callable[[Sequence[int | None]], Sequence[int]]) -> tuple[NDArray[Any], str]:
    """Some planes of the volume that `load_dicom_volume` gives, without decoding the others.

    Damage in a slice that is not needed is not noticed; where a needed one is damaged, the whole volume is loaded.

    Args:
        series, root, limits: as for `load_dicom_volume`.
        choose: planes to load, in the order wanted, from the scanner's numbers of all planes.

    Returns:
        (n, rows, columns) and their unit.

    Raises:
        RefusedFile: as `load_dicom_volume`.
    """
    stack, _ = _read_stack(series, root, limits)
    target, grid = target_of(stack.slices, series.modality), lay_grid(stack.slices)
    wanted = choose([plane.instance_number for plane in _planes(stack.slices, grid)])
    planes, back = np.unique(np.asarray(wanted, np.intp), return_inverse=True)
    places = grid.places[planes] + grid.first
    needed = sorted({int(end) for place in places for end in (np.floor(place), np.ceil(place))})
    part = Grid(grid.affine, 0, len(needed) - 1, np.interp(places, needed, range(len(needed))), ())
    voxels, damaged = fill_grid([stack.slices[index] for index in needed], part, target, root, limits)
    if damaged:
        volume = load_dicom_volume(series, root, limits)
        return volume.voxels[list(choose(volume.instance_numbers))], volume.unit
    return voxels[back], HU if target.hu else ARBITRARY


def _read_stack(series: Series, root: Path, limits: Limits) -> tuple[Stack, list[Refusal]]:
    slices, lost = _read_headers(series, root, limits)
    stack = choose_stack(slices)
    _check_room(stack.slices, limits)
    return stack, lost


def _read_headers(series: Series, root: Path, limits: Limits) -> tuple[list[SliceHeader], list[Refusal]]:
    def attempt(number: int) -> list[SliceHeader] | Refusal:
        file = series.files[number]
        try:
            return read_slices(file, root, limits)
        except RefusedFile as refused:
            return Refusal(file=file.path, code=refused.code, reason=refused.reason)

    found = list(in_threads(attempt, range(len(series.files))))
    lost = [result for result in found if isinstance(result, Refusal)]
    slices = [item for result in found if not isinstance(result, Refusal) for item in result]
    if not slices:
        raise RefusedFile(lost[0].code, lost[0].reason)
    return slices, lost


def _check_room(slices: Sequence[SliceHeader], limits: Limits) -> None:
    rows, columns = slices[0].shape
    if rows * columns * len(slices) > limits.max_volume_voxels:
        raise RefusedFile(RefusalCode.TOO_LARGE, f"the series declares {len(slices)} x {rows} x {columns} voxels, more "
                          "than is allowed")


def _decode(slices: Sequence[SliceHeader], target: Target, root: Path, limits: Limits
            ) -> tuple[Sequence[SliceHeader], Grid, NDArray[Any], list[tuple[int, Refusal]]]:
    """The slices that can be decoded, their grid and voxels, and what cannot.

    Damage shows only on decoding. It changes the grid, so what is left is then laid out and read anew: that takes time
    once, but no memory for a second copy.
    """
    grid = lay_grid(slices)
    voxels, damaged = fill_grid(slices, grid, target, root, limits)
    if not damaged:
        return slices, grid, voxels, []
    del voxels
    bad = {index for index, _ in damaged}
    left = [item for index, item in enumerate(slices) if index not in bad]
    if not left:
        raise RefusedFile(damaged[0][1].code, damaged[0][1].reason)
    kept, grid, voxels, more = _decode(left, target, root, limits)
    return kept, grid, voxels, [*damaged, *more]


def _describe_damage(damaged: Sequence[tuple[int, Refusal]]) -> list[str]:
    if not damaged:
        return []
    return [f"{len(damaged)} {'slice' if len(damaged) == 1 else 'slices'} could not be decoded"]


def _describe_unit(modality: str, target: Target, slices: Sequence[SliceHeader]) -> list[str]:
    if modality != "CT" or target.hu:
        return []
    if any(item.scale is None for item in slices):
        return ["the CT states no rescale slope and intercept, so its values are not Hounsfield units"]
    return ["the CT's header says that its values are not Hounsfield units"]


def _planes(slices: Sequence[SliceHeader], grid: Grid) -> tuple[Plane, ...]:
    nearest = [grid.first + int(np.floor(place + 0.5)) for place in grid.places]
    return tuple(Plane(slices[index].file, slices[index].uid, index, slices[index].number, bool(place % 1))
                 for index, place in zip(nearest, grid.places, strict=True))


def _beyond(slices: Sequence[SliceHeader], grid: Grid) -> list[Refusal]:
    used = {item.file.path for item in slices[grid.first:grid.last + 1]}
    outside = [*slices[:grid.first], *slices[grid.last + 1:]]
    return [Refusal(file=path, code=RefusalCode.BAD_GEOMETRY, reason="the slice lies beyond a gap in its series that "
                    "is too wide to bridge")
            for path in sorted({item.file.path for item in outside} - used)]

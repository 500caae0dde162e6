"""A DICOM series as a volume: headers first, then each used file decoded exactly once, in two threads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..core.case import CaseFile, Series
from ..core.errors import RefusedFile
from ..core.geometry import VolumeGeometry
from ..core.refusal import Refusal, RefusalCode
from ..core.settings import Limits
from .dicom_pixels import decode_pixels
from .slice_headers import SliceHeader, read_slices
from .slice_stack import Grid, lay_grid, sort_slices
from .volume_data import ARBITRARY, HU, Plane, Volume

AIR_HU = -1024
"""What padding becomes in a CT: outside the scanned field there is nothing denser than air."""
THREADS = 2

Item = TypeVar("Item")
Result = TypeVar("Result")


def load_dicom_volume(series: Series, root: Path, limits: Limits) -> Volume:
    """A DICOM CT or MR series, classic or enhanced, as a regular grid.

    Stored values are rescaled (PS3.3 C.11.1) per slice; without a rescale a CT is in arbitrary units and the notes
    say so. Padded pixels become -1024 HU in a CT and the lowest value elsewhere.

    Raises:
        RefusedFile: no sound grid can be made; the codes of `read_slices`, `lay_grid` and `decode_pixels`.
    """
    found, lost = _each(series.files, lambda file: read_slices(file, root, limits))
    slices = [item for group in found for item in group]
    if not slices:
        first = lost[0]
        raise RefusedFile(first.code, first.reason)
    kept, left_out, notes = sort_slices(slices)
    rows, columns = kept[0].shape
    if rows * columns * len(kept) > limits.max_volume_voxels:
        raise RefusedFile(RefusalCode.TOO_LARGE, f"the series declares {len(kept)} x {rows} x {columns} voxels, more "
                          "than is allowed")
    voxels, kept, damaged = _decode(kept, series.modality, root, limits)
    if damaged:
        notes.append(f"{len(damaged)} of {len(series.files)} files could not be decoded")
    grid = lay_grid(kept)
    unit, unit_notes = _unit(series.modality, kept)
    geometry = VolumeGeometry((len(grid.places), rows, columns), grid.affine)
    return Volume(voxels=_onto_grid(voxels, grid), geometry=geometry, modality=series.modality, unit=unit,
                  planes=_planes(kept, grid), notes=(*notes, *grid.notes, *unit_notes),
                  left_out=(*lost, *left_out, *damaged, *_beyond(kept, grid)))


def _each(files: Sequence[CaseFile], work: Callable[[CaseFile], Result]) -> tuple[list[Result], list[Refusal]]:
    """`work` on every file in two threads, in order; refusals apart."""
    def attempt(file: CaseFile) -> Result | Refusal:
        try:
            return work(file)
        except RefusedFile as refused:
            return Refusal(file=file.path, code=refused.code, reason=refused.reason)

    with ThreadPoolExecutor(THREADS) as pool:
        results = list(pool.map(attempt, files))
    done = [result for result in results if not isinstance(result, Refusal)]
    return done, [result for result in results if isinstance(result, Refusal)]


def _decode(slices: Sequence[SliceHeader], modality: str, root: Path, limits: Limits
            ) -> tuple[NDArray[Any], list[SliceHeader], list[Refusal]]:
    """Rescaled voxels of all slices that can be decoded, those slices, and the files that cannot."""
    rows, columns = slices[0].shape
    voxels = np.empty((len(slices), rows, columns), _voxel_type(slices, modality))
    jobs: dict[CaseFile, list[int]] = defaultdict(list)
    for index, item in enumerate(slices):
        jobs[item.file].append(index)

    def fill(file: CaseFile) -> None:
        pixels, _ = decode_pixels(root / file.path, limits)
        for index in jobs[file]:
            item = slices[index]
            stored = pixels if item.frame is None or pixels.ndim == 2 else pixels[item.frame]
            if stored.shape != item.shape:
                raise RefusedFile(RefusalCode.UNSUPPORTED, "colour images make no volume")
            voxels[index] = rescale(stored, item, modality, voxels.dtype)

    _, damaged = _each(list(jobs), fill)
    if not damaged:
        return voxels, list(slices), []
    bad = {refusal.file for refusal in damaged}
    good = [index for index, item in enumerate(slices) if item.file.path not in bad]
    if not good:
        raise RefusedFile(damaged[0].code, damaged[0].reason)
    return voxels[good], [slices[index] for index in good], damaged


def _voxel_type(slices: Iterable[SliceHeader], modality: str) -> np.dtype[Any]:
    """int16 where every rescaled value fits (CT: beyond 32767 HU nothing is told apart), else float32."""
    fits = all(_is_whole(item.scale) and (modality == "CT" or item.signed or item.bits < 16) for item in slices)
    return np.dtype(np.int16 if fits else np.float32)


def _is_whole(scale: tuple[float, float] | None) -> bool:
    return scale is None or (scale[0] == 1 and scale[1].is_integer() and abs(scale[1]) < 2**15)


def rescale(stored: NDArray[Any], item: SliceHeader, modality: str, kind: np.dtype[Any]) -> NDArray[Any]:
    """Stored values to the volume's unit.

    Args:
        stored: (rows, columns) as decoded.
        item: the slice's scale and padding.
        modality: a CT's padding becomes air, any other's the lowest value.
        kind: int16 (clipped at its ends) or float32.
    """
    slope, intercept = item.scale or (1.0, 0.0)
    if kind == np.int16:
        values: NDArray[Any] = np.clip(stored.astype(np.int32) + int(intercept), -32768, 32767).astype(np.int16)
    else:
        values = stored.astype(np.float32) * np.float32(slope) + np.float32(intercept)
    if item.padding is not None:
        padded = (stored >= item.padding[0]) & (stored <= item.padding[1])
        if padded.any():
            outside = AIR_HU if modality == "CT" and item.scale else values[~padded].min(initial=values.max())
            values[padded] = outside
    return values


def _unit(modality: str, slices: Sequence[SliceHeader]) -> tuple[str, list[str]]:
    if modality != "CT":
        return ARBITRARY, []
    if all(item.scale is not None for item in slices):
        return HU, []
    return ARBITRARY, ["the CT states no rescale slope and intercept, so its values are not Hounsfield units"]


def _onto_grid(voxels: NDArray[Any], grid: Grid) -> NDArray[Any]:
    used = voxels[grid.first:grid.last + 1]
    if grid.is_stored:
        return used
    planes = np.empty((len(grid.places), *voxels.shape[1:]), voxels.dtype)
    for plane, place in zip(planes, grid.places, strict=True):
        below = int(place)
        part = np.float32(place - below)
        above = used[min(below + 1, len(used) - 1)]
        mixed = used[below] * (1 - part) + above * part
        plane[...] = np.rint(mixed) if voxels.dtype == np.int16 else mixed
    return planes


def _planes(slices: Sequence[SliceHeader], grid: Grid) -> tuple[Plane, ...]:
    nearest = [grid.first + int(np.floor(place + 0.5)) for place in grid.places]
    return tuple(Plane(slices[index].file, slices[index].uid, index, slices[index].number) for index in nearest)


def _beyond(slices: Sequence[SliceHeader], grid: Grid) -> list[Refusal]:
    used = {item.file.path for item in slices[grid.first:grid.last + 1]}
    outside = [*slices[:grid.first], *slices[grid.last + 1:]]
    return [Refusal(file=path, code=RefusalCode.BAD_GEOMETRY, reason="the slice lies beyond a gap in its series that "
                    "is too wide to bridge")
            for path in sorted({item.file.path for item in outside} - used)]

"""Stored slices to the voxels of a regular grid: read and rescaled in threads, each straight into its place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..core.errors import RefusedFile
from ..core.refusal import Refusal, RefusalCode
from ..core.settings import Limits
from .frame_source import FrameSource, frame_source
from .in_threads import in_threads
from .slice_grid import Grid
from .slice_headers import SliceHeader

AIR_HU = -1024
"""What padding becomes in a CT: outside the scanned field there is nothing denser than air."""
_TISSUE_HU = (-900.0, 3000.0)
"""Declared padding in this range may be tissue as well, so only what touches the image's edge is padding."""
_INT16 = np.iinfo(np.int16)


@dataclass(frozen=True)
class Target:
    """What slices become.

    Args:
        kind: int16 or float32.
        hu: whether values are Hounsfield units.
    """

    kind: np.dtype[Any]
    hu: bool


def target_of(slices: Iterable[SliceHeader], modality: str) -> Target:
    """int16 for Hounsfield units, which are kept as whole numbers within -32768..32767, and for all else whose rescaled
    values are whole and fit; else float32."""
    found = list(slices)
    hu = modality == "CT" and all(item.scale is not None and item.hounsfield for item in found)
    return Target(np.dtype(np.int16 if hu or all(_fits(item) for item in found) else np.float32), hu)


def _fits(item: SliceHeader) -> bool:
    slope, intercept = item.scale or (1.0, 0.0)
    low, high = stored_range(item)
    return slope == 1 and intercept.is_integer() and low + intercept >= _INT16.min and high + intercept <= _INT16.max


def stored_range(item: SliceHeader) -> tuple[int, int]:
    """The least and the greatest value that BitsStored and PixelRepresentation allow."""
    return (-(1 << (item.bits - 1)), (1 << (item.bits - 1)) - 1) if item.signed else (0, (1 << item.bits) - 1)


def fill_grid(slices: Sequence[SliceHeader], grid: Grid, target: Target, root: Path, limits: Limits
              ) -> tuple[NDArray[Any], list[tuple[int, Refusal]]]:
    """Read the slices of a grid.

    Beside the voxels only a few slices are held at a time, whatever is stored. The result does not depend on the
    number of threads.

    Args:
        slices: sorted; those from `grid.first` to `grid.last` are read.
        grid: from `lay_grid` of these slices.
        target: from `target_of`.
        root: folder of the files.
        limits: for files that only decode as a whole.

    Returns:
        (planes, rows, columns) of `target.kind`, and (index, refusal) of the slices that cannot be decoded, whose
        planes hold nothing of use.
    """
    used = slices[grid.first:grid.last + 1]
    voxels = np.empty((len(grid.places), *slices[0].shape), target.kind)
    homes = {int(place): voxels[plane] for plane, place in enumerate(grid.places) if place % 1 == 0}
    sources = _sources(used, root, limits)

    def read(index: int) -> NDArray[Any] | Refusal:
        item = used[index]
        try:
            out = homes[index] if index in homes else np.empty(item.shape, target.kind)
            stored = sources[item.file.path].read(item.frame or 0)
            return rescale(stored, item, target.hu, out)
        except RefusedFile as refused:
            return Refusal(file=item.file.path, code=refused.code, reason=refused.reason)

    damaged: list[tuple[int, Refusal]] = []
    for plane, mixed in _mixed(_sound(in_threads(read, range(len(used))), grid.first, damaged), grid.places):
        voxels[plane] = np.rint(mixed) if target.kind == np.int16 else mixed
    return voxels, damaged


def _sources(used: Sequence[SliceHeader], root: Path, limits: Limits) -> dict[str, FrameSource]:
    return {item.file.path: frame_source(root / item.file.path, item.pixels, limits)
            for item in {item.file.path: item for item in used}.values()}


def _sound(results: Iterable[NDArray[Any] | Refusal], first: int, damaged: list[tuple[int, Refusal]]
           ) -> Iterator[NDArray[Any] | None]:
    """The slices, None for damaged ones, which are noted."""
    for index, result in enumerate(results):
        if isinstance(result, Refusal):
            damaged.append((first + index, result))
            yield None
        else:
            yield result


def _mixed(slices: Iterable[NDArray[Any] | None], places: NDArray[np.float64]
           ) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """The planes that lie between slices, each as soon as both its neighbours are there."""
    waiting = [(plane, float(place)) for plane, place in enumerate(places) if place % 1 != 0]
    below: NDArray[Any] | None = None
    for index, here in enumerate(slices):
        while waiting and waiting[0][1] < index:
            plane, place = waiting.pop(0)
            part = np.float32(place % 1)
            if below is not None and here is not None:
                yield plane, (below * (1 - part) + here * part).astype(np.float32, copy=False)
        below = here


def rescale(stored: NDArray[Any], item: SliceHeader, hu: bool, out: NDArray[Any]) -> NDArray[Any]:
    """Stored values to the volume's unit (PS3.3 C.11.1).

    Args:
        stored: (rows, columns) as decoded.
        item: the slice's scale and padding.
        hu: whether the volume is in Hounsfield units: padding becomes air, else the lowest value.
        out: (rows, columns) int16 (rounded, clipped at its ends) or float32; is filled and returned.

    Raises:
        RefusedFile: CORRUPT, the pixels have another size than the header says.
    """
    if stored.shape != item.shape:
        raise RefusedFile(RefusalCode.CORRUPT, "the image has another size than its header says")
    slope, intercept = item.scale or (1.0, 0.0)
    if out.dtype == np.int16 and _adds(stored, item):
        # Sums modulo 2**16 are right whenever they fit, whether words are read as signed or not.
        words = stored.astype(np.int16) if stored.dtype.itemsize == 1 else stored.view(np.int16)
        np.add(words, np.int16(intercept), out=out)
    elif out.dtype == np.int16:
        values = stored.astype(np.float32) * np.float32(slope) + np.float32(intercept)
        out[...] = np.clip(np.rint(values), _INT16.min, _INT16.max)
    else:
        np.multiply(stored, np.float32(slope), out=out, dtype=np.float32, casting="same_kind")
        out += np.float32(intercept)
    _settle_padding(stored, item, hu, out)
    return out


def _adds(stored: NDArray[Any], item: SliceHeader) -> bool:
    """Whether adding a whole intercept gives values that fit into 16 bits: by the header, else by the pixels."""
    if _fits(item):
        return True
    slope, intercept = item.scale or (1.0, 0.0)
    return (slope == 1 and intercept.is_integer() and abs(intercept) <= _INT16.max
            and int(stored.min()) + intercept >= _INT16.min and int(stored.max()) + intercept <= _INT16.max)


def _settle_padding(stored: NDArray[Any], item: SliceHeader, hu: bool, out: NDArray[Any]) -> None:
    if item.padding is None:
        return
    padded = (stored >= item.padding[0]) & (stored <= item.padding[1])
    if not padded.any():
        return
    slope, intercept = item.scale or (1.0, 0.0)
    if hu and _TISSUE_HU[0] < item.padding[1] * slope + intercept < _TISSUE_HU[1]:
        padded = _at_the_edge(padded)
    out[padded] = AIR_HU if hu else out[~padded].min(initial=out.max())


def _at_the_edge(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The connected parts of a mask that touch the image's edge."""
    labels, _ = ndimage.label(mask)
    edge = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    return np.isin(labels, edge[edge > 0])


def damaged_files(damaged: Sequence[tuple[int, Refusal]], slices: Sequence[SliceHeader]) -> list[Refusal]:
    """One refusal for each file none of whose slices could be decoded."""
    bad = Counter(refusal.file for _, refusal in damaged)
    held = Counter(item.file.path for item in slices)
    first = {refusal.file: refusal for _, refusal in reversed(damaged)}
    return [first[path] for path in sorted(bad) if bad[path] == held[path]]

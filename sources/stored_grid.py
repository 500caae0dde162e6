"""Voxels of a NIfTI or NRRD file, read slab by slab into their volume, so that no second copy is held."""

from __future__ import annotations

import bz2
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

from ..core.errors import RefusedFile
from ..core.refusal import RefusalCode
from ..core.settings import MIB
from .axial import Affine, AxialOrder, axial_order

READ_ERRORS = (OSError, EOFError, ValueError, KeyError, TypeError, OverflowError, MemoryError, zlib.error)
MOST_EXPANSION = 1032
"""DEFLATE expands at most 1032 : 1 (zlib's technical notes), so a smaller file cannot hold what it declares."""
_SLAB = 8 * MIB
_GOLDEN = 0.618034
"""Multiples of the golden ratio, without their whole part, fall evenly and never in step with anything."""
_INT16 = np.iinfo(np.int16)


@dataclass(frozen=True)
class StoredGrid:
    """A grid of numbers in a file, its header read and its declared size checked.

    Args:
        path: the file.
        packing: `raw`, `gzip` or `bzip2`.
        start: byte of the file at which the packed or raw data begins.
        skip: unpacked bytes before the first voxel.
        shape: (n0, n1, n2) in the file's index order, the first running fastest.
        components: values stored side by side at each voxel, of which the first is used.
        kind: type of a stored value.
        scale: (slope, intercept), or None.
        affine: (index 0, 1, 2, 1) to LPS mm.
        oriented: whether the file says how the voxels lie in the patient.
        notes: what a person must know.
    """

    path: Path
    packing: str
    start: int
    skip: int
    shape: tuple[int, int, int]
    components: int
    kind: np.dtype[Any]
    scale: tuple[float, float] | None
    affine: Affine
    oriented: bool
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of the voxels as stored."""
        n0, n1, n2 = self.shape
        return n0 * n1 * n2 * self.components * self.kind.itemsize


@contextmanager
def unpacked(grid: StoredGrid) -> Iterator[IO[bytes]]:
    """The unpacked bytes from the first voxel on."""
    with grid.path.open("rb") as file:
        file.seek(grid.start)
        if grid.packing == "gzip":
            stream = cast("IO[bytes]", gzip.GzipFile(fileobj=file))
        else:
            stream = cast("IO[bytes]", bz2.BZ2File(file)) if grid.packing == "bzip2" else file
        left = grid.skip
        while left:
            left -= len(stream.read(min(left, _SLAB)) or _end())
        yield stream


def _end() -> bytes:
    raise EOFError("the file ends before its voxels")


def read_grid(grid: StoredGrid) -> tuple[NDArray[Any], Affine, bool]:
    """The grid as slices from feet to head.

    Values are int16 when all are whole numbers that fit, else float32, in which what is not finite becomes the lowest
    finite value. A grid of other stored types is read as int16 until a value does not fit, and then anew.

    Args:
        grid: from `open_nifti` or `open_nrrd`.

    Returns:
        voxels (k, j, i), their affine to LPS mm, and whether the file's slices were axial.

    Raises:
        RefusedFile: TRUNCATED or CORRUPT.
    """
    order = axial_order(grid.shape, grid.affine)
    try:
        voxels = _fill(grid, order, np.dtype(np.int16))
        if voxels is None:
            voxels = _fill(grid, order, np.dtype(np.float32))
    except EOFError as error:
        raise RefusedFile(RefusalCode.TRUNCATED, "the file ends inside its voxels; ask for it again") from error
    except READ_ERRORS as error:
        raise RefusedFile(RefusalCode.CORRUPT, f"the voxels cannot be read ({type(error).__name__}); ask for the file "
                          "again") from error
    if voxels is None:
        raise TypeError("every number fits into a float")
    return voxels, order.affine, order.axial


def _fill(grid: StoredGrid, order: AxialOrder, kind: np.dtype[Any]) -> NDArray[Any] | None:
    """The voxels, or None when a value does not fit into int16."""
    voxels = np.empty(order.shape, kind)
    stored = order.as_stored(voxels)
    n0, n1, n2 = grid.shape
    row = n0 * n1 * grid.components * grid.kind.itemsize
    step = max(1, _SLAB // row)
    damaged = False
    with unpacked(grid) as stream:
        for at in range(0, n2, step):
            count = min(step, n2 - at)
            data = _exactly(stream, count * row)
            values = np.frombuffer(data, grid.kind).reshape((grid.components, n0, n1, count), order="F")[0]
            values = values if grid.scale is None else _scaled(values, *grid.scale)
            if kind == np.int16 and not fits_int16(values):
                return None
            stored[:, :, at:at + count] = values
            damaged = damaged or (values.dtype.kind == "f" and not np.isfinite(values).all())
        if grid.packing != "raw":
            stream.read(1)  # reaches the checksum where the voxels are all there is
    if damaged:
        _settle_gaps(voxels)
    return voxels


def _scaled(values: NDArray[Any], slope: float, intercept: float) -> NDArray[np.float32]:
    scaled = values.astype(np.float32)
    scaled *= np.float32(slope)
    scaled += np.float32(intercept)
    return scaled


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError("the voxels end early")
    return data


def fits_int16(values: NDArray[Any]) -> bool:
    """Whether all values are whole numbers within -32768..32767."""
    if values.dtype.kind in "iub":
        return values.dtype.itemsize == 1 or values.dtype == np.int16 or (
            int(values.min()) >= _INT16.min and int(values.max()) <= _INT16.max)
    low, high = float(values.min()), float(values.max())
    return low >= _INT16.min and high <= _INT16.max and bool((values == np.rint(values)).all())


def _settle_gaps(voxels: NDArray[Any]) -> None:
    """What is not finite becomes the lowest finite value, or 0 where nothing is finite."""
    lowest = min((float(plane[finite].min()) for plane in voxels if (finite := np.isfinite(plane)).any()), default=0.0)
    for plane in voxels:
        plane[~np.isfinite(plane)] = lowest


def sample_grid(grid: StoredGrid, piece: int, every: int, most: int) -> NDArray[Any]:
    """Values from pieces of a grid, in storage order.

    Each piece lies elsewhere in its stretch: pieces at equal distances would all show the same rows of slices whose
    size divides that distance.

    Args:
        grid: from `open_nifti` or `open_nrrd`.
        piece: bytes of each piece.
        every: length of the stretches, in bytes, of which each gives one piece.
        most: no stretch starts after so many bytes.

    Raises:
        RefusedFile: TRUNCATED, nothing can be unpacked, or CORRUPT.
    """
    kept = []
    width = grid.kind.itemsize * grid.components
    try:
        with unpacked(grid) as stream:
            for number, at in enumerate(range(0, min(grid.size, most), every)):
                rest = max(0, min(every, grid.size - at) - piece)
                before = int(number * _GOLDEN % 1 * rest) // width * width
                _pass_over(stream, before)
                kept.append(stream.read(min(piece, grid.size - at)))
                _pass_over(stream, rest - before)
    except (EOFError, zlib.error):
        pass  # what could be unpacked until here is enough to tell what it is
    except READ_ERRORS as error:
        raise RefusedFile(RefusalCode.CORRUPT, f"the voxels cannot be read ({type(error).__name__}); ask for the file "
                          "again") from error
    whole = b"".join(part[:len(part) // width * width] for part in kept)
    if not whole:
        raise RefusedFile(RefusalCode.TRUNCATED, "the file ends before its voxels; ask for it again")
    values = np.frombuffer(whole, grid.kind)[::grid.components]
    return values if grid.scale is None else _scaled(values, *grid.scale)


def _pass_over(stream: IO[bytes], count: int) -> None:
    if count > 0:
        stream.seek(count, 1)

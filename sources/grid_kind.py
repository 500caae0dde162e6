"""NIfTI and NRRD files: CT, label map or another volume, guessed from a sample of the values."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

from ..core.case import FileKind
from ..core.errors import RefusedFile
from ..core.refusal import RefusalCode
from ..core.settings import MIB, Limits
from .nifti import GZIP, MOST_EXPANSION, READ_ERRORS, checked_header
from .nrrd import read_nrrd
from .quiet import quiet_parsers

_PIECE = 64 * 1024
_EVERY = MIB
_MOST_READ = 256 * MIB
_MOST_LABELS = 256


def nifti_kind(path: Path, limits: Limits) -> FileKind:
    """CT, SEGMENTATION or VOLUME (cannot be told) for a NIfTI file.

    Raises:
        RefusedFile: TRUNCATED, TOO_LARGE, TOO_FEW_SLICES, UNSUPPORTED or CORRUPT.
    """
    try:
        with path.open("rb") as file, quiet_parsers():
            packed = file.read(2) == GZIP
            file.seek(0)
            stream = cast("IO[bytes]", gzip.GzipFile(fileobj=file)) if packed else file
            room = path.stat().st_size * (MOST_EXPANSION if packed else 1)
            return kind_of_values(_sample_nifti(stream, room, limits))
    except READ_ERRORS as error:
        raise RefusedFile(RefusalCode.CORRUPT, f"the NIfTI file cannot be read ({type(error).__name__}); ask for it "
                          "again") from error


def _sample_nifti(stream: IO[bytes], room: int, limits: Limits) -> NDArray[Any]:
    header, shape, stored = checked_header(stream, room, limits)
    offset, size = int(header.get_data_offset()), shape[0] * shape[1] * shape[2] * stored.itemsize
    values = np.frombuffer(_pieces(stream, offset, size), stored)
    slope, intercept = header.get_slope_inter()
    return values if slope is None else values * slope + (intercept or 0.0)


def _pieces(stream: IO[bytes], offset: int, size: int) -> bytes:
    """The first 64 KiB of every MiB of the voxels, from their first 256 MiB; what cannot be unpacked ends it."""
    kept = []
    for at in range(offset, offset + min(size, _MOST_READ), _EVERY):
        try:
            stream.seek(at)
            piece = stream.read(min(_PIECE, offset + size - at))
        except EOFError:
            break
        kept.append(piece[:len(piece) // 16 * 16])
    if not kept:
        raise RefusedFile(RefusalCode.TRUNCATED, "the NIfTI file ends before its voxels; ask for it again")
    return b"".join(kept)


def nrrd_kind(path: Path, limits: Limits) -> FileKind:
    """CT, SEGMENTATION or VOLUME for an NRRD file.

    Raises:
        RefusedFile: what `read_nrrd` refuses.
    """
    values, *_ = read_nrrd(path, limits)
    flat = values.reshape(-1, order="F")
    step = max(1, flat.size // _PIECE)
    return kind_of_values(np.concatenate([flat[at:at + 4096] for at in range(0, flat.size, 4096 * min(step, 16))]))


def kind_of_values(values: NDArray[Any]) -> FileKind:
    """Kind of a volume from a sample of its values.

    A CT reaches down to air (-1000 HU, or padding below) and holds tissue within -1100..3100. A label map holds few
    small whole numbers in flat regions: neighbours inside a region are equal, which in an image is rare.

    Args:
        values: (n,) in storage order, in pieces of neighbouring voxels.
    """
    values = values[np.isfinite(values)]
    if values.size == 0:
        return FileKind.VOLUME
    lowest, highest = float(values.min()), float(values.max())
    if -4096 <= lowest <= -900 and highest > 50:
        inside = values[values > -1100]
        return FileKind.CT if inside.size and float((inside < 3100).mean()) > 0.99 else FileKind.VOLUME
    return FileKind.SEGMENTATION if _is_label_map(values, lowest, highest) else FileKind.VOLUME


def _is_label_map(values: NDArray[Any], lowest: float, highest: float) -> bool:
    if lowest < 0 or highest > 65_535 or not np.array_equal(values, np.rint(values)):
        return False
    if len(np.unique(values)) > _MOST_LABELS:
        return False
    left, right = values[:-1], values[1:]
    inside = (left > 0) & (right > 0)
    if not inside.any():
        return highest <= _MOST_LABELS
    return float((left[inside] == right[inside]).mean()) > 0.75

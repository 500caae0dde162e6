"""NIfTI-1 and NIfTI-2 single files (.nii, .nii.gz), told by content; sizes are checked before data is read."""

from __future__ import annotations

import gzip
import zlib
from io import BytesIO
from pathlib import Path
from typing import IO, Any, cast

import nibabel
import numpy as np
from nibabel.spatialimages import HeaderDataError
from nibabel.wrapstruct import WrapStructError
from numpy.typing import NDArray

from ..core.errors import RefusedFile
from ..core.refusal import RefusalCode
from ..core.settings import Limits
from .axial import Affine
from .quiet import quiet_parsers

GZIP = b"\x1f\x8b"
MOST_EXPANSION = 1032
"""DEFLATE expands at most 1032 : 1 (zlib's technical notes), so a smaller file cannot hold what it declares."""
READ_ERRORS = (OSError, EOFError, ValueError, KeyError, TypeError, OverflowError, MemoryError, zlib.error,
               HeaderDataError, WrapStructError)

_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
_MM_PER_UNIT = {"meter": 1000.0, "mm": 1.0, "micron": 0.001, "unknown": 1.0}


def is_nifti(start: bytes) -> bool:
    """Whether unpacked bytes start a NIfTI file; 348 bytes are enough."""
    return start[344:348] in (b"n+1\0", b"ni1\0") or start[4:8] in (b"n+2\0", b"ni2\0")


def unpacked_start(path: Path, size: int = 348) -> bytes:
    """The first bytes of a file, of its content when it is gzipped; empty when it cannot be unpacked."""
    with path.open("rb") as file:
        start = file.read(size)
        if not start.startswith(GZIP):
            return start
        file.seek(0)
        try:
            return gzip.GzipFile(fileobj=file).read(size)
        except (OSError, EOFError, zlib.error):
            return b""


def read_nifti(path: Path, limits: Limits) -> tuple[NDArray[Any], Affine, tuple[str, ...], bool]:
    """The first 3-D volume of a NIfTI file.

    Args:
        path: the file, gzipped or not.
        limits: what a volume may hold.

    Returns:
        stored values with scl_slope and scl_inter applied, (n0, n1, n2) in the file's index order; the affine of that
        order to LPS mm (the sform or qform as nibabel chooses, NIfTI's RAS+ turned to LPS); notes; and whether the
        file states its orientation (a form code above 0).

    Raises:
        RefusedFile: TRUNCATED, CORRUPT, BAD_GEOMETRY, or what `checked_header` refuses.
    """
    try:
        with path.open("rb") as file, quiet_parsers():
            packed = file.read(2) == GZIP
            file.seek(0)
            stream = cast("IO[bytes]", gzip.GzipFile(fileobj=file)) if packed else file
            room = path.stat().st_size * (MOST_EXPANSION if packed else 1)
            return _read(stream, room, limits)
    except EOFError as error:
        raise RefusedFile(RefusalCode.TRUNCATED, "the NIfTI file ends early; ask for it again") from error
    except READ_ERRORS as error:
        raise RefusedFile(RefusalCode.CORRUPT, f"the NIfTI file cannot be read ({type(error).__name__}); ask for it "
                          "again") from error


def _read(stream: IO[bytes], room: int, limits: Limits) -> tuple[NDArray[Any], Affine, tuple[str, ...], bool]:
    header, shape, kind = checked_header(stream, room, limits)
    size = shape[0] * shape[1] * shape[2] * kind.itemsize
    stream.seek(int(header.get_data_offset()))
    data = stream.read(size)
    if len(data) < size:
        raise EOFError("voxels end early")
    values = np.frombuffer(data, kind).reshape(shape[:3], order="F")
    return _scale(values, header), _affine(header), _notes(shape, header), _is_oriented(header)


def checked_header(stream: IO[bytes], room: int, limits: Limits) -> tuple[Any, tuple[int, ...], np.dtype[Any]]:
    """Header, shape and stored type of an unpacked NIfTI file, once the file can hold what it declares.

    Args:
        stream: at the start of the file.
        room: how many bytes it can hold at most.
        limits: what a volume may hold.

    Raises:
        RefusedFile: TOO_FEW_SLICES, UNSUPPORTED, TOO_LARGE, TRUNCATED or UNKNOWN_FORMAT.
    """
    header = _read_header(stream)
    shape = tuple(int(n) for n in header.get_data_shape())
    if len(shape) < 3 or min(shape) < 1:
        raise RefusedFile(RefusalCode.TOO_FEW_SLICES, "the NIfTI file holds no three-dimensional image")
    kind = header.get_data_dtype()
    if kind.kind not in "iuf":
        raise RefusedFile(RefusalCode.UNSUPPORTED, f"NIfTI values of the type {kind} are no grey values")
    count = shape[0] * shape[1] * shape[2]
    if count > limits.max_volume_voxels:
        raise RefusedFile(RefusalCode.TOO_LARGE, f"the header declares {shape[0]} x {shape[1]} x {shape[2]} voxels, "
                          "more than is allowed")
    if int(header.get_data_offset()) + count * kind.itemsize > room:
        raise RefusedFile(RefusalCode.TRUNCATED, f"the header promises {count * kind.itemsize} bytes of voxels and the "
                          "file is too small to hold them; ask for it again")
    return header, shape, kind


def _read_header(stream: IO[bytes]) -> Any:
    """The header without its extensions, which are not needed and may be damaged."""
    start = stream.read(540)
    magic1, magic2 = start[344:348], start[4:8]
    if magic1 == b"ni1\0" or magic2 == b"ni2\0":
        raise RefusedFile(RefusalCode.UNSUPPORTED, "the NIfTI header names a separate image file; convert the pair to "
                          "one .nii file")
    makers: Any = nibabel
    if magic1 == b"n+1\0":
        return makers.Nifti1Header.from_fileobj(BytesIO(start[:348]))
    if magic2 == b"n+2\0":
        return makers.Nifti2Header.from_fileobj(BytesIO(start))
    raise RefusedFile(RefusalCode.UNKNOWN_FORMAT, "the file is no NIfTI image")


def _scale(values: NDArray[Any], header: Any) -> NDArray[Any]:
    slope, intercept = header.get_slope_inter()
    if slope is None or (slope, intercept or 0.0) == (1.0, 0.0):
        return values
    return values.astype(np.float32) * np.float32(slope) + np.float32(intercept or 0.0)


def _affine(header: Any) -> Affine:
    affine = _RAS_TO_LPS @ np.asarray(header.get_best_affine(), np.float64)
    affine[:3] *= _MM_PER_UNIT.get(header.get_xyzt_units()[0], 1.0)
    steps = np.linalg.norm(affine[:3, :3], axis=0)
    if not np.isfinite(affine).all() or steps.min() < 1e-3 or steps.max() > 100 or np.abs(affine[:3, 3]).max() > 1e5:
        raise RefusedFile(RefusalCode.BAD_GEOMETRY, "the NIfTI file's voxel spacing or position is impossible")
    if abs(np.linalg.det(affine[:3, :3])) < 0.1 * steps.prod():
        raise RefusedFile(RefusalCode.BAD_GEOMETRY, "the NIfTI file's axes do not span a volume")
    return affine


def _is_oriented(header: Any) -> bool:
    return bool(header["sform_code"] > 0 or header["qform_code"] > 0)


def _notes(shape: tuple[int, ...], header: Any) -> tuple[str, ...]:
    notes = []
    volumes = int(np.prod(shape[3:], dtype=np.int64))
    if volumes > 1:
        notes.append(f"the file holds {volumes} volumes; the first is used")
    if not _is_oriented(header):
        notes.append("the file does not state how the voxels lie in the patient; sides are not told")
    return tuple(notes)

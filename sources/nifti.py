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

from ..core.errors import RefusedFile
from ..core.refusal import RefusalCode
from ..core.settings import Limits
from .axial import Affine
from .quiet import quiet_parsers
from .stored_grid import MOST_EXPANSION, READ_ERRORS, StoredGrid

GZIP = b"\x1f\x8b"
HEADER_ERRORS = (*READ_ERRORS, HeaderDataError, WrapStructError)

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


def open_nifti(path: Path, limits: Limits) -> StoredGrid:
    """The first 3-D volume of a NIfTI file, its header checked and its voxels not yet read.

    scl_slope and scl_inter apply. The affine is the sform or, where its code is 0, the qform (as nibabel chooses),
    NIfTI's RAS+ turned to LPS; with neither the voxels' sides are not known.

    Args:
        path: the file, gzipped or not.
        limits: what a volume may hold.

    Raises:
        RefusedFile: TOO_FEW_SLICES, UNSUPPORTED, TOO_LARGE, TRUNCATED, BAD_GEOMETRY, CORRUPT or UNKNOWN_FORMAT.
    """
    try:
        with path.open("rb") as file, quiet_parsers():
            packed = file.read(2) == GZIP
            file.seek(0)
            stream = cast("IO[bytes]", gzip.GzipFile(fileobj=file)) if packed else file
            header = _read_header(stream)
            room = path.stat().st_size * (MOST_EXPANSION if packed else 1)
            shape, kind = _checked(header, room, limits)
            slope, intercept = header.get_slope_inter()
            scale = None if slope is None or (slope, intercept or 0.0) == (1.0, 0.0) else (slope, intercept or 0.0)
            return StoredGrid(path=path, packing="gzip" if packed else "raw", start=0,
                              skip=int(header.get_data_offset()), shape=(shape[0], shape[1], shape[2]), components=1,
                              kind=kind, scale=scale, affine=_affine(header), oriented=_is_oriented(header),
                              notes=_notes(shape, header))
    except EOFError as error:
        raise RefusedFile(RefusalCode.TRUNCATED, "the NIfTI file ends early; ask for it again") from error
    except HEADER_ERRORS as error:
        raise RefusedFile(RefusalCode.CORRUPT, f"the NIfTI file cannot be read ({type(error).__name__}); ask for it "
                          "again") from error


def _checked(header: Any, room: int, limits: Limits) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and stored type, once the file can hold what it declares.

    Args:
        header: of nibabel.
        room: how many bytes the file can hold at most.
        limits: what a volume may hold.
    """
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
    return shape, kind


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

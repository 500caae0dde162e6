"""NRRD files (teem.sourceforge.net/nrrd/format.html): one file, three spatial axes, raw or gzip.

A detached header names another file to read; that is refused, so that an input cannot reach outside the case.
"""

from __future__ import annotations

import re
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import RefusedFile
from ..core.refusal import RefusalCode
from ..core.settings import Limits
from .axial import Affine
from .nifti import MOST_EXPANSION

MAGIC = b"NRRD000"
LONGEST_HEADER = 1 << 16

_TYPES = {
    **dict.fromkeys(("signed char", "int8", "int8_t"), "i1"),
    **dict.fromkeys(("uchar", "unsigned char", "uint8", "uint8_t"), "u1"),
    **dict.fromkeys(("short", "short int", "signed short", "signed short int", "int16", "int16_t"), "i2"),
    **dict.fromkeys(("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"), "u2"),
    **dict.fromkeys(("int", "signed int", "int32", "int32_t"), "i4"),
    **dict.fromkeys(("uint", "unsigned int", "uint32", "uint32_t"), "u4"),
    "float": "f4", "double": "f8",
}
_TO_LPS = {
    **dict.fromkeys(("left-posterior-superior", "lps"), (1.0, 1.0, 1.0)),
    **dict.fromkeys(("right-anterior-superior", "ras"), (-1.0, -1.0, 1.0)),
    **dict.fromkeys(("left-anterior-superior", "las"), (1.0, -1.0, 1.0)),
}


def is_nrrd(start: bytes) -> bool:
    """Whether bytes start an NRRD file."""
    return start.startswith(MAGIC)


def read_nrrd(path: Path, limits: Limits) -> tuple[NDArray[Any], Affine, tuple[str, ...], bool]:
    """The volume of an NRRD file; returns what `read_nifti` returns.

    Raises:
        RefusedFile: TRUNCATED, CORRUPT, TOO_LARGE, UNSUPPORTED, NO_SPACING or BAD_GEOMETRY.
    """
    try:
        with path.open("rb") as file:
            fields, start = _read_header(file.read(LONGEST_HEADER))
            sizes, kind = _sizes(fields, limits), _kind(fields)
            affine, oriented = _affine(fields)
            file.seek(start)
            data = _payload(file.read(), fields, int(np.prod(sizes)) * kind.itemsize)
    except (ValueError, KeyError, OSError, OverflowError, MemoryError, zlib.error) as error:
        raise RefusedFile(RefusalCode.CORRUPT, f"the NRRD file cannot be read ({type(error).__name__}); ask for it "
                          "again") from error
    notes = () if oriented else ("the file does not state how the voxels lie in the patient; sides are not told",)
    return np.frombuffer(data, kind).reshape(sizes, order="F"), affine, notes, oriented


def _read_header(start: bytes) -> tuple[dict[str, str], int]:
    """Fields by lower-case name, and where the data begins (after the first empty line)."""
    end = re.search(rb"\r?\n\r?\n", start)
    if end is None or not is_nrrd(start):
        raise ValueError("no NRRD header")
    fields: dict[str, str] = {}
    for line in start[:end.start()].decode("ascii", "replace").splitlines()[1:]:
        name, colon, value = line.partition(":")
        if colon and not value.startswith("=") and not line.startswith("#"):
            fields[name.strip().lower()] = value.strip()
    if "data file" in fields or "datafile" in fields:
        raise RefusedFile(RefusalCode.UNSUPPORTED, "the NRRD header names a separate data file; save it as one .nrrd "
                          "file")
    return fields, end.end()


def _sizes(fields: dict[str, str], limits: Limits) -> tuple[int, int, int]:
    sizes = [int(text) for text in fields["sizes"].split()]
    if fields["dimension"] != "3" or len(sizes) != 3:
        raise RefusedFile(RefusalCode.UNSUPPORTED, f"an NRRD file of {fields['dimension']} dimensions is no single "
                          "volume")
    if min(sizes) < 1:
        raise ValueError("an axis of no size")
    if sizes[0] * sizes[1] * sizes[2] > limits.max_volume_voxels:
        raise RefusedFile(RefusalCode.TOO_LARGE, f"the header declares {sizes[0]} x {sizes[1]} x {sizes[2]} voxels, "
                          "more than is allowed")
    return sizes[0], sizes[1], sizes[2]


def _kind(fields: dict[str, str]) -> np.dtype[Any]:
    name = fields["type"].lower()
    if name not in _TYPES:
        raise RefusedFile(RefusalCode.UNSUPPORTED, f"NRRD values of the type '{name[:40]}' are no grey values")
    return np.dtype(("<" if fields.get("endian", "little").lower() == "little" else ">") + _TYPES[name])


def _affine(fields: dict[str, str]) -> tuple[Affine, bool]:
    """(index, 1) to LPS mm, and whether the file states its orientation."""
    affine = np.eye(4)
    space = fields.get("space", "").lower()
    if space in _TO_LPS and "space directions" in fields:
        turn = np.diag(_TO_LPS[space])
        affine[:3, :3] = turn @ _vectors(fields["space directions"], 3).T
        affine[:3, 3] = turn @ _vectors(fields.get("space origin", "(0,0,0)"), 1)[0]
    elif "spacings" in fields:
        affine[:3, :3] = np.diag([float(text) for text in fields["spacings"].split()])
    elif "space directions" in fields:
        affine[:3, :3] = _vectors(fields["space directions"], 3).T
    else:
        raise RefusedFile(RefusalCode.NO_SPACING, "the NRRD file states no voxel spacing, so nothing can be measured")
    steps = np.linalg.norm(affine[:3, :3], axis=0)
    sound = np.isfinite(affine).all() and steps.min() > 1e-3 and steps.max() < 100 and np.abs(affine).max() < 1e5
    if not sound or abs(np.linalg.det(affine[:3, :3])) < 0.1 * steps.prod():
        raise RefusedFile(RefusalCode.BAD_GEOMETRY, "the NRRD file's voxel spacing or position is impossible")
    return affine, space in _TO_LPS and "space directions" in fields


def _vectors(text: str, count: int) -> NDArray[np.float64]:
    vectors = [[float(part) for part in inner.split(",")] for inner in re.findall(r"\(([^)]*)\)", text)]
    if len(vectors) != count or any(len(vector) != 3 for vector in vectors):
        raise ValueError("an axis without a three-dimensional direction")
    return np.array(vectors)


def _payload(data: bytes, fields: dict[str, str], size: int) -> bytes:
    """The voxels' bytes, unpacked no further than declared."""
    encoding = fields["encoding"].lower()
    skips = {fields.get("line skip", "0"), fields.get("byte skip", "0")}
    if encoding not in ("raw", "gzip", "gz") or skips != {"0"}:
        raise RefusedFile(RefusalCode.UNSUPPORTED, f"NRRD data in the encoding '{encoding[:40]}' is not read; save it "
                          "as raw or gzip")
    packed = encoding != "raw"
    if size > len(data) * (MOST_EXPANSION if packed else 1):
        raise RefusedFile(RefusalCode.TRUNCATED, f"the header promises {size} bytes of voxels and the file is too "
                          "small to hold them; ask for it again")
    plain = zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(data, size) if packed else data[:size]
    if len(plain) < size:
        raise RefusedFile(RefusalCode.TRUNCATED, "the NRRD file ends early; ask for it again")
    return plain

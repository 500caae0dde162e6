"""NRRD files (teem.sourceforge.net/nrrd/format.html): one file, three spatial axes, raw, gzip or bzip2.

A detached header names another file to read; that is refused, so that an input cannot reach outside the case.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import RefusedFile
from ..core.refusal import RefusalCode
from ..core.settings import Limits
from .axial import Affine
from .stored_grid import MOST_EXPANSION, READ_ERRORS, StoredGrid

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
_PACKINGS = {"raw": "raw", "gzip": "gzip", "gz": "gzip", "bzip2": "bzip2", "bz2": "bzip2"}
_WORDS = {"R": ("right", -1.0), "L": ("left", 1.0), "A": ("anterior", -1.0), "P": ("posterior", 1.0),
          "I": ("inferior", -1.0), "S": ("superior", 1.0)}
_MM_PER_UNIT = {"mm": 1.0, "millimeter": 1.0, "millimeters": 1.0, "cm": 10.0, "m": 1000.0, "um": 0.001,
                "micron": 0.001, "microns": 0.001, "": 1.0}


def is_nrrd(start: bytes) -> bool:
    """Whether bytes start an NRRD file."""
    return start.startswith(MAGIC)


def open_nrrd(path: Path, limits: Limits) -> StoredGrid:
    """The volume of an NRRD file, its header checked and its voxels not yet read.

    `space` may be any right-left, front-back, up-down naming (RAS, LPS, LPI ...). Of a file with a fourth axis that
    has no direction in space (time points, components) the first volume is used.

    Args:
        path: the file.
        limits: what a volume may hold.

    Raises:
        RefusedFile: CORRUPT, TOO_LARGE, UNSUPPORTED, NO_SPACING, TRUNCATED or BAD_GEOMETRY.
    """
    try:
        with path.open("rb") as file:
            fields, start = _read_header(file.read(LONGEST_HEADER))
        return _grid(path, fields, start, limits)
    except READ_ERRORS as error:
        raise RefusedFile(RefusalCode.CORRUPT, f"the NRRD file cannot be read ({type(error).__name__}); ask for it "
                          "again") from error


def _grid(path: Path, fields: Mapping[str, str], start: int, limits: Limits) -> StoredGrid:
    sizes, spatial = _sizes(fields)
    shape = tuple(sizes[axis] for axis in spatial)
    if shape[0] * shape[1] * shape[2] > limits.max_volume_voxels:
        raise RefusedFile(RefusalCode.TOO_LARGE, f"the header declares {shape[0]} x {shape[1]} x {shape[2]} voxels, "
                          "more than is allowed")
    affine, oriented = _affine(fields, spatial)
    volumes = int(np.prod(sizes, dtype=np.int64)) // (shape[0] * shape[1] * shape[2])
    notes = [f"the file holds {volumes} volumes; the first is used"] if volumes > 1 else []
    if not oriented:
        notes.append("the file does not state how the voxels lie in the patient; sides are not told")
    grid = StoredGrid(path=path, packing=_packing(fields), start=start, skip=0, shape=(shape[0], shape[1], shape[2]),
                      components=sizes[0] if spatial[0] == 1 else 1, kind=_kind(fields), scale=None, affine=affine,
                      oriented=oriented, notes=tuple(notes))
    room = (path.stat().st_size - start) * {"raw": 1, "gzip": MOST_EXPANSION}.get(grid.packing, 1 << 40)
    if grid.size > room:
        raise RefusedFile(RefusalCode.TRUNCATED, f"the header promises {grid.size} bytes of voxels and the file is too "
                          "small to hold them; ask for it again")
    return grid


def _read_header(start: bytes) -> tuple[dict[str, str], int]:
    """Fields by lower-case name, and where the data begins (after the first empty line)."""
    end = re.search(rb"\r?\n\r?\n", start)
    detached = RefusedFile(RefusalCode.UNSUPPORTED, "the NRRD header names a separate data file; save it as one .nrrd "
                           "file")
    if not is_nrrd(start):
        raise ValueError("no NRRD header")
    text = (start[:end.start()] if end else start).decode("ascii", "replace")
    fields: dict[str, str] = {}
    for line in text.splitlines()[1:]:
        name, colon, value = line.partition(":")
        if colon and not value.startswith("=") and not line.startswith("#"):
            fields[name.strip().lower()] = value.strip()
    if "data file" in fields or "datafile" in fields:
        raise detached
    if end is None:
        raise ValueError("a header without an end")
    return fields, end.end()


def _sizes(fields: Mapping[str, str]) -> tuple[list[int], tuple[int, ...]]:
    """Sizes of all axes, and which three of them lie in space."""
    sizes = [int(text) for text in fields["sizes"].split()]
    if len(sizes) != int(fields["dimension"]):
        raise ValueError("as many sizes as axes are wanted")
    if min(sizes) < 1:
        raise ValueError("an axis of no size")
    directions = re.findall(r"none|\([^)]*\)", fields.get("space directions", "").lower())
    elsewhere = [axis for axis, direction in enumerate(directions) if direction == "none"]
    if len(sizes) == 4 and len(directions) == 4 and elsewhere in ([0], [3]):
        return sizes, (1, 2, 3) if elsewhere == [0] else (0, 1, 2)
    if len(sizes) != 3:
        raise RefusedFile(RefusalCode.UNSUPPORTED, f"an NRRD file of {len(sizes)} dimensions, three of which are not "
                          "told to lie in space, is no single volume")
    return sizes, (0, 1, 2)


def _kind(fields: Mapping[str, str]) -> np.dtype[Any]:
    name = fields["type"].lower()
    if name not in _TYPES:
        raise RefusedFile(RefusalCode.UNSUPPORTED, f"NRRD values of the type '{name[:40]}' are no grey values")
    return np.dtype(("<" if fields.get("endian", "little").lower() == "little" else ">") + _TYPES[name])


def _packing(fields: Mapping[str, str]) -> str:
    encoding = fields["encoding"].lower()
    skips = {fields.get("line skip", "0"), fields.get("lineskip", "0"), fields.get("byte skip", "0"),
             fields.get("byteskip", "0")}
    if encoding not in _PACKINGS or skips != {"0"}:
        raise RefusedFile(RefusalCode.UNSUPPORTED, f"NRRD data in the encoding '{encoding[:40]}' is not read; save it "
                          "as raw, gzip or bzip2")
    return _PACKINGS[encoding]


def space_signs(space: str) -> tuple[float, float, float] | None:
    """Signs that turn a space's (x, y, z) to LPS; None for a space that does not name the patient's sides.

    Args:
        space: `left-posterior-superior`, `LPS`, `RAS`, `left-posterior-inferior` ...; case does not matter.
    """
    for letters in product("RL", "AP", "IS"):
        names = "-".join(_WORDS[letter][0] for letter in letters)
        if space.lower() in ("".join(letters).lower(), names):
            x, y, z = (_WORDS[letter][1] for letter in letters)
            return x, y, z
    return None


def _affine(fields: Mapping[str, str], spatial: Sequence[int]) -> tuple[Affine, bool]:
    """(index, 1) to LPS mm, and whether the file states its orientation."""
    affine = np.eye(4)
    signs = space_signs(fields.get("space", ""))
    if "space directions" in fields:
        turn = np.diag(signs or (1.0, 1.0, 1.0)) * _mm_per_unit(fields)
        affine[:3, :3] = turn @ _vectors(fields["space directions"], 3).T
        if signs:
            affine[:3, 3] = turn @ _vectors(fields.get("space origin", "(0,0,0)"), 1)[0]
    elif "spacings" in fields:
        spacings = [float(text) for text in fields["spacings"].split()]
        affine[:3, :3] = np.diag([spacings[axis] for axis in spatial])
    else:
        raise RefusedFile(RefusalCode.NO_SPACING, "the NRRD file states no voxel spacing, so nothing can be measured")
    steps = np.linalg.norm(affine[:3, :3], axis=0)
    sound = np.isfinite(affine).all() and steps.min() > 1e-3 and steps.max() < 100 and np.abs(affine).max() < 1e5
    if not sound or abs(np.linalg.det(affine[:3, :3])) < 0.1 * steps.prod():
        raise RefusedFile(RefusalCode.BAD_GEOMETRY, "the NRRD file's voxel spacing or position is impossible")
    return affine, signs is not None and "space directions" in fields


def _mm_per_unit(fields: Mapping[str, str]) -> float:
    units = {text.strip().lower() for text in re.findall(r'"([^"]*)"', fields.get("space units", ""))} or {""}
    if len(units) > 1 or not units <= set(_MM_PER_UNIT):
        raise RefusedFile(RefusalCode.NO_SPACING, "the NRRD file's axes have units that are not read; save it in mm")
    return _MM_PER_UNIT[units.pop()]


def _vectors(text: str, count: int) -> NDArray[np.float64]:
    vectors = [[float(part) for part in inner.split(",")] for inner in re.findall(r"\(([^)]*)\)", text)]
    if len(vectors) != count or any(len(vector) != 3 for vector in vectors):
        raise ValueError("an axis without a three-dimensional direction")
    return np.array(vectors)

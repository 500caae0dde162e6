"""Some elements of an ordinary DICOM header, found without parsing what lies between them.

A series has hundreds of files of which a dozen short elements each are wanted. Little-endian files with File Meta are
walked here; whatever is unusual (another encoding, elements out of order, lengths that do not fit) is left to pydicom,
so that nothing is read in two ways.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from .dicom_file import PixelElement
from .phase import Known

_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_PIXEL_DATA, _PIXEL_GROUP, _SYNTAX = 0x7FE00010, 0x7FE00000, 0x00020010
_UNDEFINED = 0xFFFFFFFF
_LONG = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"))
"""VRs whose length takes four bytes (PS3.5 7.1.2)."""
_DEEPEST = 20
_NUMBERS = {"US": "H", "SS": "h", "US or SS": "H", "FD": "d", "FL": "f", "UL": "I"}


class Unusual(ValueError):
    """The file is not one that is walked here."""


@dataclass(frozen=True)
class Scanned:
    """What was found.

    Args:
        values: by keyword: text, a number, a list of these, or None for an empty element.
        syntax: transfer syntax.
        pixels: where PixelData lies.
    """

    values: Known
    syntax: UID
    pixels: PixelElement


def scan_header(view: mmap.mmap, wanted: Mapping[int, tuple[str, str]], stop: frozenset[int]) -> Scanned | None:
    """Walk the header of a file.

    Args:
        view: the whole file.
        wanted: from `wanted_elements`.
        stop: tags of elements that only pydicom reads.

    Returns:
        None when pydicom is to read the file: see the module, and wherever one of `stop` is there.

    Raises:
        ValueError: a number is none.
    """
    if view[128:132] != b"DICM":
        return None
    try:
        syntax, at = _read_meta(view)
        implicit = syntax == ImplicitVRLittleEndian
        values: dict[str | int, Any] = {}
        last = 0
        while True:
            tag, vr, start, length = _element(view, at, implicit)
            if tag <= last or tag in stop:
                return None
            last = tag
            if tag >= _PIXEL_GROUP:
                return _with_pixels(values, syntax, tag, start, length)
            if tag in wanted and length != _UNDEFINED:
                name, kind = wanted[tag]
                values[name] = _value(view[start:start + length], kind)
            at = start + length if length != _UNDEFINED else _after_items(view, start, implicit or vr == b"UN", 0)
    except (struct.error, Unusual):
        return None


def wanted_elements(names: tuple[str, ...]) -> Mapping[int, tuple[str, str]]:
    """(keyword, VR) of elements by tag.

    Args:
        names: keywords of the DICOM dictionary.
    """
    tags = [tag for name in names if (tag := tag_for_keyword(name)) is not None]
    return {tag: (keyword_for_tag(tag), dictionary_VR(tag)) for tag in tags}


def _with_pixels(values: Known, syntax: UID, tag: int, start: int, length: int) -> Scanned | None:
    if tag != _PIXEL_DATA:
        return None
    return Scanned(values, syntax, PixelElement(start, None if length == _UNDEFINED else length))


def _read_meta(view: mmap.mmap) -> tuple[UID, int]:
    """Transfer syntax, and where the dataset begins."""
    at, syntax = 132, ""
    while view[at:at + 2] == b"\x02\x00":
        tag, _, start, length = _element(view, at, implicit=False)
        if tag == _SYNTAX:
            syntax = view[start:start + length].decode("ascii", "replace").rstrip("\0 ")
        at = start + length
    if syntax in ("", ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian):
        raise Unusual("another encoding")
    return UID(syntax), at


def _element(view: mmap.mmap, at: int, implicit: bool) -> tuple[int, bytes, int, int]:
    """(tag, VR, start of the value, its length) of the element at an offset."""
    group, number, length = struct.unpack_from("<HHI", view, at)
    tag, vr, start = group << 16 | number, b"", at + 8
    if not implicit and group != 0xFFFE:
        vr = view[at + 4:at + 6]
        if not vr.isalpha():
            raise Unusual("no VR")
        if vr in _LONG:
            (length,) = struct.unpack_from("<I", view, at + 8)
            start = at + 12
        else:
            length >>= 16
    if length != _UNDEFINED and start + length > len(view) and tag < _PIXEL_GROUP:
        raise Unusual("an element beyond the end")
    return tag, vr, start, length


def _after_items(view: mmap.mmap, at: int, implicit: bool, depth: int) -> int:
    """The offset behind a sequence of undefined length whose items begin at `at` (PS3.5 7.5)."""
    if depth > _DEEPEST:
        raise Unusual("nested too deep")
    while True:
        tag, _, start, length = _element(view, at, implicit)
        if tag == _SEQUENCE_END:
            return start
        if tag != _ITEM:
            raise Unusual("no item")
        at = start + length if length != _UNDEFINED else _after_item(view, start, implicit, depth)


def _after_item(view: mmap.mmap, at: int, implicit: bool, depth: int) -> int:
    while True:
        tag, vr, start, length = _element(view, at, implicit)
        if tag == _ITEM_END:
            return start
        at = start + length if length != _UNDEFINED else _after_items(view, start, implicit or vr == b"UN", depth + 1)


def _value(data: bytes, kind: str) -> Any:
    if kind in _NUMBERS:
        code = _NUMBERS[kind]
        many: list[Any] = list(struct.unpack(f"<{len(data) // struct.calcsize(code)}{code}", data))
    else:
        parts = [part.strip(" \0") for part in data.decode("latin-1").split("\\")]
        many = [float(part) if part else None for part in parts] if kind in ("DS", "IS") else parts
    if len(many) <= 1:
        return many[0] if many and many[0] != "" else None
    return many

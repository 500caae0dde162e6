"""What a compressed image says about its own size, read from its first bytes without decoding it."""

from __future__ import annotations

import struct
from dataclasses import dataclass

_SOI = b"\xff\xd8"
_SOC = b"\xff\x4f\xff\x51"
_JP2_SIGNATURE = b"\x00\x00\x00\x0cjP  "
_FRAME_MARKERS = frozenset({*range(0xC0, 0xD0), 0xF7}) - {0xC4, 0xC8, 0xCC}
"""SOF0-15 without DHT, JPG and DAC (ITU-T T.81 table B.1), and SOF55 of JPEG-LS (ITU-T T.87 C.1.1)."""


@dataclass(frozen=True)
class Codestream:
    """One compressed frame's own header.

    Args:
        family: `jpeg`, `jpeg-ls` or `jpeg 2000`.
        marker: the JPEG frame marker (0xC0 baseline, 0xC1 extended, 0xC3 lossless, 0xF7 JPEG-LS); 0 for JPEG 2000.
        rows: height in pixels.
        columns: width in pixels.
        components: samples per pixel.
        precision: bits of the first component.
    """

    family: str
    marker: int
    rows: int
    columns: int
    components: int
    precision: int


def read_codestream(data: bytes) -> Codestream | None:
    """The header of a JPEG, JPEG-LS or JPEG 2000 frame; None when it is none of these or is damaged."""
    try:
        if data[:2] == _SOI:
            return _read_jpeg(data)
        return _read_j2k(data, _skip_boxes(data))
    except (struct.error, IndexError):
        return None


def _read_jpeg(data: bytes) -> Codestream | None:
    at = 2
    while True:
        lead, marker = data[at], data[at + 1]
        if lead != 0xFF:
            return None
        if marker == 0xFF:
            at += 1
            continue
        (length,) = struct.unpack_from(">H", data, at + 2)
        if marker in _FRAME_MARKERS:
            precision, rows, columns, components = struct.unpack_from(">BHHB", data, at + 4)
            return Codestream("jpeg-ls" if marker == 0xF7 else "jpeg", marker, rows, columns, components, precision)
        at += 2 + max(length, 2)


def _skip_boxes(data: bytes) -> int:
    """Where the JPEG 2000 codestream starts: 0, or inside the `jp2c` box of a JP2 file (ITU-T T.800 I.4)."""
    if data[:8] != _JP2_SIGNATURE:
        return 0
    at = 0
    while data[at + 4:at + 8] != b"jp2c":
        (length,) = struct.unpack_from(">I", data, at)
        if length < 8:
            raise IndexError("a JP2 box shorter than its own header")
        at += length
    return at + 8


def _read_j2k(data: bytes, start: int) -> Codestream | None:
    """The SIZ segment (ITU-T T.800 A.5.1)."""
    if data[start:start + 4] != _SOC:
        return None
    width, height, x0, y0 = struct.unpack_from(">IIII", data, start + 8)
    (components,) = struct.unpack_from(">H", data, start + 40)
    precision = (data[start + 42] & 0x7F) + 1
    return Codestream("jpeg 2000", 0, height - y0, width - x0, components, precision)

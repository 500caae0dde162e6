"""Plain picture files (PNG, JPEG, TIFF, BMP): declared size checked before anything is decoded."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..core.errors import RefusedFile
from ..core.refusal import RefusalCode
from ..core.settings import Limits
from .quiet import quiet_parsers

PICTURE_ERRORS = (OSError, ValueError, SyntaxError, TypeError, KeyError, IndexError, EOFError, OverflowError,
                  MemoryError, NotImplementedError, RuntimeError, struct.error, zlib.error,
                  Image.DecompressionBombError)
"""Everything that Pillow documents or was seen to raise on damaged pictures."""

_FORMATS = ("PNG", "JPEG", "TIFF", "BMP")
_STARTS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*", b"BM")
_ORIENTATION = 274
_GREY_MODES = ("L", "I;16", "I;16L", "I;16B", "I", "F")


def is_picture(path: Path) -> bool:
    """Whether the file begins as one of the picture formats does; False when it cannot be opened.

    A DICOM file whose preamble is a TIFF header (PS3.10 7.1) is DICOM.
    """
    try:
        with path.open("rb") as file:
            start = file.read(132)
            return start.startswith(_STARTS) and start[128:] != b"DICM"
    except OSError:
        return False


def read_picture(path: Path, limits: Limits) -> tuple[NDArray[Any], int]:
    """Decode a picture without turning it.

    Args:
        path: the file.
        limits: `max_image_pixels` is compared with the declared size first.

    Returns:
        pixels: (rows, columns) grey in the file's own type, or (rows, columns, 3) uint8 RGB; what is transparent
            becomes black.
        turn: EXIF orientation code 1..8, 1 when none is given.

    Raises:
        RefusedFile: TOO_LARGE, TRUNCATED, CORRUPT or UNSUPPORTED (several pictures in one file).
    """
    try:
        with quiet_parsers(), Image.open(path, formats=_FORMATS) as picture:
            _check(picture, limits)
            turn = int(picture.getexif().get(_ORIENTATION) or 1)
            return _pixels(picture), turn if 1 <= turn <= 8 else 1
    except Image.DecompressionBombError as error:
        raise RefusedFile(RefusalCode.TOO_LARGE, "the picture declares more pixels than is allowed") from error
    except PICTURE_ERRORS as error:
        if "truncated" in str(error) or isinstance(error, EOFError):
            raise RefusedFile(RefusalCode.TRUNCATED, "the picture ends early; ask for the file again") from error
        raise RefusedFile(RefusalCode.CORRUPT, f"the picture cannot be decoded ({type(error).__name__}); "
                          "ask for the file again") from error


def _check(picture: Image.Image, limits: Limits) -> None:
    columns, rows = picture.size
    if rows * columns > limits.max_image_pixels:
        raise RefusedFile(RefusalCode.TOO_LARGE, f"the picture declares {rows} x {columns} pixels, more than is "
                          "allowed")
    if getattr(picture, "n_frames", 1) > 1:
        raise RefusedFile(RefusalCode.UNSUPPORTED, "the file holds several pictures; export the film to be read alone")


def _pixels(picture: Image.Image) -> NDArray[Any]:
    if picture.mode == "1":
        return np.asarray(picture.convert("L"))
    if picture.mode in _GREY_MODES and "transparency" not in picture.info:
        return np.asarray(picture)
    if picture.mode == "CMYK":
        return np.asarray(picture.convert("RGB"))
    solid = Image.new("RGBA", picture.size, (0, 0, 0, 255))
    solid.alpha_composite(picture.convert("RGBA"))
    return np.asarray(solid.convert("RGB"))

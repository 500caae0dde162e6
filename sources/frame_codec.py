"""One compressed grey frame to an array, by decoders that leave the interpreter free for the other threads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    UID,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from ..core.errors import RefusedFile
from ..core.refusal import RefusalCode
from .codestream import Codestream, read_codestream
from .dicom_file import AGAIN

_JPEG = frozenset({JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLossless, JPEGLosslessSV1})
_JPEG_LS = frozenset({JPEGLSLossless, JPEGLSNearLossless})
_JPEG_2000 = frozenset({JPEG2000, JPEG2000Lossless, HTJ2KLossless, HTJ2KLosslessRPCL, HTJ2K})
GREY_SYNTAXES = frozenset({*_JPEG, *_JPEG_LS, *_JPEG_2000, RLELossless})
"""Transfer syntaxes whose grey frames `decode_grey` decodes (PS3.5 A.4)."""
_END_OF_IMAGE = b"\xff\xd9"
_MOST_TRAILING = 64


@dataclass(frozen=True)
class GreyFrame:
    """How one frame of grey values is stored (PS3.3 C.7.6.3).

    Args:
        rows, columns: size in pixels.
        allocated: bits of one stored value, 8 or 16.
        stored: bits of it that are used.
        signed: PixelRepresentation.
    """

    rows: int
    columns: int
    allocated: int
    stored: int
    signed: bool

    @property
    def kind(self) -> np.dtype[Any]:
        """The little-endian type of stored values."""
        return np.dtype(f"<{'i' if self.signed else 'u'}{self.allocated // 8}")


def decode_grey(packed: bytes, syntax: UID, frame: GreyFrame) -> NDArray[Any]:
    """Decode one frame of one sample per pixel.

    Args:
        packed: the frame's bytes without the items around them.
        syntax: one of `GREY_SYNTAXES`.
        frame: what the header declares; checked against the codestream before anything is decoded.

    Returns:
        (rows, columns) stored values, sign-extended where the header says signed.

    Raises:
        RefusedFile: CORRUPT or TRUNCATED.
        RuntimeError, ValueError: what the decoders raise on damage; a caller's `PARSER_ERRORS` hold them.
    """
    if syntax == RLELossless:
        return _from_rle(packed, frame)
    found = read_codestream(packed)
    check_codestream(found, frame.rows, frame.columns, 1)
    precision = found.precision if found else frame.stored
    if precision > 16:
        raise RefusedFile(RefusalCode.CORRUPT, f"the header declares {frame.allocated} bits and the compressed image "
                          f"holds {precision}")
    if syntax in _JPEG:
        if _END_OF_IMAGE not in packed[-_MOST_TRAILING:]:
            raise RefusedFile(RefusalCode.TRUNCATED, f"the compressed image ends early; {AGAIN}")
        values = imagecodecs.jpeg8_decode(packed)
    elif syntax in _JPEG_LS:
        values = imagecodecs.jpegls_decode(packed)
    else:
        values = imagecodecs.jpeg2k_decode(packed, numthreads=1)
    return _as_declared(values, frame, precision)


def check_codestream(found: Codestream | None, rows: int, columns: int, samples: int) -> None:
    """Refuse a compressed frame whose own header says another size than the file's, so that a small file cannot
    decode to a huge image.

    Raises:
        RefusedFile: CORRUPT.
    """
    if found is None:
        raise RefusedFile(RefusalCode.CORRUPT, f"the compressed image has no readable start; {AGAIN}")
    declared, actual = (rows, columns, samples), (found.rows, found.columns, found.components)
    if declared != actual:
        raise RefusedFile(RefusalCode.CORRUPT, "the header declares {} x {} x {} values and the compressed image holds "
                          "{} x {} x {}".format(*declared, *actual))


def _from_rle(packed: bytes, frame: GreyFrame) -> NDArray[Any]:
    count = frame.rows * frame.columns
    kind = np.dtype(f"<u{frame.allocated // 8}")
    plain = imagecodecs.dicomrle_decode(packed, kind, out=count * kind.itemsize)
    if len(plain) < count * kind.itemsize:
        raise RefusedFile(RefusalCode.TRUNCATED, f"the compressed image ends early; {AGAIN}")
    values = np.frombuffer(plain, kind, count).reshape(frame.rows, frame.columns)
    return settle_bits(values, frame)


def settle_bits(values: NDArray[Any], frame: GreyFrame) -> NDArray[Any]:
    """Stored words with their unused high bits cleared or sign-extended (overlays once lay there).

    Args:
        values: (rows, columns) words as they lie in the file, in either byte order.
        frame: how they are stored.

    Returns:
        (rows, columns) of the machine's byte order; `values` itself where nothing is to be done.
    """
    native = values.astype(values.dtype.newbyteorder("="), copy=False)
    spare = frame.allocated - frame.stored
    words = native.view(frame.kind.newbyteorder("="))
    return (words << spare) >> spare if spare > 0 else words


def _as_declared(values: NDArray[Any], frame: GreyFrame, precision: int) -> NDArray[Any]:
    """Decoded values, signed or not as the header says. JPEG and JPEG-LS know no sign, and JPEG 2000 frames are found
    whose sign contradicts the header, which then holds (as pydicom does it)."""
    bits = min(precision, frame.stored)
    if frame.signed:
        spare = 16 - bits
        return (values.astype(np.int16) << spare) >> spare
    return values if values.dtype.kind == "u" else values.astype(np.uint16) & np.uint16((1 << precision) - 1)

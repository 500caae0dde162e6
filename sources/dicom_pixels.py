"""Pixels of one DICOM instance: declared sizes are checked against what is there before anything is decoded."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.encaps import generate_frames
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.utils import get_expected_length
from pydicom.uid import (
    JPEG2000,
    UID,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from ..core.errors import RefusedFile
from ..core.refusal import RefusalCode
from ..core.settings import Limits
from .codestream import read_codestream
from .dicom_file import AGAIN, PARSER_ERRORS, read_dicom
from .frame_codec import GREY_SYNTAXES, GreyFrame, check_codestream, decode_grey
from .quiet import quiet_parsers


class Header(Protocol):
    """A dataset, or values by keyword."""

    def get(self, name: str, /) -> Any:
        """The value of an element, None when it is absent."""


_SYNTAX_OF_MARKER = {0xC0: JPEGBaseline8Bit, 0xC1: JPEGExtended12Bit, 0xC3: JPEGLosslessSV1, 0xF7: JPEGLSLossless}


def decode_pixels(path: Path, limits: Limits, frame: int | None = None
                  ) -> tuple[NDArray[Any], pydicom.Dataset]:
    """Decode the pixels of one DICOM file.

    Args:
        path: the file; File Meta may be missing.
        limits: bounds for one frame (`max_image_pixels`) and for all frames (`max_volume_voxels`).
        frame: 0-based frame to decode; None decodes all.

    Returns:
        pixels: stored values, not rescaled and not inverted: (rows, columns), (frames, rows, columns) when several
            frames are decoded, with a last axis of 3 for colour (always RGB, interleaved). Unused high bits are
            cleared or sign-extended after BitsStored and PixelRepresentation. PALETTE COLOR stays as indices.
        header: the dataset without its pixel data, `file_meta.TransferSyntaxUID` set.

    Raises:
        RefusedFile: NOT_AN_IMAGE, TRUNCATED, CORRUPT, TOO_LARGE, UNSUPPORTED, or what `read_dicom` refuses.
    """
    dataset = read_dicom(path, limits)
    try:
        with quiet_parsers():
            check_size(dataset, limits, frame)
            syntax = _settle_syntax(dataset)
            _check_pixel_bytes(dataset, syntax, frame)
            pixels = _decode(dataset, syntax, frame)
            _drop_pixel_data(dataset)
    except PARSER_ERRORS as error:
        raise RefusedFile(RefusalCode.CORRUPT, f"the pixel data cannot be decoded ({type(error).__name__}); {AGAIN}"
                          ) from error
    return pixels, dataset


def check_size(dataset: Header, limits: Limits, frame: int | None = None) -> tuple[int, int, int, int]:
    """(frames, rows, columns, samples) that a header declares, once they are known to be sane.

    Args:
        dataset: values by keyword; the pixel data itself is not looked at.
        limits: what one image and one volume may hold.
        frame: the one frame that is wanted, or None for all.

    Raises:
        RefusedFile: NOT_AN_IMAGE without rows and columns, CORRUPT for impossible values, TOO_LARGE beyond the limits.
    """
    if dataset.get("Rows") is None or dataset.get("Columns") is None:
        raise RefusedFile(RefusalCode.NOT_AN_IMAGE, "this DICOM object holds no image")
    rows, columns = int(dataset.get("Rows") or 0), int(dataset.get("Columns") or 0)
    samples, frames = int(dataset.get("SamplesPerPixel") or 1), int(dataset.get("NumberOfFrames") or 1)
    if min(rows, columns, samples, frames) < 1:
        raise RefusedFile(RefusalCode.CORRUPT, "the header declares an image of no size")
    if frame is not None and not 0 <= frame < frames:
        raise RefusedFile(RefusalCode.CORRUPT, f"frame {frame + 1} of {frames} does not exist")
    wanted = frames if frame is None else 1
    if rows * columns > limits.max_image_pixels or rows * columns * samples * wanted > limits.max_volume_voxels:
        raise RefusedFile(RefusalCode.TOO_LARGE, f"the header declares {wanted} x {rows} x {columns} x {samples} "
                          "values, more than is allowed")
    return frames, rows, columns, samples


def _settle_syntax(dataset: pydicom.Dataset) -> UID:
    """The transfer syntax to decode with; files without File Meta may hold a compressed image all the same."""
    syntax = UID(str(dataset.file_meta.TransferSyntaxUID))
    pixels = dataset.get("PixelData")
    if "PixelData" in dataset and not syntax.is_encapsulated and dataset["PixelData"].is_undefined_length:
        found = read_codestream(_first_frame(pixels))
        if found is None:
            raise RefusedFile(RefusalCode.UNSUPPORTED, "the image is compressed in a way that the file does not name")
        syntax = _SYNTAX_OF_MARKER.get(found.marker, JPEG2000)
        dataset.file_meta.TransferSyntaxUID = syntax
    try:
        available = get_decoder(syntax).is_available
    except NotImplementedError:
        available = False
    if not available and grey_frame(dataset, syntax) is None:
        raise RefusedFile(RefusalCode.UNSUPPORTED, f"images in the transfer syntax {syntax.name} cannot be decoded "
                          "here; export the study uncompressed or as JPEG-LS")
    return syntax


def _first_frame(pixels: bytes) -> bytes:
    return next(generate_frames(pixels, number_of_frames=1), b"")


def _check_pixel_bytes(dataset: pydicom.Dataset, syntax: UID, frame: int | None) -> None:
    name = next((n for n in ("PixelData", "FloatPixelData", "DoubleFloatPixelData") if n in dataset), None)
    if name is None:
        raise RefusedFile(RefusalCode.TRUNCATED, f"the file ends before its pixels; {AGAIN}")
    data = dataset[name].value or b""
    if syntax.is_encapsulated:
        _check_frames(dataset, syntax, data, frame)
        return
    expected = get_expected_length(dataset)
    if len(data) < expected:
        raise RefusedFile(RefusalCode.TRUNCATED, f"the header promises {expected} bytes of pixels and {len(data)} are "
                          f"there; {AGAIN}")


def _check_frames(dataset: pydicom.Dataset, syntax: UID, data: bytes, frame: int | None) -> None:
    """Compare each wanted frame's own header with the dataset's, so that a small file cannot decode to a huge image."""
    count = int(dataset.get("NumberOfFrames") or 1)
    seen = 0
    for index, packed in enumerate(generate_frames(data, number_of_frames=count)):
        seen += 1
        if frame in (None, index) and syntax != RLELossless:
            check_codestream(read_codestream(packed), int(dataset.Rows), int(dataset.Columns),
                             int(dataset.get("SamplesPerPixel") or 1))
        if index == frame or seen == count:
            break
    if seen < (count if frame is None else frame + 1):
        raise RefusedFile(RefusalCode.TRUNCATED, f"the header promises {count} frames and {seen} are there; {AGAIN}")


def grey_frame(dataset: pydicom.Dataset, syntax: UID) -> GreyFrame | None:
    """How the compressed frames of a file are stored; None when they are not grey or `decode_grey` cannot read them."""
    allocated = int(dataset.get("BitsAllocated") or 0)
    if syntax not in GREY_SYNTAXES or int(dataset.get("SamplesPerPixel") or 1) != 1 or allocated not in (8, 16):
        return None
    stored = int(dataset.get("BitsStored") or allocated)
    if not 1 <= stored <= allocated:
        raise RefusedFile(RefusalCode.CORRUPT, f"the header declares {stored} of {allocated} bits; {AGAIN}")
    return GreyFrame(int(dataset.Rows), int(dataset.Columns), allocated, stored,
                     bool(dataset.get("PixelRepresentation")))


def _decode(dataset: pydicom.Dataset, syntax: UID, frame: int | None) -> NDArray[Any]:
    grey = grey_frame(dataset, syntax)
    if grey is None:
        pixels, _ = get_decoder(syntax).as_array(dataset, index=frame)
        return pixels
    count = int(dataset.get("NumberOfFrames") or 1)
    packed = enumerate(generate_frames(dataset.PixelData, number_of_frames=count))
    frames = [decode_grey(data, syntax, grey) for index, data in packed if frame in (None, index) and index < count]
    return frames[0] if len(frames) == 1 else np.stack(frames)


def _drop_pixel_data(dataset: pydicom.Dataset) -> None:
    for name in ("PixelData", "FloatPixelData", "DoubleFloatPixelData"):
        if name in dataset:
            delattr(dataset, name)

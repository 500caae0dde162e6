"""One DICOM file in, one dataset out, whatever the file does."""

from __future__ import annotations

import mmap
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, cast

import pydicom
from pydicom.dataset import FileMetaDataset
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.filereader import read_dataset, read_preamble
from pydicom.tag import Tag
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from ..core.errors import RefusedFile
from ..core.refusal import RefusalCode
from ..core.settings import MIB, Limits
from .quiet import quiet_parsers

PARSER_ERRORS = (
    ValueError, TypeError, KeyError, IndexError, AttributeError, NotImplementedError, RuntimeError, EOFError, OSError,
    OverflowError, MemoryError, AssertionError, struct.error, zlib.error, InvalidDicomError, BytesLengthException,
)
"""Everything that pydicom and its decoders were seen to raise on damaged files."""

AGAIN = "ask for the file again"
"""How the reason of a refusal ends when only another copy helps."""
_PIXEL_GROUP = 0x7FE0
_PIXEL_DATA = 0x0010
_UNDEFINED = 0xFFFFFFFF


@dataclass(frozen=True)
class PixelElement:
    """Where PixelData (7FE0,0010) lies in a file.

    Args:
        start: byte offset of its value.
        length: of the value in bytes; None when it is undefined, as in compressed images.
    """

    start: int
    length: int | None


def read_dicom(path: Path, limits: Limits, *, header_only: bool = False) -> pydicom.Dataset:
    """The dataset of a DICOM file, with or without preamble and File Meta.

    Deflated files are inflated under a bound. A file without File Meta gets the transfer syntax that its bytes show.

    Args:
        path: the file.
        limits: how large the file may be, and what it may inflate to.
        header_only: stop before the pixel data.

    Returns:
        A dataset whose `file_meta.TransferSyntaxUID` is set; values of single elements are not validated.

    Raises:
        RefusedFile: EMPTY, TOO_LARGE, TRUNCATED, UNKNOWN_FORMAT or CORRUPT; nothing else.
    """
    dataset, _ = _read(path, limits, header_only, None)
    return dataset


def read_placed(path: Path, limits: Limits, tags: Sequence[str | int]) -> tuple[pydicom.Dataset, PixelElement | None]:
    """Some elements of a DICOM header, and where the pixels lie.

    Args:
        path: the file.
        limits: as for `read_dicom`.
        tags: keywords or numbers of the elements that are wanted; others are passed over.

    Returns:
        A dataset as of `read_dicom`, and the place of PixelData; None in a deflated file or without PixelData.

    Raises:
        RefusedFile: what `read_dicom` refuses.
    """
    return _read(path, limits, True, tags)


def _read(path: Path, limits: Limits, header_only: bool, tags: Sequence[str | int] | None
          ) -> tuple[pydicom.Dataset, PixelElement | None]:
    try:
        size = path.stat().st_size
        if size == 0:
            raise RefusedFile(RefusalCode.EMPTY, "the file is empty; ask for it again")
        if size > limits.max_file_bytes:
            raise RefusedFile(RefusalCode.TOO_LARGE, f"the file has {size / MIB:.0f} MiB, more than the allowed "
                              f"{limits.max_file_bytes / MIB:.0f} MiB")
        # A mapped file clamps a read to what is there: a lying length cannot make the parser allocate it.
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view, quiet_parsers():
            dataset = _with_syntax(_parse(cast("BinaryIO", view), limits, header_only, tags))
            return dataset, _pixel_element(view, dataset) if header_only else None
    except PARSER_ERRORS as error:
        raise RefusedFile(RefusalCode.CORRUPT, f"the DICOM header cannot be parsed ({type(error).__name__}); "
                          "ask for the file again") from error


def _parse(view: BinaryIO, limits: Limits, header_only: bool, tags: Sequence[str | int] | None) -> pydicom.Dataset:
    if read_preamble(view, force=True) is not None:
        meta = read_dataset(view, is_implicit_VR=False, is_little_endian=True, stop_when=_after_meta)
        if meta.get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian:
            return _read_deflated(view.read(), meta, limits, header_only)
    view.seek(0)
    dataset = pydicom.dcmread(view, force=True, stop_before_pixels=header_only,
                              specific_tags=None if tags is None else [Tag(tag) for tag in tags])
    if len(dataset) == 0 and tags is None:
        raise RefusedFile(RefusalCode.UNKNOWN_FORMAT, "the file holds no DICOM data elements")
    return dataset


def _pixel_element(view: mmap.mmap, dataset: pydicom.Dataset) -> PixelElement | None:
    """The element at which the parser stopped, when it is PixelData."""
    implicit, little = dataset.original_encoding
    order = "<" if little else ">"
    at = view.tell()
    if dataset.file_meta.TransferSyntaxUID.is_deflated or at + 12 > len(view):
        return None
    if struct.unpack_from(order + "HH", view, at) != (_PIXEL_GROUP, _PIXEL_DATA):
        return None
    (length,) = struct.unpack_from(order + "I", view, at + (4 if implicit else 8))
    return PixelElement(at + (8 if implicit else 12), None if length == _UNDEFINED else length)


def _after_meta(tag: int, _vr: str | None, _length: int) -> bool:
    return tag >> 16 != 2


def _at_pixels(tag: int, _vr: str | None, _length: int) -> bool:
    return tag >> 16 == _PIXEL_GROUP


def _read_deflated(packed: bytes, meta: pydicom.Dataset, limits: Limits, header_only: bool) -> pydicom.Dataset:
    """A deflated dataset (PS3.5 A.5), inflated under the same bounds as a member of a zip file."""
    bound = min(limits.max_file_bytes, max(64 * MIB, limits.max_zip_ratio * len(packed)))
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    plain = inflater.decompress(packed, bound)
    if inflater.unconsumed_tail:
        raise RefusedFile(RefusalCode.TOO_LARGE, f"the deflated file grows beyond {bound / MIB:.0f} MiB")
    if not inflater.eof:
        raise RefusedFile(RefusalCode.TRUNCATED, "the deflated file ends early; ask for it again")
    dataset = read_dataset(BytesIO(plain), is_implicit_VR=False, is_little_endian=True,
                           stop_when=_at_pixels if header_only else None)
    dataset.set_original_encoding(False, True)
    dataset.file_meta = FileMetaDataset(meta)
    return dataset


def _with_syntax(dataset: pydicom.Dataset) -> pydicom.Dataset:
    """Name the transfer syntax that the bytes were read with where File Meta does not."""
    if getattr(dataset, "file_meta", None) is None:
        dataset.file_meta = FileMetaDataset()
    if not dataset.file_meta.get("TransferSyntaxUID"):
        implicit, little = dataset.original_encoding
        dataset.file_meta.TransferSyntaxUID = (
            ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian if little else ExplicitVRBigEndian)
    return dataset

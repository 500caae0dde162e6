"""The stored pixels of single frames, read from a DICOM file without holding the rest of it."""

from __future__ import annotations

import mmap
import struct
import threading
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

import numpy as np
from numpy.typing import NDArray
from pydicom.encaps import parse_basic_offsets
from pydicom.uid import UID

from ..core.errors import RefusedFile
from ..core.refusal import RefusalCode
from ..core.settings import Limits
from .dicom_file import AGAIN, PARSER_ERRORS, PixelElement
from .dicom_pixels import Header, decode_pixels
from .frame_codec import GREY_SYNTAXES, GreyFrame, decode_grey, settle_bits
from .quiet import quiet_parsers

Spans = tuple[tuple[int, int], ...]
"""(offset, length) in bytes of each piece of a frame."""
_ITEM = b"\xfe\xff\x00\xe0"
_ITEM_HEADER = 8


class FrameSource(Protocol):
    """Where the frames of one file come from."""

    def read(self, frame: int) -> NDArray[Any]:
        """(rows, columns) stored values of a frame, counted from 0; safe to call from several threads.

        Raises:
            RefusedFile: TRUNCATED, CORRUPT, TOO_LARGE or UNSUPPORTED.
        """


@dataclass(frozen=True)
class PixelPlace:
    """Where grey frames lie in a file, and how they are stored.

    Args:
        element: PixelData.
        syntax: transfer syntax.
        frames: NumberOfFrames.
        grey: how one frame is stored.
    """

    element: PixelElement
    syntax: UID
    frames: int
    grey: GreyFrame


def pixel_place(header: Header, syntax: UID, element: PixelElement | None) -> PixelPlace | None:
    """The place of a file's frames, or None when they must be decoded all together: deflated files, compressed ones
    without a name of their syntax, colour, and values of other sizes than one or two bytes.

    Args:
        header: with the elements of the image pixel module (PS3.3 C.7.6.3).
        syntax: transfer syntax.
        element: from `read_placed`.
    """
    allocated = int(header.get("BitsAllocated") or 0)
    stored = int(header.get("BitsStored") or allocated)
    if element is None or allocated not in (8, 16) or int(header.get("SamplesPerPixel") or 1) != 1:
        return None
    if not 1 <= stored <= allocated or not (syntax in GREY_SYNTAXES or (element.length is not None
                                                                       and not syntax.is_encapsulated)):
        return None
    rows, columns = int(header.get("Rows") or 0), int(header.get("Columns") or 0)
    grey = GreyFrame(rows, columns, allocated, stored, bool(header.get("PixelRepresentation")))
    return PixelPlace(element, syntax, int(header.get("NumberOfFrames") or 1), grey)


def frame_source(path: Path, place: PixelPlace | None, limits: Limits) -> FrameSource:
    """The best way to read single frames of a file.

    Args:
        path: the file.
        place: from `pixel_place`.
        limits: bounds for a file that must be decoded as a whole.
    """
    if place is None:
        return DecodedFile(path, limits)
    return PackedFrames(path, place, limits) if place.syntax.is_encapsulated else PlainFrames(path, place)


@dataclass(frozen=True)
class PlainFrames:
    """Uncompressed frames, each read from its place."""

    path: Path
    place: PixelPlace

    def read(self, frame: int) -> NDArray[Any]:
        """See `FrameSource`."""
        grey, element = self.place.grey, self.place.element
        size = grey.rows * grey.columns * (grey.allocated // 8)
        promised = size * self.place.frames
        with self.path.open("rb") as file:
            file.seek(element.start + frame * size)
            data = file.read(size)
        there = element.length if element.length is not None and element.length < promised else None
        if len(data) < size or there is not None:
            raise RefusedFile(RefusalCode.TRUNCATED, f"the header promises {promised} bytes of pixels and "
                              f"{len(data) if there is None else there} are there; {AGAIN}")
        order = "<" if self.place.syntax.is_little_endian else ">"
        words = np.frombuffer(data, np.dtype(f"{order}u{grey.allocated // 8}")).reshape(grey.rows, grey.columns)
        return settle_bits(words, grey)


class PackedFrames:
    """Compressed frames, found by their items and decoded one by one."""

    def __init__(self, path: Path, place: PixelPlace, limits: Limits) -> None:
        self._path, self._place = path, place
        self._whole = DecodedFile(path, limits)

    @cached_property
    def _spans(self) -> tuple[Spans, ...] | None:
        with self._path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
            return frame_spans(view, self._place)

    def read(self, frame: int) -> NDArray[Any]:
        """See `FrameSource`."""
        try:
            with quiet_parsers():
                spans = self._spans
                if spans is None:
                    return self._whole.read(frame)
                if frame >= len(spans):
                    raise RefusedFile(RefusalCode.TRUNCATED, f"the header promises {self._place.frames} frames and "
                                      f"{len(spans)} are there; {AGAIN}")
                return decode_grey(self._packed(spans[frame]), self._place.syntax, self._place.grey)
        except PARSER_ERRORS as error:
            raise RefusedFile(RefusalCode.CORRUPT, f"the pixel data cannot be decoded ({type(error).__name__}); "
                              f"{AGAIN}") from error

    def _packed(self, spans: Spans) -> bytes:
        pieces = []
        with self._path.open("rb") as file:
            for start, length in spans:
                file.seek(start)
                pieces.append(file.read(length))
        return b"".join(pieces)


def frame_spans(view: mmap.mmap, place: PixelPlace) -> tuple[Spans, ...] | None:
    """Where the pieces of each frame lie (PS3.5 A.4): one item a frame, one frame of all items, or as the basic offset
    table says; None when none of these fits.

    Args:
        view: the whole file, so that no length in it makes anything allocate more than is there.
        place: of an encapsulated image.

    Raises:
        RefusedFile: TRUNCATED, an item goes beyond the end of the file.
    """
    view.seek(place.element.start)
    table = parse_basic_offsets(cast("BinaryIO", view))
    first = view.tell()
    items = _items(view, first)
    spans = tuple(_value(view, at) for at in items)
    if place.frames == 1:
        return (spans,)
    if len(spans) <= place.frames:
        return tuple((span,) for span in spans)
    if len(table) != place.frames:
        return None
    edges = [*(first + offset for offset in table), items[-1] + 1]
    return tuple(tuple(span for at, span in zip(items, spans, strict=True) if start <= at < end)
                 for start, end in pairwise(edges))


def _items(view: mmap.mmap, first: int) -> list[int]:
    """Offsets of the items from `first` on, up to the sequence's end or the end of what is there."""
    items, at = [], first
    while view[at:at + 4] == _ITEM:
        items.append(at)
        at = sum(_value(view, at))
    return items


def _value(view: mmap.mmap, at: int) -> tuple[int, int]:
    (length,) = struct.unpack_from("<I", view, at + 4)
    if at + _ITEM_HEADER + length > len(view):
        raise RefusedFile(RefusalCode.TRUNCATED, f"the file ends inside its compressed pixels; {AGAIN}")
    return at + _ITEM_HEADER, length


class DecodedFile:
    """Frames of a file that only decodes as a whole, which is done once."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._path, self._limits = path, limits
        self._lock = threading.Lock()
        self._pixels: NDArray[Any] | None = None

    def read(self, frame: int) -> NDArray[Any]:
        """See `FrameSource`."""
        with self._lock:
            if self._pixels is None:
                self._pixels = self._decode()
        return self._pixels if self._pixels.ndim == 2 else cast("NDArray[Any]", self._pixels[frame])

    def _decode(self) -> NDArray[Any]:
        pixels, header = decode_pixels(self._path, self._limits)
        if int(header.get("SamplesPerPixel") or 1) != 1:
            raise RefusedFile(RefusalCode.UNSUPPORTED, "colour images make no volume")
        return pixels

"""TIFF pages as the levels of a slide: only the segments (tiles or strips) that a region needs are decoded, once."""

from __future__ import annotations

import math
import os
import struct
import zlib
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import product
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tifffile import TiffFile, TiffFileError, TiffPage

from ..core.errors import RefusedFile
from ..core.refusal import RefusalCode
from ..core.settings import MIB, Limits
from .slide_facts import Rgb, SlideFacts

_CACHE_BYTES = 128 * MIB
_MOST_CACHE_BYTES = 512 * MIB
_BAND_ROWS = 2100
"""Rows that a pass over the slide comes back to: the height of one piece and its margin."""
_RGB, _YCBCR, _JPEG = 2, 6, 7
_KINDS = (1, 5, 7, 8, 32773, 32946, 50000)
"""Compressions: none, LZW, JPEG, deflate, PackBits, old deflate, Zstandard. Others are left to OpenSlide."""
_NOT_THE_SLIDE = ("label", "macro", "thumbnail", "overview")
_UM = {"µm": 1.0, "um": 1.0, "micron": 1.0, "nm": 1e-3, "mm": 1e3, "cm": 1e4, "m": 1e6}
_ICC_TAG = 34675
_PER_UNIT_UM = {2: 25_400.0, 3: 10_000.0}
"""Micrometres per ResolutionUnit (TIFF 6.0): inch, centimetre."""


class TiffLevels:
    """Pages of one TIFF file, finest first, read by region from several threads.

    Args:
        path: the file.
        pages: of a file that is open in tifffile just now; RGB or YCbCr, 8 or 16 bits a sample, of which the upper 8
            are given.
    """

    def __init__(self, path: Path, pages: Sequence[TiffPage]) -> None:
        self._pages = tuple(pages)
        self._decoders = [page.decode for page in pages]
        self._tables = [_jpeg_tables(page) for page in pages]
        self._file = os.open(path, os.O_RDONLY)
        self._kept: OrderedDict[tuple[int, int], Rgb] = OrderedDict()
        self._kept_bytes, self._lock = 0, Lock()
        self._most = min(_MOST_CACHE_BYTES, max(_CACHE_BYTES, 3 * _BAND_ROWS * max(_segment(p)[1] for p in pages)))
        self.decoded = 0
        """Segments decoded so far."""

    def close(self) -> None:
        """Close the file and forget what was decoded."""
        os.close(self._file)
        self._kept.clear()

    def read(self, level: int, left: int, top: int, width: int, height: int) -> Rgb:
        """(height, width, 3) of a level, `left` and `top` in its own pixels; white where it has none.

        Raises:
            RefusedFile: CORRUPT when a segment in this place cannot be decoded.
        """
        page = self._pages[level]
        rows, columns = _segment(page)
        result = np.full((height, width, 3), 255, np.uint8)
        x0, y0 = max(0, left), max(0, top)
        x1, y1 = min(page.imagewidth, left + width), min(page.imagelength, top + height)
        if x0 >= x1 or y0 >= y1:
            return result
        for row, column in product(range(y0 // rows, -(-y1 // rows)), range(x0 // columns, -(-x1 // columns))):
            segment = self._segment_at(level, row * -(-page.imagewidth // columns) + column)
            upper, across = max(y0, row * rows), max(x0, column * columns)
            part = segment[upper - row * rows:y1 - row * rows, across - column * columns:x1 - column * columns]
            result[upper - top:upper - top + part.shape[0], across - left:across - left + part.shape[1]] = part
        return result

    def _segment_at(self, level: int, index: int) -> Rgb:
        key = level, index
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        fresh = self._decode(level, index)
        with self._lock:
            self.decoded += 1
            if key not in self._kept:
                self._kept[key] = fresh
                self._kept_bytes += fresh.nbytes
            while self._kept_bytes > self._most and len(self._kept) > 1:
                self._kept_bytes -= self._kept.popitem(last=False)[1].nbytes
        return fresh

    def _decode(self, level: int, index: int) -> Rgb:
        page = self._pages[level]
        planes = page.samplesperpixel if page.planarconfig == 2 else 1
        per_plane = len(page.dataoffsets) // planes
        try:
            parts = [self._plane(level, plane * per_plane + index) for plane in range(planes)]
        except (RuntimeError, ValueError, TypeError, IndexError, OSError, struct.error, zlib.error) as error:
            raise RefusedFile(RefusalCode.CORRUPT, "a tile of the slide cannot be decoded; ask for the file again"
                              ) from error
        known = [part for part in parts if part is not None]
        if len(known) < planes:
            return np.full((*_segment(page), 3), 255, np.uint8)
        return _to_rgb(np.concatenate(known, axis=-1))

    def _plane(self, level: int, index: int) -> NDArray[Any] | None:
        """(rows, columns, samples); None for a tile that was never written."""
        page = self._pages[level]
        size = page.databytecounts[index]
        if not size:
            return None
        data = os.pread(self._file, size, page.dataoffsets[index])
        if len(data) != size:
            raise ValueError("cut short")
        segment = self._decoders[level](data, index, **self._tables[level])[0]
        return None if segment is None else np.asarray(segment[0])


def _jpeg_tables(page: TiffPage) -> dict[str, Any]:
    return {"jpegtables": page.jpegtables, "jpegheader": page.jpegheader} if page.compression == _JPEG else {}


def _segment(page: TiffPage) -> tuple[int, int]:
    """(rows, columns) of a tile; of a strip as wide as the image."""
    if page.is_tiled:
        return page.tilelength, page.tilewidth
    return min(page.rowsperstrip, page.imagelength), page.imagewidth


def _to_rgb(pixels: NDArray[Any]) -> Rgb:
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    if pixels.shape[-1] == 4:
        weight = pixels[..., 3:].astype(np.float32) / 255.0
        pixels = np.rint(pixels[..., :3] * weight + 255.0 * (1.0 - weight)).astype(np.uint8)
    return np.ascontiguousarray(pixels[..., :3])


def why_not_readable(page: TiffPage, limits: Limits) -> RefusedFile | None:
    """Why a page is no level that can be read here; None when it is one."""
    if page.photometric not in (_RGB, _YCBCR) or page.samplesperpixel not in (3, 4):
        return RefusedFile(RefusalCode.UNSUPPORTED, "the slide is not in RGB: stains are told apart by their colour; "
                           "export it as 8-bit RGB")
    if not _has_colours(page):
        return RefusedFile(RefusalCode.UNSUPPORTED, f"the slide's samples are {page.dtype}; export it as 8-bit RGB")
    if page.compression not in _KINDS or (page.photometric == _YCBCR and page.compression != _JPEG):
        return RefusedFile(RefusalCode.UNSUPPORTED, "the TIFF's compression is not read; convert it to JPEG tiles "
                           "(for example with vips tiffsave --tile --pyramid --compression jpeg)")
    if math.prod(_segment(page)) > limits.max_image_pixels:
        return RefusedFile(RefusalCode.TOO_LARGE, f"a strip or tile of the slide declares {_segment(page)[1]} x "
                           f"{_segment(page)[0]} pixels; convert the slide to tiles of 256 or 512")
    return None


def open_tiff(path: Path, limits: Limits) -> tuple[SlideFacts, TiffLevels]:
    """A TIFF that OpenSlide does not know: plain or OME-TIFF, striped or tiled, with or without a pyramid.

    Label and macro images beside the slide are never opened.

    Raises:
        RefusedFile: UNSUPPORTED, TOO_LARGE, NOT_AN_IMAGE or CORRUPT.
    """
    try:
        with TiffFile(path) as file:
            series = _main_series(file)
            levels = [_first_page(level) for level in series.levels]
            _check(levels[0], limits)
            usable = [levels[0], *(page for page in levels[1:] if why_not_readable(page, limits) is None)]
            facts = replace(_facts(file, usable), planes_left_out=len(series.levels[0].pages) - 1)
            return facts, TiffLevels(path, usable)
    except (TiffFileError, ValueError, IndexError, KeyError, TypeError, struct.error, OSError) as error:
        raise RefusedFile(RefusalCode.CORRUPT, "the slide's structure is damaged or the file is cut short; "
                          "ask for the file again") from error


def _check(page: TiffPage, limits: Limits) -> None:
    if page.imagewidth * page.imagelength > limits.max_slide_pixels:
        raise too_many_pixels(page.imagewidth, page.imagelength, limits)
    refusal = why_not_readable(page, limits)
    if refusal is not None:
        raise refusal


def too_many_pixels(width: int, height: int, limits: Limits) -> RefusedFile:
    """The refusal of a slide that declares more than is allowed."""
    return RefusedFile(RefusalCode.TOO_LARGE, f"the slide declares {width} x {height} pixels, more than the allowed "
                       f"{limits.max_slide_pixels / 1e9:.0f} gigapixels")


def _main_series(file: TiffFile) -> Any:
    """The largest image that is not named as a label or overview."""
    named = [series for series in file.series
             if not any(word in (series.name or "").casefold() for word in _NOT_THE_SLIDE)]
    if not named:
        raise RefusedFile(RefusalCode.NOT_AN_IMAGE, "the file holds a label or an overview, but no slide image")
    return max(named, key=lambda series: series.levels[0].keyframe.imagewidth * series.levels[0].keyframe.imagelength)


def _first_page(level: Any) -> TiffPage:
    page = level.pages[0]
    return page if isinstance(page, TiffPage) else page.aspage()


def _facts(file: TiffFile, pages: Sequence[TiffPage]) -> SlideFacts:
    mpp = _ome_mpp(file) if file.is_ome else _tag_mpp(pages[0])
    stated = {} if mpp is None else {"openslide.mpp-x": repr(mpp[0]), "openslide.mpp-y": repr(mpp[1])}
    full = pages[0]
    return SlideFacts(
        sizes=tuple((page.imagewidth, page.imagelength) for page in pages),
        downsamples=tuple((full.imagewidth / page.imagewidth + full.imagelength / page.imagelength) / 2
                          for page in pages),
        properties=stated, tile=_segment(full)[::-1] if full.is_tiled else (256, 256),
        has_profile=_ICC_TAG in full.tags, bits=full.bitspersample)


def _tag_mpp(page: TiffPage) -> tuple[float, float] | None:
    unit = _PER_UNIT_UM.get(int(page.resolutionunit or 0))
    across, down = page.resolution
    return None if unit is None or not across or not down else (unit / across, unit / down)


def _ome_mpp(file: TiffFile) -> tuple[float, float] | None:
    """PhysicalSizeX and Y of the first image (OME schema 2016-06), in micrometres where no unit is given."""
    from defusedxml.ElementTree import ParseError, fromstring

    found: list[float] = []
    with suppress(ParseError, ValueError):
        tree = fromstring(file.ome_metadata or "")
        pixels = next((item for item in tree.iter() if item.tag.endswith("}Pixels") or item.tag == "Pixels"), None)
        stated = dict(pixels.attrib) if pixels is not None else {}
        for side in ("X", "Y"):
            unit = _UM.get(stated.get(f"PhysicalSize{side}Unit", "µm").replace("μ", "µ"))
            size = stated.get(f"PhysicalSize{side}")
            found += [float(size) * unit] if size and unit else []
    return (found[0], found[1]) if len(found) == 2 else None


def fast_levels(path: Path, sizes: Sequence[tuple[int, int]], limits: Limits, *, signed: bool) -> TiffLevels | None:
    """The tiled pages of a TIFF that OpenSlide opened, one for each of its levels; None when they do not match.

    Args:
        path: the file.
        sizes: (width, height) of OpenSlide's levels.
        limits: largest declared size of a tile.
        signed: a scanner's format, which OpenSlide understands; of any other TIFF it takes every page, an OME-TIFF's
            label too, for a level, and grey or floating-point samples for colours.

    Raises:
        RefusedFile: UNSUPPORTED for such a TIFF; `open_tiff` reads it or says why not.
    """
    with suppress(TiffFileError, ValueError, IndexError, KeyError, TypeError, struct.error, OSError), \
            TiffFile(path) as file:
        tiled = [page for page in file.pages if isinstance(page, TiffPage) and page.is_tiled]
        if not signed and tiled and (file.is_ome or not _has_colours(tiled[0])):
            raise RefusedFile(RefusalCode.UNSUPPORTED, "not a pyramid of RGB pages")
        by_size = {(page.imagewidth, page.imagelength): page for page in reversed(tiled)}
        pages = [by_size[size] for size in sizes if size in by_size]
        sound = [page for page in pages if why_not_readable(page, limits) is None]
        if len(sound) == len(sizes) and len(set(sizes)) == len(sizes):
            return TiffLevels(path, sound)
    return None


def _has_colours(page: TiffPage) -> bool:
    return page.photometric in (_RGB, _YCBCR) and page.dtype in (np.dtype(np.uint8), np.dtype(np.uint16))

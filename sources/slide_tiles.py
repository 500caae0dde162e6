"""OpenSlide behind a small door: it opens, reads, survives a damaged tile, and speaks our errors."""

from __future__ import annotations

import struct
from pathlib import Path
from threading import get_ident
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ..core.errors import RefusedFile
from ..core.refusal import RefusalCode
from ..core.settings import MIB, Limits
from .slide_facts import Rgb, SlideFacts
from .slide_tiff import TiffLevels, fast_levels, open_tiff

if TYPE_CHECKING:
    from openslide import OpenSlide

_TILE_CACHE_BYTES = 128 * MIB
_TIFF_LAYOUTS = {b"II*\x00": ("<I", "<H", 12), b"MM\x00*": (">I", ">H", 12),
                 b"II+\x00": ("<Q", "<Q", 20), b"MM\x00+": (">Q", ">Q", 20)}
"""By magic number: how an offset and a count are packed, and the bytes of a directory entry (TIFF 6.0, BigTIFF)."""
_MOST_DIRECTORIES = 1000
_PLAIN_TIFFS = ("aperio", "generic-tiff")
"""OpenSlide's names of formats whose levels are plain tiled TIFF pages without overlap."""


class SlideTiles:
    """An open slide file whose tiles can be read from several threads.

    Tiled TIFFs of common compressions are decoded tile by tile (`slide_tiff`), which is several times as fast;
    OpenSlide reads the others. After an error OpenSlide's handle answers nothing but that error. So each thread has a
    handle of its own (they share one tile cache), and a damaged tile costs the thread's handle, not the slide.

    Args:
        path: the file; of a DICOM slide any of its levels.
        limits: largest declared size of a tile.

    Raises:
        RefusedFile: EMPTY, UNKNOWN_FORMAT, UNSUPPORTED, TOO_LARGE, TRUNCATED or CORRUPT.
    """

    def __init__(self, path: Path, limits: Limits) -> None:
        from openslide import OpenSlideCache

        self._path = path
        self._cache = OpenSlideCache(_TILE_CACHE_BYTES)
        self._handles: dict[int, OpenSlide] = {}
        self.pages: TiffLevels | None = None
        """Where tiles are decoded without OpenSlide."""
        try:
            self.facts = _facts(self._handle())
            self.pages = self._pages_of_openslide(limits)
        except RefusedFile as refused:
            if refused.code is not RefusalCode.UNSUPPORTED or first_bytes(path)[:4] not in _TIFF_LAYOUTS:
                raise
            self.facts, self.pages = open_tiff(path, limits)

    def __enter__(self) -> SlideTiles:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        for handle in self._handles.values():
            handle.close()
        self._handles.clear()
        if self.pages is not None:
            self.pages.close()

    def read(self, x: int, y: int, level: int, width: int, height: int) -> Rgb:
        """(height, width, 3) of a level of the facts, `x` and `y` in level-0 pixels; white where there is nothing.

        Raises:
            RefusedFile: CORRUPT when a tile in this place cannot be decoded; other places can still be read.
        """
        from openslide import OpenSlideError

        if self.pages is not None:
            scale = self.facts.downsamples[level]
            return self.pages.read(level, round(x / scale), round(y / scale), width, height)
        handle = self._handle()
        try:
            return _on_white(np.asarray(handle.read_region((x, y), level, (width, height))))
        except (OpenSlideError, OSError) as error:
            self._handles.pop(get_ident()).close()
            raise RefusedFile(RefusalCode.CORRUPT, "a tile of the slide cannot be decoded; ask for the file again"
                              ) from error

    def _pages_of_openslide(self, limits: Limits) -> TiffLevels | None:
        """The pages behind OpenSlide's levels, None where it must decode them itself.

        Raises:
            RefusedFile: UNSUPPORTED for a TIFF that OpenSlide opens without understanding it.
        """
        vendor = self.facts.properties.get("openslide.vendor")
        if vendor not in _PLAIN_TIFFS:
            return None
        return fast_levels(self._path, self.facts.sizes, limits, signed=vendor != "generic-tiff")

    def _handle(self) -> OpenSlide:
        """This thread's handle."""
        thread = get_ident()
        if thread not in self._handles:
            self._handles[thread] = self._open()
        return self._handles[thread]

    def _open(self) -> OpenSlide:
        from openslide import OpenSlide, OpenSlideError, OpenSlideUnsupportedFormatError

        try:
            handle = OpenSlide(self._path)
            handle.set_cache(self._cache)
        except OpenSlideUnsupportedFormatError as error:
            raise _why_not_a_slide(self._path) from error
        except (OpenSlideError, OSError) as error:
            raise RefusedFile(RefusalCode.CORRUPT, "the slide's structure is damaged or the file is cut short; "
                              "ask for the file again") from error
        return handle


def _facts(handle: OpenSlide) -> SlideFacts:
    properties = dict(handle.properties)
    tile = tuple(int(properties.get(f"openslide.level[0].tile-{side}", 256)) for side in ("width", "height"))
    return SlideFacts(sizes=tuple(handle.level_dimensions), downsamples=tuple(handle.level_downsamples),
                      properties=properties, tile=(tile[0], tile[1]),
                      has_profile="openslide.icc-size" in properties)


def _on_white(rgba: NDArray[np.uint8]) -> Rgb:
    """(rows, columns, 4) RGBA to RGB over white."""
    colour, alpha = rgba[..., :3], rgba[..., 3:]
    if alpha.min() == 255:
        return np.ascontiguousarray(colour)
    weight = alpha.astype(np.float32) / 255.0
    blended: Rgb = np.rint(colour * weight + 255.0 * (1.0 - weight)).astype(np.uint8)
    return blended


def first_bytes(path: Path) -> bytes:
    """The first 132 bytes: enough for the magic numbers of TIFF and DICOM.

    Raises:
        RefusedFile: EMPTY, or CORRUPT when the file cannot be opened.
    """
    try:
        with path.open("rb") as file:
            start = file.read(132)
    except OSError as error:
        raise RefusedFile(RefusalCode.CORRUPT, f"the file cannot be opened ({type(error).__name__})") from error
    if not start:
        raise RefusedFile(RefusalCode.EMPTY, "the file is empty; ask for it again")
    return start


def _why_not_a_slide(path: Path) -> RefusedFile:
    """The reason why OpenSlide does not know a file, told from its first bytes."""
    start = first_bytes(path)
    if start[128:132] == b"DICM":
        return RefusedFile(RefusalCode.UNSUPPORTED, "the DICOM images do not form a whole slide that can be opened")
    if start[:4] not in _TIFF_LAYOUTS:
        return RefusedFile(RefusalCode.UNKNOWN_FORMAT, "the file is not a whole slide of a known format")
    if _ends_early(path, _TIFF_LAYOUTS[start[:4]]):
        return RefusedFile(RefusalCode.TRUNCATED, "the slide is cut short; ask for the file again")
    return RefusedFile(RefusalCode.UNSUPPORTED, "the TIFF is not tiled, or its directory is damaged; "
                       "convert it to a tiled pyramid (for example with vips tiffsave --tile --pyramid)")


def _ends_early(path: Path, layout: tuple[str, str, int]) -> bool:
    """Whether a directory of the TIFF lies, wholly or in part, beyond the end of the file."""
    offset_format, count_format, entry_size = layout
    place = struct.calcsize(offset_format)
    with path.open("rb") as file:
        for _ in range(_MOST_DIRECTORIES):
            offset = _unpack(file, place, offset_format)
            if not offset:
                return offset is None
            entries = _unpack(file, offset, count_format)
            if entries is None:
                return True
            place = offset + struct.calcsize(count_format) + entries * entry_size
    return False


def _unpack(file: BinaryIO, place: int, layout: str) -> int | None:
    """One number of a file, None when it lies beyond its end."""
    if place >= 1 << 62:
        return None
    file.seek(place)
    data = file.read(struct.calcsize(layout))
    return int(struct.unpack(layout, data)[0]) if len(data) == struct.calcsize(layout) else None

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
from ..core.settings import MIB

if TYPE_CHECKING:
    from openslide import OpenSlide

_TILE_CACHE_BYTES = 128 * MIB
_TIFF_LAYOUTS = {b"II*\x00": ("<I", "<H", 12), b"MM\x00*": (">I", ">H", 12),
                 b"II+\x00": ("<Q", "<Q", 20), b"MM\x00+": (">Q", ">Q", 20)}
"""By magic number: how an offset and a count are packed, and the bytes of a directory entry (TIFF 6.0, BigTIFF)."""
_MOST_DIRECTORIES = 1000


class SlideTiles:
    """An open slide file whose tiles can be read from several threads.

    After an error OpenSlide's handle answers nothing but that error. So each thread has a handle of its own (they
    share one tile cache), and a damaged tile costs the thread's handle, not the slide.

    Args:
        path: the file; of a DICOM slide any of its levels.

    Raises:
        RefusedFile: EMPTY, UNKNOWN_FORMAT, UNSUPPORTED, TRUNCATED or CORRUPT.
    """

    def __init__(self, path: Path) -> None:
        from openslide import OpenSlideCache

        self._path = path
        self._cache = OpenSlideCache(_TILE_CACHE_BYTES)
        self._handles: dict[int, OpenSlide] = {}
        self.handle()

    def __enter__(self) -> SlideTiles:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        for handle in self._handles.values():
            handle.close()
        self._handles.clear()

    def handle(self) -> OpenSlide:
        """This thread's handle."""
        thread = get_ident()
        if thread not in self._handles:
            self._handles[thread] = self._open()
        return self._handles[thread]

    def read(self, x: int, y: int, level: int, width: int, height: int) -> NDArray[np.uint8]:
        """(height, width, 4) RGBA of OpenSlide's level, `x` and `y` in level-0 pixels.

        Raises:
            RefusedFile: CORRUPT when a tile in this place cannot be decoded; other places can still be read.
        """
        from openslide import OpenSlideError

        handle = self.handle()
        try:
            return np.asarray(handle.read_region((x, y), level, (width, height)))
        except (OpenSlideError, OSError) as error:
            self._handles.pop(get_ident()).close()
            raise RefusedFile(RefusalCode.CORRUPT, "a tile of the slide cannot be decoded; ask for the file again"
                              ) from error

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

"""Whole slides through OpenSlide: pixels in regions, geometry in level-0 pixels and micrometres.

The associated images (label, macro, thumbnail) often show the patient's name; they are never read.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..core.case import CaseFile, Series
from ..core.errors import RefusedFile
from ..core.refusal import RefusalCode
from ..core.settings import MIB, Limits
from .dicom_file import read_dicom

if TYPE_CHECKING:
    from openslide import OpenSlide

Rgb = NDArray[np.uint8]

PLAUSIBLE_MPP = (0.02, 20.0)
"""Micrometres per pixel that a microscope's scanner can mean; 72 dpi in a TIFF (353) is a default, not a scale."""

_TILE_CACHE_BYTES = 128 * MIB
_PIECE_PIXELS = 2048
"""Side of the largest piece that one read may decode."""
_SMALLEST_SIDE = 16
_LINK = "{:05d}.dcm"
_TIFF_MAGICS = {b"II*\x00": ("<I", 4), b"MM\x00*": (">I", 4), b"II+\x00": ("<Q", 8), b"MM\x00+": (">Q", 8)}


@dataclass(frozen=True)
class Level:
    """One resolution of the pyramid; `downsample` is level-0 pixels per pixel of this level."""

    width: int
    height: int
    downsample: float


@dataclass(frozen=True)
class Region:
    """A rectangle in level-0 pixels, origin at the top left of level 0."""

    x: int
    y: int
    width: int
    height: int


class Slide:
    """An open slide. Reading is safe from several threads at once.

    Attributes:
        file: the file that holds level 0.
        levels: finest first; levels of a pixel or two, or of another aspect than level 0, are left out.
        mpp: micrometres per level-0 pixel, None when the file does not say it or says it implausibly.
        bounds: the part of level 0 that was scanned.
    """

    def __init__(self, handle: OpenSlide, file: CaseFile) -> None:
        self._handle = handle
        self.file = file
        self._numbers, self.levels = _usable_levels(handle)
        self.mpp = _mpp(handle.properties)
        self.bounds = _bounds(handle.properties, self.levels[0])

    def level_for(self, downsample: float) -> int:
        """Index of the coarsest level that is at least as fine as `downsample` (2 % tolerance)."""
        fine = [i for i, level in enumerate(self.levels) if level.downsample <= downsample * 1.02]
        return max(fine, key=lambda i: self.levels[i].downsample, default=0)

    def read_region(self, x: int, y: int, level: int, width: int, height: int) -> Rgb:
        """Pixels of one level.

        Args:
            x: left edge in level-0 pixels; may lie outside the slide.
            y: top edge in level-0 pixels.
            level: index into `levels`.
            width: columns to read, in pixels of that level.
            height: rows to read.

        Returns:
            (height, width, 3) uint8; white where the slide has no pixels.

        Raises:
            RefusedFile: CORRUPT when a tile cannot be decoded; the slide cannot be read any further then.
        """
        from openslide import OpenSlideError

        try:
            picture = self._handle.read_region((x, y), self._numbers[level], (width, height))
        except (OpenSlideError, OSError) as error:
            raise RefusedFile(RefusalCode.CORRUPT, "a tile of the slide cannot be decoded; ask for the file again"
                              ) from error
        return _on_white(np.asarray(picture))

    def read_scaled(self, region: tuple[float, float, float, float], width: int, height: int) -> Rgb:
        """A region at any scale: read from the next finer level in bounded pieces and averaged by area.

        Args:
            region: (x, y, width, height) in level-0 pixels, fractions allowed, may reach outside the slide.
            width: columns of the result, >= 1.
            height: rows of the result, >= 1.

        Returns:
            (height, width, 3) uint8; white where the slide has no pixels.

        Raises:
            RefusedFile: as `read_region`.
        """
        result = np.empty((height, width, 3), np.uint8)
        step_x, step_y = region[2] / width, region[3] / height
        level = self.level_for(min(step_x, step_y))
        piece = max(1, int(_PIECE_PIXELS * self.levels[level].downsample / max(step_x, step_y)))
        for top in range(0, height, piece):
            for left in range(0, width, piece):
                bottom, right = min(top + piece, height), min(left + piece, width)
                corner = (region[0] + left * step_x, region[1] + top * step_y,
                          region[0] + right * step_x, region[1] + bottom * step_y)
                result[top:bottom, left:right] = self._piece(corner, level, right - left, bottom - top)
        return result

    def _piece(self, corner: tuple[float, float, float, float], level: int, width: int, height: int) -> Rgb:
        scale = self.levels[level].downsample
        x0, y0, x1, y1 = (edge / scale for edge in corner)
        left, top = int(np.floor(x0)), int(np.floor(y0))
        columns, rows = max(1, int(np.ceil(x1)) - left), max(1, int(np.ceil(y1)) - top)
        pixels = self.read_region(round(left * scale), round(top * scale), level, columns, rows)
        box = (x0 - left, y0 - top, min(x1 - left, columns), min(y1 - top, rows))
        return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BOX, box=box))


@contextmanager
def open_slide(series: Series, root: Path, limits: Limits) -> Iterator[Slide]:
    """Open a slide: SVS, NDPI, MRXS, tiled TIFF and what else OpenSlide reads, or a DICOM series of levels.

    Args:
        series: the slide; for DICOM its instances, in whatever folders they lie.
        root: folder that the files' paths are relative to.
        limits: largest declared size of a slide and of one tile.

    Yields:
        The open slide; it is closed at the end of the `with` block.

    Raises:
        RefusedFile: UNKNOWN_FORMAT, UNSUPPORTED, CORRUPT, TRUNCATED, EMPTY, TOO_LARGE or NOT_AN_IMAGE.
    """
    with ExitStack() as stack:
        file = series.files[0]
        path = root / file.path
        if _magic(path)[128:132] == b"DICM":
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="caseloom-slide-")))
            file = _stage_levels(series, root, folder, limits)
            path = folder / _LINK.format(0)
        handle = stack.enter_context(_open_handle(path))
        _check_sizes(handle, limits)
        yield Slide(handle, file)


def _open_handle(path: Path) -> OpenSlide:
    from openslide import OpenSlide, OpenSlideCache, OpenSlideError, OpenSlideUnsupportedFormatError

    try:
        handle = OpenSlide(path)
        handle.set_cache(OpenSlideCache(_TILE_CACHE_BYTES))
    except OpenSlideUnsupportedFormatError as error:
        raise _why_not_a_slide(path) from error
    except (OpenSlideError, OSError) as error:
        raise RefusedFile(RefusalCode.CORRUPT, "the slide's structure is damaged or the file is cut short; "
                          "ask for the file again") from error
    return handle


def _magic(path: Path) -> bytes:
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
    start = _magic(path)
    if start[128:132] == b"DICM":
        return RefusedFile(RefusalCode.UNSUPPORTED, "the DICOM images do not form a whole slide that can be opened")
    if start[:4] not in _TIFF_MAGICS:
        return RefusedFile(RefusalCode.UNKNOWN_FORMAT, "the file is not a whole slide of a known format")
    layout, place = _TIFF_MAGICS[start[:4]]
    room = struct.calcsize(layout)
    if len(start) < place + room or struct.unpack(layout, start[place:place + room])[0] >= path.stat().st_size:
        return RefusedFile(RefusalCode.TRUNCATED, "the slide ends before its directory; ask for the file again")
    return RefusedFile(RefusalCode.UNSUPPORTED, "the TIFF is not tiled, or its directory is damaged; "
                       "convert it to a tiled pyramid (for example with vips tiffsave --tile --pyramid)")


def _stage_levels(series: Series, root: Path, folder: Path, limits: Limits) -> CaseFile:
    """Links to the resolution levels alone, in one folder, and the file of the finest.

    OpenSlide looks through the folder of the file it is given: in an export the levels of one slide may lie in
    several folders, beside other series. Label and overview instances are left out here and so cannot be read.
    """
    columns: dict[CaseFile, int] = {}
    for file in series.files:
        header = read_dicom(root / file.path, limits, header_only=True)
        if "VOLUME" in (header.get("ImageType") or []):
            columns[file] = int(header.get("TotalPixelMatrixColumns") or 0)
    if not columns:
        raise RefusedFile(RefusalCode.NOT_AN_IMAGE, "the series holds a label or an overview, but no slide image")
    finest_first = sorted(columns, key=lambda file: (-columns[file], file.path))
    for number, file in enumerate(finest_first):
        (folder / _LINK.format(number)).symlink_to((root / file.path).resolve())
    return finest_first[0]


def _check_sizes(handle: OpenSlide, limits: Limits) -> None:
    width, height = handle.dimensions
    if width * height > limits.max_slide_pixels:
        raise RefusedFile(RefusalCode.TOO_LARGE, f"the slide declares {width} x {height} pixels, more than the allowed "
                          f"{limits.max_slide_pixels / 1e9:.0f} gigapixels")
    if min(width, height) < _SMALLEST_SIDE:
        raise RefusedFile(RefusalCode.NOT_AN_IMAGE, f"the slide has only {width} x {height} pixels")
    for level in range(handle.level_count):
        tile = [_number(handle.properties, f"openslide.level[{level}].tile-{side}") or 0 for side in ("width", "height")]
        if tile[0] * tile[1] > limits.max_image_pixels:
            raise RefusedFile(RefusalCode.TOO_LARGE, f"a tile of the slide declares {tile[0]:.0f} x {tile[1]:.0f} "
                              "pixels; convert the slide to tiles of 256 or 512")


def _usable_levels(handle: OpenSlide) -> tuple[tuple[int, ...], tuple[Level, ...]]:
    """OpenSlide's level numbers, and the levels, without those that cannot be a smaller level 0."""
    full = handle.dimensions
    found: dict[int, Level] = {}
    for number, (width, height) in enumerate(handle.level_dimensions):
        across, down = full[0] / width, full[1] / height
        # The last column and row of a level may be rounded either way.
        slack = 2.0 * (across / width + down / height)
        if number == 0 or (min(width, height) >= _SMALLEST_SIDE and abs(across - down) <= 0.01 * across + slack):
            found[number] = Level(width, height, float(handle.level_downsamples[number]))
    return tuple(found), tuple(found.values())


def _number(properties: Mapping[str, str], name: str) -> float | None:
    try:
        value = float(properties[name])
    except (KeyError, ValueError):
        return None
    return value if np.isfinite(value) else None


def _mpp(properties: Mapping[str, str]) -> float | None:
    across, down = _number(properties, "openslide.mpp-x"), _number(properties, "openslide.mpp-y")
    if across is None or down is None:
        return None
    square = abs(across - down) <= 0.02 * max(across, down)
    plausible = PLAUSIBLE_MPP[0] <= min(across, down) and max(across, down) <= PLAUSIBLE_MPP[1]
    return (across + down) / 2 if square and plausible else None


def _bounds(properties: Mapping[str, str], full: Level) -> Region:
    """The scanned part as the vendor states it, cut to level 0; all of level 0 where nothing usable is stated."""
    stated = [_number(properties, f"openslide.bounds-{name}") for name in ("x", "y", "width", "height")]
    if any(value is None for value in stated):
        return Region(0, 0, full.width, full.height)
    x, y, width, height = (int(value or 0) for value in stated)
    left, top = max(0, x), max(0, y)
    right, bottom = min(full.width, x + width), min(full.height, y + height)
    if right <= left or bottom <= top:
        return Region(0, 0, full.width, full.height)
    return Region(left, top, right - left, bottom - top)


def _on_white(rgba: NDArray[np.uint8]) -> Rgb:
    """(rows, columns, 4) RGBA to RGB over white."""
    colour, alpha = rgba[..., :3], rgba[..., 3:]
    if alpha.min() == 255:
        return np.ascontiguousarray(colour)
    weight = alpha.astype(np.float32) / 255.0
    blended: Rgb = np.rint(colour * weight + 255.0 * (1.0 - weight)).astype(np.uint8)
    return blended

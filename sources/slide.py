"""Whole slides through OpenSlide: pixels in regions, geometry in level-0 pixels and micrometres.

The associated images (label, macro, thumbnail) often show the patient's name; they are never read.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from PIL import Image

from ..core.case import CaseFile, Series
from ..core.errors import RefusedFile
from ..core.refusal import RefusalCode
from ..core.settings import Limits
from .slide_dicom import LINK, stage_levels
from .slide_facts import Rgb, SlideFacts
from .slide_tiff import too_many_pixels
from .slide_tiles import SlideTiles, first_bytes

Rectangle = tuple[float, float, float, float]
"""(x, y, width, height) in level-0 pixels."""

PLAUSIBLE_MPP = (0.02, 20.0)
"""Micrometres per pixel that a microscope's scanner can mean; 72 dpi in a TIFF (353) is a default, not a scale."""

_PIECE_PIXELS = 2048
"""Side of the largest piece that one read may decode."""
_SMALLEST_SIDE = 16


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
        scale_gap: why `mpp` is None, as in "does not say how large its pixels are"; else None.
        bounds: the part of level 0 that was scanned.
        levels_left_out: levels of a DICOM slide whose colours contradict their header.
        damaged_levels: indices of levels with a tile that could not be decoded so far.
        damaged_tiles: places on level 0 that could not be decoded so far and were read as white.
        has_profile: whether the file carries an ICC profile; colours are given as stored, it is not applied.
        bits: per sample in the file; pixels are given in 8.
        planes_left_out: focal planes or other images of level 0's size in the file; the first alone is read.
    """

    def __init__(self, tiles: SlideTiles, file: CaseFile, levels_left_out: int = 0) -> None:
        facts = tiles.facts
        self._tiles = tiles
        self.file = file
        self.levels_left_out = levels_left_out
        self.damaged_levels: set[int] = set()
        self.damaged_tiles: set[Region] = set()
        self._numbers, self.levels = _usable_levels(facts)
        self.mpp, self.scale_gap = _scale(facts.properties)
        self.bounds = _bounds(facts.properties, self.levels[0])
        self.has_profile = facts.has_profile
        self.bits = facts.bits
        self.planes_left_out = facts.planes_left_out

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
            RefusedFile: CORRUPT when a tile of this place cannot be decoded; other places can still be read.
        """
        return self._tiles.read(x, y, self._numbers[level], width, height)

    def read_scaled(self, region: Rectangle, width: int, height: int) -> Rgb:
        """A region at any scale: read from the next finer level in bounded pieces and averaged by area.

        Where that level has a damaged tile, the piece is read from a finer one; what level 0 cannot give is white and
        noted in `damaged_tiles`.

        Args:
            region: (x, y, width, height) in level-0 pixels, fractions allowed, may reach outside the slide.
            width: columns of the result, >= 1.
            height: rows of the result, >= 1.

        Returns:
            (height, width, 3) uint8; white where the slide has no pixels.
        """
        return self._from_level(self.level_for(min(region[2] / width, region[3] / height)), region, width, height)

    def _from_level(self, level: int, region: Rectangle, width: int, height: int) -> Rgb:
        result = np.empty((height, width, 3), np.uint8)
        step_x, step_y = region[2] / width, region[3] / height
        piece = max(1, int(_PIECE_PIXELS * self.levels[level].downsample / max(step_x, step_y)))
        for top, left in product(range(0, height, piece), range(0, width, piece)):
            part = result[top:top + piece, left:left + piece]
            rows, columns = part.shape[:2]
            place = (region[0] + left * step_x, region[1] + top * step_y, columns * step_x, rows * step_y)
            part[:] = self._piece(level, place, columns, rows)
        return result

    def _piece(self, level: int, region: Rectangle, width: int, height: int) -> Rgb:
        scale = self.levels[level].downsample
        x0, y0, x1, y1 = (edge / scale for edge in (*region[:2], region[0] + region[2], region[1] + region[3]))
        left, top = math.floor(x0), math.floor(y0)
        columns, rows = max(1, math.ceil(x1) - left), max(1, math.ceil(y1) - top)
        try:
            pixels = self.read_region(round(left * scale), round(top * scale), level, columns, rows)
        except RefusedFile:
            self.damaged_levels.add(level)
            if level > 0:
                return self._from_level(level - 1, region, width, height)
            pixels = self._around_damage(left, top, columns, rows)
        if (x0, y0, x1, y1) == (left, top, left + columns, top + rows) and columns >= width and rows >= height:
            return np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA))
        box = (x0 - left, y0 - top, min(x1 - left, columns), min(y1 - top, rows))
        return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BOX, box=box))

    def _around_damage(self, left: int, top: int, columns: int, rows: int) -> Rgb:
        """Level-0 pixels read tile by tile, white where one is damaged."""
        wide, high = self._tiles.facts.tile
        pixels = np.full((rows, columns, 3), 255, np.uint8)
        downwards = range(top // high * high, top + rows, high)
        across = range(left // wide * wide, left + columns, wide)
        for y, x in product(downwards, across):
            x0, y0, x1, y1 = max(x, left), max(y, top), min(x + wide, left + columns), min(y + high, top + rows)
            try:
                pixels[y0 - top:y1 - top, x0 - left:x1 - left] = self.read_region(x0, y0, 0, x1 - x0, y1 - y0)
            except RefusedFile:
                self.damaged_tiles.add(Region(x, y, wide, high))
        return pixels


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
        file, left_out = series.files[0], 0
        path = root / file.path
        if first_bytes(path)[128:132] == b"DICM":
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="caseloom-slide-")))
            staged = stage_levels(series, root, folder, limits)
            file, left_out, path = staged.finest, staged.left_out, folder / LINK.format(0)
        tiles = stack.enter_context(SlideTiles(path, limits))
        _check_sizes(tiles.facts, limits)
        yield Slide(tiles, file, left_out)


def _check_sizes(facts: SlideFacts, limits: Limits) -> None:
    width, height = facts.sizes[0]
    if width * height > limits.max_slide_pixels:
        raise too_many_pixels(width, height, limits)
    if min(width, height) < _SMALLEST_SIDE:
        raise RefusedFile(RefusalCode.NOT_AN_IMAGE, f"the slide has only {width} x {height} pixels")
    for level in range(len(facts.sizes)):
        across, down = (_number(facts.properties, f"openslide.level[{level}].tile-{side}") or 0.0
                        for side in ("width", "height"))
        if across * down > limits.max_image_pixels:
            raise RefusedFile(RefusalCode.TOO_LARGE, f"a tile of the slide declares {across:.0f} x {down:.0f} pixels; "
                              "convert the slide to tiles of 256 or 512")


def _usable_levels(facts: SlideFacts) -> tuple[tuple[int, ...], tuple[Level, ...]]:
    """Numbers of the file's levels, and the levels, without those that cannot be a smaller level 0."""
    full = facts.sizes[0]
    found: dict[int, Level] = {}
    for number, (width, height) in enumerate(facts.sizes):
        across, down = full[0] / width, full[1] / height
        # The last column and row of a level may be rounded either way.
        slack = 2.0 * (across / width + down / height)
        if number == 0 or (min(width, height) >= _SMALLEST_SIDE and abs(across - down) <= 0.01 * across + slack):
            found[number] = Level(width, height, float(facts.downsamples[number]))
    return tuple(found), tuple(found.values())


def _number(properties: Mapping[str, str], name: str) -> float | None:
    try:
        value = float(properties[name])
    except (KeyError, ValueError):
        return None
    return value if np.isfinite(value) else None


def _scale(properties: Mapping[str, str]) -> tuple[float | None, str | None]:
    """Micrometres per pixel, or why they are not known, as the end of a sentence about the slide."""
    across, down = _number(properties, "openslide.mpp-x"), _number(properties, "openslide.mpp-y")
    if across is None or down is None:
        return None, "does not say how large its pixels are"
    stated = f"says that its pixels measure {across:.3g} x {down:.3g} µm"
    if min(across, down) < PLAUSIBLE_MPP[0] or max(across, down) > PLAUSIBLE_MPP[1]:
        return None, f"{stated}, which no microscope's scanner can mean"
    if abs(across - down) > 0.02 * max(across, down):
        return None, f"{stated}, which are not square"
    return round((across + down) / 2, 6), None


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

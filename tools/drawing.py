"""Drawing on grey images the way radiologists read them; every tool's overlays are made of these pieces.

Pictures are PIL RGB images at display size. Positions are (x, y) display pixels, origin top left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

Colour = tuple[int, int, int]
Point = tuple[float, float]

ORANGE: Colour = (230, 159, 0)
SKY: Colour = (86, 180, 233)
YELLOW: Colour = (240, 228, 66)
GREEN: Colour = (0, 200, 140)
PURPLE: Colour = (230, 140, 190)
WHITE: Colour = (255, 255, 255)
BLACK: Colour = (0, 0, 0)
"""Okabe and Ito's palette, told apart by colour-blind readers too; green and purple lightened for dark backgrounds."""

DASH, GAP = 12, 8
"""Display pixels."""

BAR_LENGTHS_MM = (100.0, 50.0, 20.0, 10.0, 5.0, 2.0, 1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01)


@dataclass(frozen=True)
class Window:
    """A display window in the image's unit."""

    centre: float
    width: float
    name: str


LUNG_WINDOW = Window(-600.0, 1500.0, "lung window")
SOFT_WINDOW = Window(40.0, 400.0, "soft tissue window")
BRAIN_WINDOW = Window(40.0, 80.0, "brain window")


def window_to_grey(values: NDArray[Any], window: Window) -> NDArray[np.uint8]:
    """Values to grey 0..255 by the LINEAR VOI function of DICOM PS3.3 C.11.2.1.2.1, clipped at both ends.

    Args:
        values: any shape, in the window's unit.
        window: centre and width, width above 1.
    """
    low = window.centre - 0.5 - (window.width - 1) / 2
    scaled = (np.asarray(values, np.float32) - np.float32(low)) * np.float32(255.0 / (window.width - 1))
    grey: NDArray[np.uint8] = np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
    return grey


def percentile_window(values: NDArray[Any], low: float = 0.5, high: float = 99.5) -> Window:
    """A window from the low to the high percentile, for images in arbitrary units."""
    bottom, top = np.percentile(values, [low, high])
    return Window(float(bottom + top) / 2, max(float(top - bottom), 2.0), "window from percentiles")


def to_picture(grey: NDArray[np.uint8], spacing: tuple[float, float], mm_per_pixel: float) -> Image.Image:
    """An RGB picture with square pixels of `mm_per_pixel`, so that anisotropic voxels keep their shape.

    Args:
        grey: (rows, columns) uint8.
        spacing: distance of neighbouring (rows, columns) in mm; (1, 1) with `mm_per_pixel` 1 keeps the pixels.
        mm_per_pixel: size of a display pixel.
    """
    size = display_size(grey.shape, spacing, mm_per_pixel)
    return Image.fromarray(grey).resize(size, Image.Resampling.BICUBIC).convert("RGB")


def display_size(shape: Sequence[int], spacing: tuple[float, float], mm_per_pixel: float) -> tuple[int, int]:
    """(width, height) in display pixels of an image of (rows, columns) pixels."""
    height, width = (max(1, round(n * step / mm_per_pixel)) for n, step in zip(shape, spacing, strict=True))
    return width, height


def outline_mask(picture: Image.Image, mask: NDArray[np.bool_], colour: Colour, thickness: int = 2) -> None:
    """Draw a mask's smooth contour, inside its edge, at the picture's resolution.

    Args:
        picture: changed in place.
        mask: (rows, columns) over the same field as the picture, any resolution.
        colour: of the line.
        thickness: of the line in display pixels.
    """
    soft = Image.fromarray(mask.astype(np.uint8) * 255).resize(picture.size, Image.Resampling.BILINEAR)
    fine = np.asarray(soft) > 127
    inner = ndimage.binary_erosion(fine, ndimage.generate_binary_structure(2, 1), iterations=thickness)
    line = Image.fromarray((fine & ~inner).astype(np.uint8) * 255)
    picture.paste(colour, mask=line)


def outline_box(picture: Image.Image, box: tuple[float, float, float, float], colour: Colour,
                thickness: int = 2) -> None:
    """Draw a box [x0, y0, x1, y1] (display pixels, half-open) with a dark halo, around what it encloses."""
    draw = ImageDraw.Draw(picture)
    left, top, right, bottom = (round(edge) for edge in box)
    for grow, ink in ((thickness + 1, BLACK), (thickness, colour)):
        draw.rectangle((left - grow, top - grow, right - 1 + grow, bottom - 1 + grow), outline=ink, width=grow)


def outline_dashed(picture: Image.Image, box: tuple[float, float, float, float], colour: Colour,
                   thickness: int = 2) -> None:
    """Draw a box [x0, y0, x1, y1] (display pixels, half-open) in dashes with a dark halo."""
    draw = ImageDraw.Draw(picture)
    left, top, right, bottom = (round(edge) for edge in box)
    for grow, ink in ((1, BLACK), (0, colour)):
        wide = thickness + grow
        for x in range(left, right, DASH + GAP):
            for y in (top, bottom):
                draw.rectangle((x - grow, y - wide, min(x + DASH, right) + grow, y + wide), fill=ink)
        for y in range(top, bottom, DASH + GAP):
            for x in (left, right):
                draw.rectangle((x - wide, y - grow, x + wide, min(y + DASH, bottom) + grow), fill=ink)


def outline_circle(picture: Image.Image, centre: Point, radius: float, colour: Colour, thickness: int = 2) -> None:
    """Draw a circle with a dark halo."""
    draw = ImageDraw.Draw(picture)
    x, y = centre
    for grow, ink, width in ((1, BLACK, thickness + 2), (0, colour, thickness)):
        reach = radius + grow
        draw.ellipse((x - reach, y - reach, x + reach, y + reach), outline=ink, width=width)


@lru_cache(maxsize=16)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def label(picture: Image.Image, at: Point, text: str, *, anchor: str = "la", size: int = 14,
          colour: Colour = WHITE) -> None:
    """Write text with a dark outline, kept inside the picture.

    Args:
        picture: changed in place.
        at: where the anchor goes.
        text: one line or several.
        anchor: two letters as Pillow defines them (`la` left-top, `rs` right-baseline, `mm` middle ...).
        size: height in pixels.
        colour: of the letters.
    """
    draw = ImageDraw.Draw(picture)
    several = "\n" in text
    measure = draw.multiline_textbbox if several else draw.textbbox
    box = measure(at, text, font=_font(size), anchor=anchor, stroke_width=2)
    dx = max(0.0, -box[0]) - max(0.0, box[2] - picture.width)
    dy = max(0.0, -box[1]) - max(0.0, box[3] - picture.height)
    write = draw.multiline_text if several else draw.text
    write((at[0] + dx, at[1] + dy), text, font=_font(size), anchor=anchor, fill=colour, stroke_width=2,
          stroke_fill=BLACK)


def bar_length(width_mm: float) -> float | None:
    """A round length of at most a quarter of a width, in mm; None where that is too small for any."""
    return next((mm for mm in BAR_LENGTHS_MM if mm <= width_mm / 4), None)


def scale_bar(picture: Image.Image, mm_per_pixel: float) -> None:
    """Draw a bar of a round length, at most a quarter of the width, in the lower right corner.

    Args:
        picture: changed in place.
        mm_per_pixel: size of a display pixel; only call this when the spacing is known.
    """
    length = bar_length(picture.width * mm_per_pixel)
    if length is None:
        return
    right, bottom = picture.width - 12, picture.height - 12
    left = right - round(length / mm_per_pixel)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((left - 1, bottom - 4, right + 1, bottom + 1), fill=BLACK)
    draw.rectangle((left, bottom - 3, right, bottom), fill=WHITE)
    text = length_words(length).replace("µ", "u")  # the font has no micro sign
    label(picture, ((left + right) / 2, bottom - 8), text, anchor="ms", size=13)


def length_words(mm: float) -> str:
    """A length of a scale bar in the unit that gives the shortest number."""
    if mm < 1:
        return f"{mm * 1000:.0f} µm"
    return f"{mm / 10:.0f} cm" if mm >= 10 else f"{mm:.0f} mm"


def direction_letters(direction: Sequence[float]) -> str:
    """Anatomical letters of an LPS direction, strongest first, as in Patient Orientation (PS3.3 C.7.6.1.1.1).

    A component counts when it is at least a quarter of the whole: (1, 0, 0) gives `L`, (0.7, -0.7, 0) gives `LA`.
    """
    unit = np.asarray(direction, float) / max(float(np.linalg.norm(direction)), 1e-12)
    letters = [(abs(part), pair[int(part < 0)]) for part, pair in zip(unit, ("LR", "PA", "HF"), strict=True)]
    return "".join(letter for size, letter in sorted(letters, key=lambda item: -item[0]) if size >= 0.25)


def orientation_letters(picture: Image.Image, right: Sequence[float], down: Sequence[float]) -> None:
    """Write the patient's directions at the four edges.

    Args:
        picture: changed in place.
        right: LPS direction that the picture's right points to.
        down: LPS direction that the picture's bottom points to.
    """
    width, height = picture.size
    places = ((right, (width - 8, height / 2), "rm"), (_back(right), (8, height / 2), "lm"),
              (down, (width / 2, height - 8), "ms"), (_back(down), (width / 2, 8), "ma"))
    for direction, at, anchor in places:
        label(picture, at, direction_letters(direction), anchor=anchor, size=18)


def _back(direction: Sequence[float]) -> list[float]:
    return [-part for part in direction]


def side_by_side(pictures: Sequence[Image.Image], gap: int = 8) -> Image.Image:
    """One picture with all pictures in a row on black, aligned in the middle."""
    height = max(picture.height for picture in pictures)
    width = sum(picture.width for picture in pictures) + gap * (len(pictures) - 1)
    sheet = Image.new("RGB", (width, height), BLACK)
    x = 0
    for picture in pictures:
        sheet.paste(picture, (x, (height - picture.height) // 2))
        x += picture.width + gap
    return sheet


def in_rows(pictures: Sequence[Image.Image], columns: int, gap: int = 4) -> Image.Image:
    """One picture with all pictures on black in rows of equal cells, each in the middle of its cell.

    Args:
        pictures: at least one.
        columns: of the grid; fewer when there are fewer pictures.
        gap: between cells in display pixels.
    """
    across = min(columns, len(pictures))
    width, height = (max(size) for size in zip(*(picture.size for picture in pictures), strict=True))
    down = -(-len(pictures) // across)
    sheet = Image.new("RGB", (across * (width + gap) - gap, down * (height + gap) - gap), BLACK)
    for place, picture in enumerate(pictures):
        x, y = place % across * (width + gap), place // across * (height + gap)
        sheet.paste(picture, (x + (width - picture.width) // 2, y + (height - picture.height) // 2))
    return sheet


def save_png(picture: Image.Image, path: Path) -> None:
    """Write an optimised PNG without metadata: equal pictures give equal bytes. Makes the folder when missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, format="PNG", optimize=True)

"""Pictures of a slide: an overview with tissue, heat map and numbered boxes, and a close-up of each region."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ...sources.slide import Region, Slide
from ...sources.slide_facts import Rgb
from ..drawing import (
    BLACK,
    ORANGE,
    SKY,
    YELLOW,
    label,
    outline_box,
    outline_circle,
    outline_mask,
    scale_bar,
    side_by_side,
)
from .measure import FIELD, STEP, Field
from .nuclei import DETECTION_MPP
from .reading import NuclearDensity, SlideReading
from .scan import read_thumbnail

PANEL = (760, 900)
"""Largest (width, height) of one panel of the overview."""
CLOSE_UP_MPP = 0.5
"""Micrometres per pixel of a close-up: 20x."""

_VIRIDIS = ((68, 1, 84), (72, 40, 120), (62, 74, 137), (49, 104, 142), (38, 130, 142), (31, 158, 137), (53, 183, 121),
            (110, 206, 88), (181, 222, 43), (253, 231, 37))
"""Ten steps of the viridis colour map (S. van der Walt and N. Smith, CC0): even in lightness, safe for the
colour-blind."""
_HEAT_WEIGHT = 0.72
_LEGEND = (220, 12)


def viridis(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Colours of values 0..1, any shape; the result has a last axis of 3."""
    steps = np.asarray(_VIRIDIS, float)
    places = np.linspace(0.0, 1.0, len(steps))
    channels = [np.interp(values, places, steps[:, channel]) for channel in range(3)]
    colours: NDArray[np.uint8] = np.rint(np.stack(channels, axis=-1)).astype(np.uint8)
    return colours


def draw_overview(slide: Slide, reading: SlideReading) -> Image.Image:
    """The scanned area with its tissue outlined, beside it the heat map; the ranked regions numbered on both."""
    area, density = slide.bounds, reading.density
    shrink = max(area.width / PANEL[0], area.height / PANEL[1])
    thumbnail = read_thumbnail(slide, max(1, round(max(area.width, area.height) / shrink)))
    scale = area.width / thumbnail.shape[1]
    panels = [draw_tissue(thumbnail, reading.mask, None if slide.mpp is None else slide.mpp * scale / 1000)]
    regions = [field.region for field in density.top] if density else []
    if density is not None:
        cell = STEP * density.grid.scale
        per_mm2 = density.counts / (STEP * DETECTION_MPP / 1000) ** 2
        panels.append(draw_heat(thumbnail, reading.mask, per_mm2, cell / scale))
    for panel in panels:
        draw_boxes(panel, regions, area)
    return side_by_side(panels)


def draw_field(slide: Slide, density: NuclearDensity, field: Field) -> Image.Image:
    """A ranked field at 20x beside the same field with every counted nucleus circled."""
    region, grid = field.region, density.grid
    width, height = (max(1, round(extent * grid.mpp / CLOSE_UP_MPP)) for extent in (region.width, region.height))
    pixels = slide.read_scaled((region.x, region.y, region.width, region.height), width, height)
    corner = np.array([field.row * STEP, field.column * STEP])
    inside = ((density.nuclei >= corner) & (density.nuclei < corner + FIELD)).all(axis=1)
    centres = (density.nuclei[inside] - corner + 0.5) * DETECTION_MPP / CLOSE_UP_MPP
    return draw_close_up(pixels, centres, CLOSE_UP_MPP / 1000)


def draw_patches(slide: Slide, places: Sequence[Region], title: str) -> Image.Image:
    """The scanned area with the patches that a model was shown."""
    area = slide.bounds
    picture = Image.fromarray(read_thumbnail(slide, max(PANEL)))
    scale = picture.width / area.width
    for place in places:
        left, top = (place.x - area.x) * scale, (place.y - area.y) * scale
        outline_box(picture, (left, top, left + place.width * scale, top + place.height * scale), SKY)
    label(picture, (10, 8), title)
    if slide.mpp is not None:
        scale_bar(picture, slide.mpp / scale / 1000)
    return picture


def draw_tissue(thumbnail: Rgb, mask: NDArray[np.bool_], mm_per_pixel: float | None) -> Image.Image:
    """The slide with the outline of its tissue, and a scale bar where the scale is known."""
    picture = Image.fromarray(thumbnail)
    outline_mask(picture, mask, ORANGE)
    label(picture, (10, 8), "tissue outlined")
    if mm_per_pixel is not None:
        scale_bar(picture, mm_per_pixel)
    return picture


def draw_heat(thumbnail: Rgb, mask: NDArray[np.bool_], density: NDArray[np.float64], cell: float) -> Image.Image:
    """Nuclear density over the greyed slide, with a legend; tissue alone is coloured.

    Args:
        thumbnail: (rows, columns, 3) uint8.
        mask: tissue over the same field, any resolution.
        density: (rows, columns) of cells, nuclei per mm².
        cell: side of a cell in thumbnail pixels; the cells begin at the thumbnail's upper left corner.
    """
    picture = Image.fromarray(thumbnail)
    top = float(density.max()) or 1.0
    size = max(1, round(density.shape[1] * cell)), max(1, round(density.shape[0] * cell))
    heat = Image.fromarray(viridis(density / top)).resize(size, Image.Resampling.BILINEAR)
    heat = heat.crop((0, 0, *picture.size))
    mixed = Image.blend(picture.convert("L").convert("RGB"), heat, _HEAT_WEIGHT)
    inside = Image.fromarray(mask.astype(np.uint8) * 255).resize(picture.size, Image.Resampling.BILINEAR)
    shown = Image.composite(mixed, picture.convert("L").convert("RGB"), inside)
    _legend(shown, top)
    return shown


def _legend(picture: Image.Image, top: float) -> None:
    width, height = min(_LEGEND[0], picture.width // 2), _LEGEND[1]
    ramp = np.broadcast_to(np.linspace(0.0, 1.0, width), (height, width))
    left, upper = 12, picture.height - 12 - height
    ImageDraw.Draw(picture).rectangle((left - 1, upper - 1, left + width, upper + height), outline=BLACK)
    picture.paste(Image.fromarray(viridis(ramp)), (left, upper))
    label(picture, (left, upper - 6), "0", anchor="ls", size=13)
    label(picture, (left + width, upper - 6), f"{top:.0f} nuclei/mm2", anchor="rs", size=13)


def draw_boxes(picture: Image.Image, regions: Sequence[Region], area: Region) -> None:
    """Box and number the regions on a picture of the whole scanned area, in place."""
    scale = picture.width / area.width
    for number, region in enumerate(regions, 1):
        left, top = (region.x - area.x) * scale, (region.y - area.y) * scale
        outline_box(picture, (left, top, left + region.width * scale, top + region.height * scale), YELLOW)
        label(picture, (left + 5, top + 3), str(number), size=17, colour=YELLOW)


def draw_close_up(pixels: Rgb, nuclei: NDArray[np.float64], mm_per_pixel: float) -> Image.Image:
    """A close-up beside the same close-up with every counted nucleus circled.

    Args:
        pixels: (rows, columns, 3) uint8.
        nuclei: (n, 2) as (row, column) in pixels of the picture.
        mm_per_pixel: its scale.
    """
    plain, marked = Image.fromarray(pixels), Image.fromarray(pixels)
    scale_bar(plain, mm_per_pixel)
    for row, column in nuclei:
        outline_circle(marked, (float(column), float(row)), 3.0, YELLOW, 1)
    label(marked, (10, 8), f"{len(nuclei)} nuclei counted")
    return side_by_side([plain, marked])

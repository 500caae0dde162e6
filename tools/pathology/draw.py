"""Pictures of a slide: an overview with tissue, heat map and numbered boxes, and a close-up of each region."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ...sources.slide import Region, Slide
from ...sources.slide_facts import Rgb
from ..drawing import (
    BLACK,
    ORANGE,
    PURPLE,
    SKY,
    YELLOW,
    label,
    outline_box,
    outline_circle,
    outline_mask,
    scale_bar,
    side_by_side,
)
from .fields import DEFINITIONS, Measure
from .measure import FIELD, STEP, Field
from .nuclei import DETECTION_MPP
from .reading import NuclearDensity, SlideReading
from .scan import read_thumbnail
from .search import Ranking
from .tissue import TissueMap

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


def draw_overview(slide: Slide, reading: SlideReading, ranking: Ranking) -> Image.Image:
    """The scanned area with its tissue outlined, beside it the heat map; the ranked regions numbered on both."""
    area, density = slide.bounds, reading.density
    shrink = max(area.width / PANEL[0], area.height / PANEL[1])
    thumbnail = read_thumbnail(slide, max(1, round(max(area.width, area.height) / shrink)))
    scale = area.width / thumbnail.shape[1]
    panels = [draw_tissue(thumbnail, reading.cover, None if slide.mpp is None else slide.mpp * scale / 1000)]
    if density is not None:
        panels.append(draw_heat(thumbnail, reading.cover.searched, heat_of(density, ranking.measure),
                                STEP * density.grid.scale / scale))
    for panel in panels:
        draw_boxes(panel, [hit.field.region for hit in ranking.hits], area)
    return side_by_side(panels)


@dataclass(frozen=True)
class Heat:
    """What a heat map shows.

    Args:
        values: (rows, columns), nan where nothing is told.
        unit: as written in the legend.
        shift: where the first value's square begins, in cells from the thumbnail's upper left corner.
    """

    values: NDArray[np.float64]
    unit: str
    shift: float = 0.0


def heat_of(density: NuclearDensity, measure: Measure | None) -> Heat:
    """A measure over the slide: nuclei cell by cell, any other measure field by field."""
    if measure in (None, Measure.DENSITY):
        return Heat(density.counts / (STEP * DETECTION_MPP / 1000) ** 2, DEFINITIONS[Measure.DENSITY].unit)
    assert measure is not None  # noqa: S101 - for the type checker
    return Heat(density.maps.values[measure], f"{DEFINITIONS[measure].unit}, {measure}", 0.5)


def draw_field(slide: Slide, density: NuclearDensity, field: Field) -> Image.Image:
    """A ranked field at 20x beside the same field with every counted nucleus circled."""
    region, grid = field.region, density.grid
    width, height = (max(1, round(extent * grid.mpp / CLOSE_UP_MPP)) for extent in (region.width, region.height))
    pixels = slide.read_scaled((region.x, region.y, region.width, region.height), width, height)
    corner = np.array([field.row * STEP, field.column * STEP])
    nuclei = density.nuclei
    found = nuclei.only(np.all((nuclei.centres >= corner) & (nuclei.centres < corner + FIELD), axis=1))
    enlarged = DETECTION_MPP / CLOSE_UP_MPP
    return draw_close_up(pixels, (found.centres - corner + 0.5) * enlarged, found.radii * enlarged, CLOSE_UP_MPP / 1000)


def draw_patches(slide: Slide, places: Sequence[Region], title: str) -> Image.Image:
    """The scanned area with the patches that a model was shown, numbered in the order in which it saw them."""
    area = slide.bounds
    picture = Image.fromarray(read_thumbnail(slide, max(PANEL)))
    scale = picture.width / area.width
    for number, place in enumerate(places, 1):
        left, top = (place.x - area.x) * scale, (place.y - area.y) * scale
        right, bottom = left + place.width * scale, top + place.height * scale
        outline_box(picture, (left, top, right, bottom), SKY)
        label(picture, ((left + right) / 2, (top + bottom) / 2), str(number), colour=SKY, anchor="mm")
    label(picture, (10, 8), title)
    if slide.mpp is not None:
        scale_bar(picture, slide.mpp / scale / 1000)
    return picture


def draw_tissue(thumbnail: Rgb, cover: TissueMap, mm_per_pixel: float | None) -> Image.Image:
    """The slide with the outlines of its tissue, folds and ink, and a scale bar where the scale is known."""
    picture = Image.fromarray(thumbnail)
    shown = [(cover.tissue, ORANGE, "tissue"), (cover.folds, PURPLE, "folds, not searched"),
             (cover.pen, SKY, "ink, not tissue")]
    line = 0
    for mask, colour, words in shown:
        if mask.any():
            outline_mask(picture, mask, colour)
            label(picture, (10, 8 + 20 * line), words, colour=colour)
            line += 1
    if mm_per_pixel is not None:
        scale_bar(picture, mm_per_pixel)
    return picture


def draw_heat(thumbnail: Rgb, mask: NDArray[np.bool_], heat: Heat, cell: float) -> Image.Image:
    """A measure over the greyed slide, with a legend; searched tissue alone is coloured.

    Args:
        thumbnail: (rows, columns, 3) uint8.
        mask: searched tissue over the same field, any resolution.
        heat: the measure, densities from 0, others from their 1st to their 99th percentile.
        cell: side of a cell in thumbnail pixels.
    """
    grey = Image.fromarray(thumbnail).convert("L").convert("RGB")
    told = heat.values[~np.isnan(heat.values)]
    low, top = (np.percentile(told, (1, 99)) if heat.shift else (0.0, told.max())) if told.size else (0.0, 0.0)
    shares = np.clip((np.nan_to_num(heat.values, nan=low) - low) / ((top - low) or 1.0), 0.0, 1.0)
    size = max(1, round(shares.shape[1] * cell)), max(1, round(shares.shape[0] * cell))
    colours = Image.fromarray(viridis(np.pad(shares, int(heat.shift > 0), mode="edge")))
    if heat.shift:
        size = round(size[0] + 2 * cell), round(size[1] + 2 * cell)
    start = round(cell * heat.shift) if heat.shift else 0
    coloured = colours.resize(size, Image.Resampling.BILINEAR).crop((start, start, start + grey.width,
                                                                     start + grey.height))
    mixed = Image.blend(grey, coloured, _HEAT_WEIGHT)
    inside = Image.fromarray(mask.astype(np.uint8) * 255).resize(grey.size, Image.Resampling.BILINEAR)
    shown = Image.composite(mixed, grey, inside)
    _legend(shown, (float(low), float(top)), heat.unit)
    return shown


def _legend(picture: Image.Image, ends: tuple[float, float], unit: str) -> None:
    width, height = min(_LEGEND[0], picture.width // 2), _LEGEND[1]
    ramp = np.broadcast_to(np.linspace(0.0, 1.0, width), (height, width))
    left, upper = 12, picture.height - 12 - height
    ImageDraw.Draw(picture).rectangle((left - 1, upper - 1, left + width, upper + height), outline=BLACK)
    picture.paste(Image.fromarray(viridis(ramp)), (left, upper))
    low, top = (f"{end:.2g}" if abs(end) < 10 else f"{end:.0f}" for end in ends)
    label(picture, (left, upper - 6), f"{low} to {top} {unit}", anchor="ls", size=13)


def draw_boxes(picture: Image.Image, regions: Sequence[Region], area: Region) -> None:
    """Box and number the regions on a picture of the whole scanned area, in place."""
    scale = picture.width / area.width
    for number, region in enumerate(regions, 1):
        left, top = (region.x - area.x) * scale, (region.y - area.y) * scale
        outline_box(picture, (left, top, left + region.width * scale, top + region.height * scale), YELLOW)
        label(picture, (left + 5, top + 3), str(number), size=17, colour=YELLOW)


def draw_close_up(pixels: Rgb, nuclei: NDArray[np.float64], radii: NDArray[np.floating],
                  mm_per_pixel: float) -> Image.Image:
    """A close-up beside the same close-up with every counted nucleus circled.

    Args:
        pixels: (rows, columns, 3) uint8.
        nuclei: (n, 2) as (row, column) in pixels of the picture.
        radii: (n,) in the same pixels.
        mm_per_pixel: its scale.
    """
    plain, marked = Image.fromarray(pixels), Image.fromarray(pixels)
    scale_bar(plain, mm_per_pixel)
    for (row, column), radius in zip(nuclei, radii, strict=True):
        outline_circle(marked, (float(column), float(row)), float(radius), YELLOW, 1)
    label(marked, (10, 8), f"{len(nuclei)} nuclei counted")
    return side_by_side([plain, marked])

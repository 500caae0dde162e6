"""Pictures of a slide: an overview with tissue, heat map and numbered boxes, and a close-up of each region."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...sources.slide import Region, Slide
from ...sources.slide_facts import Rgb
from ..drawing import (
    BLACK,
    GREEN,
    ORANGE,
    SKY,
    YELLOW,
    Colour,
    label,
    outline_box,
    outline_circle,
    outline_mask,
    scale_bar,
    side_by_side,
)
from ..figures import hexed, new_figure, picture_of, rules
from .heat import Heat, draw_heat, draw_key, heat_of
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

_BAND, _LEAST_WIDTH, _BAR = 60, 330, 110
"""Height of the words above and below panels, the width that they need, and that of a bar of colours; pixels."""


def draw_overview(slide: Slide, reading: SlideReading, ranking: Ranking) -> Image.Image:
    """The scanned area with its tissue outlined, beside it the heat map; the ranked regions numbered on both."""
    area, density = slide.bounds, reading.density
    shrink = max(area.width / PANEL[0], area.height / PANEL[1])
    thumbnail = read_thumbnail(slide, max(1, round(max(area.width, area.height) / shrink)))
    scale = area.width / thumbnail.shape[1]
    panels = [draw_tissue(thumbnail, reading.cover)]
    heat = heat_of(density, ranking) if density is not None else None
    if density is not None and heat is not None:
        panels.append(draw_heat(thumbnail, reading.cover.searched, heat, density.grid.scale / scale))
    for panel in panels:
        if ranking.example is not None:
            draw_boxes(panel, [ranking.example], area, SKY, "given")
        draw_boxes(panel, [hit.field.region for hit in ranking.hits], area)
    if slide.mpp is not None:
        scale_bar(panels[0], slide.mpp * scale / 1000)
    return _arranged(panels, reading.cover, heat)


def _arranged(panels: Sequence[Image.Image], cover: TissueMap, heat: Heat | None) -> Image.Image:
    """The panels side by side, with the key of the outlines below the first and that of the colours beside the
    second."""
    from matplotlib.lines import Line2D

    width = max(panels[0].width, _LEAST_WIDTH) * len(panels) + (_BAR if heat is not None else 0)
    with rules():
        figure = new_figure(width, panels[0].height + _BAND)
        places = figure.subplots(1, len(panels), squeeze=False).ravel()
        for axes, panel in zip(places, panels, strict=True):
            axes.set_axis_off()
            axes.imshow(np.asarray(panel))
        lines = [Line2D([], [], color=hexed(colour), label=words) for mask_of, colour, words in _OUTLINES
                 if mask_of(cover).any()]
        places[0].legend(handles=lines, loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=len(lines) or 1,
                         frameon=False)
        if heat is not None:
            draw_key(figure, places[1], heat)
        return picture_of(figure)


def _under_band(panel: Image.Image, write: Callable[[Image.Image], None]) -> Image.Image:
    """A panel below a band with words, both as wide as the words need."""
    width = max(panel.width, _LEAST_WIDTH)
    band = Image.new("RGB", (width, _BAND), BLACK)
    write(band)
    sheet = Image.new("RGB", (width, _BAND + panel.height), BLACK)
    sheet.paste(band, (0, 0))
    sheet.paste(panel, ((width - panel.width) // 2, _BAND))
    return sheet


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
    if slide.mpp is not None:
        scale_bar(picture, slide.mpp / scale / 1000)
    # The font has no micro sign.
    words = title.replace("µm", "um").replace(" at ", "\nat ", 1)
    return _under_band(picture, lambda band: label(band, (8, 4), words))


_OUTLINES: tuple[tuple[Callable[[TissueMap], NDArray[np.bool_]], Colour, str], ...] = (
    (lambda cover: cover.tissue, ORANGE, "tissue"), (lambda cover: cover.folds, GREEN, "folds, not searched"),
    (lambda cover: cover.pen, SKY, "ink, not tissue"))


def draw_tissue(thumbnail: Rgb, cover: TissueMap) -> Image.Image:
    """The slide with the outlines of its tissue, folds and ink."""
    picture = Image.fromarray(thumbnail)
    for mask_of, colour, _ in _OUTLINES:
        if mask_of(cover).any():
            outline_mask(picture, mask_of(cover), colour)
    return picture


def draw_boxes(picture: Image.Image, regions: Sequence[Region], area: Region, colour: Colour = YELLOW,
               name: str | None = None) -> None:
    """Box the regions on a picture of the whole scanned area, in place, and write their numbers or one name."""
    scale = picture.width / area.width
    for number, region in enumerate(regions, 1):
        left, top = (region.x - area.x) * scale, (region.y - area.y) * scale
        outline_box(picture, (left, top, left + region.width * scale, top + region.height * scale), colour)
        label(picture, (left + 5, top + 3), name or str(number), size=17, colour=colour)


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

"""One picture per page with every result marked, upright and level, cut to the results."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw

from ...core.boxes import BoxPt
from ...sources.page import Page, PageWord, union
from ..drawing import Colour

DPI = 110.0
NORMAL: Colour = (0, 150, 90)
ABNORMAL: Colour = (230, 120, 0)
DOUBTFUL: Colour = (210, 30, 60)
_MARGIN = 14.0
"""Points around the results. The page's head, which names the patient, stays outside unless results touch it."""
_TINT = 0.16
"""Share of the colour in the band behind a result."""
_TRIM = 0.08
"""Share of a word's height that a band leaves free above and below, so that bands of neighbouring lines part."""


def frame_of(words: Sequence[PageWord]) -> BoxPt:
    """The band behind a result, on the upright and level page: around its words, a little lower than they are high."""
    x0, y0, x1, y1 = union(word.place for word in words)
    trim = _TRIM * min(word.height for word in words)
    return x0, y0 + trim, x1, y1 - trim


def marked_page(pixels: NDArray[np.uint8], page: Page, frames: Sequence[tuple[BoxPt, Colour]],
                names: Sequence[PageWord]) -> Image.Image:
    """The part of a page that holds results, upright and level, each result on a band of its colour.

    Args:
        pixels: the unrotated page, uint8 (rows, columns, 3).
        page: its size and how it was turned and levelled to be read.
        frames: on the upright and level page in the page's unit, with their colours; at least one.
        names: the first words of the results' names, which may stand far above them; they are shown too.
    """
    picture = Image.fromarray(pixels)
    scale = picture.width / page.width
    picture = picture.rotate(page.turn, expand=True)
    if page.skew:
        picture = picture.rotate(page.skew, Image.Resampling.BICUBIC, fillcolor=(255, 255, 255))
    tint = Image.new("RGB", picture.size, (255, 255, 255))
    draw = ImageDraw.Draw(tint)
    for (x0, y0, x1, y1), colour in frames:
        left, top, right, bottom = (round(edge * scale) for edge in (x0, y0, x1, y1))
        pale = tuple(round(255 - _TINT * (255 - part)) for part in colour)
        draw.rectangle((left - 7, top, right + 3, bottom), fill=pale)
        draw.rectangle((left - 7, top, left - 5, bottom), fill=colour)
    margin = _MARGIN * (page.width / 612.0)
    x0, y0, x1, y1 = union((*(frame for frame, _ in frames), *(word.place for word in names)))
    left, top = (max(0, round((edge - margin) * scale)) for edge in (x0, y0))
    right, bottom = round((x1 + margin) * scale), round((y1 + margin) * scale)
    whole = ImageChops.multiply(picture.convert("RGB"), tint)
    return whole.crop((left, top, min(whole.width, right), min(whole.height, bottom)))

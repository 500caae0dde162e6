"""One picture per page with every result boxed, cut to the results, upright."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...core.boxes import BoxPt
from ...sources.page import Page, PageWord, union
from ..drawing import Colour, outline_box

DPI = 110.0
NORMAL: Colour = (0, 150, 90)
ABNORMAL: Colour = (230, 120, 0)
DOUBTFUL: Colour = (210, 30, 60)
_MARGIN = 14.0
"""Points around the results. The page's head, which names the patient, stays outside unless results touch it."""


def frames_of(words: Sequence[PageWord], page: Page) -> list[BoxPt]:
    """What to draw around a row: one box on a level page; on one that lies askew a box for each cell, clear of its
    neighbours."""
    if not page.skew:
        return [union(word.box for word in words)]
    cells: list[list[PageWord]] = []
    for word in sorted(words, key=lambda word: (word.line, word.place[0])):
        last = cells[-1][-1] if cells else None
        if last and last.line == word.line and word.place[0] - last.place[2] < word.height:
            cells[-1].append(word)
        else:
            cells.append([word])
    return [union(word.box for word in cell) for cell in cells]


def boxed_page(pixels: NDArray[np.uint8], page: Page, boxes: Sequence[tuple[BoxPt, Colour]]) -> Image.Image:
    """The part of a page that holds results, each in a box.

    Args:
        pixels: the unrotated page, uint8 (rows, columns, 3).
        page: its size and how it is turned upright.
        boxes: on the unrotated page in its unit, with their colours; at least one.
    """
    picture = Image.fromarray(pixels)
    scale = picture.width / page.width
    for box, colour in boxes:
        x0, y0, x1, y1 = (edge * scale for edge in box)
        outline_box(picture, (x0 - 2, y0 - 1, x1 + 2, y1 + 1), colour, thickness=1)
    margin = _MARGIN * (page.width / 612.0)
    x0, y0, x1, y1 = union(box for box, _ in boxes)
    cut = ((x0 - margin) * scale, (y0 - margin) * scale, (x1 + margin) * scale, (y1 + margin) * scale)
    left, top = (max(0, round(edge)) for edge in cut[:2])
    right, bottom = min(picture.width, round(cut[2])), min(picture.height, round(cut[3]))
    return picture.crop((left, top, right, bottom)).rotate(page.turn, expand=True)

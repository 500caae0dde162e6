"""The slices that a model was shown, on one sheet, as it was shown them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PIL import Image

from ...readers.request import Rgb
from ..drawing import BLACK, YELLOW, label

WIDTH = 1000
"""Of the sheet, in display pixels."""
MOST_COLUMNS = 10
LARGEST_TILE = 300
TITLE = 28


def draw_sheet(slices: Sequence[Rgb], numbers: Sequence[int], title: str) -> Image.Image:
    """All slices in the order shown. The large number is the label that the model was given; the small one counts the
    stored slices from 1 along the normal.

    Args:
        slices: (rows, columns, 3) uint8 each, square, at least one.
        numbers: stored slice of each.
        title: one line.
    """
    columns = min(MOST_COLUMNS, math.ceil(math.sqrt(len(slices))))
    tile = min(LARGEST_TILE, WIDTH // columns)
    rows = math.ceil(len(slices) / columns)
    sheet = Image.new("RGB", (columns * tile, rows * tile + TITLE), BLACK)
    for place, (pixels, number) in enumerate(zip(slices, numbers, strict=True)):
        x, y = place % columns * tile, place // columns * tile + TITLE
        sheet.paste(Image.fromarray(pixels).resize((tile, tile), Image.Resampling.BILINEAR), (x, y))
        label(sheet, (x + 4, y + 2), str(place + 1), size=14, colour=YELLOW)
        label(sheet, (x + tile - 4, y + tile - 4), str(number), anchor="rs", size=11)
    label(sheet, (6, 5), title, size=15)
    return sheet

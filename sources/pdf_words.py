"""Words of a PDF page's text layer, and which of them a person can see. Runs in the limited process only."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any

LEAST_HEIGHT = 3.0
"""Points; smaller words cannot be read by a person."""
LEAST_CONTRAST = 20
"""Grey levels (of 255) between the lightest and the darkest dot of a word."""
RIM = 0.12
"""Share of a word's height at its upper and lower edge where no letter is looked for, but rules of a table may lie."""
MOST_DOTS = 16_000_000
"""Of the picture in which words are looked for: one dot a point, fewer on huge pages."""
_NARROW = 3.0
"""Dots."""
_BOLD = 16
"""`TEXT_FONT_BOLD` of PyMuPDF."""

Row = list[Any]
"""[text, x0, y0, x1, y1, bold, direction x, direction y, seen]."""


def library() -> Any:
    """PyMuPDF, which carries no types; loaded here and nowhere else."""
    import pymupdf

    return pymupdf


def words_of(page: Any) -> list[Row]:
    """Words of the unrotated page's text layer without its annotations; boxes hold whole characters.

    A word counts as seen when the drawn page shows something at its place: white or covered words, words off the page,
    transparent and tiny ones do not.
    """
    pymupdf = library()
    flags = pymupdf.TEXT_PRESERVE_WHITESPACE | pymupdf.TEXT_MEDIABOX_CLIP
    drawn = drawn_page(page)
    text = pymupdf.TextPage(drawn.get_textpage(flags))
    spans = [(line, span) for block in text.extractDICT()["blocks"] for line in block.get("lines", ())
             for span in line["spans"] if span["text"].strip()]
    if not spans:
        return []
    if all(line["dir"] == (1.0, 0.0) for line, _ in spans):
        rows = level_words(text, [span for _, span in spans])
    else:
        rows = [row for block in text.extractRAWDICT()["blocks"] for line in block.get("lines", ())
                for row in words_of_line(line)]
    mark_unseen(rows, picture_in_grey(page, drawn))
    return rows


def drawn_page(page: Any) -> Any:
    """The page's display list: its content, and its filled form fields, but no notes put on it."""
    fields = page.first_widget is not None
    if fields:
        for note in list(page.annots()):
            page.delete_annot(note)
    return page.get_displaylist(annots=int(fields))


def level_words(text: Any, spans: Sequence[dict[str, Any]]) -> list[Row]:
    """Words of a page on which all text runs from left to right."""
    bold = Spots([span["bbox"] for span in spans if is_bold(span)])
    clear = Spots([span["bbox"] for span in spans if not span["alpha"]])
    return [[word, round(x0, 2), round(y0, 2), round(x1, 2), round(y1, 2), bold.hold(x0, y0, y1), 1.0, 0.0,
             not clear.hold(x0, y0, y1)] for x0, y0, x1, y1, word, *_ in text.extractWORDS()]


class Spots:
    """Boxes of spans, to look up whether a word begins in one."""

    def __init__(self, boxes: list[tuple[float, float, float, float]]) -> None:
        self._boxes = sorted(boxes, key=itemgetter(1))
        self._tops = [box[1] for box in self._boxes]
        self._tallest = max((box[3] - box[1] for box in boxes), default=0.0)

    def hold(self, x0: float, y0: float, y1: float) -> bool:
        """Whether a word with this left edge, top and bottom lies in one of the boxes."""
        if not self._boxes:
            return False
        near = self._boxes[bisect_left(self._tops, y0 - self._tallest - 1.0):bisect_right(self._tops, y0 + 0.5)]
        return any(left - 0.5 <= x0 < right and y1 <= bottom + 0.5 for left, _, right, bottom in near)


def is_bold(span: dict[str, Any]) -> bool:
    """Whether a span is set in bold type."""
    return bool(span["flags"] & _BOLD) or "bold" in span["font"].lower()


def words_of_line(line: dict[str, Any]) -> list[Row]:
    """Split a line's characters at white space."""
    words: list[Row] = []
    current: Row | None = None
    for span in line["spans"]:
        bold = is_bold(span)
        for char in span["chars"]:
            if char["c"].isspace():
                current = None
                continue
            x0, y0, x1, y1 = char["bbox"]
            if current is None:
                current = [char["c"], x0, y0, x1, y1, bold, *line["dir"], bool(span["alpha"])]
                words.append(current)
            else:
                current[0] += char["c"]
                current[1:5] = min(current[1], x0), min(current[2], y0), max(current[3], x1), max(current[4], y1)
    for word in words:
        word[1:5] = [round(edge, 2) for edge in word[1:5]]
    return words


def picture_in_grey(page: Any, drawn: Any) -> tuple[Any, float]:
    """The page drawn in grey, and dots per point."""
    pymupdf = library()
    scale = min(1.0, math.sqrt(MOST_DOTS / max(1.0, abs(page.rect))))
    return drawn.get_pixmap(matrix=pymupdf.Matrix(scale, scale), colorspace=pymupdf.csGRAY, alpha=0), scale


def mark_unseen(rows: Sequence[Row], picture: tuple[Any, float]) -> None:
    """Mark the words at whose place nothing is to be seen, and those too small to be read."""
    pixmap, scale = picture
    dots, stride, width, height = memoryview(pixmap.samples), pixmap.stride, pixmap.width, pixmap.height
    for row in rows:
        _, x0, y0, x1, y1, _, dx, dy, clear = row
        inside = RIM * (y1 - y0)
        beside = 0.0 if (x1 - x0) * scale > _NARROW else 1.0  # of a stroke no dot is left between whole ones
        left, right = max(0, math.ceil(x0 * scale - beside)), min(width, math.floor(x1 * scale + beside))
        top, bottom = max(0, math.floor((y0 + inside) * scale)), min(height, math.ceil((y1 - inside) * scale))
        tall = y1 - y0 if abs(dx) >= abs(dy) else x1 - x0
        lines = (dots[y * stride + left:y * stride + right] for y in from_middle(top, bottom))
        row[-1] = clear and tall >= LEAST_HEIGHT and right > left and differ(lines)


def from_middle(top: int, bottom: int) -> list[int]:
    """Numbers of the lines of dots from `top` up to `bottom`, the middle first, where letters have most ink."""
    middle = (top + bottom) // 2
    return [*range(middle, bottom), *range(top, middle)]


def differ(lines: Iterable[memoryview]) -> bool:
    """Whether some dots of these lines are clearly darker than others."""
    darkest, lightest = 255, 0
    for line in lines:
        darkest, lightest = min(darkest, *line), max(lightest, *line)
        if lightest - darkest >= LEAST_CONTRAST:
            return True
    return False

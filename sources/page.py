"""A page as read: words with their place, in the order in which a person reads them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, Literal

from ..core.boxes import BoxPt
from ..core.words import Word

Origin = Literal["text layer", "ocr", "blank"]


class PageWord(Word):
    """One word of a page."""

    text: str
    box: BoxPt
    """On the unrotated page: points for a PDF, pixels for a picture; origin top left."""
    place: BoxPt
    """The same word on the page turned upright and levelled, in the same unit: what reading goes by."""
    line: int = 0
    """Number of its line, from the top of the upright page."""
    bold: bool = False
    confidence: float | None = None
    """Of the OCR line it was read in, 0..1; None for a text layer."""

    def __hash__(self) -> int:
        return hash((self.text, self.place))

    @property
    def height(self) -> float:
        """Height on the upright page."""
        return self.place[3] - self.place[1]

    @property
    def middle(self) -> float:
        """Vertical middle on the upright page."""
        return (self.place[1] + self.place[3]) / 2


class Page(Word):
    """One page; `words` are sorted by line, then from left to right."""

    number: int
    """1-based."""
    width: float
    height: float
    """Size of the unrotated page, in `unit`."""
    unit: Literal["pt", "px"]
    rotation: int
    """As the file declares it: 0, 90, 180 or 270 degrees clockwise."""
    turn: int = 0
    """Degrees counter-clockwise by which the unrotated page was turned to be read."""
    skew: float = 0.0
    """Degrees by which the turned page was levelled."""
    origin: Origin
    words: tuple[PageWord, ...]
    aside: tuple[PageWord, ...] = ()
    """Words of the text layer that run in another direction (a stamp up the margin), and those that cannot be seen on
    the page: no part of the reading, and known so that they can be blanked."""
    unseen: int = 0
    """How many of them cannot be seen: white, covered, transparent, tiny or off the page."""
    repaired: bool = False
    """The file is damaged: what is read of it is what could be put together again."""

    @cached_property
    def lines(self) -> tuple[tuple[PageWord, ...], ...]:
        """The page's lines from top to bottom, each from left to right."""
        rows: dict[int, list[PageWord]] = {}
        for word in self.words:
            rows.setdefault(word.line, []).append(word)
        return tuple(tuple(row) for _, row in sorted(rows.items()))

    @cached_property
    def text(self) -> str:
        """Lines joined by newlines; words by one space, or by three where a gap separates columns."""
        return "\n".join(line_text(line) for line in self.lines)


def line_text(words: Sequence[PageWord]) -> str:
    """Words of one line as text; a gap wider than 1.2 times the word height becomes three spaces."""
    parts: list[str] = []
    end = 0.0
    for word in words:
        x0, y0, x1, y1 = word.place
        if parts:
            parts.append("   " if x0 - end > 1.2 * (y1 - y0) else " ")
        parts.append(word.text)
        end = x1
    return "".join(parts)


def in_lines(words: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Words (as the fields of `PageWord`) numbered by line and sorted for reading.

    From left to right each word joins the line whose last word it overlaps most in height (by at least half of the
    smaller height), so that a remaining slant of a scan does not tear lines apart.
    """
    lines: list[list[dict[str, Any]]] = []
    ends: list[tuple[float, float]] = []
    for word in sorted(words, key=lambda w: (w["place"][0], w["place"][1], w["text"])):
        _, top, _, bottom = word["place"]
        best, shared = -1, 0.5
        for number, (above, below) in enumerate(ends):
            if below > top and above < bottom:
                overlap = (min(below, bottom) - max(above, top)) / max(min(below - above, bottom - top), 1e-9)
                if overlap > shared:
                    best, shared = number, overlap
        if best < 0:
            lines.append([word])
            ends.append((top, bottom))
        else:
            lines[best].append(word)
            ends[best] = top, bottom
    lines.sort(key=lambda line: (sum((w["place"][1] + w["place"][3]) / 2 for w in line) / len(line),
                                 line[0]["place"][0]))
    return [word | {"line": number} for number, line in enumerate(lines) for word in line]


def union(boxes: Iterable[BoxPt]) -> BoxPt:
    """The smallest box around all boxes (at least one)."""
    first, *rest = boxes
    if not rest:
        return first
    x0, y0, x1, y1 = zip(first, *rest, strict=True)
    return min(x0), min(y0), max(x1), max(y1)

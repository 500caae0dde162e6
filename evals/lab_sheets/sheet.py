"""A made-up document page by page: a cursor that moves down, breaks pages and repeats what stands at their head."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .layouts import Layout

_BOLD = {"helv": "hebo", "tiro": "tibo", "cour": "cobo"}
_MARGIN = 45.0


def library() -> Any:
    """PyMuPDF, loaded when the first page is drawn."""
    import pymupdf

    return pymupdf


class Sheet:
    """Pages of one document; `y` is the baseline of the next line, `page` the 1-based number of the page."""

    def __init__(self, layout: Layout, head: Callable[[Sheet], None]) -> None:
        """Open an empty document; `head` draws what every page starts with."""
        pymupdf = library()

        self.layout, self._head = layout, head
        self._document: Any = pymupdf.open()
        self._page: Any = None
        self.y, self.page = 0.0, 0
        self.repeat: Callable[[], None] | None = None

    @property
    def right(self) -> float:
        """Right edge of the text."""
        return self.layout.page[0] - _MARGIN

    def new_page(self) -> None:
        """Start a page with its head, and repeat the heading row of a table that goes on."""
        width, height = self.layout.page
        self._page = self._document.new_page(width=width, height=height)
        self.page, self.y = self.page + 1, 55.0
        self._head(self)
        if self.repeat:
            self.repeat()

    def room(self, lines: float) -> None:
        """Start a new page when fewer than so many lines are left on this one."""
        if self._page is None or self.y + lines * self.layout.pitch > self.layout.page[1] - 60:
            self.new_page()

    def text(self, x: float, words: str, *, bold: bool = False, align: str = "left", size: float | None = None) -> None:
        """Write at the cursor's height; `x` is the left edge, the right one or the middle."""
        font = _BOLD[self.layout.font] if bold else self.layout.font
        size = size or self.layout.size
        for part, plain in parted(words):
            width = length(words, font, size)
            start = x - width * {"left": 0.0, "right": 1.0, "centre": 0.5}[align]
            before = length(words[:words.index(part)], font, size)
            self._page.insert_text((start + before, self.y), part, fontsize=size,
                                   fontname=font if plain else "china-s")

    def line(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Draw a thin grey line."""
        self._page.draw_line((x0, y0), (x1, y1), color=(0.5, 0.5, 0.5), width=0.5)

    def band(self, y0: float, y1: float) -> None:
        """Shade a stretch of the page's height."""
        pymupdf = library()

        self._page.draw_rect(pymupdf.Rect(_MARGIN - 6, y0, self.right + 6, y1), color=None, fill=(0.92, 0.94, 0.97),
                             overlay=False)

    def down(self, lines: float = 1.0) -> None:
        """Move the cursor."""
        self.y += lines * self.layout.pitch

    def turned(self, degrees: int) -> None:
        """Declare every page to be shown turned."""
        for page in self._document:
            page.set_rotation(degrees)

    def append(self, other: Sheet) -> None:
        """Add another document's pages behind."""
        self._document.insert_pdf(other._document)

    def to_bytes(self) -> bytes:
        """The finished PDF."""
        self._document.set_metadata({})
        data: bytes = self._document.tobytes(garbage=3, deflate=True, no_new_id=True)
        return data


def parted(words: str) -> list[tuple[str, bool]]:
    """Text cut where characters need another font: (part, whether the plain font has it)."""
    parts: list[tuple[str, bool]] = []
    for ch in words:
        plain = ord(ch) < 256
        if parts and parts[-1][1] is plain:
            parts[-1] = (parts[-1][0] + ch, plain)
        else:
            parts.append((ch, plain))
    return parts


def length(words: str, font: str, size: float) -> float:
    """Width of a text in points."""
    pymupdf = library()

    return sum(float(pymupdf.get_text_length(part, fontname=font if plain else "china-s", fontsize=size))
               for part, plain in parted(words))

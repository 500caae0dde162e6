"""The report as PDF: the same content as the page, laid out for paper, with the banner on every sheet."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from ..core.report import ReportStatus
from .chart import timeline_picture
from .html import MOST_TRENDS, environment, own_text
from .series import to_draw
from .trend import trend_picture
from .view import Place, View
from .wording import plain

if TYPE_CHECKING:
    import pymupdf

PAGE = (595.0, 842.0)
"""A4 in points."""
MARGINS = (54.0, 62.0, 54.0, 54.0)
"""Left, top, right, bottom in points."""
LEAST_ROOM = 14.0
"""Points below which nothing more is put on a sheet."""
BLOCK = "<!-- block -->"
"""Parts the template's blocks, which are kept on one sheet where they fit."""
Heading = tuple[str, int]
"""Text, sheet."""
_HEADING = re.compile(r"<h2>(.*?)</h2>")
MOST_PASSAGES = 200
MOST_ROWS = 200
"""Of a table; a PDF is for reading, and the other forms hold the rest."""
ROWS_AT_ONCE = 16
MOST_BESIDE = 60
"""Places of a picture that are told beside it; more stand below it, where text may go on over a page's end."""
TIMELINE = "timeline.png"
PICTURE_POINTS = (230.0, 200.0)
"""Largest width and height of a picture."""


def pdf_of(view: View, pictures: Mapping[str, bytes]) -> bytes:
    """The report as PDF bytes that depend on the report alone: no date of making, no random identifier.

    Args:
        view: the prepared report.
        pictures: PNG bytes by file name.
    """
    import pymupdf

    laid_out, headings = _lay_out(pymupdf, view, pictures)
    with pymupdf.open("pdf", laid_out) as document:  # type: ignore[no-untyped-call]  # not annotated
        for number, page in enumerate(document, 1):
            _furnish(page, view, number, document.page_count)
        document.set_toc([[1, title, number] for title, number in headings])
        document.set_metadata({"title": "Case review", "subject": view.banner,
                               "producer": f"Caseloom {_version(view)}".rstrip()})
        return bytes(document.tobytes(garbage=3, deflate=True, no_new_id=True, reproducible=True))


def _version(view: View) -> str:
    """Of the Caseloom that made the report; empty where the report does not say."""
    return plain(str(view.report.provenance.get("versions", {}).get("caseloom", "")))


def _lay_out(pymupdf: Any, view: View, pictures: Mapping[str, bytes]) -> tuple[bytes, list[Heading]]:
    """The sheets without banner and number, and where the headings are.

    Every block of the template is laid out by itself, because a long run of text loses what lies around a page's end.
    """
    archive = pymupdf.Archive()
    charts = [Chart(analyte.name, analyte.unit, f"trend-{n}.png", trend_picture(analyte)) for n, analyte in enumerate(
        to_draw(view.analytes)[:MOST_TRENDS])]
    drawn = {chart.file: chart.picture for chart in charts}
    if (timeline := timeline_picture(view.report.timeline)) is not None:
        drawn[TIMELINE] = timeline
    for name, data in {**pictures, **drawn}.items():
        archive.add((data, name))
    html = environment().get_template("report.pdf.html.j2").render(
        view=view, report=view.report, pictures=pictures,
        widths={name: _width(pymupdf, data) for name, data in pictures.items()}, cited_places=_cited_places(view),
        charts=charts, timeline=TIMELINE if TIMELINE in drawn else None, most_rows=MOST_ROWS, most_beside=MOST_BESIDE,
        rows_at_once=ROWS_AT_ONCE,
        version=_version(view))
    css, stream, headings = own_text("pdf.css"), io.BytesIO(), []
    sheets = _Sheets(pymupdf, pymupdf.DocumentWriter(stream))
    for block in html.split(BLOCK):
        if block.strip():
            page = sheets.place(pymupdf.Story(block, user_css=css, archive=archive))
            headings += [(unescape(title), page) for title in _HEADING.findall(block)]
    sheets.close()
    return stream.getvalue(), headings


@dataclass(frozen=True)
class Chart:
    """A trend on paper: what it is of, and its PNG under a name."""

    name: str
    unit: str
    file: str
    picture: bytes


class _Sheets:
    """Fills sheets from top to bottom, one block after the other; a block goes to a new sheet where it does not fit."""

    def __init__(self, pymupdf: Any, writer: Any) -> None:
        self._sheet = pymupdf.Rect(0, 0, *PAGE)
        self._inner = pymupdf.Rect(MARGINS[0], MARGINS[1], PAGE[0] - MARGINS[2], PAGE[1] - MARGINS[3])
        self._rect, self._writer = pymupdf.Rect, writer
        self._count, self._used, self._device = 0, self._inner.y1, None

    def place(self, story: Any) -> int:
        """Draw a block and give back the number of the sheet it begins on."""
        room = self._rect(self._inner.x0, self._used, self._inner.x1, self._inner.y1)
        more, filled = story.place(room)
        if more or not self._count or room.height < LEAST_ROOM:
            self._new_sheet()
            story.reset()
            more, filled = story.place(self._inner)
        first = self._count
        story.draw(self._device)
        while more:
            self._new_sheet()
            more, filled = story.place(self._inner)
            story.draw(self._device)
        self._used = filled[3]
        return first

    def close(self) -> None:
        """End the last sheet and the document."""
        if self._count:
            self._writer.end_page()
        self._writer.close()

    def _new_sheet(self) -> None:
        if self._count:
            self._writer.end_page()
        self._device = self._writer.begin_page(self._sheet)
        self._count += 1


def _width(pymupdf: Any, data: bytes) -> int:
    """Width in points at which the picture fits its frame."""
    picture = pymupdf.Pixmap(data)
    scale = min(PICTURE_POINTS[0] / picture.width, PICTURE_POINTS[1] / picture.height)
    return int(picture.width * scale)


def _cited_places(view: View) -> list[Place]:
    """Evidence without a picture that a sentence cites, as far as it fits a few pages."""
    cited = [place for places in view.places.values() for place in places if place.backlinks]
    return cited[:MOST_PASSAGES]


def _watermark(page: pymupdf.Page, word: str) -> None:
    """Pale grey, behind the text, along the diagonal of the sheet."""
    import pymupdf

    size = 150.0 if len(word) <= len("DRAFT") else 100.0
    middle = pymupdf.Point(PAGE[0] / 2, PAGE[1] / 2)  # type: ignore[no-untyped-call]  # not annotated
    start = middle - (pymupdf.get_text_length(word, "hebo", size) / 2, -size / 3)
    page.insert_text(start, word, fontname="hebo", fontsize=size, color=(0.93, 0.93, 0.93), overlay=False,
                     morph=(middle, pymupdf.Matrix(55)))  # type: ignore[no-untyped-call]  # not annotated


def _furnish(page: pymupdf.Page, view: View, number: int, count: int) -> None:
    """The banner above, the page number below, and behind the text of what is not signed a word that says so."""
    left, right = MARGINS[0], PAGE[0] - MARGINS[2]
    css = own_text("pdf.css")
    page.insert_htmlbox((left, 26, right, 44), str(Markup('<p class="banner">{}</p>').format(view.banner)), css=css)
    if view.report.status is not ReportStatus.SIGNED:
        _watermark(page, view.report.status.value.upper())
    page.draw_line((left, 46), (right, 46), color=(0.54, 0.17, 0.02), width=0.6)
    page.insert_htmlbox((left, PAGE[1] - 40, right, PAGE[1] - 24), f'<p class="number">{number} / {count}</p>', css=css)

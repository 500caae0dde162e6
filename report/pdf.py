"""The report as PDF: the same content as the page, laid out for paper, with the banner on every sheet."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from .html import environment, own_text
from .view import Place, View

if TYPE_CHECKING:
    import pymupdf

PAGE = (595.0, 842.0)
"""A4 in points."""
MARGINS = (54.0, 62.0, 54.0, 54.0)
"""Left, top, right, bottom in points."""
Heading = tuple[int, str, int]
"""Level, text, page."""
MOST_PASSAGES = 200
PICTURE_POINTS = (230.0, 200.0)
"""Largest width and height of a picture."""


def pdf_of(view: View, pictures: Mapping[str, bytes]) -> bytes:
    """The report as PDF bytes that depend on the report alone: no date of making, no random identifier.

    Args:
        view: the prepared report.
        pictures: PNG bytes by file name.
    """
    import pymupdf

    headings: list[Heading] = []
    laid_out = _lay_out(pymupdf, view, pictures, headings)
    with pymupdf.open("pdf", laid_out) as document:  # type: ignore[no-untyped-call]  # not annotated
        for number, page in enumerate(document, 1):
            _furnish(page, view, number, document.page_count)
        document.set_toc([[1, title, number] for level, title, number in headings if level == 2])
        document.set_metadata({"title": "Case review", "subject": view.banner, "producer": "Caseloom"})
        return bytes(document.tobytes(garbage=3, deflate=True, no_new_id=True, reproducible=True))


def _lay_out(pymupdf: Any, view: View, pictures: Mapping[str, bytes],
             headings: list[Heading]) -> bytes:
    archive = pymupdf.Archive()
    for name, data in pictures.items():
        archive.add((data, name))
    html = environment().get_template("report.pdf.html.j2").render(
        view=view, report=view.report, css=Markup(own_text("pdf.css")), pictures=pictures,  # noqa: S704 - our own file
        widths={name: _width(pymupdf, data) for name, data in pictures.items()}, cited_places=_cited_places(view))
    story = pymupdf.Story(html, archive=archive)
    sheet = pymupdf.Rect(0, 0, *PAGE)
    inner = pymupdf.Rect(MARGINS[0], MARGINS[1], PAGE[0] - MARGINS[2], PAGE[1] - MARGINS[3])

    def note(position: Any) -> None:
        if position.open_close & 1 and position.heading:
            headings.append((position.heading, position.text or "", position.page_num))

    stream = io.BytesIO()
    writer = pymupdf.DocumentWriter(stream)
    story.write(writer, lambda number, filled: (sheet, inner, None), positionfn=note)
    writer.close()
    return stream.getvalue()


def _width(pymupdf: Any, data: bytes) -> int:
    """Width in points at which the picture fits its frame."""
    picture = pymupdf.Pixmap(data)
    scale = min(PICTURE_POINTS[0] / picture.width, PICTURE_POINTS[1] / picture.height)
    return int(picture.width * scale)


def _cited_places(view: View) -> list[Place]:
    """Evidence without a picture that a sentence cites, as far as it fits a few pages."""
    cited = [place for places in view.places.values() for place in places if place.backlinks]
    return cited[:MOST_PASSAGES]


def _furnish(page: pymupdf.Page, view: View, number: int, count: int) -> None:
    """The banner above and the page number below."""
    left, right = MARGINS[0], PAGE[0] - MARGINS[2]
    css = own_text("pdf.css")
    page.insert_htmlbox((left, 26, right, 44), str(Markup('<p class="banner">{}</p>').format(view.banner)), css=css)
    page.draw_line((left, 46), (right, 46), color=(0.54, 0.17, 0.02), width=0.6)
    page.insert_htmlbox((left, PAGE[1] - 40, right, PAGE[1] - 24), f'<p class="number">{number} / {count}</p>', css=css)

"""What a person cannot see on a page is no part of its reading."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pymupdf
import pytest

from caseloom.core.settings import Limits
from caseloom.sources.document import Document, read_document

WHITE = (1.0, 1.0, 1.0)


def read(folder: Path, put: Callable[[pymupdf.Page], object]) -> Document:
    """A page with a row of results and something put on it."""
    with pymupdf.open() as made:
        page = made.new_page(width=600, height=800)
        for x, text in ((50, "Glucose"), (200, "95"), (260, "mg/dL"), (340, "70 - 99")):
            page.insert_text((x, 100), text, fontsize=9)
        put(page)
        path = folder / "page.pdf"
        made.save(path)
    return read_document(path, hashlib.sha256(path.read_bytes()).hexdigest(), folder, Limits())


def text_at(y: float, **options: Any) -> Callable[[pymupdf.Page], object]:
    return lambda page: page.insert_text((50, y), "Sodium 188", **{"fontsize": 9, **options})


def covered(page: pymupdf.Page) -> None:
    page.insert_text((50, 120), "Sodium 188", fontsize=9)
    page.draw_rect((40, 108, 300, 125), color=None, fill=WHITE)


def blacked_out(page: pymupdf.Page) -> None:
    page.insert_text((50, 120), "Sodium 188", fontsize=9)
    page.draw_rect((40, 108, 300, 125), color=None, fill=(0.0, 0.0, 0.0))


@pytest.mark.parametrize("put", [
    text_at(120, color=WHITE), text_at(120, color=(0.96, 0.96, 0.96)), text_at(120, fontsize=1), text_at(900),
    text_at(120, render_mode=3), text_at(120, fill_opacity=0, stroke_opacity=0), covered, blacked_out,
    lambda page: page.insert_text((-300, 120), "Sodium 188", fontsize=9),
    lambda page: page.add_freetext_annot((50, 110, 200, 125), "Sodium 188", fontsize=9),
    lambda page: page.add_text_annot((50, 110), "Sodium 188")],
    ids=["white", "nearly white", "tiny", "below the page", "invisible", "transparent", "covered", "blacked out",
         "left of the page", "a note", "a comment"])
def test_words_that_cannot_be_seen_are_no_part_of_the_reading(
        tmp_path: Path, put: Callable[[pymupdf.Page], object]) -> None:
    document = read(tmp_path, put)
    assert document.pages[0].text == "Glucose   95   mg/dL   70 - 99"


def test_unseen_words_are_counted_and_known_so_that_they_can_be_blanked(tmp_path: Path) -> None:
    page = read(tmp_path, text_at(120, color=WHITE)).pages[0]
    assert page.unseen == 2
    assert [word.text for word in page.aside] == ["Sodium", "188"]


def test_white_words_on_a_dark_band_and_grey_ones_are_seen(tmp_path: Path) -> None:
    def put(page: pymupdf.Page) -> None:
        page.draw_rect((40, 108, 300, 125), color=None, fill=(0.1, 0.2, 0.5))
        page.insert_text((50, 120), "TEST RESULT", fontsize=9, color=WHITE)
        page.insert_text((50, 140), "Page 1 of 2 - draft / copy", fontsize=6, color=(0.6, 0.6, 0.6))

    page = read(tmp_path, put).pages[0]
    assert page.unseen == 0
    assert page.text.splitlines()[1:] == ["TEST RESULT", "Page 1 of 2 - draft / copy"]


def test_a_filled_field_of_a_form_is_read(tmp_path: Path) -> None:
    def put(page: pymupdf.Page) -> None:
        field = pymupdf.Widget()
        field.field_name, field.field_type = "result", pymupdf.PDF_WIDGET_TYPE_TEXT
        field.rect, field.field_value, field.text_fontsize = pymupdf.Rect(200, 110, 260, 124), "139", 9
        page.add_widget(field)
        page.insert_text((50, 120), "Sodium", fontsize=9)
        page.add_freetext_annot((300, 110, 400, 125), "note 7", fontsize=9)

    assert read(tmp_path, put).pages[0].text.splitlines()[1] == "Sodium   139"

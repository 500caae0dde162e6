"""Scans in every wrapping: mixed with native pages, under invisible text, as pictures of one page or several."""

import hashlib
import io
from pathlib import Path

import numpy as np
import pymupdf
import pytest
from PIL import Image

from caseloom.core.settings import Limits
from caseloom.sources.document import Document, read_document

LINES = ("LABORATORY REPORT", "Glucose      142     mg/dL     70 - 99", "Sodium       139     mmol/L    135 - 145",
         "Potassium    4.1     mmol/L    3.5 - 5.1")


def read(path: Path) -> Document:
    return read_document(path, hashlib.sha256(path.read_bytes()).hexdigest(), path.parent, Limits())


def draw(document: pymupdf.Document, first: str = LINES[0]) -> pymupdf.Page:
    page = document.new_page(width=400, height=200)
    for number, line in enumerate((first, *LINES[1:])):
        page.insert_text((30, 50 + 30 * number), line, fontsize=11, fontname="cour")
    return page


@pytest.fixture(scope="module")
def scan() -> Image.Image:
    """A drawn page as a grey picture of 200 dots an inch."""
    with pymupdf.open() as made:
        pixmap = draw(made).get_pixmap(dpi=200, colorspace=pymupdf.csGRAY)
        return Image.frombytes("L", (pixmap.width, pixmap.height), pixmap.samples)


def stored(picture: Image.Image, form: str) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, form)
    return stream.getvalue()


def numbers(page_text: str) -> list[str]:
    return [line.split()[1] for line in page_text.splitlines() if line.startswith(("Glucose", "Sodium", "Potassium"))]


def test_only_pages_without_text_are_read_by_ocr(tmp_path: Path, scan: Image.Image) -> None:
    with pymupdf.open() as made:
        draw(made)
        made.new_page(width=400, height=200).insert_image((0, 0, 400, 200), stream=stored(scan, "JPEG"))
        draw(made, "CONTINUED")
        made.save(tmp_path / "mixed.pdf")
    document = read(tmp_path / "mixed.pdf")
    assert [page.origin for page in document.pages] == ["text layer", "ocr", "text layer"]
    assert [numbers(page.text) for page in document.pages] == [["142", "139", "4.1"]] * 3


def test_an_invisible_text_layer_does_not_speak_for_the_scan_above_it(tmp_path: Path, scan: Image.Image) -> None:
    with pymupdf.open() as made:
        page = made.new_page(width=400, height=200)
        page.insert_image((0, 0, 400, 200), stream=stored(scan, "PNG"))
        for number in range(12):
            page.insert_text((30, 20 + 14 * number), "Glucose 999 mg/dL 70 - 99", fontsize=11, render_mode=3)
        made.save(tmp_path / "searchable.pdf")
    page_read = read(tmp_path / "searchable.pdf").pages[0]
    assert page_read.origin == "ocr"
    assert numbers(page_read.text) == ["142", "139", "4.1"]


def test_pages_of_a_tiff_are_read_each_the_way_it_lies(tmp_path: Path, scan: Image.Image) -> None:
    others = [scan.rotate(180), scan.rotate(2.0, Image.Resampling.BICUBIC, fillcolor=255)]
    scan.save(tmp_path / "pages.tiff", save_all=True, append_images=others)
    document = read(tmp_path / "pages.tiff")
    assert [numbers(page.text) for page in document.pages] == [["142", "139", "4.1"]] * 3
    assert [(page.turn, round(page.skew)) for page in document.pages] == [(0, 0), (180, 0), (0, -2)]
    first = document.pages[0].words[0]
    assert np.allclose(first.box, first.place, atol=0.02)


def test_a_document_that_only_its_owner_may_change_is_read(tmp_path: Path) -> None:
    with pymupdf.open() as made:
        draw(made)
        made.save(tmp_path / "owned.pdf", encryption=pymupdf.PDF_ENCRYPT_AES_256, owner_pw="secret", user_pw="")
    assert numbers(read(tmp_path / "owned.pdf").pages[0].text) == ["142", "139", "4.1"]

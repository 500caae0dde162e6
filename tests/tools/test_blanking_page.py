"""Identities painted over on page pictures, on generated and real pages."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pymupdf
import pytest
from numpy.typing import NDArray

from caseloom.core.case import Identity, Patient
from caseloom.core.ids import normalise_identifier, normalise_name
from caseloom.core.settings import Limits
from caseloom.sources.document import Document, read_document, render_page
from caseloom.tools.blanking import blank_page, people_of
from caseloom.tools.blanking.page import identity_words

DPI = 100.0


def read(path: Path, cache: Path) -> Document:
    return read_document(path, hashlib.sha256(path.read_bytes()).hexdigest(), cache, Limits())


def blanked(path: Path, document: Document, number: int, people: tuple[Identity, ...]) -> tuple[
        NDArray[np.uint8], NDArray[np.uint8]]:
    """A page's picture before and after."""
    pixels = render_page(path, number, DPI, Limits())
    return pixels, blank_page(pixels, document.pages[number - 1], people)


def under(pixels: NDArray[np.uint8], box: tuple[float, ...], width: float) -> NDArray[np.uint8]:
    scale = pixels.shape[1] / width
    x0, y0, x1, y1 = (round(edge * scale) for edge in box)
    return pixels[y0:y1, x0:x1].reshape(-1, 3)


@pytest.fixture
def page_of_anna(tmp_path: Path) -> Path:
    """A laboratory report with its patient in the head, in the text, and up the margin."""
    path = tmp_path / "report.pdf"
    with pymupdf.open() as document:
        page = document.new_page()
        page.insert_text((72, 72), "Patient name: Ohm, Anna     MRN: A77-1     DOB: 03.02.1950")
        page.insert_text((72, 120), "Potassium     4.1     mmol/L     3.5 - 5.1")
        page.insert_text((72, 140), "White cells   5.0     x10*9/L    4.0 - 10.0")
        page.insert_text((72, 200), "Ms Ohm was fasting. Collected 2025-03-04")
        page.insert_text((40, 400), "ANNA OHM A77-1", rotate=90)
        document.save(path)
    return path


def test_the_pixels_under_every_identity_are_uniform_and_the_rest_is_untouched(
        tmp_path: Path, page_of_anna: Path) -> None:
    document = read(page_of_anna, tmp_path)
    page = document.pages[0]
    people = people_of(Patient(id="A77-1", names=("Anna Ohm",), birth_date="1950-02-03"))
    before, after = blanked(page_of_anna, document, 1, people)
    hidden = identity_words(page, people)
    assert sorted(word.text.strip(".") for word in hidden) == sorted(
        ["Ohm,", "Anna", "A77-1", "03.02.1950", "Ohm", "ANNA", "OHM", "A77-1"])
    for word in hidden:
        assert len(np.unique(under(before, word.box, page.width), axis=0)) > 1
        assert len(np.unique(under(after, word.box, page.width), axis=0)) == 1
    for word in page.words:
        if word not in hidden:
            assert (under(before, word.box, page.width) == under(after, word.box, page.width)).all()


def test_a_page_is_not_changed_in_place(tmp_path: Path, page_of_anna: Path) -> None:
    document = read(page_of_anna, tmp_path)
    pixels = render_page(page_of_anna, 1, DPI, Limits())
    copy = pixels.copy()
    blank_page(pixels, document.pages[0], people_of(None, document.identities()))
    assert (pixels == copy).all()


@pytest.mark.parametrize("name", ["dev-01.pdf", "dev-03.pdf", "dev-07.pdf", "dev-11.jpg", "dev-16.pdf", "dev-20.pdf"])
def test_nothing_of_an_identity_is_left_on_published_reports(name: str, tmp_path: Path, shared_data: Path) -> None:
    path = shared_data / "lab_series" / name
    document = read(path, tmp_path)
    people = people_of(None, document.identities())
    assert people
    names = {part for who in people for text in who.names for part in normalise_name(text).split() if len(part) > 2}
    numbers = {normalise_identifier(text) for who in people for text in who.ids}
    for page in document.pages:
        hidden = identity_words(page, people)
        shown = [word for word in page.words if word not in hidden]
        left = {part for word in shown for part in normalise_name(word.text).split()} & names
        assert not left
        assert not [number for number in numbers if number in normalise_identifier(" ".join(w.text for w in shown))]
        _, after = blanked(path, document, page.number, people)
        assert all(len(np.unique(under(after, word.box, page.width), axis=0)) == 1 for word in hidden)
        assert len(shown) > 0.8 * len(page.words)

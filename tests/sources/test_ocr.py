"""Scans: turned and levelled, words mapped back to where they stand, digits right."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from caseloom.core.settings import Limits
from caseloom.sources.document import read_document
from caseloom.sources.ocr import ReadLine, levelled, original_box, skew_of, words_of


def printed_lines(skew: float) -> np.ndarray:
    picture = Image.new("L", (900, 1100), 255)
    draw = ImageDraw.Draw(picture)
    for row in range(100, 1000, 40):
        for column in range(100, 780, 30):
            draw.rectangle((column, row, column + 18, row + 12), fill=0)
    return np.asarray(picture.rotate(skew, Image.Resampling.BICUBIC, fillcolor=255))


@pytest.mark.parametrize("askew", [-3.2, -1.0, 0.0, 0.7, 2.5])
def test_skew_is_found_and_taken_out(askew: float) -> None:
    pixels = printed_lines(askew)
    assert skew_of(pixels) == pytest.approx(-askew, abs=0.15)
    assert skew_of(levelled(pixels, skew_of(pixels))) == pytest.approx(0.0, abs=0.15)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("skew", [0.0, 1.5, -2.0])
def test_boxes_lead_back_to_the_picture_as_given(turn: int, skew: float) -> None:
    pixels = np.full((300, 200), 255, dtype=np.uint8)
    pixels[100:130, 40:90] = 0
    turned = np.rot90(pixels, turn // 90)
    level = levelled(np.ascontiguousarray(turned), skew)
    rows, columns = np.nonzero(level < 128)
    place = (float(columns.min()), float(rows.min()), float(columns.max() + 1), float(rows.max() + 1))
    x0, y0, x1, y1 = original_box(place, turned.shape, turn, skew)
    slack = 1.0 if skew == 0.0 else 5.0
    assert (x0, y0, x1, y1) == pytest.approx((40, 100, 90, 130), abs=slack)


def test_words_of_a_line_split_at_spaces_and_wide_gaps() -> None:
    letters = tuple((letter, 10.0 + 10 * n, 0.0, 19.0 + 10 * n, 12.0) for n, letter in enumerate("AST13"))
    far = tuple((letter, x0 + (60.0 if letter.isdigit() else 0.0), y0, x1 + (60.0 if letter.isdigit() else 0.0), y1)
                for letter, x0, y0, x1, y1 in letters)
    line = ReadLine(text="AST13", score=0.9, box=(10.0, 0.0, 120.0, 12.0), stands=False, letters=far)
    assert [text for text, _ in words_of(line)] == ["AST", "13"]
    near = ReadLine(text="A ST13", score=0.9, box=(10.0, 0.0, 60.0, 12.0), stands=False, letters=letters)
    assert [text for text, _ in words_of(near)] == ["A", "ST13"]


def test_digits_of_a_noisy_scan(tmp_path: Path, shared_data: Path) -> None:
    """rapidocr's line classifier turns "99+" into "+66"; it has to stay off."""
    path = shared_data / "lab_reports" / "fhir_r4_101_cbc_scan.jpg"
    document = read_document(path, hashlib.sha256(path.read_bytes()).hexdigest(), tmp_path, Limits())
    page = document.pages[0]
    texts = [word.text for word in page.words]
    assert page.origin == "ocr"
    assert page.unit == "px"
    assert "99+" in texts
    assert "+66" not in texts
    assert {"0.55+", "36+", "0.9---", "0.92+++", "176", "444"} <= set(texts)
    flagged = next(word for word in page.words if word.text == "99+")
    assert flagged.confidence is not None
    assert flagged.box[0] == pytest.approx(676, abs=12)
    assert flagged.box[1] == pytest.approx(354, abs=12)


def test_an_upside_down_scan_is_turned(tmp_path: Path, shared_data: Path) -> None:
    path = shared_data / "lab_series" / "dev-14.pdf"
    document = read_document(path, hashlib.sha256(path.read_bytes()).hexdigest(), tmp_path, Limits())
    page = document.pages[0]
    assert page.turn == 180
    assert page.lines[0][0].box[1] > 0.8 * page.height, "the first line read stands at the foot of the page"
    assert "COMPLETE BLOOD COUNT" in page.text

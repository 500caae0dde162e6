"""What is no frontal chest film is refused; what is one is kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from made_film import read_grey, run_on_film, run_on_pixels
from PIL import Image, ImageDraw

from caseloom.core.refusal import RefusalCode
from caseloom.core.result import ToolResult


def code_of(result: ToolResult) -> RefusalCode:
    assert not result.findings
    (refusal,) = result.refused
    return refusal.code


@pytest.fixture(scope="module")
def film(shared_data: Path) -> np.ndarray:
    return read_grey(shared_data / "cxr_nih" / "00000001_000.png")


def test_a_blank_page_and_noise(tmp_path: Path) -> None:
    assert code_of(run_on_pixels(tmp_path, np.ones((300, 300)))) is RefusalCode.NO_TISSUE
    noise = np.random.default_rng(0).random((500, 500))
    assert code_of(run_on_pixels(tmp_path, noise)) is RefusalCode.WRONG_MODALITY


def test_a_page_of_text(tmp_path: Path) -> None:
    page = Image.new("L", (850, 1100), 255)
    draw = ImageDraw.Draw(page)
    for line in range(50):
        draw.text((60, 40 + 20 * line), "Haemoglobin 10.2 g/dL reference 12.0 to 15.5 below the range " * 2, fill=0)
    assert code_of(run_on_pixels(tmp_path, np.asarray(page) / 255)) is RefusalCode.WRONG_MODALITY


def test_scanned_pages(shared_data: Path) -> None:
    for name in ("fhir_r4_101_cbc_scan.jpg", "aws_patient_intake_form_sample.jpg", "aws_medical-notes.png"):
        assert code_of(run_on_film(shared_data / "lab_reports" / name)) is RefusalCode.WRONG_MODALITY


def test_a_colour_photograph(tmp_path: Path) -> None:
    rows, columns = np.mgrid[:200, :200]
    colours = np.stack([rows, columns, 200 - rows], axis=-1).astype(np.uint8)
    Image.fromarray(colours).save(tmp_path / "photograph.jpg")
    assert code_of(run_on_film(tmp_path / "photograph.jpg")) is RefusalCode.WRONG_MODALITY


@pytest.mark.parametrize("window", [(-600, 1500), (40, 400)])
def test_axial_ct_slices_saved_as_pictures(shared_data: Path, tmp_path: Path, window: tuple[int, int]) -> None:
    slices = sorted((shared_data / "ct_chest").rglob("*.dcm"))[::8]
    assert slices
    for path in slices:
        header = pydicom.dcmread(path)
        values = header.pixel_array * float(header.RescaleSlope) + float(header.RescaleIntercept)
        pixels = (values - window[0] + window[1] / 2) / window[1]
        assert run_on_pixels(tmp_path, pixels).refused, path.name


def test_ultrasound_saved_as_a_picture(shared_data: Path, tmp_path: Path) -> None:
    pixels = pydicom.dcmread(shared_data / "dicom_single" / "US1_J2KR.dcm").pixel_array[..., 0] / 255
    assert run_on_pixels(tmp_path, pixels).refused


def test_a_film_stored_with_black_and_white_exchanged_is_a_film(film: np.ndarray, tmp_path: Path) -> None:
    assert run_on_pixels(tmp_path, 1 - film).findings


def test_a_film_upside_down_or_on_its_side(film: np.ndarray, tmp_path: Path) -> None:
    for spoiled in (film[::-1], film.T, film.T[:, ::-1]):
        assert code_of(run_on_pixels(tmp_path, spoiled)) in (RefusalCode.WRONG_BODY_PART, RefusalCode.WRONG_MODALITY)


def test_a_part_of_a_film(film: np.ndarray, tmp_path: Path) -> None:
    for part in (film[:, :256], film[:230, :230], film[380:]):
        assert run_on_pixels(tmp_path, part).refused


def test_films_are_kept(shared_data: Path) -> None:
    films = sorted((shared_data / "cxr_longitudinal" / "images").iterdir())[::2]
    films += sorted((shared_data / "cxr_findings" / "images").iterdir())
    films += sorted((shared_data / "cxr_nih").glob("*.png"))
    kept = [path.name for path in films if not run_on_film(path).refused]
    assert len(films) - len(kept) <= 1, {path.name for path in films} - set(kept)


def test_a_film_in_a_white_page_is_found(film: np.ndarray, tmp_path: Path) -> None:
    page = np.ones((620, 600))
    page[50:562, 40:552] = film
    assert run_on_pixels(tmp_path, page).findings

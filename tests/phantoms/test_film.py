import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest

from caseloom.phantoms import CaseSpec, FilmSpec
from caseloom.phantoms.body import build_anatomy
from caseloom.phantoms.film import film_grid, measure_film


def films(case: Path) -> list[tuple[dict, pydicom.Dataset, np.ndarray]]:
    """Truth, header and brightness as displayed (dense is bright) of both films."""
    truth = json.loads((case.parent / "truth.json").read_text())
    out = []
    for study in (s for s in truth["studies"] if s["modality"] == "DX"):
        header = pydicom.dcmread(case / study["files"][0])
        pixels = header.pixel_array.astype(float)
        shown = 4095 - pixels if header.PhotometricInterpretation == "MONOCHROME1" else pixels
        out.append((study, header, shown))
    return out


def mean_in(pixels: np.ndarray, box: list[int]) -> float:
    return float(pixels[box[1] : box[3], box[0] : box[2]].mean())


def test_lungs_are_dark_and_the_heart_is_bright(small_case: Path) -> None:
    for study, _, shown in films(small_case):
        heart = mean_in(shown, study["heart_box_px"])
        for side in ("left", "right"):
            assert mean_in(shown, study["lung_boxes_px"][side]) < heart


def test_the_patients_left_is_on_the_right(small_case: Path) -> None:
    for study, header, shown in films(small_case):
        left, right = study["lung_boxes_px"]["left"], study["lung_boxes_px"]["right"]
        assert right[0] < right[2] <= left[0] < left[2]
        middle = shown.shape[1] / 2
        heart = study["heart_box_px"]
        assert heart[2] - middle > 1.4 * (middle - heart[0])
        assert list(header.PatientOrientation) == ["L", "F"]


def test_markers_are_on_their_own_side(small_case: Path) -> None:
    (_, _, left_marked), (_, _, right_marked) = films(small_case)
    for shown, side in ((left_marked, "L"), (right_marked, "R")):
        top = shown[: shown.shape[0] // 6]
        third = shown.shape[1] // 8
        assert (top[:, -third:].max() == 4095) == (side == "L")
        assert (top[:, :third].max() == 4095) == (side == "R")


def test_fluid_lifts_the_base_of_its_lung_only(small_case: Path) -> None:
    (before, _, _), (after, _, _) = films(small_case)
    assert after["lung_boxes_px"]["left"][3] < before["lung_boxes_px"]["left"][3] - 5
    assert after["lung_boxes_px"]["right"] == before["lung_boxes_px"]["right"]


def test_stored_spacing_and_ratio_agree_with_the_boxes(small_case: Path) -> None:
    study, header, _ = films(small_case)[0]
    pixel = float(header.ImagerPixelSpacing[1])
    heart = study["heart_box_px"]
    width = (study["lung_boxes_px"]["left"][2] - study["lung_boxes_px"]["right"][0]) * pixel
    assert (heart[2] - heart[0]) * pixel == pytest.approx(study["heart_width_mm"], abs=2 * pixel)
    assert width == pytest.approx(study["thorax_width_mm"], abs=2 * pixel)
    assert study["cardiothoracic_ratio"] == pytest.approx(study["heart_width_mm"] / study["thorax_width_mm"], abs=1e-3)


def test_a_larger_heart_has_a_larger_ratio(small_spec: CaseSpec) -> None:
    spec = FilmSpec(grid_mm=4.0, pixel_mm=2.0)
    ratios = []
    for scale in (1.0, 1.25):
        body = build_anatomy(replace(small_spec.body, heart_scale=scale, arms=True), film_grid(spec))
        ratios.append(measure_film(body, spec).cardiothoracic_ratio)
    assert 0.42 < ratios[0] < 0.50 < ratios[1] < 0.62

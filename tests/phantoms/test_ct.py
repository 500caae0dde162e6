import json
from pathlib import Path

import numpy as np
import pydicom
import pytest


def read_series(case: Path, files: list[str]) -> tuple[np.ndarray, list[pydicom.Dataset]]:
    slices = [pydicom.dcmread(case / name) for name in files]
    slices.sort(key=lambda d: float(d.ImagePositionPatient[2]))
    return np.stack([d.pixel_array * float(d.RescaleSlope) + float(d.RescaleIntercept) for d in slices]), slices


def ct_studies(case: Path) -> list[dict]:
    truth = json.loads((case.parent / "truth.json").read_text())
    return [s for s in truth["studies"] if s["modality"] == "CT"]


@pytest.mark.parametrize("visit", [0, 1])
def test_nodule_is_where_the_truth_says(small_case: Path, visit: int) -> None:
    study = ct_studies(small_case)[visit]
    hu, slices = read_series(small_case, study["files"])
    first = slices[0]
    nodule = study["nodules"][0]
    origin, pixel = np.array(first.ImagePositionPatient, float), float(first.PixelSpacing[0])
    z, y, x = np.indices(hu.shape)
    step = float(slices[1].ImagePositionPatient[2]) - origin[2]
    points = np.stack([origin[0] + x * pixel, origin[1] + y * pixel, origin[2] + z * step], axis=-1)
    near = np.linalg.norm(points - nodule["centre_lps_mm"], axis=-1) < nodule["diameter_mm"] / 2 + 4
    share = np.clip((hu + 860) / 895, 0, 1) * near
    centre = (points * share[..., None]).sum((0, 1, 2)) / share.sum()
    assert centre == pytest.approx(nodule["centre_lps_mm"], abs=1.0)
    assert share.sum() * pixel**2 * step / 1000 == pytest.approx(nodule["volume_ml"], rel=0.10)
    assert nodule["side"] == "right"
    assert nodule["lobe"] == "right upper lobe"


def test_headers_agree_and_order_of_files_is_not_order_of_slices(small_case: Path) -> None:
    study = ct_studies(small_case)[0]
    _, slices = read_series(small_case, study["files"])
    by_name = [pydicom.dcmread(small_case / f, stop_before_pixels=True) for f in sorted(study["files"])]
    assert len({d.SeriesInstanceUID for d in slices}) == len({d.FrameOfReferenceUID for d in slices}) == 1
    assert len({d.SOPInstanceUID for d in slices}) == len(slices)
    z = [float(d.ImagePositionPatient[2]) for d in by_name]
    assert z != sorted(z)
    gaps = np.diff([float(d.ImagePositionPatient[2]) for d in slices])
    assert np.allclose(gaps, float(slices[0].SpacingBetweenSlices))
    instances = [int(d.InstanceNumber) for d in slices]
    assert instances == sorted(instances, reverse=True)
    assert slices[0].PatientComments.startswith("SYNTHETIC")
    assert slices[0].PatientAge == "063Y"


def test_both_transfer_syntaxes_are_written(small_case: Path) -> None:
    first, second = (pydicom.dcmread(small_case / s["files"][0]).file_meta for s in ct_studies(small_case))
    assert first.TransferSyntaxUID == pydicom.uid.JPEGLSLossless
    assert second.TransferSyntaxUID == pydicom.uid.ExplicitVRLittleEndian


def test_dates_do_not_share_a_frame_of_reference(small_case: Path) -> None:
    first, second = (pydicom.dcmread(small_case / s["files"][0]) for s in ct_studies(small_case))
    assert first.FrameOfReferenceUID != second.FrameOfReferenceUID
    assert first.PatientID == second.PatientID
    assert float(second.ImagePositionPatient[0]) - float(first.ImagePositionPatient[0]) == pytest.approx(5.0)


def test_fluid_takes_room_from_one_lung(small_case: Path) -> None:
    before, after = ct_studies(small_case)
    assert before["effusion"] is None
    assert after["effusion"]["side"] == "left"
    lost = before["lung_ml"]["left"] - after["lung_ml"]["left"]
    assert lost == pytest.approx(after["effusion"]["volume_ml"], rel=0.02)
    assert before["lung_ml"]["right"] == pytest.approx(after["lung_ml"]["right"])

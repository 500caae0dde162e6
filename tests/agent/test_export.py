"""Every form that other systems read: read back by the field's own library, it says what the report says."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path

import highdicom
import jsonschema
import nibabel
import numpy as np
import pydicom
import pytest
from PIL import Image

import caseloom
from caseloom.agent.handover import made
from caseloom.core.case import Case
from caseloom.core.errors import RefusedFile, UsageError
from caseloom.core.forms import Form
from caseloom.core.report import Report, ReportStatus, Signature
from caseloom.report.export.dicom_seg import write_segmentations
from caseloom.report.export.dicom_sr import findings_in, report_of, write_reports
from caseloom.report.export.material import Exported, Material, from_headers
from caseloom.report.export.table import csv_of

LUNG = -400


def test_a_name_of_one_component_is_taken_over_without_a_warning() -> None:
    with from_headers():
        highdicom.base.check_person_name("Lung-A0001")
    with pytest.warns(UserWarning, match="intended person name"):
        highdicom.base.check_person_name("Lung-A0001")


@pytest.fixture(scope="module")
def exported(demo: Path, reviewed: tuple[Report, Path]) -> tuple[Exported, Path]:
    _, out = reviewed
    folder = out.parent / "exported"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CASELOOM_HOME", str(out.parent / "home"))
        return caseloom.export_case(demo, ["all"], folder), folder


@pytest.fixture(scope="module")
def case(demo: Path, reviewed: tuple[Report, Path]) -> Case:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CASELOOM_HOME", str(reviewed[1].parent / "home"))
        return caseloom.open_case(demo)


def slices(case: Case, series_uid: str) -> list[pydicom.Dataset]:
    series = next(series for study in case.studies for series in study.series if series.uid == series_uid)
    return [pydicom.dcmread(case.root / file.path) for file in series.files]


def test_every_form_is_written_and_what_one_cannot_hold_is_told(exported: tuple[Exported, Path]) -> None:
    done, folder = exported
    (left_out,) = done.left_out
    assert re.match(r"fhir: \d+ findings that are no Observation and that no sentence names", left_out)
    names = {str(path.relative_to(folder)) for path in done.files}
    assert {"report.json", "report.schema.json", "report.md", "report.html", "report.pdf", "fhir.json", "findings.csv",
            "slide-1.geojson", "measurements-1.dcm", "segmentation-1.dcm", "report.dcm"} <= names
    assert all(path.is_file() for path in done.files)


def test_the_report_follows_its_published_schema(exported: tuple[Exported, Path]) -> None:
    _, folder = exported
    schema = json.loads((folder / "report.schema.json").read_text("utf-8"))
    report = json.loads((folder / "report.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(report, schema)
    report["findings"][0]["status"] = "guessed"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(report, schema)


def test_segments_lie_on_the_source_voxel_by_voxel(exported: tuple[Exported, Path], case: Case) -> None:
    _, folder = exported
    seg = highdicom.seg.segread(folder / "segmentation-1.dcm")
    sources = slices(case, seg.ReferencedSeriesSequence[0].SeriesInstanceUID)
    stored = {tuple(np.round(one.ImagePositionPatient, 3)): one for one in sources}
    assert [d.SegmentLabel for d in seg.SegmentSequence] == ["Right lung", "Left lung"]
    assert (seg.PatientID, seg.StudyInstanceUID) == (sources[0].PatientID, sources[0].StudyInstanceUID)
    masks = {label: np.zeros((len(sources), *sources[0].pixel_array.shape), bool) for label in (1, 2)}
    heights = sorted(stored, key=lambda place: place[2])
    for frame, groups in zip(seg.pixel_array, seg.PerFrameFunctionalGroupsSequence, strict=True):
        place = tuple(np.round(groups.PlanePositionSequence[0].ImagePositionPatient, 3))
        number = groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        masks[number][heights.index(place)] = frame > 0
    orientation = seg.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence[0].ImageOrientationPatient
    assert np.allclose(orientation, sources[0].ImageOrientationPatient)
    hu = np.stack([stored[place].pixel_array * stored[place].RescaleSlope + stored[place].RescaleIntercept
                   for place in heights])
    for mask in masks.values():
        assert mask.sum() > 1000
        assert np.mean(hu[mask] < LUNG) > 0.95
    columns = [np.argwhere(masks[number])[:, 2].mean() for number in (1, 2)]
    assert columns[0] < columns[1]  # the patient's right lies at the left of an axial slice


def test_segments_are_the_masks_of_the_report(exported: tuple[Exported, Path], reviewed: tuple[Report, Path]) -> None:
    _, folder = exported
    report, out = reviewed
    seg = highdicom.seg.segread(folder / "segmentation-1.dcm")
    uid = seg.ReferencedSeriesSequence[0].SeriesInstanceUID
    sites = {key: finding.site for finding in report.findings for key in finding.evidence}
    masked = {sites[item.id]: item for item in report.evidence
              if item.mask and getattr(item.locator, "series_uid", "") == uid}
    assert set(masked) == {"Right lung", "Left lung"}
    for number, segment in enumerate(seg.SegmentSequence, start=1):
        item = masked[segment.SegmentLabel]
        image = nibabel.load(out / item.mask)
        volume = seg.get_volume(segment_numbers=[number], combine_segments=True)
        voxels = np.argwhere(volume.array.squeeze() > 0)
        lps = volume.map_indices_to_reference(voxels)
        ras = nibabel.affines.apply_affine(np.linalg.inv(image.affine), lps * [-1, -1, 1])
        at = np.rint(ras).astype(int)
        assert np.abs(ras - at).max() < 1e-3
        mask = np.asarray(image.dataobj)
        assert mask[tuple(at.T)].all()
        assert len(voxels) == int(mask.sum())


def test_a_structured_report_holds_the_numbers_and_the_images(
    exported: tuple[Exported, Path], reviewed: tuple[Report, Path], case: Case
) -> None:
    _, folder = exported
    report, _ = reviewed
    told: dict[str, float] = {}
    referenced: set[str] = set()
    for path in sorted(folder.glob("measurements-*.dcm")):
        sr = highdicom.sr.srread(path)
        assert (sr.CompletionFlag, sr.VerificationFlag) == ("PARTIAL", "UNVERIFIED")
        content = sr.content
        groups = [*content.get_image_measurement_groups(), *content.get_planar_roi_measurement_groups()]
        for group in groups:
            for measurement in group.get_measurements():
                told[group.tracking_identifier] = float(measurement.value)
        referenced |= {item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for item in _images(sr)}
    numbers = {finding.id: finding.value.number for finding in report.findings
               if finding.id in told and finding.value is not None}
    assert len(told) >= 10
    assert told == pytest.approx(numbers)
    assert referenced <= {file.instance_uid for file in case.files}


def test_a_signed_report_is_complete_and_verified_by_name(reviewed: tuple[Report, Path], case: Case) -> None:
    who = Signature(name="Dr. Ada^=\\ Example", account="ada", signed_at="2025-03-05T10:00:00+00:00",
                    content_sha256="0" * 64)
    signed = reviewed[0].model_copy(update={"status": ReportStatus.SIGNED, "signature": who})
    material = Material(signed, case, reviewed[1])
    study = next(study for study in case.studies if study.kind == "film")
    sr = report_of(material, study, findings_in(material, study), 1)
    assert (sr.CompletionFlag, sr.VerificationFlag) == ("COMPLETE", "VERIFIED")
    assert str(sr.VerifyingObserverSequence[0].VerifyingObserverName) == "Dr. Ada    Example^"
    assert sr.VerifyingObserverSequence[0].VerificationDateTime == "20250305100000+0000"


def test_a_film_without_a_dicom_identity_is_left_out_and_the_other_forms_are_written(
    demo: Path, tmp_path: Path, home: Path
) -> None:
    film = pydicom.dcmread(next((demo / "films").rglob("*.dcm"))).pixel_array
    (tmp_path / "case").mkdir()
    for name in ("film.jpg", "film.png"):
        Image.fromarray((film >> 4).astype(np.uint8)).save(tmp_path / "case" / name)
    caseloom.review_case(tmp_path / "case")
    done = caseloom.export_case(tmp_path / "case", ["all"], tmp_path / "out")
    assert {"report.json", "report.pdf", "fhir.json", "findings.csv"} <= {path.name for path in done.files}
    told = [line for line in done.left_out if line.startswith("dicom-sr")]
    assert len(told) == 2 and all("film film." in line and "has no DICOM identity" in line for line in told)


def test_a_mask_that_is_damaged_is_left_out(reviewed: tuple[Report, Path], case: Case, tmp_path: Path) -> None:
    shutil.copytree(reviewed[1] / "masks", tmp_path / "masks")
    for mask in (tmp_path / "masks").iterdir():
        mask.write_bytes(b"no mask")
    done = write_segmentations(Material(reviewed[0], case, tmp_path), tmp_path / "out")
    assert done.files == []
    assert all("is gone or damaged" in line for line in done.left_out) and done.left_out


def test_a_form_that_fails_costs_no_other(reviewed: tuple[Report, Path], case: Case, tmp_path: Path) -> None:
    material = Material(reviewed[0].model_copy(update={"evidence": None}), case, reviewed[1])
    failed, written = (made(material, form, tmp_path) for form in (Form.CSV, Form.JSON))
    assert failed.files == [] and "could not be made (TypeError)" in failed.left_out[0]
    assert "report.json" in {path.name for path in written.files}


def test_a_header_that_no_object_can_be_made_from_is_told() -> None:
    with pytest.raises(RefusedFile, match="AttributeError"), from_headers():
        _ = pydicom.Dataset().StudyInstanceUID


def test_a_file_that_changed_since_is_not_referred_to(reviewed: tuple[Report, Path], case: Case, tmp_path: Path
                                                      ) -> None:
    shutil.copytree(case.root / "films", tmp_path / "films")
    for file in (tmp_path / "films").rglob("*.dcm"):
        file.write_bytes(file.read_bytes() + b"0")
    material = Material(reviewed[0], case.model_copy(update={"root": tmp_path}), reviewed[1])
    done = write_reports(material, tmp_path / "out")
    assert done.files == []
    assert any("not the one that was reviewed" in line for line in done.left_out)


def _images(dataset: pydicom.Dataset) -> list[pydicom.Dataset]:
    found = [dataset] if dataset.get("ValueType") == "IMAGE" else []
    return found + [image for item in dataset.get("ContentSequence", []) for image in _images(item)]


def test_a_drawn_box_is_the_evidences(exported: tuple[Exported, Path], reviewed: tuple[Report, Path]) -> None:
    _, folder = exported
    boxes = {item.id: item.locator.box for item in reviewed[0].evidence if getattr(item.locator, "box", None)}
    cited = {finding.id: finding.evidence for finding in reviewed[0].findings}
    checked = 0
    for path in sorted(folder.glob("measurements-*.dcm")):
        for group in highdicom.sr.srread(path).content.get_planar_roi_measurement_groups():
            points = group.roi.value
            box = (*points.min(axis=0), *points.max(axis=0))
            assert any(np.allclose(box, boxes[key], atol=0.01)
                       for key in cited[group.tracking_identifier] if key in boxes)
            checked += 1
    assert checked > 0


def test_the_pdf_is_the_reports_own(exported: tuple[Exported, Path], reviewed: tuple[Report, Path]) -> None:
    _, folder = exported
    held = pydicom.dcmread(folder / "report.dcm")
    pdf = (folder / "report.pdf").read_bytes()
    assert held.EncapsulatedDocument[:held.EncapsulatedDocumentLength] == pdf
    assert pdf == (reviewed[1] / "report.pdf").read_bytes()
    assert held.VerificationFlag == "UNVERIFIED"


def test_the_table_has_a_row_for_each_finding(exported: tuple[Exported, Path], reviewed: tuple[Report, Path]) -> None:
    _, folder = exported
    with (folder / "findings.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    report = reviewed[0]
    assert [row["finding"] for row in rows] == [finding.id for finding in report.findings]
    assert [float(row["number"]) for row in rows if row["number"]] == [
        finding.value.number for finding in report.findings if finding.value and finding.value.number is not None]


def test_a_formula_in_a_name_stays_text(reviewed: tuple[Report, Path]) -> None:
    report = reviewed[0]
    first = report.findings[0].model_copy(update={"name": "=HYPERLINK(1)", "site": "-5"})
    row = next(csv.DictReader(csv_of(report.model_copy(update={"findings": (first,)})).splitlines()))
    assert (row["name"], row["site"]) == ("'=HYPERLINK(1)", "-5")


def test_regions_are_in_level_0_pixels(exported: tuple[Exported, Path], reviewed: tuple[Report, Path]) -> None:
    _, folder = exported
    features = json.loads((folder / "slide-1.geojson").read_text("utf-8"))["features"]
    regions = {item.id: item.locator for item in reviewed[0].evidence if item.kind == "slide_region"}
    assert len(features) == len(regions)
    for feature in features:
        region = regions[feature["properties"]["name"].split(":")[0]]
        corners = feature["geometry"]["coordinates"][0]
        assert (corners[0], corners[2]) == ([region.x, region.y], [region.x + region.width, region.y + region.height])


def test_an_unknown_form_is_refused_with_the_known_ones(demo: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="dicom-seg"):
        caseloom.export_case(demo, ["docx"], tmp_path)
    assert not list(tmp_path.iterdir())

"""Names of every script, control characters, markup and formulas in sources are text in every form that leaves."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pydicom
import pymupdf
import pytest
from fhir.resources.R4B.bundle import Bundle
from made_case import made_case
from made_ct import block, write_slices
from made_report import made_report

import caseloom
from caseloom.core.evidence import SlideRegion
from caseloom.core.report import Report
from caseloom.report.export.material import Exported, Material
from caseloom.report.export.regions import write_regions

SCRIPT = "<script>alert('x')</script>"
FORMULA = '=HYPERLINK("http://x.example","y")'
SCRIPTS = "李小龍 Ольга Ὀδυσσεύς नमस्ते ไทย שלום محمد"
PERSON = f"{SCRIPT}^Ольга שלום"
TURNED = "evil \u202egnp.exe\u202c"
CONTROLS = "bell\x07 escape\x1b[31m null"
NAMES = (SCRIPT, FORMULA, SCRIPTS, TURNED, CONTROLS, "@SUM(A1)", "-1+1", "| pipe [x](http://x.example) **bold**")
UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Report, Exported, Path]:
    """A CT and results whose every name is hostile, reviewed and exported in every form."""
    folder = tmp_path_factory.mktemp("hostile")
    write_slices(folder / "case" / "ct", block(5), BodyPartExamined="HEAD", StudyDate="20250304",
                 SpecificCharacterSet="ISO_IR 192", PatientName=PERSON, StudyDescription=SCRIPT,
                 SeriesDescription=FORMULA)
    entries = [{"resourceType": "Patient", "id": "P", "identifier": [{"value": "P"}], "name": [{"text": SCRIPT}]}]
    entries += [{"resourceType": "Observation", "id": f"o{n}", "status": "final", "subject": {"reference": "Patient/P"},
                 "category": [{"coding": [{"code": "laboratory"}]}], "effectiveDateTime": "2025-03-04",
                 "code": {"text": name}, "valueQuantity": {"value": 7.0 + n, "unit": "mmol/L"}}
                for n, name in enumerate(NAMES)]
    (folder / "case" / "record.json").write_text(json.dumps(
        {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": item} for item in entries]}), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CASELOOM_HOME", str(folder / "home"))
        report = caseloom.review_case(folder / "case")
        return report, caseloom.export_case(folder / "case", ["all"], folder / "out"), folder / "out"


def test_every_name_is_a_finding(exported: tuple[Report, Exported, Path]) -> None:
    report, done, _ = exported
    assert sum(item.tool == "records" and item.number is not None for item in report.findings) == len(NAMES)
    assert not report.left_out
    assert not [line for line in done.left_out if "slide" not in line and "SEG" not in line and "mask" not in line]


def test_markup_is_text_on_the_page_and_nothing_turns_its_reading(exported: tuple[Report, Exported, Path]) -> None:
    page = (exported[2] / "report.html").read_text("utf-8")
    assert "<script>alert" not in page and "&lt;script&gt;alert" in page
    assert page.count("<script") == 1
    assert SCRIPTS in page and not UNSEEN.search(page)


def test_markdown_shows_markup_as_text(exported: tuple[Report, Exported, Path]) -> None:
    text = (exported[2] / "report.md").read_text("utf-8")
    assert not re.search(r"(?<!\\)<script", text) and "[x](http" not in text and "**bold**" not in text
    assert SCRIPTS in text and not UNSEEN.search(text)


def test_the_pdf_shows_it_too(exported: tuple[Report, Exported, Path]) -> None:
    with pymupdf.open(exported[2] / "report.pdf") as document:
        text = " ".join(" ".join(page.get_text().split()) for page in document)
        assert "alert('x')" in text and "Ольга" in text
        assert not any(annotation for page in document for annotation in page.annots())
        assert document.page_count < 12


def test_the_bundle_is_valid_and_its_narrative_holds_no_markup_of_a_source(
        exported: tuple[Report, Exported, Path]) -> None:
    text = (exported[2] / "fhir.json").read_text("utf-8")
    Bundle.model_validate_json(text)
    report = next(item["resource"] for item in json.loads(text)["entry"]
                  if item["resource"]["resourceType"] == "DiagnosticReport")
    assert "<script" not in report["text"]["div"] and "&lt;script&gt;" in report["text"]["div"]
    names = {item["resource"]["code"]["text"] for item in json.loads(text)["entry"]
             if item["resource"]["resourceType"] == "Observation"}
    assert SCRIPT in names and SCRIPTS in names and not any(UNSEEN.search(name) for name in names)


def test_no_cell_of_the_table_is_a_formula(exported: tuple[Report, Exported, Path]) -> None:
    with (exported[2] / "findings.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    cells = [cell for row in rows for cell in row.values()]
    assert f"'{FORMULA}" in cells and "'@SUM(A1)" in cells and "'-1+1" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "@", "+", "\t", "\r"))]
    assert not [cell for cell in cells if cell.startswith("-") and not re.fullmatch(r"-[\d.]+(e-?\d+)?", cell)]


def test_dicom_objects_keep_the_name_of_their_source_and_can_be_read(exported: tuple[Report, Exported, Path]) -> None:
    found = [pydicom.dcmread(file) for file in exported[2].glob("*.dcm")]
    assert {str(item.Modality) for item in found} >= {"SR"}
    assert {str(item.PatientName) for item in found} == {PERSON}


def test_a_region_on_a_slide_is_named_in_plain_text(tmp_path: Path) -> None:
    report = made_report()
    evidence = tuple(item.model_copy(update={"caption": f"{SCRIPT} {TURNED}"})
                     if isinstance(item.locator, SlideRegion) else item for item in report.evidence)
    report = report.model_copy(update={"evidence": evidence})
    done = write_regions(Material(report, made_case(tmp_path).case, tmp_path), tmp_path)
    features = json.loads(done.files[0].read_text("utf-8"))["features"]
    assert features and all(SCRIPT in item["properties"]["name"] for item in features)
    assert not UNSEEN.search(done.files[0].read_text("utf-8"))


"""What a model is shown of laboratory pages, and how its rows stand beside those of the page's words."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pymupdf
import pytest
from made_report_page import write_report
from scripted_reader import ScriptedReader

from caseloom.core.case import CaseFile, FileKind, Patient, Series, Study
from caseloom.core.errors import ReaderFailed
from caseloom.core.finding import MEASURED, Category, Finding, Status
from caseloom.core.result import ToolResult
from caseloom.readers.measure import MeasureReader
from caseloom.readers.protocol import Reader
from caseloom.readers.recipes.lab_page import PAGE_SIDE
from caseloom.readers.request import Request
from caseloom.tools.base import ToolContext
from caseloom.tools.labs import LabsTool
from caseloom.tools.labs.model_rows import collection_time

POTASSIUM = {"name": "Potassium", "result": "4.1", "unit": "mmol/L", "range": "3.5 - 5.1"}
SODIUM = {"name": "Sodium", "result": "139", "unit": "mmol/L", "range": "136 - 145"}
CRP = {"name": "CRP", "result": "<5", "unit": "mg/L", "range": "<5"}
ANNA = Patient(id="A77-1", names=("Anna Ohm",), birth_date="1950-02-03")

Rows = list[dict[str, str | None]]


@pytest.fixture
def report(tmp_path: Path) -> Path:
    return write_report(tmp_path / "report.pdf", "Patient name: Ohm, Anna     MRN: A77-1     DOB: 03.02.1950")


def answering(*rows: dict[str, str | None]) -> ScriptedReader:
    return ScriptedReader({"lab_page": json.dumps(list(rows))})


def run(path: Path, reader: Reader, patient: Patient | None = ANNA) -> ToolResult:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    file = CaseFile(path=path.name, sha256=digest, size=path.stat().st_size, kind=FileKind.DOCUMENT)
    series = Series(uid=f"sha256:{digest}", kind=FileKind.DOCUMENT, modality="DOC", files=(file,))
    study = Study(id="S1", uid=series.uid, kind=FileKind.DOCUMENT, modality="DOC", date=None, series=(series,))
    context = ToolContext(root=path.parent, patient=patient, opaque_patient="P-0", reader=reader, pictures=None,
                          cache=path.parent)
    return LabsTool().run(study, context)


def split(result: ToolResult) -> tuple[list[Finding], list[Finding]]:
    """What was extracted from the words, and what the model said."""
    return ([item for item in result.findings if not item.is_read], [item for item in result.findings if item.is_read])


def test_rows_that_agree_are_evidence_and_no_second_finding(report: Path) -> None:
    result = run(report, answering(POTASSIUM, SODIUM, CRP))
    extracted, read = split(result)
    assert not read
    assert [(item.name, item.reader) for item in extracted] == [
        ("Potassium", MEASURED), ("Sodium", MEASURED), ("CRP", MEASURED)]
    (page,) = (item for item in result.evidence if item.raw_answer is not None)
    assert json.loads(page.raw_answer) == [POTASSIUM, SODIUM, CRP]
    assert all(item.evidence[1] == page.id for item in extracted)
    assert page.caption == "Page 1 as shown to scripted, names, numbers and birth dates painted over"
    assert not result.warnings


def test_the_extracted_values_are_those_without_a_model(report: Path) -> None:
    alone, beside = run(report, MeasureReader()), run(report, answering(POTASSIUM | {"result": "9.9"}))
    assert [item.value for item in alone.findings] == [item.value for item in split(beside)[0]]
    assert {item.reader for item in alone.findings} == {MEASURED}
    assert all(len(item.evidence) == 1 for item in alone.findings)


@pytest.mark.parametrize("change", [{"result": "4.7"}, {"unit": "mg/dL"}, {"result": ">4.1"}])
def test_a_row_read_differently_stands_beside_in_the_same_place(change: dict[str, str], report: Path) -> None:
    result = run(report, answering(POTASSIUM | change, SODIUM, CRP))
    extracted, (read,) = split(result)
    printed = extracted[0]
    shown = {item.id: item for item in result.evidence}
    assert (read.name, read.category, read.status) == ("Potassium", Category.LAB, Status.INDETERMINATE)
    assert (read.date, read.code, read.value.specimen) == (printed.date, printed.code, printed.value.specimen)
    assert shown[read.evidence[0]].locator == shown[printed.evidence[0]].locator
    assert shown[read.evidence[1]].raw_answer is not None
    assert read.value.text == {**POTASSIUM, **change}["result"]
    assert read.value.unit == {**POTASSIUM, **change}["unit"]
    assert len(printed.evidence) == 1


def test_a_row_that_no_line_bears_out_is_indeterminate_on_the_whole_page(report: Path) -> None:
    result = run(report, answering(POTASSIUM, SODIUM, CRP, {"name": "Glucose", "result": "5.5", "unit": "mmol/L"}))
    (read,) = split(result)[1]
    place = next(item.locator for item in result.evidence if item.id == read.evidence[0])
    assert (read.name, read.status, read.value.number) == ("Glucose", Status.INDETERMINATE, 5.5)
    assert (place.page, place.bbox[:2], place.text) == (1, (0.0, 0.0), "")
    assert result.warnings == ("page 1: scripted gave 1 results that no line of the page bears out",)


def test_results_that_the_model_leaves_out_are_counted(report: Path) -> None:
    result = run(report, answering(SODIUM))
    assert result.warnings == (
        "page 1: scripted did not give 2 of the results that were read from the page's words",)


def test_a_row_of_the_page_that_the_words_did_not_give_is_found_in_its_line(tmp_path: Path) -> None:
    path = write_report(tmp_path / "report.pdf", "Patient name: Ohm, Anna   MRN: A77-1")
    with pymupdf.open(path) as document:
        document[0].insert_text((72, 320), "Comment: the index of haemolysis was 3 in this sample, so please repeat.")
        document.save(tmp_path / "more.pdf")
    row = {"name": "haemolysis index", "result": "3"}
    result = run(tmp_path / "more.pdf", answering(POTASSIUM, SODIUM, CRP, row))
    (read,) = split(result)[1]
    place = next(item.locator for item in result.evidence if item.id == read.evidence[0])
    assert (read.status, read.value.number) == (Status.MEASURED, 3.0)
    assert "haemolysis was 3" in place.text
    assert 300 < place.bbox[1] < place.bbox[3] < 330


def test_an_answer_that_does_not_parse_is_indeterminate_and_kept(report: Path) -> None:
    result = run(report, ScriptedReader({"lab_page": "I cannot read this page."}))
    (read,) = split(result)[1]
    assert (read.name, read.site, read.status) == ("Laboratory results", "page 1", Status.INDETERMINATE)
    assert [item.raw_answer for item in result.evidence if item.id == read.evidence[0]] == ["I cannot read this page."]
    assert any("no usable answer about page 1" in warning for warning in result.warnings)
    assert len(split(result)[0]) == 3


def test_a_reader_that_fails_leaves_the_extracted_results(report: Path) -> None:
    def fail(request: Request) -> str:
        raise ReaderFailed("out of memory")

    result = run(report, ScriptedReader(fail))
    assert len(result.findings) == 3
    assert result.warnings == ("scripted did not read the laboratory report of 2025-03-04: out of memory",)


def test_no_identity_reaches_the_model(report: Path, blanked_words: Callable[[Path, int], np.ndarray]) -> None:
    reader = answering(POTASSIUM)
    run(report, reader)
    (request,) = reader.requests
    (picture,) = request.pictures
    assert request.scope == "P-0"
    side = picture.pixels.shape[0]
    assert picture.pixels.shape == (side, side, 3)
    assert 0.99 * PAGE_SIDE < side <= PAGE_SIDE
    said = " ".join(part for part in request.parts if isinstance(part, str)).casefold()
    assert not [secret for secret in ("ohm", "anna", "a77", "1950", report.name, str(report)) if secret in said]
    for x0, y0, x1, y1 in blanked_words(report, side):
        assert len(np.unique(picture.pixels[y0:y1, x0:x1].reshape(-1, 3), axis=0)) == 1


@pytest.fixture
def blanked_words() -> Callable[[Path, int], np.ndarray]:
    """Where, in the picture that the model gets, a page's words of the patient lie; told by the PDF itself."""
    def places(path: Path, side: int) -> np.ndarray:
        with pymupdf.open(path) as document:
            page = document[0]
            scale = side / page.rect.height
            left = (side - page.rect.width * scale) / 2
            hidden = [word[:4] for word in page.get_text("words") if word[4].strip(",") in
                      ("Ohm", "Anna", "A77-1", "03.02.1950")]
        assert len(hidden) == 4
        boxes = [(left + x0 * scale, y0 * scale, left + x1 * scale, y1 * scale) for x0, y0, x1, y1 in hidden]
        return np.rint(np.asarray(boxes)).astype(int)

    return places


def test_a_page_of_another_patient_is_not_shown(tmp_path: Path) -> None:
    path = write_report(tmp_path / "two.pdf", "Patient name: Ohm, Anna   MRN: A77-1",
                        "Patient name: Volt, Carl   MRN: C88-1")
    reader = answering(POTASSIUM, SODIUM, CRP)
    result = run(path, reader)
    assert len(reader.requests) == 1
    assert {item.patient for item in result.findings} == {"P-0"}
    assert "page 2 was not shown to scripted: it is not about the patient alone" in result.warnings


def test_without_a_case_each_person_has_a_scope(tmp_path: Path) -> None:
    path = write_report(tmp_path / "two.pdf", "Patient name: Ohm, Anna   MRN: A77-1",
                        "Patient name: Volt, Carl   MRN: C88-1")
    reader = answering(POTASSIUM | {"result": "4.9"}, SODIUM, CRP)
    result = run(path, reader, patient=None)
    assert [request.scope for request in reader.requests] == ["P-0-1", "P-0-2"]
    assert {(item.patient, item.evidence[1]) for item in split(result)[1]} == {
        (request.scope, page.id) for request, page in zip(
            reader.requests, [item for item in result.evidence if item.raw_answer], strict=True)}


def test_a_letter_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "letter.pdf"
    with pymupdf.open() as document:
        document.new_page().insert_text((72, 72), "Discharge summary\nDear colleague,\nPotassium was 4.1 mmol/L.\n"
                                                  "Kind regards")
        document.save(path)
    reader = answering(POTASSIUM)
    assert run(path, reader).refused
    assert not reader.requests


def test_more_pages_than_are_shown_are_told(tmp_path: Path) -> None:
    path = write_report(tmp_path / "long.pdf", *["Patient name: Ohm, Anna   MRN: A77-1"] * 11)
    reader = answering(POTASSIUM, SODIUM, CRP)
    result = run(path, reader)
    assert len(reader.requests) == 10
    assert any("was shown the first 10 of 11 pages" in warning for warning in result.warnings)


@pytest.mark.parametrize(("text", "expected"), [
    ("04-03-2025 08:15:00", "2025-03-04T08:15"), ("04-03-2025", "2025-03-04"), ("04-03-2025 00:00:00", "2025-03-04"),
    ("31-02-2025 08:00:00", None), ("yesterday", None), ("04-03-2025 25:00:00", "2025-03-04")])
def test_a_collection_time_in_the_asked_form(text: str, expected: str | None) -> None:
    assert collection_time(text) == expected


def test_the_truth_of_a_real_report_agrees_row_by_row(tmp_path: Path, shared_data: Path) -> None:
    folder = shared_data / "lab_series"
    truth = json.loads((folder / "dev-01.truth.json").read_text(encoding="utf-8"))["results"]
    rows = [{"name": row["name"], "result": row["value_text"], "unit": row["unit"]} for row in truth]
    path = tmp_path / "dev-01.pdf"
    path.write_bytes((folder / "dev-01.pdf").read_bytes())
    result = run(path, answering(*rows), patient=None)
    extracted, read = split(result)
    assert not read
    assert len(extracted) == len(truth)
    assert all(len(item.evidence) == 2 for item in extracted)
    assert not any("results" in warning for warning in result.warnings)

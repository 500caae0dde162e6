"""The labs tool on real and generated reports: every value right, in its place, and of the right person."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pymupdf
import pytest
from PIL import Image

from caseloom.core.case import CaseFile, FileKind, Patient, Series, Study
from caseloom.core.evidence import DocumentSpan
from caseloom.core.finding import Status
from caseloom.core.refusal import RefusalCode
from caseloom.core.result import ToolResult
from caseloom.core.settings import Limits
from caseloom.phantoms import CaseSpec, PatientSpec, write_case
from caseloom.phantoms.labs import ANALYTES, DEMO_LABS, make_lab_pdf
from caseloom.phantoms.paper import joined
from caseloom.readers.measure import MeasureReader
from caseloom.sources.document import read_document
from caseloom.tools.base import ToolContext
from caseloom.tools.labs import LabsTool


def study_of(path: Path, kind: FileKind = FileKind.DOCUMENT) -> Study:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    file = CaseFile(path=path.name, sha256=digest, size=path.stat().st_size, kind=kind)
    series = Series(uid=f"sha256:{digest}", kind=kind, modality="DOC", files=(file,))
    return Study(id="S1", uid=series.uid, kind=kind, modality="DOC", date=None, series=(series,))


def labs(path: Path, cache: Path, patient: Patient | None = None, pictures: Path | None = None) -> ToolResult:
    context = ToolContext(root=path.parent, patient=patient, opaque_patient="P-0", reader=MeasureReader(),
                          pictures=pictures, cache=cache)
    return LabsTool().run(study_of(path), context)


def assert_as_printed(result: ToolResult, truth: list[dict[str, Any]]) -> None:
    """Every row of the truth was found, in order of the page, and nothing else."""
    found = {(f.name, f.value.number, f.value.text, f.value.unit, (f.date or "")[:10])
             for f in result.findings if f.value}
    wanted = {(t["name"], t["value"], t["value_text"], t["unit"], t["collected_at"][:10]) for t in truth}
    assert found == wanted


@pytest.mark.parametrize("name", ["dev-01", "dev-03", "dev-07", "dev-16", "dev-20", "dev-21", "dev-22"])
def test_native_reports_are_read_without_an_error(name: str, tmp_path: Path, shared_data: Path) -> None:
    folder = shared_data / "lab_series"
    truth = json.loads((folder / f"{name}.truth.json").read_text(encoding="utf-8"))
    assert_as_printed(labs(folder / f"{name}.pdf", tmp_path), truth["results"])


def test_a_scan_that_lies_on_its_side_is_read_without_an_error(tmp_path: Path, shared_data: Path) -> None:
    folder = shared_data / "lab_series"
    truth = json.loads((folder / "dev-11.truth.json").read_text(encoding="utf-8"))
    result = labs(folder / "dev-11.jpg", tmp_path)
    assert {(f.name, f.value.number) for f in result.findings if f.value} == {(t["name"], t["value"])
                                                                           for t in truth["results"]}


CBC = [("Haemoglobin", 176.0, "g/L", "718-7", None), ("Red Cell Count", 5.9, "x10*12/L", "789-8", None),
       ("Haematocrit", 0.55, None, "4544-3", "+"), ("Mean Cell Volume", 99.0, "fL", "787-2", "+"),
       ("Mean Cell Haemoglobin", 36.0, "pg", "785-6", "+"), ("Platelet Count", 444.0, "x10*9/L", "777-3", None),
       ("White Cell Count", 4.6, "x10*9/L", "6690-2", None), ("Neutrophils", 20.0, "%", "770-8", None),
       ("Neutrophils", 0.9, "x10*9/L", "751-8", "---"), ("Lymphocytes", 20.0, "%", "736-9", None),
       ("Lymphocytes", 0.9, "x10*9/L", "731-0", "-"), ("Monocytes", 20.0, "%", "5905-5", None),
       ("Monocytes", 0.9, "x10*9/L", "742-7", None), ("Eosinophils", 20.0, "%", "713-8", None),
       ("Eosinophils", 0.92, "x10*9/L", "711-2", "++"), ("Basophils", 20.0, "%", "706-2", None),
       ("Basophils", 0.92, "x10*9/L", "704-7", "+++")]


@pytest.mark.parametrize("name", ["fhir_r4_101_cbc.pdf", "fhir_r4_101_cbc_scan.jpg"])
def test_a_published_blood_count_and_its_scan(name: str, tmp_path: Path, shared_data: Path) -> None:
    result = labs(shared_data / "lab_reports" / name, tmp_path)
    read = [(f.name, f.value.number, f.value.unit, f.code.code if f.code else None, f.value.flag)
            for f in result.findings if f.value]
    assert read == CBC
    assert {f.date for f in result.findings} == {"2011-03-03T11:45"}
    assert all(f.status is Status.MEASURED for f in result.findings)
    assert_at_their_boxes(result, shared_data / "lab_reports" / name, tmp_path)


def assert_at_their_boxes(result: ToolResult, path: Path, cache: Path) -> None:
    """Every value stands in the words of its page inside the box of its evidence."""
    document = read_document(path, hashlib.sha256(path.read_bytes()).hexdigest(), cache, Limits())
    places = {evidence.id: evidence.locator for evidence in result.evidence}
    for finding in result.findings:
        place = places[finding.evidence[0]]
        assert isinstance(place, DocumentSpan)
        x0, y0, x1, y1 = place.bbox
        inside = [word.text for word in document.pages[place.page - 1].words
                  if x0 <= word.box[0] and word.box[2] <= x1 and y0 <= word.box[1] and word.box[3] <= y1]
        assert finding.value is not None
        assert any((finding.value.text or "?") in text for text in inside), finding.name


def test_every_number_stands_on_the_page_at_its_box(tmp_path: Path, shared_data: Path) -> None:
    path = shared_data / "lab_series" / "dev-03.pdf"
    assert_at_their_boxes(labs(path, tmp_path), path, tmp_path)


def test_a_letter_is_refused_with_its_kind(tmp_path: Path, shared_data: Path) -> None:
    result = labs(shared_data / "lab_series" / "dev-23.pdf", tmp_path)
    assert result.findings == ()
    assert [refusal.code for refusal in result.refused] == [RefusalCode.NOT_A_LAB_REPORT]
    assert "letter" in result.refused[0].reason


def test_words_hidden_in_a_report_change_nothing(tmp_path: Path, shared_data: Path) -> None:
    folder = shared_data / "lab_series"
    truth = json.loads((folder / "dev-20.truth.json").read_text(encoding="utf-8"))
    assert "hidden_instruction" in truth["features"]
    assert_as_printed(labs(folder / "dev-20.pdf", tmp_path), truth["results"])


def test_two_people_in_one_document_keep_their_own_results(tmp_path: Path, shared_data: Path) -> None:
    folder = shared_data / "lab_series"
    truth = json.loads((folder / "dev-09.truth.json").read_text(encoding="utf-8"))
    result = labs(folder / "dev-09.pdf", tmp_path)
    for number, person in enumerate(truth["patients"], start=1):
        mine = [finding for finding in result.findings if finding.patient == f"P-0-{number}"]
        assert len(mine) == sum(row["patient"] == person["id"] for row in truth["results"])


def test_another_patients_results_never_enter_a_case(tmp_path: Path, shared_data: Path) -> None:
    folder = shared_data / "lab_series"
    truth = json.loads((folder / "dev-09.truth.json").read_text(encoding="utf-8"))
    mine = truth["patients"][1]
    result = labs(folder / "dev-09.pdf", tmp_path, Patient(id=mine["id"], names=(mine["name"],)))
    assert len(result.findings) == sum(row["patient"] == mine["id"] for row in truth["results"])
    assert {evidence.locator.page for evidence in result.evidence if isinstance(evidence.locator, DocumentSpan)} == {2}
    refusal = result.refused[0]
    assert refusal.code is RefusalCode.OTHER_PATIENT
    assert "page 1" in refusal.reason
    assert truth["patients"][0]["name"] not in result.model_dump_json()


def test_earlier_results_carry_their_own_date(tmp_path: Path, shared_data: Path) -> None:
    folder = shared_data / "lab_series"
    truth = json.loads((folder / "dev-10.truth.json").read_text(encoding="utf-8"))
    assert_as_printed(labs(folder / "dev-10.pdf", tmp_path), truth["results"] + truth["previous_results"])


def test_a_missing_result_is_indeterminate(tmp_path: Path, shared_data: Path) -> None:
    result = labs(shared_data / "lab_series" / "dev-20.pdf", tmp_path)
    open_results = {f.name for f in result.findings if f.status is Status.INDETERMINATE}
    assert open_results == {"Bilirubin, Direct", "Treponema pallidum Antibody"}


def test_the_demo_reports_are_read_without_an_error(tmp_path: Path) -> None:
    case = write_case(CaseSpec(visits=(), slide=None, record=None, letter=False), tmp_path)
    truth = json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))
    for report in truth["labs"]:
        result = labs(case / report["file"], tmp_path / "cache", pictures=tmp_path / "overlays")
        assert_as_printed(result, report["results"])
        for finding, row in zip(result.findings, report["results"], strict=True):
            value = finding.value
            assert value is not None
            assert finding.code is not None
            assert (finding.code.code, value.low, value.high, value.flag, value.ucum, finding.date) == (
                row["loinc"], row["low"], row["high"], row["flag"], row["ucum"], row["collected_at"])
        pictures = {evidence.picture for evidence in result.evidence}
        assert len(pictures) == 1, "one picture for the page"
        name = (pictures.pop() or "").removeprefix("overlays/")
        with Image.open(tmp_path / "overlays" / name) as picture:
            assert picture.width > 300


def test_each_page_has_its_own_decimal_sign(tmp_path: Path) -> None:
    """A report with points and, behind it, two pages of another laboratory with commas."""
    point = replace(DEMO_LABS[0], tests=ANALYTES[:6], values=DEMO_LABS[0].values[:6])
    pages = [make_lab_pdf(PatientSpec(), lab, 1) for lab in (point, replace(DEMO_LABS[0], comma=True))]
    (tmp_path / "joined.pdf").write_bytes(joined([pages[0], pages[1], pages[1]]))
    result = labs(tmp_path / "joined.pdf", tmp_path / "cache")
    numbers = [item.number for item in result.findings]
    printed = [float(text) for text in DEMO_LABS[0].values]
    assert numbers == [*printed[:6], *printed, *printed]
    assert not any("decimal" in warning for warning in result.warnings)


def test_the_same_document_gives_the_same_result(tmp_path: Path, shared_data: Path) -> None:
    path = shared_data / "lab_series" / "dev-22.pdf"
    first, second = (labs(path, tmp_path / name).model_copy(update={"seconds": 0.0}) for name in ("one", "two"))
    assert first == second


def test_only_documents_pass_the_gate(tmp_path: Path) -> None:
    path = tmp_path / "film.png"
    path.write_bytes(b"x")
    assert LabsTool().gate(study_of(path)) is None
    refusal = LabsTool().gate(study_of(path, FileKind.FILM))
    assert refusal is not None
    assert refusal.code is RefusalCode.WRONG_MODALITY


def test_no_panel_carries_the_patients_name(tmp_path: Path) -> None:
    """A name that stands alone above the results looks like a heading."""
    with pymupdf.open() as made:
        page = made.new_page()
        for number, line in enumerate(("DOB 05/17/1987   ID 236237-32   Collected 06/30/2023 10:05",
                                       "Beatriz L. Dunmarrow", "Glucose      79      70-99 mg/dL",
                                       "Sodium      139      136-145 mmol/L",
                                       "Potassium      4.0      3.5-5.1 mmol/L")):
            page.insert_text((50, 100 + 20 * number), line, fontsize=9)
        made.save(tmp_path / "report.pdf")
    patient = Patient(id="236237-32", names=("Beatriz L. Dunmarrow",))
    result = labs(tmp_path / "report.pdf", tmp_path, patient)
    assert len(result.findings) == 3
    assert "Dunmarrow" not in result.model_dump_json()
    assert "236237" not in result.model_dump_json()

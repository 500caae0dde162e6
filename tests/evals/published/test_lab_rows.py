"""Rows of tests against true ones, counted by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from made_report_page import write_report
from scripted_reader import ScriptedReader

from caseloom.core.errors import NothingUsable
from caseloom.evals.published.evaluate import Wish, evaluate
from caseloom.evals.published.lab_rows import LabTest, field_marks, pairs_of, row_f1, without_earlier
from caseloom.evals.published.task import Source
from caseloom.memory.home import Home
from caseloom.readers.measure import MeasureReader

TRUTH = """{"document": "report.pdf", "kind": "native", "results": [
 {"name": "Potassium", "result": "4.1", "unit": "mmol/L", "specimen": "Serum",
  "sample_collection_time": "04-03-2025 08:15:00"},
 {"name": "Sodium", "value_text": "139", "unit": "mmol/L", "specimen": "Serum", "collected_at": "2025-03-04T08:15"},
 {"name": "CRP", "result": "<5", "unit": "mg/L", "specimen": "Serum", "collected_at": "2025-03-04"}]}"""


def made(name: str, result: object, unit: str | None = None, **fields: Any) -> LabTest:
    return LabTest.model_validate({"name": name, "result": result, "unit": unit} | fields)


def counted(truth: list[LabTest], read: list[LabTest]) -> dict[str, float]:
    return {name: number for name, number in field_marks(truth, read).items() if number}


def test_fields_are_counted_one_by_one() -> None:
    truth = [made("Potassium (K+)", "4.10", "mmol/L", specimen="Serum"), made("Sodium", "139", "mmol/L")]
    read = [made("potassium K", 4.1, "mg/dL", method="ISE"), made("Chloride", "100", "mmol/L")]
    assert counted(truth, read) == {
        "tp:name": 1, "tp:result": 1, "fp:unit": 2, "fn:unit": 2, "fn:specimen": 1, "fp:method": 1,
        "fn:name": 1, "fn:result": 1, "fp:name": 1, "fp:result": 1}
    assert row_f1(truth, read) == 0.0


def test_tests_are_paired_by_result_first() -> None:
    truth = [made("Troponin", "31", "ng/L"), made("Troponin", "168", "ng/L")]
    read = [made("Troponin", "168", "ng/l"), made("Troponin", "30", "ng/L")]
    assert [(one.result, other.result) for one, other in pairs_of(truth, read)] == [("168", "168"), ("31", "30")]
    assert row_f1(truth, read) == pytest.approx(2 * 1 / 4)


def test_codes_units_and_times_may_be_written_otherwise() -> None:
    truth = [made("Hct", "0,42", "L/L", loinc="4544-3", collected_at="2025-03-04"), made("WBC", "6.1", "10*3/uL")]
    read = [made("Haematocrit", "0.42", "L/L", codes=["4544-3"], sample_collection_time="04-03-2025 08:15:00"),
            made("WBC", "6.1", "x10³/µL")]
    assert counted(truth, read) == {"tp:name": 2, "tp:result": 2, "tp:unit": 2, "tp:collected": 1}
    assert row_f1(truth, read) == 1.0


def test_results_of_earlier_dates_count_nowhere_when_they_say_so() -> None:
    truth, earlier = [made("Sodium", "139")], [made("Sodium", "141", collected_at="2024-01-01")]
    dated, undated = made("Sodium", "141", collected="2024-01-01T09:00"), made("Sodium", "141")
    read = [made("Sodium", "139"), dated, undated]
    assert without_earlier(read, pairs_of(truth, read), earlier) == [read[0], undated]


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    folder = tmp_path / "pages"
    folder.mkdir()
    write_report(folder / "report.pdf", "Patient: SAMPLE, Alex   MRN: 77-1234")
    (folder / "report.truth.json").write_text(TRUTH, encoding="utf-8")
    return folder


def test_our_own_tool_reads_a_page(pages: Path, tmp_path: Path) -> None:
    result = evaluate("lab-extraction", Source(pages), MeasureReader(), Home(tmp_path / "home"))
    whole, = (score for score in result.scores if score.key == "row_f1")
    assert whole.ours.value == 1.0
    assert {score.key: score.ours.value for score in result.scores}["name_f1"] == 1.0
    assert "blind" not in whole.baselines
    assert whole.baselines["nothing"].value == 0.0


def test_a_model_is_shown_every_page_without_names(pages: Path, tmp_path: Path) -> None:
    rows = ('[{"name": "Potassium", "result": 4.1, "unit": "mmol/L", "specimen": "Serum", '
            '"sample_collection_time": "04-03-2025 08:15:00"}]')
    reader = ScriptedReader(lambda request: rows if request.pictures[0].pixels.any() else "[]")
    result = evaluate("lab-extraction", Source(pages), reader, Home(tmp_path / "home"))
    scores = {score.key: score for score in result.scores}
    # 5 fields of one test are right, 10 of two are missing
    assert scores["macro_f1"].ours.value == pytest.approx(2 * 5 / (2 * 5 + 10))
    assert scores["row_f1"].ours.value == pytest.approx(2 * 1 / (3 + 1))
    assert scores["macro_f1"].baselines["blind"].value == 0.0
    assert "You are a Clinical Data Extraction Specialist" in str(reader.requests[0].parts[-1])
    shown = reader.requests[0].pictures[0].pixels
    name = shown[int(shown.shape[0] * 70 / 842):int(shown.shape[0] * 84 / 842)]
    below = shown[int(shown.shape[0] * 130 / 842):int(shown.shape[0] * 144 / 842)]
    assert (name < 128).sum() < (below < 128).sum()


def test_pages_need_their_truth(pages: Path, tmp_path: Path) -> None:
    (pages / "report.truth.json").write_text('{"results": [{"name": "Sodium"}]}', encoding="utf-8")
    with pytest.raises(NothingUsable, match=r"report.truth.json is not as expected: results.0.result: Field required"):
        evaluate("lab-extraction", Source(pages), MeasureReader(), Home(tmp_path / "home"), wish=Wish(blind=False))
    (pages / "report.truth.json").unlink()
    with pytest.raises(NothingUsable, match="each with its truth beside it"):
        evaluate("lab-extraction", Source(pages), MeasureReader(), Home(tmp_path / "home"))

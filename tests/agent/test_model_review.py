"""A whole review with a model that interprets: what it says reaches the report with its evidence, checked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_ct import block, write_slices
from made_report_page import write_report
from scripted_reader import ScriptedReader

from caseloom.agent.nodes import Review
from caseloom.agent.run import open_run
from caseloom.core.errors import ReaderFailed
from caseloom.core.report import ReaderIdentity, Report
from caseloom.core.settings import Settings
from caseloom.memory.home import Home
from caseloom.readers.request import Picture, Request
from caseloom.tools.catalogue import all_tools

MEDGEMMA = ReaderIdentity(name="medgemma", model="google/medgemma-1.5-4b-it", interprets=True, weights_sha256="0" * 64)
NAME = "Quillfeather"


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """A CT of a head, and a record of the same person."""
    folder = tmp_path / "case"
    write_slices(folder / "head", block(5), BodyPartExamined="HEAD", StudyDate="20250304", PatientName=f"{NAME}^Alex")
    (folder / "record.json").write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [
        {"resource": {"resourceType": "Patient", "id": "P", "identifier": [{"value": "P"}],
                      "name": [{"family": NAME, "given": ["Alex"]}]}},
        {"resource": {"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/P"},
                      "code": {"text": "Asthma"}, "onsetDateTime": "2020-02-01",
                      "clinicalStatus": {"coding": [{"code": "active"}]}}}]}), encoding="utf-8")
    return folder


def review(case: Path, home: Path, reader: ScriptedReader, question: str | None = None) -> Report:
    settings = Settings(home=home)
    opened = Home(settings.home)
    made = Review(path=case, patient=None, settings=settings, home=opened, reader=reader, tools=all_tools(),
                  results=opened.results)
    with open_run(made, question) as run:
        return run.go(question)


def test_what_a_model_says_reaches_the_report_with_its_evidence(case: Path, tmp_path: Path) -> None:
    reader = ScriptedReader({"ct": "A dense crescent.\nFinal Answer: yes"}, MEDGEMMA)
    report = review(case, tmp_path / "home", reader)
    finding, = (item for item in report.findings if item.is_read)
    sentence, = (item for section in report.sections if section.title == "CT" for item in section.sentences
                 if finding.id in item.findings)
    assert sentence.text == "Read as present by medgemma (2025-03-04): intracranial hemorrhage."
    shown = {item.id: item for item in report.evidence}
    assert shown[sentence.evidence[0]].raw_answer == "A dense crescent.\nFinal Answer: yes"
    assert not any("left out" in warning for warning in report.warnings)
    assert {"ct", "record", "sentences"} <= report.provenance["prompts"].keys()
    assert any(event.text == "Intracranial hemorrhage (read by medgemma)" for event in report.timeline)


def test_a_model_that_fails_leaves_what_was_measured_and_says_so(case: Path, tmp_path: Path) -> None:
    def fail(request: Request[Any]) -> str:
        raise ReaderFailed("the server cannot be reached; start it")

    measured = review(case, tmp_path / "home", ScriptedReader(fail, MEDGEMMA))
    assert any("medgemma did not read the CT" in warning and "start it" in warning for warning in measured.warnings)
    assert any(item.tool == "volume" for item in measured.findings)
    assert not any(item.is_read for item in measured.findings)
    context = " ".join(item.text for item in measured.sections[0].sentences)
    assert "it read nothing in this case: no model took part" in context


def test_what_a_failed_reader_left_unread_is_read_the_next_time_and_only_that(case: Path, tmp_path: Path) -> None:
    down = True

    def answer(request: Request[Any]) -> str:
        if down:
            raise ReaderFailed("the server cannot be reached; start it")
        return "Final Answer: yes"

    reader = ScriptedReader(answer, MEDGEMMA)
    review(case, tmp_path / "home", reader)
    down = False
    asked = len(reader.requests)
    again = review(case, tmp_path / "home", reader)
    assert {request.tool for request in reader.requests[asked:]} == {"volume", "report"}
    assert any(item.is_read for item in again.findings)
    assert not any("did not read" in warning for warning in again.warnings)
    assert "a model took part" in " ".join(item.text for item in again.sections[0].sentences)
    asked = len(reader.requests)
    assert review(case, tmp_path / "home", reader) == again
    assert len(reader.requests) == asked


def test_a_question_is_put_to_the_images_and_to_the_record(case: Path, tmp_path: Path) -> None:
    reader = ScriptedReader({"ct": "Final Answer: no", "record": "Asthma since 2020-02-01."}, MEDGEMMA)
    report = review(case, tmp_path / "home", reader, f"Is there a skull fracture, {NAME}?")
    asked = [part for request in reader.requests for part in (request.system or "", *request.parts)
             if not isinstance(part, Picture)]
    assert any("skull fracture" in text for text in asked)
    assert not any(NAME in text for text in asked)
    assert report.answer is not None and "reads skull fracture" in report.answer.text


def test_no_model_is_told_whose_case_or_file_it_is(case: Path, tmp_path: Path) -> None:
    reader = ScriptedReader({"ct": "Final Answer: no", "record": "Asthma"}, MEDGEMMA)
    review(case, tmp_path / "home", reader, "What else is known about the patient's lungs?")
    assert {request.tool for request in reader.requests} == {"volume", "records", "report"}
    for request in reader.requests:
        words = " ".join(part for part in (request.system or "", *request.parts) if isinstance(part, str))
        assert NAME not in words and str(tmp_path) not in words and ".dcm" not in words
        assert request.scope.startswith("P-")
        assert all(picture.pixels.dtype == np.uint8 for picture in request.pictures)


def test_rules_answer_from_the_record_and_not_from_what_a_model_read(case: Path, tmp_path: Path) -> None:
    reader = ScriptedReader({"ct": "Final Answer: yes"}, MEDGEMMA)
    report = review(case, tmp_path / "home", reader, "Is there an intracranial hemorrhage?")
    assert report.answer is not None
    assert report.answer.text == "medgemma, shown 5 of 5 slices of the CT of 2025-03-04, reads intracranial " \
                                 "hemorrhage as present."


def test_a_laboratory_result_that_a_model_reads_otherwise_is_a_conflict_and_told_under_its_name(tmp_path: Path) -> None:
    (tmp_path / "case").mkdir()
    write_report(tmp_path / "case" / "report.pdf", "Patient name: Ohm, Anna     MRN: A77-1     DOB: 03.02.1950")
    rows = [{"name": "Potassium", "result": "4.7", "unit": "mmol/L"}, {"name": "Sodium", "result": "139"}]
    report = review(tmp_path / "case", tmp_path / "home", ScriptedReader({"lab_page": json.dumps(rows)}, MEDGEMMA))
    conflict, = report.conflicts
    assert "Potassium" in conflict.text
    assert "4.1 mmol/L" in conflict.text and "4.7 mmol/L (read by medgemma)" in conflict.text
    told = [item.text for section in report.sections for item in section.sentences if "4.7" in item.text]
    assert told and all("medgemma" in text for text in told)
    assert report.model_answered is True

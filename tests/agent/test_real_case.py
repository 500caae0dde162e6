"""A whole case of real files: every file is accounted for, and every tool finds something."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import caseloom
from caseloom.agent.door import open_chat
from caseloom.core.report import Report, Support
from caseloom.evals.chat_score import read_script, run_words

FORMS = ("report.json", "report.md", "report.html", "report.pdf", "fhir.json")


@pytest.fixture(scope="module")
def reviewed(real_case: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Report, Path]:
    """The report of the real case and the folder it was written to."""
    folder = tmp_path_factory.mktemp("reviewed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CASELOOM_HOME", str(folder / "home"))
        return caseloom.review_case(real_case, out=folder / "out"), folder / "out"


def test_every_tool_found_something(reviewed: tuple[Report, Path]) -> None:
    assert {item.tool for item in reviewed[0].findings} == {
        "volume", "localization", "pathology", "labs", "records", "comparison"}


def test_every_file_is_read_or_named_with_a_reason(reviewed: tuple[Report, Path], real_case: Path) -> None:
    report = reviewed[0]
    refused = {item.file: item for item in report.not_read}
    assert "other/MR_truncated.dcm" in refused
    assert refused["other/MR_truncated.dcm"].code == "truncated"
    inputs = set(report.provenance["inputs"])
    assert inputs == {str(file.relative_to(real_case)) for file in real_case.rglob("*") if file.is_file()}
    shown = {item.source.file for item in report.evidence}
    unaccounted = {file for file in inputs - set(refused) - shown if not file.startswith("ct/")} - {"case.yaml"}
    assert not unaccounted


def test_every_sentence_stands_on_evidence(reviewed: tuple[Report, Path]) -> None:
    report, out = reviewed
    known = {item.id for item in report.evidence}
    sentences = [sentence for section in report.sections for sentence in section.sentences]
    assert len(sentences) > 10
    for sentence in sentences:
        assert sentence.support is Support.SUPPORTED, sentence.text
        assert set(sentence.evidence) <= known
        assert sentence.evidence or sentence.kind == "limitation", sentence.text
    assert all((out / item.picture).is_file() for item in report.evidence if item.picture)


def test_no_identity_leaves_in_the_report(reviewed: tuple[Report, Path], real_case: Path) -> None:
    _, out = reviewed
    text = (out / "report.json").read_text(encoding="utf-8")
    for identity in ("Lung_Dx-A0001", "COYOTE", "23453", "MacGyver", str(real_case)):
        assert identity not in text.replace("Buddy_MacGyver_c96ab841", ""), identity


def test_all_forms_are_written(reviewed: tuple[Report, Path]) -> None:
    report, out = reviewed
    assert all((out / name).stat().st_size > 500 for name in FORMS)
    assert Report.model_validate(json.loads((out / "report.json").read_text(encoding="utf-8"))) == report


def test_the_films_are_compared_with_their_interval(reviewed: tuple[Report, Path]) -> None:
    share = [item for item in reviewed[0].findings if item.tool == "comparison" and item.name == "Lung field share"]
    assert [item.change.interval_days for item in share if item.change] == [11]


def test_the_question_is_answered_from_the_record(reviewed: tuple[Report, Path]) -> None:
    answer = reviewed[0].answer
    assert answer is not None
    assert answer.status in ("answered", "not_in_case")
    assert answer.text


def test_a_clinicians_questions_are_answered_from_the_record(reviewed: tuple[Report, Path], real_case: Path) -> None:
    script = read_script(Path(__file__).parent / "chat_record.yaml")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CASELOOM_HOME", str(reviewed[1].parent / "home"))
        outcomes = run_words(open_chat(real_case, keep=False), script)
    assert [(item.question, why) for item, (_, why) in zip(script, outcomes, strict=True) if why] == []

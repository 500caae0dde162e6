"""`caseloom eval` as a user runs it: one JSON document, one line of error, fixed exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from installed import caseloom
from made_ct_rate import table
from made_mimic import FILMS, write_mimic
from made_report_page import write_report

from caseloom.evals.published.names import NAMED
from caseloom.evals.published.result import Result
from caseloom.evals.published.tasks import TASKS


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """MS-CXR-T with one pair of films."""
    write_mimic(tmp_path / "films")
    (subject, first), (_, second), _ = FILMS.values()
    names = ("consolidation", "edema", "pleural_effusion", "pneumonia", "pneumothorax")
    table(tmp_path / "films" / "MS_CXR_T_temporal_image_classification_v1.0.0.csv",
          ["dicom_id", "previous_dicom_id", "subject_id", "study_id", "previous_study_id",
           *(f"{name}_progression" for name in names)],
          [["aaaa-2", "aaaa-1", subject, second, first, "", "stable", "", "", ""]])
    return tmp_path / "films"


def test_every_listed_task_is_there() -> None:
    assert [one.name for one in NAMED] == list(TASKS)


def test_a_toy_is_evaluated_and_its_recording_gives_the_same(home: Path, pairs: Path, toy_checkpoint: Path,
                                                             tmp_path: Path) -> None:
    recording, out = tmp_path / "answers.jsonl", tmp_path / "out"
    done = caseloom(home, "eval", "ms-cxr-t", "--data", pairs, "--reader", toy_checkpoint, "--record", recording,
                    "--out", out, "--json")
    assert done.returncode == 0, done.stderr
    result = Result.model_validate_json(done.stdout)
    assert (result.task, result.questions, result.reader.name) == ("ms-cxr-t", 1, "toy")
    assert json.loads((out / "ms-cxr-t.result.json").read_text(encoding="utf-8")) == json.loads(done.stdout)
    again = caseloom(home, "eval", "ms-cxr-t", "--data", pairs, "--reader", recording, "--json")
    played = Result.model_validate_json(again.stdout)
    assert played.scores == result.scores
    shown = caseloom(home, "eval", "ms-cxr-t", "--data", pairs, "--reader", recording)
    assert "MedGemma 1.5 4B" in shown.stdout
    assert "the same prompts with every" in shown.stdout


def test_our_own_tools_are_evaluated(home: Path, tmp_path: Path) -> None:
    write_report(tmp_path / "report.pdf", "Patient: SAMPLE, Alex   MRN: 77-1234")
    (tmp_path / "report.truth.json").write_text(json.dumps({"results": [
        {"name": "Potassium", "result": "4.1", "unit": "mmol/L"}]}), encoding="utf-8")
    done = caseloom(home, "eval", "lab-extraction", "--data", tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    result = Result.model_validate_json(done.stdout)
    assert (result.reader.name, result.answered) == ("measure", 1)


@pytest.mark.parametrize(("words", "code", "said"), [
    (("slake", "--data", "{data}"), 4, "the reader 'measure' interprets nothing and cannot answer slake (it answers "
                                       "chest-imagenome, lab-extraction, ehrqa)"),
    (("medqa", "--data", "{data}", "--images", "{data}"), 2, "--images has no meaning for medqa"),
    (("ehrqa", "--data", "{data}/nowhere"), 2, "expected is FHIR R4 bundles"),
    (("ehrqa", "--data", "{data}/files"), 3, "expected is FHIR R4 bundles"),
    (("ehrqa", "--data", "{data}", "--limit", "0"), 2, "--limit takes a number of cases from 1 on"),
    (("report-text", "--data", "{data}"), 3, "expected is pairs.jsonl"),
    (("nothing", "--data", "{data}"), 2, "No such command 'nothing'"),
    (("slake",), 2, "Missing option '--data'")])
def test_what_is_wrong_is_one_line(home: Path, pairs: Path, words: tuple[str, ...], code: int, said: str) -> None:
    done = caseloom(home, "eval", *(word.format(data=pairs) for word in words))
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    line, = done.stderr.splitlines()
    assert said in line

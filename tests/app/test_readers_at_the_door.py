"""Readers through the command line: a toy reads for a tool and never for a report; wrong options are one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from installed import caseloom
from made_ct import block, write_slices
from made_report_page import write_report

from caseloom.core.result import ToolResult


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def head(tmp_path: Path) -> Path:
    """A small CT of a head: one condition is known to be asked of it."""
    write_slices(tmp_path / "head", block(5), BodyPartExamined="HEAD", StudyDate="20250304")
    return tmp_path / "head"


def test_a_toy_reads_a_volume_and_its_answers_can_be_played_again(home: Path, head: Path, toy_checkpoint: Path,
                                                                 tmp_path: Path) -> None:
    recording = tmp_path / "answers.jsonl"
    done = caseloom(home, "run", "volume", head, "--reader", toy_checkpoint, "--record", recording, "--json")
    assert done.returncode == 0, done.stderr
    result = ToolResult.model_validate_json(done.stdout)
    read, = (item for item in result.findings if item.is_read)
    assert (read.name, read.reader, result.reader) == ("Intracranial hemorrhage", "toy", "toy")
    shown = {item.id: item for item in result.evidence}
    assert shown[read.evidence[0]].raw_answer
    again = caseloom(home, "run", "volume", head, "--reader", recording, "--json")
    played, = (item for item in json.loads(again.stdout)["findings"] if item["reader"] == "recorded")
    assert (played["name"], played["status"]) == (read.name, read.status)


def test_a_model_that_never_answers_is_told_by_the_exit_code_and_costs_no_measurement(home: Path, head: Path,
                                                                                      tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    origin = {"name": "medgemma", "model": "google/medgemma-1.5-4b-it", "interprets": True, "weights_sha256": "0" * 64}
    empty.write_text(json.dumps({"schema": "caseloom.recording/1", "origin": origin, "unfit": None,
                                 "recorded": "2026-11-24"}) + "\n", encoding="utf-8")
    for words in (("run", "volume", head), ("review", head)):
        done = caseloom(home, *words, "--reader", empty, "--json")
        assert done.returncode == 4, done.stderr
        document = json.loads(done.stdout)
        assert document["model_answered"] is False
        assert document["findings"] and any("did not read" in text for text in document["warnings"])
        assert "gave no answer" in done.stderr


def test_questions_that_nobody_is_asked_are_declined(home: Path, head: Path, tmp_path: Path) -> None:
    write_slices(tmp_path / "later", block(5), BodyPartExamined="HEAD", StudyDate="20260304", PatientID="someone else")
    for words in (("comparison", head, head), ("volume", head, tmp_path / "later")):
        done = caseloom(home, "run", *words, "--question", "Is there a hemorrhage?", "--json")
        assert json.loads(done.stdout)["answer"]["status"] == "declined", done.stderr


@pytest.mark.parametrize("words", [("--reader", "{toy}"), ("--reader", "medgemma", "--model", "{toy}")])
def test_a_toy_never_writes_a_report(home: Path, head: Path, toy_checkpoint: Path, words: tuple[str, ...]) -> None:
    done = caseloom(home, "review", head, *(word.format(toy=toy_checkpoint) for word in words))
    assert done.returncode == 4
    line, = done.stderr.strip().splitlines()
    assert "can't write a report" in line and "toy" in line
    assert str(toy_checkpoint) not in line


@pytest.mark.parametrize(("words", "code", "said"), [
    (("--reader", "no-such-reader"), 4, "measure"),
    (("--reader", "medgemma"), 4, "HAI-DEF"),
    (("--reader", "absent.jsonl"), 4, "recording"),
    (("--reader", "http://127.0.0.1:9/v1"), 4, "reached"),
    (("--reader", "http://192.0.2.1/v1"), 4, "unprotected"),
    (("--model", "some/model"), 2, "--model"),
    (("--download",), 2, "--download"),
    (("--allow-plain-http",), 2, "--allow-plain-http"),
    (("--record", "answers.jsonl"), 2, "--record"),
    (("--reader", "medgemma", "--record", "no/such/answers.jsonl"), 2, "no folder"),
    (("--reader", "a.jsonl", "--record", "./a.jsonl"), 2, "recorded into"),
    (("--reader", "medgemma", "--adapter", "volume"), 2, "TOOL=FOLDER"),
    (("--reader", "medgemma", "--adapter", "volume=a", "--adapter", "volume=b"), 2, "once"),
    (("--reader", "medgemma", "--adapter", "scan=."), 2, "no tool"),
    (("--reader", "medgemma", "--adapter", "volume=no/such"), 2, "no folder"), (("--reader", ""), 2, "needs a name"),
])
def test_what_a_reader_lacks_is_said_in_one_line(home: Path, head: Path, words: tuple[str, ...], code: int,
                                                 said: str) -> None:
    done = caseloom(home, "run", "volume", head, *words)
    assert done.returncode == code, done.stderr
    line, = done.stderr.strip().splitlines()
    assert said in line


def test_rules_answer_what_a_tool_measured_or_extracted(home: Path, tmp_path: Path) -> None:
    page = write_report(tmp_path / "report.pdf", "Patient name: Ohm, Anna     MRN: A77-1     DOB: 03.02.1950")
    done = caseloom(home, "run", "labs", page, "--question", "What was the latest potassium?", "--json")
    answer = json.loads(done.stdout)["answer"]
    assert answer["status"] == "answered" and "4.1 mmol/L" in answer["text"], done.stderr
    assert answer["value"]["number"] == 4.1
    assert answer["evidence"]


def test_an_empty_folder_is_said_to_be_empty(home: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = caseloom(home, "run", "labs", tmp_path / "empty", "--json")
    assert done.returncode == 3
    assert json.loads(done.stdout)["warnings"] == ["there is no file to read"]

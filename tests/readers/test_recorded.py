"""Recording a reader and playing it."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from reader_contract import ALL, WORDS, YES_NO, ReaderContract, ask, in_scope
from scripted_reader import ScriptedReader

from caseloom.core.errors import ReaderFailed, ReaderUnavailable
from caseloom.core.report import ReaderIdentity
from caseloom.readers.expect import FreeText, YesNo
from caseloom.readers.recorded import RecordedReader, Recorder
from caseloom.readers.request import Request

REAL = ReaderIdentity(name="medgemma", model="google/medgemma-1.5-4b-it", revision="abc", interprets=True,
                      dtype="bfloat16", weights_sha256="0" * 63 + "1", adapters={"volume": "0" * 63 + "2"})


def answer(request: Request[Any]) -> str:
    return f"<unused94>thought\nIt is short.<unused95>{request.sha256[:12]} Final Answer: yes"


def record(path: Path, identity: ReaderIdentity = REAL, requests: tuple[Request[Any], ...] = ALL) -> Path:
    Recorder(ScriptedReader(answer, identity), path, recorded="2026-11-01").read(requests)
    return path


class TestRecordedReader(ReaderContract):
    @pytest.fixture
    def reader(self, tmp_path: Path) -> RecordedReader:
        path = record(tmp_path / "answers.jsonl")
        third = in_scope(YES_NO, "P-0000000000000003")
        Recorder(ScriptedReader(answer, REAL), path).read([third])
        return RecordedReader(path)

    @pytest.fixture
    def unanswerable(self) -> Request[str]:
        return ask(FreeText(), "What was never asked?")


class TestRecorder(ReaderContract):
    @pytest.fixture
    def reader(self, tmp_path: Path) -> Recorder:
        return Recorder(ScriptedReader({"contract": "Final Answer: yes"}), tmp_path / "answers.jsonl")

    @pytest.fixture
    def unanswerable(self) -> Request[str]:
        return Request("volume", "unknown/1", ("What?",), FreeText(), "P-1", 8)


def test_plays_what_was_read(tmp_path: Path) -> None:
    origin = ScriptedReader(answer, REAL)
    read = Recorder(origin, tmp_path / "answers.jsonl").read(ALL)
    player = RecordedReader(tmp_path / "answers.jsonl")
    assert player.read(ALL) == [replace(reading, reader=player.identity) for reading in read]
    assert read == origin.read(ALL)


def test_the_same_answers_are_the_same_bytes_and_are_written_once(tmp_path: Path) -> None:
    one, other = record(tmp_path / "one.jsonl"), record(tmp_path / "other.jsonl")
    assert one.read_bytes() == other.read_bytes()
    record(one)
    assert one.read_bytes() == other.read_bytes()


def test_a_recording_holds_neither_patient_nor_prompt_nor_picture(tmp_path: Path) -> None:
    secret = Request("volume", "contract/1", (*YES_NO.pictures, "a question"), YesNo(), "P-a-patient", 8)
    path = record(tmp_path / "answers.jsonl", requests=(secret,))
    written = path.read_text(encoding="utf-8")
    assert "a-patient" not in written
    assert "a question" not in written
    assert set(json.loads(written.splitlines()[1])) == {"request", "recipe", "text", "cut_off", "tokens", "seconds",
                                                        "notes"}
    assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_its_identity_is_the_model_that_was_recorded(tmp_path: Path) -> None:
    identity = RecordedReader(record(tmp_path / "answers.jsonl")).identity
    assert identity == REAL.model_copy(update={"name": "recorded", "origin": identity.origin})
    assert identity.origin is not None
    assert identity.unfit is None


@pytest.mark.parametrize(("origin", "reason"), [
    (REAL.model_copy(update={"unfit": "a random model for tests"}), "a random model for tests"),
    (REAL.model_copy(update={"weights_sha256": None}), "no digest"),
    (ReaderIdentity(name="served", model="medgemma", interprets=True), "no digest"),
])
def test_only_a_real_models_recording_may_write_a_report(tmp_path: Path, origin: ReaderIdentity, reason: str) -> None:
    unfit = RecordedReader(record(tmp_path / "answers.jsonl", origin)).identity.unfit
    assert unfit is not None
    assert reason in unfit


def test_the_recording_of_a_scripted_reader_stays_unfit_when_it_is_recorded_again(tmp_path: Path) -> None:
    first = record(tmp_path / "first.jsonl", REAL.model_copy(update={"unfit": "a toy"}))
    Recorder(RecordedReader(first), tmp_path / "second.jsonl").read(ALL)
    assert RecordedReader(tmp_path / "second.jsonl").identity.unfit == "a toy"


def test_a_request_that_was_not_recorded_is_named_by_recipe_and_digest(tmp_path: Path) -> None:
    reader = RecordedReader(record(tmp_path / "answers.jsonl", requests=(YES_NO,)))
    with pytest.raises(ReaderFailed, match=rf"contract/1 \({WORDS.sha256[:12]}\)"):
        reader.read([YES_NO, WORDS])


def test_another_length_or_system_text_is_another_request(tmp_path: Path) -> None:
    reader = RecordedReader(record(tmp_path / "answers.jsonl"))
    longer = Request(WORDS.tool, WORDS.recipe, WORDS.parts, WORDS.expect, WORDS.scope, 4000, WORDS.system)
    with pytest.raises(ReaderFailed):
        reader.read([longer])


def test_recording_goes_on_after_it_was_cut_in_the_middle_of_a_line(tmp_path: Path) -> None:
    path, whole = tmp_path / "answers.jsonl", record(tmp_path / "whole.jsonl")
    path.write_bytes(whole.read_bytes()[:-30])
    with pytest.raises(ReaderUnavailable, match="middle of a line"):
        RecordedReader(path)
    record(path)
    assert path.read_bytes() == whole.read_bytes()


def test_another_readers_recording_is_not_continued(tmp_path: Path) -> None:
    path = record(tmp_path / "answers.jsonl")
    with pytest.raises(ReaderUnavailable, match="another reader"):
        Recorder(ScriptedReader(answer), path)


@pytest.mark.parametrize(("damage", "reason"), [
    (lambda lines: [b"{}", *lines[1:]], "is no recording"),
    (lambda lines: [lines[0].replace(b"recording/1", b"recording/2"), *lines[1:]], "is no recording"),
    (lambda lines: [b"\x89PNG\xff", *lines[1:]], "is no recording"),
    (lambda lines: [lines[0], b"nonsense", *lines[2:]], "line 2"),
    (lambda lines: [lines[0], lines[1], b"", *lines[2:]], "line 3"),
    (lambda lines: [*lines[:3], lines[3].replace(b'"text":', b'"words":'), *lines[4:]], "line 4"),
    (lambda lines: [*lines[:2], lines[1].replace(b"Final", b"Last"), *lines[2:]], "line 3"),
    (lambda lines: [*lines[:-1], lines[-1] + b"\xff\xfe"], "line "),
])
def test_a_damaged_recording_is_refused_in_one_line(tmp_path: Path, damage: Any, reason: str) -> None:
    path = record(tmp_path / "answers.jsonl")
    path.write_bytes(b"\n".join(damage(path.read_bytes().splitlines())) + b"\n")
    with pytest.raises(ReaderUnavailable, match=reason) as refused:
        RecordedReader(path)
    assert "\n" not in str(refused.value)
    assert str(tmp_path) not in str(refused.value)


def test_an_empty_or_absent_recording_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").touch()
    with pytest.raises(ReaderUnavailable, match=r"empty\.jsonl is no recording"):
        RecordedReader(tmp_path / "empty.jsonl")
    with pytest.raises(ReaderUnavailable, match=r"no recording absent\.jsonl"):
        RecordedReader(tmp_path / "absent.jsonl")
    with pytest.raises(ReaderUnavailable, match="cannot be read"):
        RecordedReader(tmp_path)


def test_a_place_that_cannot_be_written_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(ReaderUnavailable, match="no recording can be written"):
        Recorder(ScriptedReader(answer), tmp_path / "absent" / "answers.jsonl")

"""Whether a model answered at all is noted, and an empty answer is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scripted_reader import ScriptedReader

from caseloom.core.errors import ReaderFailed
from caseloom.readers.answers import unread
from caseloom.readers.expect import FreeText
from caseloom.readers.noted import NotedReader
from caseloom.readers.reading import Reading
from caseloom.readers.recorded import RecordedReader, Recorder
from caseloom.readers.request import Request

ASKED = Request("records", "record/1", ("Which?",), FreeText(), "P-0", 50)


@pytest.mark.parametrize(("answer", "outcome"), [("This one.", True), ("I cannot tell", True), (" \n", False)])
def test_an_empty_answer_is_none(answer: str, outcome: bool) -> None:
    noted = NotedReader(ScriptedReader(lambda _: answer))
    assert noted.outcome is None
    noted.read([ASKED])
    assert (noted.outcome, noted.failed) == (outcome, False)


def test_a_failure_is_noted_and_passed_on() -> None:
    def fail(_: Request[Any]) -> str:
        raise ReaderFailed("down")

    noted = NotedReader(ScriptedReader(fail))
    with pytest.raises(ReaderFailed):
        noted.read([ASKED])
    assert (noted.outcome, noted.failed) == (False, True)


class Half(ScriptedReader):
    """Answers the first of several."""

    def read(self, requests: Sequence[Request[Any]]) -> list[Reading[Any]]:
        first, *others = requests
        return [*super().read([first]), *(unread(self.identity, "lost") for _ in others)]


def test_an_answer_that_is_owed_is_noted() -> None:
    noted = NotedReader(Half(lambda _: "This one."))
    assert [reading.problem for reading in noted.read([ASKED, ASKED])] == [None, "lost"]
    assert (noted.outcome, noted.failed) == (True, True)


def test_a_recording_holds_what_came_and_asks_again_for_the_rest_only(tmp_path: Path) -> None:
    path, other = tmp_path / "answers.jsonl", replace(ASKED, parts=("What?",))
    Recorder(Half(lambda _: "This one."), path).read([ASKED, other])
    asked: list[Request[Any]] = []

    def answer(request: Request[Any]) -> str:
        asked.append(request)
        return "That one."

    readings = Recorder(ScriptedReader(answer), path).read([ASKED, other])
    assert [reading.text for reading in readings] == ["This one.", "That one."]
    assert asked == [other]
    assert [reading.text for reading in RecordedReader(path).read([ASKED, other])] == ["This one.", "That one."]

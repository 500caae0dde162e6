"""Whether a model answered at all is noted, and an empty answer is none."""

from __future__ import annotations

from typing import Any

import pytest
from scripted_reader import ScriptedReader

from caseloom.core.errors import ReaderFailed
from caseloom.readers.expect import FreeText
from caseloom.readers.noted import NotedReader
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

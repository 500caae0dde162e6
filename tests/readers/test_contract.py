"""Readers without a model of their own keep the contract."""

from __future__ import annotations

from typing import Any

import pytest
from reader_contract import ReaderContract, SilentReaderContract, ask
from scripted_reader import ScriptedReader

from caseloom.core.errors import ReaderFailed
from caseloom.readers.expect import FreeText
from caseloom.readers.measure import MeasureReader
from caseloom.readers.request import Request


def answer(request: Request[Any]) -> str:
    """One that tells requests apart, with a trace before it."""
    if request.recipe != "contract/1":
        raise ReaderFailed(f"the script has no answer for the recipe {request.recipe!r}")
    return f"<unused94>thought\nIt is short.<unused95>{request.sha256[:12]} Final Answer: yes"


class TestMeasureReader(SilentReaderContract):
    @pytest.fixture
    def reader(self) -> MeasureReader:
        return MeasureReader()


class TestScriptedReader(ReaderContract):
    @pytest.fixture
    def reader(self) -> ScriptedReader:
        return ScriptedReader(answer)

    @pytest.fixture
    def unanswerable(self) -> Request[str]:
        return Request("volume", "unknown/1", ("What?",), FreeText(), "P-1", 8)

    def test_keeps_the_requests_that_it_got(self, reader: ScriptedReader) -> None:
        request = ask(FreeText(), "What?")
        reader.read([request])
        assert reader.requests == [request]

    def test_answers_by_the_recipe_with_or_without_its_version(self) -> None:
        assert ScriptedReader({"contract": "a"}).read([ask(FreeText(), "What?")])[0].value == "a"
        assert ScriptedReader({"contract": "a", "contract/1": "b"}).read([ask(FreeText(), "What?")])[0].value == "b"

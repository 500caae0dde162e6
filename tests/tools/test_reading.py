"""Asking a reader from a tool: once, never one that interprets nothing, and what fails is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scripted_reader import ScriptedReader

from caseloom.core.errors import ReaderFailed, ReaderUnavailable
from caseloom.core.evidence import ImageBox, Source
from caseloom.core.finding import Category, Laterality, Status
from caseloom.readers.expect import YesNo
from caseloom.readers.measure import MeasureReader
from caseloom.readers.protocol import Reader
from caseloom.readers.reading import Reading
from caseloom.readers.request import Request
from caseloom.tools.base import ToolContext
from caseloom.tools.reading import About, read_or_say, unclear, yes_no


def context(reader: Reader) -> ToolContext:
    return ToolContext(root=Path(), patient=None, opaque_patient="P-0", reader=reader, pictures=None, cache=Path())


def ask(text: str) -> Request[bool]:
    return Request("volume", "ct/1", (text,), YesNo(), "P-0", 10)


class Noting(ScriptedReader):
    """A reader whose readings come with a remark, as after a shortage of memory."""

    def read(self, requests: Any) -> Any:
        return [replace(reading, notes=("pictures were encoded one by one",)) for reading in super().read(requests)]


def test_a_reader_that_interprets_nothing_is_not_asked() -> None:
    assert read_or_say(context(MeasureReader()), [ask("a")], "the CT") == ([], [])


def test_no_requests_ask_nobody() -> None:
    reader = ScriptedReader({})
    assert read_or_say(context(reader), [], "the CT") == ([], [])
    assert reader.requests == []


def test_a_failure_becomes_one_warning_that_says_what_was_not_read() -> None:
    def fails(request: Request[Any]) -> str:
        raise ReaderFailed("out of memory")

    assert read_or_say(context(ScriptedReader(fails)), [ask("a"), ask("b")], "the CT") == (
        [], ["scripted did not read the CT: out of memory"])


def test_a_reader_that_is_not_there_stays_an_error() -> None:
    def missing(request: Request[Any]) -> str:
        raise ReaderUnavailable("no weights")

    with pytest.raises(ReaderUnavailable):
        read_or_say(context(ScriptedReader(missing)), [ask("a")], "the CT")


def test_remarks_on_the_reading_are_told_once() -> None:
    readings, warnings = read_or_say(context(Noting({"ct": "Final Answer: yes"})), [ask("a"), ask("b")], "the CT")
    assert [reading.value for reading in readings] == [True, True]
    assert warnings == ["scripted, the CT: pictures were encoded one by one"]


@pytest.mark.parametrize(("text", "status"), [
    ("Final Answer: yes", Status.PRESENT), ("Final Answer: no", Status.ABSENT), ("perhaps", Status.INDETERMINATE),
    ("<unused94>thought\nhm", Status.INDETERMINATE)])
def test_an_answer_is_a_status_never_a_guess(text: str, status: Status) -> None:
    (reading,), _ = read_or_say(context(ScriptedReader({"ct": text})), [ask("a")], "the CT")
    assert yes_no(reading) is status


def test_findings_name_the_reader_and_keep_its_words() -> None:
    about = About("volume", context(ScriptedReader({})), "2025-03-04")
    (reading,), _ = read_or_say(context(ScriptedReader({"ct": "hm"})), [ask("a")], "the CT")
    shown = about.evidence(Source(file="a", sha256="0"), ImageBox(box=(0, 0, 1, 1)), reading, caption="A film")
    finding = about.finding("Right lung", Status.PRESENT, [shown], category=Category.ANATOMY, laterality="right")
    assert (shown.raw_answer, shown.date) == ("hm", "2025-03-04")
    assert (finding.reader, finding.confidence, finding.evidence, finding.laterality, finding.patient) == (
        "scripted", None, (shown.id,), Laterality.RIGHT, "P-0")
    assert finding.is_read


def test_answers_that_fail_alike_are_told_together() -> None:
    readings: list[Reading[bool]]
    readings, _ = read_or_say(context(ScriptedReader(lambda request: str(request.parts[0]))),
                              [ask("hm"), ask("Final Answer: yes"), ask("tja"), ask("<unused94>thought")], "the CT")
    told = unclear(context(ScriptedReader({})), zip("abcd", readings, strict=True), "in the CT")
    assert told[0].startswith("scripted gave no usable answer about a, c in the CT: ")
    assert len(told) == 2
    assert not any(" b" in text.split(":")[0].split("about")[1] for text in told)

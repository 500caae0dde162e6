"""The parts of the chat: dates, units, schemas and prompts, and the driver for a reader."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.utils.function_calling import convert_to_openai_tool

from caseloom.agent.chat.arithmetic import NoConversion, convert, converted_text, days_between, whole_units
from caseloom.agent.chat.check import MOST_READINGS, readings
from caseloom.agent.chat.moments import UnclearDate, span_in
from caseloom.agent.chat.reader_model import ReaderChatModel
from caseloom.agent.chat.session import Chat
from caseloom.agent.chat.told import Saying
from caseloom.agent.chat.toolbox import make_tools
from caseloom.core.case import Identity
from caseloom.core.report import ReaderIdentity

SNAPSHOTS = Path(__file__).parent / "snapshots"


@pytest.mark.parametrize(("value", "unit", "to", "expected"), [
    (10.6, "g/dL", "g/L", 106.0), (118, "g/L", "g/dL", 11.8), (7.8, "mm", "cm", 0.78), (2.4, "L", "mL", 2400.0),
    (9, "ng/mL", "ug/L", 9.0), (5.4, "mmol/L", "umol/L", 5400.0), (742, "mm2", "cm2", 7.42), (1, "cm3", "mL", 1.0),
    (246, "mm3", "mL", 0.246), (30.1, "pg", "ng", 0.0301)])
def test_a_value_in_another_unit(value: float, unit: str, to: str, expected: float) -> None:
    assert convert(value, unit, to) == pytest.approx(expected, rel=1e-12)
    assert convert(expected, to, unit) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(("unit", "to"), [("g/dL", "mmol/L"), ("mm", "mm2"), ("mg", "mL"), ("U/L", "g/L"),
                                          ("%", "g/dL"), ("", "g")])
def test_what_is_no_factor_is_refused(unit: str, to: str) -> None:
    with pytest.raises(NoConversion):
        convert(1.0, unit, to)


def test_a_tiny_number_is_not_rounded_away() -> None:
    assert converted_text(79.2, "fL", "L") == "79.2 fL = 7.92e-14 L"


def test_days() -> None:
    assert days_between("2024-02-28", "2024-03-01") == 2
    assert days_between("2025-03-04T10:00", "2025-03-03") == -1
    with pytest.raises(NoConversion):
        days_between("2025-03", "2025-04-01")


@pytest.mark.parametrize(("first", "last", "unit", "told"), [
    ("2025-03-04", "2025-11-11", "weeks", "36 weeks"), ("2025-03-04", "2025-11-11", "months", "8 months and 7 days"),
    ("2025-11-11T08:00", "2025-03-04", "years", "0 years and 252 days"),
    ("2024-01-31", "2024-02-29", "months", "1 month"),
    ("2024-02-29", "2025-02-28", "years", "1 year"), ("2025-03-04", "2025-03-04", "weeks", "0 weeks"),
    ("2025-01-31", "2025-03-01", "months", "1 month and 1 day"),
    ("2025-03-04", "2025-03-12", "weeks", "1 week and 1 day")])
def test_whole_units_of_the_calendar(first: str, last: str, unit: str, told: str) -> None:
    assert whole_units(first, last, unit) == told


@pytest.mark.parametrize(("text", "since", "until", "rest"), [
    ("x on 11 november", "2025-11-11", "2025-11-11", "x"), ("x of december 4th", "2024-12-04", "2024-12-04", "x"),
    ("x since the 3rd of march", "2025-03-03", "", "x"), ("x on march 4, 2025", "2025-03-04", "2025-03-04", "x"),
    ("is x smaller than in march", "2025-03", "", "is x smaller"), ("x now vs march 2025", "2025-03", "", "x"),
    ("how did x change since march", "2025-03", "", "how did x change"),
    ("what was x in march 2024", "2024-03", "2024-03", "what was x"),
    ("what was x on 4 march 2025", "2025-03-04", "2025-03-04", "what was x"),
    ("x between 2025-01 and 2025-06-30", "2025-01", "2025-06-30", "x"),
    ("what was known as of 2025-06-01", "", "2025-06-01", "what was known"),
    ("how did x change since december", "2024-12", "", "how did x change"),
    ("x before november 2025", "", "2025-10", "x"), ("x before 2025-03-01", "", "2025-02-28", "x"),
    ("x after 2024", "2025", "", "x"), ("x on 10 nov 2025", "2025-11-10", "2025-11-10", "x"),
    ("x between november and march 2025", "2024-11", "2025-03", "x"), ("x in mar", "2025-03", "2025-03", "x"),
    ("x in 06/2023", "2023-06", "2023-06", "x"), ("x 06/2023", "2023-06", "2023-06", "x"),
    ("x june 2023", "2023-06", "2023-06", "x"), ("compare x with june 2023", "", "", "compare x with june 2023"),
    ("what is x", "", "", "what is x")])
def test_spans_of_time(text: str, since: str, until: str, rest: str) -> None:
    span = span_in(text, "2025-11-19")
    assert (span.since, span.until, span.rest) == (since, until, rest)


def test_a_date_that_reads_two_ways_is_none() -> None:
    with pytest.raises(UnclearDate):
        span_in("x on 03/04/2025", "2025-11-19")


def test_the_tools_as_a_model_sees_them(planted: Chat) -> None:
    """Also that none of them takes a case or a patient."""
    schemas = [convert_to_openai_tool(tool)["function"] for tool in make_tools(planted.context)]
    snapshot = SNAPSHOTS / "chat_tools.json"
    assert json.loads(snapshot.read_text(encoding="utf-8")) == schemas
    names = {name for schema in schemas for name in schema["parameters"]["properties"]}
    assert not [name for name in names if "patient" in name or "case" in name or "path" in name]


MESSAGES = [SystemMessage(content="s"), HumanMessage(content="How did CRP change?"), AIMessage(content="CRP rose."),
            HumanMessage(content="And Alex Sample's <start_of_turn>hemoglobin?"),
            AIMessage(content="", tool_calls=[{"name": "look_up", "args": {"name": "hemoglobin"}, "id": "1"}]),
            ToolMessage(content="Hemoglobin 10.6 g/dL [E1]", tool_call_id="1", name="look_up")]


class OneAnswer:
    """A reader that gives one move after the other."""

    identity = ReaderIdentity(name="medgemma", interprets=True, weights_sha256="0" * 64)
    context = None

    def __init__(self, *moves: str) -> None:
        self.moves = list(moves)
        self.asked: list[Any] = []

    def read(self, requests: Any) -> Any:
        self.asked += requests
        text = self.moves.pop(0)
        return [SimpleNamespace(value=request.expect.parse(text)) for request in requests]


def test_the_one_turn_that_a_reader_sees(planted: Chat) -> None:
    model = ReaderChatModel(reader=OneAnswer(), scope="P-1", people=(Identity(names=("Alex Sample",)),)).bind_tools(
        make_tools(planted.context)[:1])
    request = model.request(MESSAGES)
    words = str(request.parts[0])
    assert words == (SNAPSHOTS / "chat_turn.txt").read_text(encoding="utf-8").rstrip("\n")
    assert "Alex" not in words and "<start_of_turn>" not in words
    assert request.scope == "P-1"


def test_decoding_is_held_to_the_arguments_of_each_tool(planted: Chat) -> None:
    from llguidance import LLMatcher, LLTokenizer

    tools = make_tools(planted.context)
    model = ReaderChatModel(reader=OneAnswer(), scope="P-1").bind_tools(tools)
    grammar = LLMatcher.grammar_from_json_schema(json.dumps(model.request(MESSAGES).expect.schema))

    def may_be_written(move: dict[str, Any]) -> bool:
        matcher = LLMatcher(LLTokenizer("byte"), grammar, log_level=0)
        return all(matcher.consume_token(byte) for byte in json.dumps(move).encode()) and matcher.is_accepting()

    def asked(tool: str, **arguments: Any) -> dict[str, Any]:
        return {"call": {"tool": tool, "arguments": arguments}}

    assert may_be_written(asked("look_up", name="hemoglobin", since="2025-03"))
    assert may_be_written(asked("measure_on_slice", slice=105)) and may_be_written({"answer": ["x"]})
    for wrong in (asked("look_up", part="low"), asked("shell"), asked("look_up", name="hb", patient="P-1"),
                  asked("look_up", name="hb", since="March"), asked("read_report", part="everything"),
                  {"answer": []}, asked("look_up", name="hb") | {"answer": ["x"]}):
        assert not may_be_written(wrong), wrong


def test_a_reader_drives_the_chat(planted: Chat) -> None:
    sentence, = planted.ask("What was the latest hemoglobin?").sentences
    line = f"{sentence.text} [{', '.join(sentence.evidence)}]"
    reader = OneAnswer('{"call": {"tool": "look_up", "arguments": {"name": "hemoglobin"}}}',
                       json.dumps({"answer": [line, "The patient has cancer. [E1]"]}))
    chat = replace(planted, model=ReaderChatModel(reader=reader, scope="P-1"))
    answer = chat.ask("What was the latest hemoglobin?")
    assert [item.text for item in answer.sentences] == [sentence.text]
    assert "1 sentence that the case does not bear out" in answer.text
    assert len(reader.asked) == 2 and sentence.text in str(reader.asked[1].parts[0])


def test_a_sentence_is_held_against_few_sets_of_findings(planted: Chat) -> None:
    """Forty results on one piece of evidence would make ten thousand sets of three."""
    known = planted.context.known
    one = next(facts for facts in known.facts.values() if facts.finding.name == "Hemoglobin")
    many = {f"F{900 + n}": replace(one, finding=one.finding.model_copy(update={
        "id": f"F{900 + n}", "name": f"Hemoglobin fraction {n}"})) for n in range(40)}
    crowded = replace(known, facts={**known.facts, **many})
    saying = Saying("Hemoglobin fraction 7 is 10.6 g/dL.", tuple(sorted(one.evidence_ids)))
    sets = list(readings(saying, crowded))
    assert len(sets) == MOST_READINGS and sets[0] == ("F907",)
    assert not list(readings(Saying("Potassium is 4.4 mmol/L.", saying.evidence), crowded))
    away = tuple({*saying.evidence, next(key for key in known.evidence if key not in one.evidence_ids)})
    assert all(len(some) > 1 for some in readings(Saying(saying.text, away), known))

"""Whatever a model writes: a value or a reason, never another error, and never slowly."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter
from scripted_reader import SCRIPTED

from caseloom.readers.answers import make_reading, split_thinking
from caseloom.readers.expect import Boxes, Choice, Expect, FreeText, Json, YesNo
from caseloom.readers.reading import Seconds, Tokens
from caseloom.readers.request import Request


class Row(BaseModel):
    name: str
    value: float | None = None
    rows: list[Row] = []


KINDS: list[Expect[Any]] = [YesNo(), Choice(("improved", "stable", "worsened")), Choice(("A fall", "a rise", "5.2")),
                            Boxes(), Json(TypeAdapter(list[Row])), Json(TypeAdapter(dict[str, Any])), FreeText()]
TOKENS = [
    "Final Answer:", "final answer", "**Final Answer:**", " X", "yes", "no", "Yes.", "(A)", "B)", "improved",
    "stable", " ",
    "\n", "```", "```json", "[", "]", "{", "}", ",", ":", '"', "box_2d", '"box_2d": ', '"label": "x"',
    "[140, 110, 340, 470]",
    "[0.1, 0.2, 0.3, 0.4]", '{"box_2d": [1, 2, 300, 4], "label": "x"}', '[{"name": "a"}]', "NaN", "1e999", "-", "0",
    "999",
    "<unused94>", "<unused95>", "<unused96>", "<unused97>", "thought\n", "<end_of_turn>", "<eos>", "<start_of_turn>",
    "<bos>",
    "<pad>", "\nuser\n", "model\n", "I am an AI", "I cannot", "\\boxed{", "$", "\ud800", "\x00", "\u2028", "İ",
    "9" * 5000,
]
TEXTS = st.one_of(st.text(max_size=200), st.lists(st.sampled_from(TOKENS), max_size=25).map("".join))


def read(expect: Expect[Any], text: str, cut_off: bool) -> Any:
    request: Request[Any] = Request("t", "t/1", ("?",), expect, "P", 500)
    return make_reading(request, text, reader=SCRIPTED, tokens=Tokens(1, 0, 1), seconds=Seconds(), cut_off=cut_off)


@settings(max_examples=1500, deadline=None, derandomize=True, database=None)
@given(expect=st.sampled_from(KINDS), text=TEXTS, cut_off=st.booleans())
def test_any_text_gives_a_value_or_a_reason(expect: Expect[Any], text: str, cut_off: bool) -> None:
    reading = read(expect, text, cut_off)
    assert (reading.value is None) == (reading.problem is not None)
    assert reading.text == text
    if reading.problem is not None:
        assert reading.problem
        assert "\n" not in reading.problem
    if isinstance(expect, YesNo):
        assert reading.value in (True, False, None)
    if isinstance(expect, Choice):
        assert reading.value is None or reading.value in expect.options
    if isinstance(expect, Boxes) and reading.value:
        assert all(0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1 for x0, y0, x1, y1 in (one.box for one in reading.value))


@settings(max_examples=500, deadline=None, derandomize=True, database=None)
@given(text=TEXTS)
def test_the_answer_holds_no_tags(text: str) -> None:
    thinking, answer = split_thinking(text)
    for tag in ("<unused94>", "<unused95>", "<unused96>", "<unused97>", "<end_of_turn>", "<eos>", "<start_of_turn>"):
        assert tag not in answer
        assert tag not in (thinking or "")


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(trace=st.text(max_size=80).filter(lambda text: "<" not in text and "user" not in text),
       yes=st.booleans())
def test_an_answer_after_any_trace_is_found(trace: str, yes: bool) -> None:
    final = "Final Answer: yes" if yes else "Final Answer: no"
    text = f"<unused94>thought\n{trace}\nFinal Answer: maybe<unused95>{final}<end_of_turn>"
    assert read(YesNo(), text, False).value is yes


LONG = 1_000_000
REPEATED = ["Final Answer: ", "Final Answer: X\n", "Final Answer: yes ", "Final Answer: yes\n", "final ",
 "final \n\t", "[", "{",
            "[x", "[]", "[1,", "[[],", "```", "```json\n[", '"', "(", "(A) or ", "yes ", "\\boxed{", "**", " ", "\n",
            "\nuser\n",
            "<unused94>", "<unused95>", "<unused94>a<unused95>b", "<pad>", "<bos>", "I am ", "final answer************",
            '{"a":', '{"box_2d": [1, 2, 3, 4], "label": "x"},', "Final Answer: [1] ", "9", "I cannot "]


@pytest.mark.parametrize("piece", REPEATED)
def test_a_megabyte_is_read_without_a_long_wait(piece: str) -> None:
    text = (piece * (LONG // len(piece)))[:LONG]
    started = time.process_time()
    for expect in (KINDS[0], KINDS[2], KINDS[4]):
        read(expect, text, False)
        read(expect, "Final Answer: " + text, True)
    assert time.process_time() - started < 30

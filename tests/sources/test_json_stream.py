"""JSON of any length, value by value."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from caseloom.sources.json_stream import JsonText

CHUNKS = pytest.mark.parametrize("chunk", [1, 2, 7, 1 << 20])
"""Characters read at once: nothing may depend on where reading stops."""


def text_of(content: str, chunk: int) -> JsonText:
    return JsonText(io.StringIO(content, newline=""), json.JSONDecoder().raw_decode, chunk)


@CHUNKS
@pytest.mark.parametrize("values", [[], [1234567, 2.5e3, "a\"]b", {"k": [1, {"z": None}]}, [True], -7]])
def test_an_array_gives_its_elements_one_by_one(chunk: int, values: list[Any]) -> None:
    text = text_of(f" {json.dumps(values, indent=1)} \n", chunk)
    assert list(text.elements()) == values
    assert text.peek() == ""


@CHUNKS
def test_lines_follow_a_first_value(chunk: int) -> None:
    text = text_of('{"a": 1}\n{"b": 2}\n\n{"c"', chunk)
    assert text.value() == {"a": 1} and text.peek() == "{"
    assert text.line == 2
    assert [text.rest_of_line() for _ in range(4)] == ['{"b": 2}\n', "\n", '{"c"', None]


@CHUNKS
@pytest.mark.parametrize("content", ["[1,\n 2,\n 3 4]", '[{"a": 1},\n {"b": }]', "[1", '["a\n"]'])
def test_what_is_broken_is_named_where_json_itself_would(chunk: int, content: str) -> None:
    with pytest.raises(json.JSONDecodeError) as expected:
        json.loads(content)
    with pytest.raises(json.JSONDecodeError) as broken:
        list(text_of(content, chunk).elements())
    assert (broken.value.lineno, broken.value.colno) == (expected.value.lineno, expected.value.colno)

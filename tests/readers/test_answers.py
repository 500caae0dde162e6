"""From a model's whole text to a reading: thinking apart, other turns dropped, a reason where no answer is."""

from __future__ import annotations

import pytest
from scripted_reader import SCRIPTED

from caseloom.readers.answers import make_reading, split_thinking
from caseloom.readers.expect import Boxes, Expect, FreeText, YesNo
from caseloom.readers.reading import Reading, Seconds, Tokens
from caseloom.readers.request import Request

TRACE = "The user asks about a nodule.\n\nFinal Answer: no"
YES = "There is one.\n\nFinal Answer: yes"


@pytest.mark.parametrize(("text", "thinking", "answer"), [
    (YES, None, YES),
    (f"<unused94>thought\n{TRACE}<unused95>{YES}", TRACE, YES),
    (f"<unused94>thought\n{TRACE}\n<unused95>\n{YES}<end_of_turn>", TRACE, YES),
    (f"<unused94>{TRACE}<unused95>{YES}", TRACE, YES),
    (f"thought\n{TRACE}<unused95>{YES}", TRACE, YES),
    (f"{TRACE}<unused95>{YES}", TRACE, YES),
    (f"<unused96>thought\n{TRACE}<unused97>{YES}", TRACE, YES),
    (f"<unused94><unused95>{YES}", None, YES),
    (f"<unused94>thought\n<unused95>{YES}", None, YES),
    (f"<unused95>{YES}", None, YES),
    (f"<unused94>thought\n{TRACE}", TRACE, ""),
    (f"<unused94>thought\n{TRACE}<end_of_turn>\n<start_of_turn>model\n<unused95>{YES}", TRACE, ""),
    (f"thought\n{TRACE}", TRACE, ""),
    ("<unused94>", None, ""), ("<unused94>thought", None, ""), ("thought", None, ""), ("", None, ""), (" \n", None, ""),
    (f"Let me see.<unused94>thought\n{TRACE}<unused95>{YES}", TRACE, f"Let me see.\n{YES}"),
    (f"<unused94>a<unused95>{YES}<unused94>thought\nmore", "a\nmore", YES),
    (f"<unused94>a<unused95>{YES}<unused95>", "a", YES),
    (f"<unused94>a<unused95>b<unused95>{YES}", "a\nb", YES),
    ("The thought\nof it", None, "The thought\nof it"),
])
def test_thinking_is_kept_apart(text: str, thinking: str | None, answer: str) -> None:
    assert split_thinking(text) == (thinking, answer)


@pytest.mark.parametrize("text", [
    f"{YES}<end_of_turn>", f"{YES}<eos>", f"<bos><start_of_turn>model\n{YES}<end_of_turn>\n<eos>",
    f"<pad><pad>{YES}<pad>",
    f"{YES}<end_of_turn>\n<start_of_turn>user\nAnd a mass?<end_of_turn>\n<start_of_turn>model\nFinal Answer: no",
    f"{YES}\n<start_of_turn>user\nFinal Answer: no", f"{YES}\nuser\nAnd a mass?\nmodel\nFinal Answer: no",
])
def test_what_follows_the_models_own_turn_is_dropped(text: str) -> None:
    assert split_thinking(text) == (None, YES)


def read(text: str, expect: Expect[object] | None = None, *, cut_off: bool = False) -> Reading[object]:
    request: Request[object] = Request("volume", "ct/1", ("Is there a nodule?",), expect or YesNo(), "P-1", 2000)
    return make_reading(request, text, reader=SCRIPTED, tokens=Tokens(300, 0, 20), seconds=Seconds(decode=1.5),
                        cut_off=cut_off, notes=("the picture chunk was halved",))


def test_a_reading_keeps_all_that_is_known_of_it() -> None:
    text = f"<unused94>thought\n{TRACE}<unused95>{YES}"
    assert read(text) == Reading(True, None, text, YES, TRACE, SCRIPTED, Tokens(300, 0, 20), Seconds(decode=1.5),
                                 False, ("the picture chunk was halved",))


def test_no_is_an_answer() -> None:
    reading = read("Final Answer: no")
    assert reading.value is False
    assert reading.problem is None


@pytest.mark.parametrize(("text", "cut_off", "problem"), [
    ("", False, "the model wrote nothing"),
    ("<pad>" * 50, False, "the model wrote nothing"),
    ("<end_of_turn>", False, "the model wrote nothing"),
    (f"<unused94>thought\n{TRACE}", False, "the model thought and gave no answer"),
    (f"<unused94>thought\n{TRACE}<unused95>", False, "the model thought and gave no answer"),
    (f"<unused94>thought\n{TRACE}", True, "the answer was cut off while the model was thinking"),
    ("", True, "the answer was cut off"),
    ("The lung is clear and", True, "the answer was cut off: there is no 'Final Answer' in the answer"),
    ("Final Answer: perhaps", False, "the final answer is neither yes nor no"),
])
def test_without_an_answer_the_reading_says_why(text: str, cut_off: bool, problem: str) -> None:
    reading = read(text, cut_off=cut_off)
    assert reading.value is None
    assert reading.problem == problem
    assert reading.text == text
    assert reading.cut_off is cut_off


def test_a_final_answer_in_the_thinking_is_none() -> None:
    assert read("<unused94>thought\nFinal Answer: yes<unused95>The slices are blurred.").value is None
    assert read('<unused94>[{"box_2d": [1, 2, 3, 4], "label": "x"}]', Boxes()).value is None


def test_an_answer_that_ends_at_the_cut_stands_and_says_that_it_was_cut() -> None:
    reading = read("There is one.\n\nFinal Answer: yes.", cut_off=True)
    assert reading.value is True
    assert reading.cut_off


def test_an_answer_that_may_have_been_taken_back_behind_the_cut_is_none() -> None:
    reading = read("Final Answer: yes\n\nWait, this is", cut_off=True)
    assert reading.value is None
    assert reading.problem is not None and "taken back" in reading.problem


def test_an_empty_list_of_boxes_is_a_value() -> None:
    reading = read("Final Answer: []", Boxes())
    assert reading.value == ()
    assert reading.problem is None


def test_free_text_is_the_answer_without_the_thinking() -> None:
    assert read(f"<unused94>{TRACE}<unused95> colon, biopsy: benign.<end_of_turn>", FreeText()).value == (
        "colon, biopsy: benign.")

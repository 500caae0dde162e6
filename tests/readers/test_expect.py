"""What each kind of answer accepts, and what it refuses to guess."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter

from caseloom.readers.expect import Boxes, Choice, FreeText, Json, LabelledBox, Unparsed, YesNo

CHANGES = Choice(("improved", "stable", "worsened"))
CLAVICLE = '```json[{"box_2d": [140, 110, 340, 470], "label": "right clavicle"}]```'


class Row(BaseModel):
    name: str
    result: str
    low: float | None = None


ROWS = Json(TypeAdapter(list[Row]))


def reason(expect: Any, answer: str, *, cut_off: bool = False) -> str:
    with pytest.raises(Unparsed) as caught:
        expect.parse(answer, cut_off=cut_off)
    message = str(caught.value)
    assert message and "\n" not in message
    return message


@pytest.mark.parametrize("answer", [
    "Final Answer: yes", "Final Answer: Yes.", "**Final Answer:** yes", "**Final Answer: yes**", "Final Answer: 'yes'",
    'Final Answer: "yes".', "final answer is: YES", "Final Answer:\n\nyes", "## Final Answer\nyes",
    "**Final Answer**\r\nyes\r\n",
    "**Final Answer**\n\nYes, there is one.", "Final Answer: `yes`", "Final Answer: ```yes```", "Final Answer: (yes)",
    r"Final Answer: $\boxed{yes}$", "Reasoning about no effusion.\n\nFinal Answer: yes\n\nDisclaimer: no warranty.",
    "Final Answer: no\nOn reflection:\nFinal Answer: yes", "Final Answer: yes. Final Answer: yes.", "Yes.", "yes",
    'The format is "Final Answer: X".\nFinal Answer: yes', "Final Answer: yes\n(as asked: Final Answer: X)",
    "Final\nAnswer: yes", "Final Answer: yes (present)",
])
def test_yes_in_its_variants(answer: str) -> None:
    assert YesNo().parse(answer) is True


@pytest.mark.parametrize("answer", [
    "Final Answer: no", "**Final Answer:** No", "Final Answer: no, there is none.", "No.",
    "Final Answer: yes\nFinal Answer: no",
])
def test_no_in_its_variants(answer: str) -> None:
    assert YesNo().parse(answer) is False


@pytest.mark.parametrize(("answer", "why"), [
    ("Conclude with a 'Final Answer: yes' or 'Final Answer: no'.", "more than yes or no"),
    *((f"Final Answer: {more}", "more than yes or no") for more in (
        "yes, no", "yes, possibly", "no (probably)", "yes, but I am not sure", "yes; not seen", "yes, absent",
        "yes, none", "yes, equivocal", "yes (low confidence)", "yes (questionable)", "yes, really?",
        "no, a small effusion is present", "no, but a nodule can not be excluded", "no. A nodule could be present",
        "no, nondiagnostic images", "yes - a nodule in the left upper lobe")),
    ("Final Answer: yes?", "neither yes nor no"),
    ("Final Answer: yes and no", "neither yes nor no"),
    ("Final Answer: yes/no", "neither yes nor no"),
    ("Final Answer: yes, but it cannot be told from these slices", "more than yes or no"),
    ("Final Answer: no conclusion can be drawn", "neither yes nor no"),
    ("Final Answer: notable", "neither yes nor no"),
    ("Final Answer: yesterday", "neither yes nor no"),
    ("Final Answer:", "neither yes nor no"),
    ("Final Answer: indeterminate", "neither yes nor no"),
    ("Final Answer: yes\nFinal Answer: unclear", "neither yes nor no"),
    ("Final Answer: " + "yes " * 500, "too long"),
    ("There is a lesion.\nTherefore yes", "no 'Final Answer'"),
    ("I will give my final answer after a look at the slices.\nThere is a lesion.", "no 'Final Answer'"),
    ("Use Final Answer: X where X is yes or no.", "repeats the instruction"),
    ("I am an AI and cannot provide medical diagnoses.", "is an AI or cannot answer"),
    ("As an AI, I can't tell.", "is an AI or cannot answer"),
    ("The lungs are clear.\n\nI am unable to answer.", "is an AI or cannot answer"),
    ("", "no 'Final Answer'"),
])
def test_what_is_not_clearly_yes_or_no_is_neither(answer: str, why: str) -> None:
    assert why in reason(YesNo(), answer)


@pytest.mark.parametrize(("answer", "value"), [
    ("Final Answer: no.", False), ("**Final Answer: no**", False), ("Reasoning.\nFinal Answer: yes\n", True),
])
def test_a_final_answer_complete_before_the_cut_counts(answer: str, value: bool) -> None:
    assert YesNo().parse(answer, cut_off=True) is value


@pytest.mark.parametrize("answer",
 ["There is a lesion and therefore", "Final Answer: no", "Final Answer: yes, bu", "yes",
                                    "Some lines.\nFinal Answer:",
                                    "Final Answer: yes\nThe reasoning goes on and is cut he",
                                    "Final Answer: yes\nWait, that is wrong.\nFinal Answer:",
                                    "Final Answer: yes\nWait, that is wrong.",
                                    "Final Answer: yes\nFinal Answer: yes\nFinal Answer: n"])
def test_a_final_answer_at_the_cut_may_go_on_and_does_not_count(answer: str) -> None:
    reason(YesNo(), answer, cut_off=True)


@pytest.mark.parametrize(("answer", "value"), [
    ("(A) Improved", "improved"), ("A", "improved"), ("improved", "improved"), ("Final Answer: (C)", "worsened"),
    ("Final Answer: **(B) Stable**", "stable"), ("Final Answer: B. stable", "stable"), ("Final Answer: c", "worsened"),
    ("Final Answer: Option B", "stable"), ("Final Answer: Stable.", "stable"), ("Final Answer: [C]", "worsened"),
    (r"Final Answer: $\boxed{A}$", "improved"),
    ("Final Answer: (A)\nFinal Answer: (C)", "worsened"),
])
def test_a_choice_by_letter_or_words(answer: str, value: str) -> None:
    assert CHANGES.parse(answer) == value


@pytest.mark.parametrize(("answer", "why"), [
    ("Final Answer: (A) Stable", "do not agree"), ("Final Answer: (A) or (B)", "do not agree"),
    ("Final Answer: (D)", "none of the options"), ("Final Answer: unstable", "none of the options"),
    *((f"Final Answer: {more}", "none of the options") for more in (
        "stable or worsened", "not improved", "stable, maybe worse", "improved, with less oedema")),
    *((f"Final Answer: {more}", "do not agree") for more in (
        "(A) not improved", "(A) It has not improved", "(C) possibly worsened", "(A) Improved, uncertain",
        "(A) Improved (B)", "(A) Improved?", "(C) The effusion has worsened.")),
    ("Final Answer: A/B", "none of the options"),
    ("(A) Improved\n(B) Stable\n(C) Worsened", "no 'Final Answer'"),
    ("Final Answer: (A). Final Answer: (B).", "contradicts itself"),
])
def test_no_choice_is_made_for_the_model(answer: str, why: str) -> None:
    assert why in reason(CHANGES, answer)


def test_options_that_look_like_letters_or_share_digits_are_told_apart() -> None:
    drop = Choice(("5", "5.2", "-5", "A fall in haemoglobin", "<5 mg/L"))
    assert drop.parse("Final Answer: 5.2") == "5.2"
    assert drop.parse("Final Answer: -5") == "-5"
    assert drop.parse("Final Answer: A fall in haemoglobin") == "A fall in haemoglobin"
    assert drop.parse("Final Answer: (D) a fall in haemoglobin") == "A fall in haemoglobin"
    assert drop.parse("Final Answer: <5 mg/L") == "<5 mg/L"
    reason(drop, "Final Answer: 5.3")


@pytest.mark.parametrize("options", [(), ("one",), ("Stable", "stable."), ("a", " "), tuple(map(str, range(27)))])
def test_options_must_be_told_apart(options: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="2 to 26 options"):
        Choice(options)


CLAVICLE_BOX = (LabelledBox("right clavicle", (0.11, 0.14, 0.47, 0.34)),)


@pytest.mark.parametrize("answer", [
    f"Final Answer: {CLAVICLE}", f"It lies high.\n\n**Final Answer:** {CLAVICLE}.", CLAVICLE,
    f"Final Answer: {CLAVICLE}".removesuffix("```"), f"Final Answer: {CLAVICLE}".replace("json[", "json\n[\n"),
    '[{"box_2d": [140, 110, 340, 470], "label": "right clavicle"}]',
    'See [above]. Final Answer: {"label": " right clavicle ", "box_2d": [140, 110, 340.0, 470], "score": 0.5}',
    'Final Answer: [{"box_2d": [0.14, 0.11, 0.34, 0.47], "label": "right clavicle"}]',
    f'Final Answer: ```json[{{"box_2d": [1, 2, 3, 4], "label": "car"}}]```\nNo:\nFinal Answer: {CLAVICLE}',
    f'For instance ```json[{{"box_2d": [1, 2, 3, 4], "label": "car"}}]```. Final Answer: X\nFinal Answer: {CLAVICLE}',
    f"Draft: ```json[]```\n\nBetter: {CLAVICLE}",
])
def test_a_box_in_its_variants(answer: str) -> None:
    assert Boxes().parse(answer) == CLAVICLE_BOX


def test_several_boxes_and_none() -> None:
    lungs = ('[{"box_2d": [0, 0, 1000, 500], "label": "right lung"}, '
             '{"box_2d": [0, 500, 1000, 1000], "label": "left lung"}]')
    assert Boxes().parse(f"Final Answer: {lungs}") == (
        LabelledBox("right lung", (0, 0, 0.5, 1)), LabelledBox("left lung", (0.5, 0, 1, 1)))
    assert Boxes().parse("Final Answer: []") == ()
    assert Boxes().parse('[{"box_2d": [0, 0, 1, 1], "label": "all"}]')[0].box == (0, 0, 1, 1)


def box(*numbers: Any, label: Any = "x") -> str:
    return "Final Answer: " + json.dumps([{"box_2d": list(numbers), "label": label}])


@pytest.mark.parametrize(("answer", "why"), [
    (box(340, 110, 140, 470), "swapped"), (box(140, 470, 340, 110), "swapped"), (box(5, 5, 5, 9), "swapped"),
    (box(0, 0, 10, 1001), "0 to 1000"), (box(-1, 0, 10, 10), "0 to 1000"), (box(1, 2, 3), "0 to 1000"),
    (box("140", 1, 2, 3), "0 to 1000"), (box(True, 1, 2, 3), "0 to 1000"), (box(None, 1, 2, 3), "0 to 1000"),
    (box(0, 0, 10**400, 3), "0 to 1000"), (box(0.1, 0.1, 0.9, 1.02), "unclear whether"),
    (box(1, 1, 9, 9, label=3), "no label"), (box(1, 1, 9, 9, label=" "), "no label"),
    ("Final Answer: [140, 110, 340, 470]", "no list of objects"), ('Final Answer: {"boxes": []}', "no list of objects"),
    ('Final Answer: [{"box_2d": [1, 2, 3, 4]}]', "no list of objects"),
    ('[{"box_2d": [0.1, 0.1, 0.9, 0.9], "label": "a"}, {"box_2d": [1, 2, 300, 400], "label": "b"}]', "unclear whether"),
    ('Final Answer: [{"box_2d": [140, 110, 340, 470], "label": "right cl', "broken"),
    ('Final Answer: [{"box_2d": [1, 2, 300, 400], "label": "a"},]', "broken"),
    ('Final Answer: [{"box_2d": [NaN, 2, 3, 4], "label": "a"}]', "broken"),
    ('Final Answer: [{"box_2d": [1e999, 2, 3, 4], "label": "a"}]', "broken"),
    ("Final Answer: [" + "1" * 5000 + "]", "broken"), ("[" * 100_000, "broken"),
    ('[{"box_2d": [1, 2, 3, 4], "label": "a"}] or [{"box_2d": [5, 6, 7, 8], "label": "a"}]', "several different"),
    ("Final Answer: the right clavicle is not seen", "no JSON"), ("It is high up.", "no JSON"),
    ('```json[{"box_2d": [800, 3, 840, 471], "label": "car"}]``` ... "Final Answer: X" where X is a list',
     "instruction"),
])
def test_a_box_that_is_not_clear_is_none(answer: str, why: str) -> None:
    assert why in reason(Boxes(), answer)


def test_a_box_complete_before_the_cut_counts() -> None:
    whole = f"Final Answer: {CLAVICLE}"
    assert Boxes().parse(whole, cut_off=True) == CLAVICLE_BOX
    for more in (whole[:60], "No, wait.", f"Final Answer: {CLAVICLE}"[:15], "Better: ["):
        reason(Boxes(), f"{whole}\n{more}", cut_off=True)
    reason(Boxes(), whole[:60], cut_off=True)
    reason(Boxes(), whole + "\n" + whole[:60])
    reason(Boxes(), "Draft: []  Better: [", cut_off=True)
    reason(Boxes(), "Draft: []  Better: [")


@pytest.mark.parametrize("answer", [
    '[{"name": "WBC", "result": "5.40"}]', '```json\n[{"name": "WBC", "result": "5.40"}]\n```',
    '```json\n[{"name": "WBC", "result": "5.40"}]', 'Here it is: [{"name": "WBC", "result": "5.40"}]',
    '[{"name": "WBC", "result": 5.40}]', '[{"name": "WBC", "result": "5.40"}] [{"name": "WBC", "result": "5.40"}]',
])
def test_json_of_a_type(answer: str) -> None:
    assert ROWS.parse(answer) == [Row(name="WBC", result="5.40")]


def test_a_number_where_text_belongs_keeps_its_spelling() -> None:
    (row,) = ROWS.parse('[{"name": "pH", "result": 7.350, "low": 7.30}]')
    assert (row.result, row.low) == ("7.350", 7.3)


def test_words_inside_a_json_text_are_no_final_answer() -> None:
    said = Json(TypeAdapter(list[str])).parse('["Final Answer: X", "Final Answer: []"]')
    assert said == ["Final Answer: X", "Final Answer: []"]


@pytest.mark.parametrize(("answer", "why"), [
    ('[{"name": "WBC"}]', "0.result"), ('{"name": "WBC", "result": "1"}', "the value"),
    ('[{"name": "WBC", "res', "broken"),
    ('[{"name": null, "result": "1"}]', "0.name"),
    ('{"name": "a", "result": "1"}\n{"name": "b", "result": "2"}', "several"),
    ("No tests are listed.", "no JSON"), ('[{"name": "secret", "result": []}]', "0.result"),
])
def test_json_of_another_shape_is_refused_without_its_content(answer: str, why: str) -> None:
    told = reason(ROWS, answer)
    assert why in told
    assert "secret" not in told


def test_free_text_is_what_was_written() -> None:
    assert FreeText().parse(" colon biopsy: adenocarcinoma.\n") == "colon biopsy: adenocarcinoma."
    assert "no end" in reason(FreeText(), "colon biopsy: no evidence of", cut_off=True)
    reason(FreeText(), " \n")


def test_every_kind_says_what_it_is() -> None:
    kinds = [YesNo(), CHANGES, Boxes(), ROWS, FreeText(), Choice(("stable", "improved")), Json(TypeAdapter(list[str]))]
    said = [json.dumps(kind.describe(), sort_keys=True) for kind in kinds]
    assert len(set(said)) == len(kinds)
    assert [kind.schema is None for kind in kinds] == [True, True, True, False, True, True, False]
    assert ROWS.schema["items"]["$ref"] in ("#/$defs/Row",)


@pytest.mark.parametrize("answer", [
    "Final Answer: no, it is there", "Final Answer: no, there is", "Final Answer: no, it is",
    "Final Answer: yes\n\nHowever, the final answer is no.",
    "Final Answer: no\n\nCorrection: there is a nodule, so the answer is yes.",
    "Final Answer: no\nWait, slice 12 shows one.",
])
def test_an_answer_that_takes_itself_back_is_none(answer: str) -> None:
    with pytest.raises(Unparsed):
        YesNo().parse(answer)


@pytest.mark.parametrize("box", ["[0, 0, 0.5, 2.5]", "[0.5, 0.5, 900, 900]"])
def test_fractions_among_thousandths_are_not_guessed_at(box: str) -> None:
    with pytest.raises(Unparsed, match="unclear"):
        Boxes().parse(f'Final Answer: [{{"box_2d": {box}, "label": "a"}}]')

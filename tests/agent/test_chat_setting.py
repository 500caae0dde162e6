"""What a question says beside the thing that it asks for is no part of the thing's name."""

from __future__ import annotations

import pytest

from caseloom.agent.chat.moments import span_in
from caseloom.agent.chat.session import Chat
from caseloom.agent.chat.setting import shown_on, sided, study_in, without_place


@pytest.mark.parametrize(("text", "kind", "pick", "rest"), [
    ("is there a fracture on the ct", "ct", "", "is there a fracture"),
    ("is there a nodule in the first chest ct", "ct", "first", "is there a nodule"),
    ("was a stone seen on his latest mri", "mr", "last", "was a stone seen"),
    ("lung volume on the film", "film", "", "lung volume"), ("what is the ctr", "", "", "what is the ctr"),
    ("potassium of the last lab report", "lab report", "last", "potassium"),
    ("necrosis in the slide of march", "slide", "", "necrosis of march")])
def test_the_examination_is_told_apart(text: str, kind: str, pick: str, rest: str) -> None:
    assert study_in(text) == (kind, pick, rest)


def test_place_side_and_who_shows_it_are_told_apart() -> None:
    assert without_place("was he seen in clinic") == "was he seen"
    assert without_place("potassium on admission") == "potassium" and without_place("in hospital") == "in hospital"
    assert sided("fracture on the left side") == "left fracture" and sided("effusion to the right") == "right effusion"
    assert sided("pain in the left arm") == "pain in the left arm"
    assert shown_on("did the last film show any fracture") == "is there fracture on the last film"
    assert shown_on("what does the film show") == "what does the film show"


@pytest.mark.parametrize("question", [
    "Is there a {thing} on the CT?", "Was a {thing} seen on the CT in March?", "Any {thing} on the last film?",
    "Did the film of 2025-03-04 show a {thing}?", "{thing} in 2010?", "Did he have a {thing} in March 2025?",
    "Was there a {thing} on admission?", "Is there any {thing} on the slide?", "Does the CT show a {thing}?",
    "Was there a {thing} before 2020?", "Has there been a {thing} since March?"])
def test_what_the_case_does_not_hold_is_named_by_its_own_words_alone(planted: Chat, question: str) -> None:
    for thing in ("fracture", "bone cyst", "ventricular septal defect"):
        answer = planted.ask(question.format(thing=thing))
        assert answer.status == "not_in_case", answer.text
        named = answer.text.partition(" Looked at:")[0]
        assert f"named {thing}" in named and not named.partition(f"named {thing}")[2].startswith(" on ")


@pytest.mark.parametrize(("question", "words"), [
    ("Did he have hypertension in 2010?", "in 2010"), ("Did he have hypertension in March 2010?", "in March 2010"),
    ("Did he have hypertension on 2010-03-04?", "on 2010-03-04"), ("Hemoglobin in March 2019?", "in March 2019"),
    ("Hemoglobin on 4 March 2019?", "on 2019-03-04"), ("Hemoglobin until March 2019?", "until March 2019")])
def test_dates_are_told_as_precisely_as_they_are(planted: Chat, question: str, words: str) -> None:
    answer = planted.ask(question)
    assert words in answer.text
    assert ("Not on record" in answer.text) if "hypertension" in question else answer.status == "not_in_case"


def test_a_side_is_kept_with_the_thing(planted: Chat) -> None:
    assert "left fracture" in planted.ask("Is there a fracture on the left?").text


def test_a_date_after_the_comparison_begins_the_span() -> None:
    assert span_in("is hb lower than on 2025-03-04", "2025-11-19").since == "2025-03-04"


def test_what_was_looked_at_is_told_by_its_kind_and_span(planted: Chat) -> None:
    looked = planted.ask("Is there a fracture?").text.partition("Looked at: ")[2]
    assert all(part in looked for part in ("1 document", "1 health record", "1 note", "2009-04-02 to 2025-11-13."))
    kinds, _, untaken = looked.partition(" Nothing was taken up from ")
    assert "findings" not in looked and len(kinds) < 80
    assert untaken == "4 texts that give orders to a program."

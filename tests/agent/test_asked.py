"""Questions of several parts: each part is answered, and one that is not is named."""

from __future__ import annotations

import pytest

from caseloom.agent.asked import answered, parts_of
from caseloom.core.result import Answer, AnswerStatus, CitedSentence
from caseloom.report.view import answer_lines


@pytest.mark.parametrize(("question", "parts"), [
    ("Has the lung disease changed, and is the patient anaemic?",
     ("Has the lung disease changed?", "Is the patient anaemic?")),
    ("Is there an effusion? And what was the last CRP?", ("Is there an effusion?", "What was the last CRP?")),
    ("Does the patient have anemia and hypertension?", ()), ("Has the nodule grown?", ()),
    ("What was the latest potassium and when was it measured?", ()),
    ("How did potassium change between June 2023 and May 2024?", ()), ("What changed between April and May?", ()),
    ("Compare the films and is there a change?", ())])
def test_a_question_is_parted_where_each_part_stands_by_itself(question: str, parts: tuple[str, ...]) -> None:
    assert parts_of(question) == (parts or (question,))


def told(part: str) -> Answer:
    if "live" in part:
        return Answer(text="Caseloom gives no prognosis.", status=AnswerStatus.DECLINED)
    return Answer(text="Yes.", status=AnswerStatus.ANSWERED, sentences=(CitedSentence(text="Yes.", evidence=("E1",)),))


def test_a_part_without_an_answer_is_named_and_shown() -> None:
    answer = answered("Is the patient anaemic, and will she live?", told)
    assert answer.status is AnswerStatus.ANSWERED
    assert answer.text == "Yes. “Will she live?” was not answered: Caseloom gives no prognosis."
    assert [line.text for line in answer_lines(answer)] == [
        "Yes.", "“Will she live?” was not answered: Caseloom gives no prognosis."]
    assert answered("Will she live, and does he live?", told).status is AnswerStatus.DECLINED

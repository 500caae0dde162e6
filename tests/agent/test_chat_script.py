"""The scripted conversation: over the shipped case, and over one whose sources hold instructions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from caseloom.agent.chat.history import History
from caseloom.agent.chat.session import Chat
from caseloom.agent.chat.understand import plan_of
from caseloom.agent.door import open_chat
from caseloom.core.report import Report
from caseloom.evals.chat_score import Expected, failure, read_script, run_script, run_words

HERE = Path(__file__).parent
SCRIPT = read_script(HERE / "chat_script.yaml")
PLANTED = read_script(HERE / "chat_planted.yaml")
WORDS = read_script(HERE / "chat_words.yaml")
FRESH = read_script(HERE / "chat_fresh.yaml")
THIRD, FOURTH = (read_script(HERE / f"chat_{name}.yaml") for name in ("third", "fourth"))


@pytest.fixture(scope="module")
def chat(demo: Path, reviewed: tuple[Report, Path]) -> Chat:
    """About the shipped case, from its one review; driven by rules."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CASELOOM_HOME", str(reviewed[1].parent / "home"))
        return open_chat(demo, keep=False)


def test_the_script_is_as_long_as_it_should_be() -> None:
    assert len(SCRIPT) >= 60
    assert sum(item.status in ("declined", "not_in_case") for item in SCRIPT) >= 15
    assert len(PLANTED) >= 8


@pytest.mark.parametrize("expected", SCRIPT, ids=lambda item: item.question)
def test_an_answer_has_its_facts_and_its_citations(chat: Chat, expected: Expected) -> None:
    assert failure(expected, replace(chat, history=History(None)).ask(expected.question)) == ""


def test_a_conversation_in_a_clinicians_words(chat: Chat) -> None:
    """One conversation, so that follow-ups have what they follow; what falls short is known by name."""
    wrong = run_script(replace(chat, history=History(None)), WORDS)
    short = [item.question for item, reason in zip(WORDS, wrong, strict=True) if reason]
    assert short == ["When did he stop ibuprofen?"]


def test_another_conversation_answers_most_and_says_little_that_is_wrong(chat: Chat) -> None:
    outcomes = [outcome for outcome, _ in run_words(replace(chat, history=History(None)), FRESH)]
    assert outcomes.count("right") >= 38 and outcomes.count("wrong") <= 1


@pytest.mark.parametrize("script", [THIRD, FOURTH], ids=["third", "fourth"])
def test_a_later_conversation_is_answered(chat: Chat, script: list[Expected]) -> None:
    outcomes = run_words(replace(chat, history=History(None)), script)
    assert [item.question for item, (outcome, _) in zip(script, outcomes, strict=True) if outcome != "right"] == []


@pytest.mark.parametrize(("turns", "words"), [
    (("What was the hemoglobin in March?", "And the one in November?"), "10.6 g/dL"),
    (("Was the CRP normal in March?", "and in November?"), "14.2 mg/L"),
    (("What did the CT of March show?", "And the one of November?"), "2229 mL"),
    (("How big is the nodule on slice 105?", "and on slice 107?"), "slice 107"),
    (("How big is the nodule?", "how fast is it growing?"), "4.6 mm per year"),
    (("Does he have hypertension?", "and pneumonia?"), "Pneumonia, from 2018-01-22")])
def test_what_goes_on_from_the_question_before(chat: Chat, turns: tuple[str, ...], words: str) -> None:
    talk = replace(chat, history=History(None))
    assert words in [talk.ask(question) for question in turns][-1].text


@pytest.mark.parametrize("expected", PLANTED, ids=lambda item: item.question)
def test_instructions_in_sources_change_nothing(planted: Chat, expected: Expected) -> None:
    assert failure(expected, planted.ask(expected.question)) == ""


def test_what_is_not_understood_is_said_with_three_questions_that_are(chat: Chat) -> None:
    answer = chat.ask("Sing a song about the sea")
    assert answer.status == "declined"
    offered = answer.text.partition("for instance: ")[2].split("; ")
    assert len(offered) == 3
    assert all(chat.ask(question).status == "answered" for question in offered)


def test_another_pair_is_compared_when_asked(chat: Chat) -> None:
    """The first film has none before it; that is said, and no other film is taken in its place."""
    assert chat.ask("Compare the film of 2025-03-04 with the previous one").status == "not_in_case"


@pytest.mark.parametrize(("question", "tool", "given"), [
    ("Compare the CT of March with the CT of November", "compare_with_prior", {"date": "2025-11", "prior": "2025-03"}),
    ("Compare the first and the last film", "compare_with_prior", {"kind": "film", "prior": "2025-03-04"}),
    ("Did anything change on the film?", "compare_with_prior", {"kind": "film"}),
    ("what changed since March?", "find_changes", {"since": "2025-03"}),
    ("Which labs fell?", "find_changes", {"of": "lab", "direction": "decreased"}),
    ("Has the heart got bigger?", "how_it_changed", {"name": "cardiothoracic ratio"}),
    ("What did the labs show in March?", "search_timeline", {"kind": "lab"}),
    ("How many opacities in the right lung?", "how_many", {}), ("give me a summary", "read_report", {}),
    ("What was the first lab report?", "read_study", {"pick": "first"}),
    ("How many months between the films?", "days_between", {"kind": "film", "unit": "months"}),
    ("which CTs are there since April 2025", "list_studies", {"since": "2025-04"}),
    ("Pneumonia on the film?", "look_up", {"on": "film", "name": "pneumonia"}),
    ("eGFR", "look_up", {"name": "egfr"}), ("Any surgery?", "list_entries", {"kind": "procedures"}),
    ("What medications was he on before the iron?", "", {}), ("hello?", "", {})])
def test_which_tool_a_question_goes_to(chat: Chat, question: str, tool: str, given: dict[str, str]) -> None:
    calls = plan_of(question, chat.context).calls
    assert [call.tool for call in calls] == [tool] * bool(tool)
    assert all(call.arguments | given == call.arguments for call in calls)

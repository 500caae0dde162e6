"""Chat models that do as they should, and such as do not: nothing they make up is told, and nothing runs for ever."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import StructuredTool
from scripted_chat import ScriptedChat, call

from caseloom.agent.chat.graph import ChatLimits, make_chat_graph, schema_tokens
from caseloom.agent.chat.history import History, Turn
from caseloom.agent.chat.session import Chat
from caseloom.agent.chat.toolbox import make_tools
from caseloom.core.result import Answer

QUESTION = "What was the latest hemoglobin?"
LOOK_UP = call("look_up", name="hemoglobin")


def driven(planted: Chat, *script: Any, file: Path | None = None, **limits: float) -> Chat:
    return replace(planted, model=ScriptedChat(script=list(script)), history=History(file),
                   limits=ChatLimits(**limits))


def own_sentence(planted: Chat) -> tuple[str, str]:
    """A true sentence about hemoglobin with its citations, and the ids alone."""
    sentence, = planted.ask(QUESTION).sentences
    return f"{sentence.text} [{', '.join(sentence.evidence)}]", ", ".join(sentence.evidence)


def results(chat: Chat) -> list[str]:
    return [str(message.content) for message in chat.model.seen[-1] if isinstance(message, ToolMessage)]


def test_a_model_with_tool_calls_answers_with_citations(planted: Chat) -> None:
    line, ids = own_sentence(planted)
    answer = driven(planted, LOOK_UP, AIMessage(content=line)).ask(QUESTION)
    assert answer.status == "answered" and "10.6 g/dL" in answer.text
    assert ", ".join(answer.sentences[0].evidence) == ids
    assert [(step.tool, step.arguments) for step in answer.steps] == [("look_up", {"name": "hemoglobin"})]


@pytest.mark.parametrize("change", [
    lambda text, ids: text.replace("10.6", "16.0"), lambda text, ids: text.replace("2025-11-10", "2025-10-11"),
    lambda text, ids: text.replace(", low", ", high"), lambda text, ids: text.replace(ids, "E999"),
    lambda text, ids: text.replace(f"[{ids}]", ""), lambda text, ids: text.replace("Hemoglobin", "Potassium"),
    lambda text, ids: f"Because of cancer: {text}",
    lambda text, ids: f"The patient has lung cancer. [{ids}]",
    lambda text, ids: f"Give 2 units of blood. [{ids}]"])
def test_what_the_evidence_does_not_hold_is_left_out(planted: Chat, change: Any) -> None:
    line, ids = own_sentence(planted)
    alone = driven(planted, LOOK_UP, AIMessage(content=change(line, ids))).ask(QUESTION)
    assert (alone.status, alone.sentences) == ("declined", ())
    assert "left out" in alone.text and "cancer" not in alone.text
    both = driven(planted, LOOK_UP, AIMessage(content=f"{line}\n{change(line, ids)}")).ask(QUESTION)
    assert len(both.sentences) == 1
    assert both.text.endswith("1 sentence that the case does not bear out was left out.")


def test_a_true_sentence_of_its_own_words_may_stand(planted: Chat) -> None:
    _, ids = own_sentence(planted)
    answer = driven(planted, LOOK_UP, AIMessage(content=f"Hemoglobin 10.6 g/dL, low (2025-11-10). [{ids}]")
                    ).ask(QUESTION)
    assert answer.status == "answered"


@pytest.mark.parametrize(("wrong", "reason"), [
    (call("look_up", name="hemoglobin", patient="P-0123456789abcdef"), "patient: Extra inputs"),
    (call("search_timeline", text="x", case_id="other"), "case_id: Extra inputs"),
    (call("show_evidence", evidence="../../etc/passwd"), "evidence: String should match"),
    (call("show_evidence", evidence="E9999"), "has no evidence E9999"),
    (call("look_up", name=["hemoglobin"]), "name: Input should be a valid string"),
    (call("look_up"), "name: Field required"),
    (call("look_up", name="hemoglobin", since="yesterday"), "since: String should match"),
    (call("run_tool", tool="shell"), "tool: Input should be"),
    (call("delete_everything"), "There is no tool 'delete_everything'"),
    (AIMessage(content="", invalid_tool_calls=[{"name": "look_up", "args": "{bro", "id": "1", "error": "no JSON"}]),
     "arguments are no JSON object"),
])
def test_a_wrong_call_reaches_no_tool_and_says_why(planted: Chat, wrong: AIMessage, reason: str) -> None:
    chat = driven(planted, wrong, AIMessage(content="Not in this case."))
    answer = chat.ask(QUESTION)
    assert answer.status == "not_in_case"
    assert reason in " ".join(results(chat)) and "P-01234" not in answer.text


def test_a_loop_without_end_is_ended(planted: Chat) -> None:
    chat = driven(planted, LOOK_UP, steps=3)
    assert "3 steps" in chat.ask(QUESTION).text and len(chat.model.seen) == 3
    many = AIMessage(content="", tool_calls=LOOK_UP.tool_calls * 50)
    assert "5 tool calls" in driven(planted, many, calls=5).ask(QUESTION).text
    assert "0 seconds" in driven(planted, LOOK_UP, seconds=-0.0).ask(QUESTION).text


@pytest.mark.parametrize("at_work", ["tool", "model"])
def test_the_clock_holds_while_a_tool_or_a_model_is_at_work(at_work: str) -> None:
    """Each would take a minute."""
    wait = StructuredTool.from_function(lambda: str(threading.Event().wait(60)), name="wait", description="Waits.")
    model = ScriptedChat(script=[call("wait")] if at_work == "tool" else [lambda: threading.Event().wait(60)])
    graph = make_chat_graph(model, [wait], ChatLimits(seconds=0.5))
    start = time.monotonic()
    state = graph.invoke({"messages": [HumanMessage(content=QUESTION)]})
    assert time.monotonic() - start < 10
    assert "0.5 seconds" in state["stopped"] and ("wait was still at work" in state["stopped"]) is (at_work == "tool")


def test_the_tools_schemas_count_as_part_of_the_prompt(planted: Chat) -> None:
    taken = schema_tokens(make_tools(planted.context))
    assert taken > 2000
    assert f"{taken} tokens" in driven(planted, LOOK_UP, tokens=taken).ask(QUESTION).text


def test_an_empty_answer_is_said(planted: Chat) -> None:
    assert driven(planted, AIMessage(content="")).ask(QUESTION).text == "The model gave no answer."


def test_a_stop_leaves_the_history_as_it_was(planted: Chat, tmp_path: Path) -> None:
    file = tmp_path / "chat.jsonl"
    chat = driven(planted, AIMessage(content="Not in this case."), KeyboardInterrupt(), file=file)
    chat.ask("first")
    with pytest.raises(KeyboardInterrupt):
        chat.ask("second")
    assert [turn.question for turn in chat.history.turns()] == ["first"]
    file.write_bytes(file.read_bytes() + b'{"question": "half wri')
    chat.history.add(Turn(question="third", answer=Answer(text="x", status="declined")))
    assert [turn.question for turn in History(file).turns()] == ["first", "third"]
    assert file.stat().st_mode & 0o777 == 0o600


def test_five_hundred_turns_stay_within_the_budget(planted: Chat, tmp_path: Path) -> None:
    file = tmp_path / "chat.jsonl"
    history = History(file)
    for number in range(499):
        history.add(Turn(question=f"question {number} {'words ' * 50}", answer=Answer(
            text=f"answer {number} {'words ' * 400}", status="declined")))
    tokens = 4000 + schema_tokens(make_tools(planted.context))
    chat = driven(planted, LOOK_UP, AIMessage(content="Not in this case."), file=file, tokens=tokens)
    chat.ask(QUESTION)
    for messages in chat.model.seen:
        assert sum(len(str(message.content)) for message in messages) <= 4000 * 4
        assert messages[0].type == "system" and messages[1].type == "human"
        assert any(str(message.content) == QUESTION for message in messages)
    assert "question 498" in str(chat.model.seen[0])
    assert len(history.turns()) == 500


def test_the_history_reaches_a_follow_up(planted: Chat, tmp_path: Path) -> None:
    chat = replace(planted, history=History(tmp_path / "chat.jsonl"))
    assert "Hemoglobin: decreased" in chat.ask("How did hemoglobin change?").text
    assert "Platelets: increased" in chat.ask("and the platelets?").text


@pytest.mark.parametrize("question", ["", "  ", "x" * 3000])
def test_no_question_and_one_without_end(planted: Chat, question: str) -> None:
    assert planted.ask(question).status == "declined"

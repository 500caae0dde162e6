"""What the terminal shows while a model writes: drafts are marked, and gone before the checked answer stands there."""

from __future__ import annotations

import io
import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from langchain_core.messages import AIMessage
from scripted_chat import StreamingChat, call

from caseloom.agent.chat.graph import Doing, Written
from caseloom.agent.chat.history import History
from caseloom.agent.chat.session import Chat
from caseloom.agent.door import open_chat
from caseloom.app.chat import UNCHECKED, asked, converse, say_answer
from caseloom.app.show import MOST_NEAR, show_hits, with_match
from caseloom.core.errors import ReaderUnavailable
from caseloom.core.report import make_event
from caseloom.memory.timeline import Hit, Match

QUESTION = "Which allergies are there?"
INVENTED = "The patient has lung cancer. [E1]"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Chat:
    folder = tmp_path_factory.mktemp("small")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CASELOOM_HOME", str(folder / "home"))
        (folder / "case").mkdir()
        (folder / "case" / "note.txt").write_text("Clinic note of 2025-03-04.\nHaemoglobin was normal.\n")
        return open_chat(folder / "case", keep=False)


@pytest.fixture
def chat(small: Chat) -> Chat:
    return replace(small, history=History(None), model=StreamingChat(script=[
        call("list_studies"), AIMessage(content=INVENTED)]))


def test_pieces_come_as_they_are_written_and_tools_as_they_begin(chat: Chat) -> None:
    seen: list[Doing | Written] = []
    answer = chat.ask(QUESTION, watch=seen.append)
    assert isinstance(seen[0], Doing) and seen[0].tool == "list_studies"
    pieces = [event.text for event in seen if isinstance(event, Written)]
    assert len(pieces) > 3 and "".join(pieces).strip() == INVENTED
    assert answer.status == "declined" and "cancer" not in answer.text


def test_a_draft_is_marked_and_never_stays(chat: Chat, capsys: pytest.CaptureFixture[str],
                                           monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    say_answer(asked(chat, QUESTION))
    shown = capsys.readouterr()
    assert "cancer" not in shown.out and "left out" in shown.out
    drafts = shown.err.split(UNCHECKED)
    assert len(drafts) > 1 and "cancer" not in drafts[0]
    assert "\x1b[2K" in drafts[-1]  # the last draft's lines are erased


def test_without_a_terminal_no_draft_is_written_at_all(chat: Chat, capsys: pytest.CaptureFixture[str]) -> None:
    asked(chat, QUESTION)
    shown = capsys.readouterr()
    assert "list_studies" in shown.err and "cancer" not in shown.out + shown.err


def test_a_stop_erases_the_draft_and_keeps_the_history(chat: Chat, capsys: pytest.CaptureFixture[str],
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    stopped = replace(chat, model=StreamingChat(script=[call("list_studies"), KeyboardInterrupt()]))
    with pytest.raises(KeyboardInterrupt):
        asked(stopped, QUESTION)
    assert stopped.history.turns() == []


class SlowChat(StreamingChat):
    """Takes for ever over its first answer."""

    def _generate(self, *args: Any, **kwargs: Any) -> Any:
        done = super()._generate(*args, **kwargs)
        if len(self.seen) == 1:
            threading.Event().wait(60)
        return done


@pytest.fixture
def listening() -> Iterator[None]:
    """Ctrl-C is heard, also where the tests were started in the background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("listening")
def test_a_stop_does_not_wait_for_what_is_at_work(chat: Chat, capsys: pytest.CaptureFixture[str],
                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C half a second after the question; the next one is answered."""
    slow = replace(chat, model=SlowChat(script=[AIMessage(content="Late."), AIMessage(content="Not in this case.")]))
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{QUESTION}\n{QUESTION}\n"))
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    start = time.monotonic()
    converse(slow)
    shown = capsys.readouterr().out
    assert time.monotonic() - start < 10
    assert "Stopped; the question was not kept." in shown and "This is not in the case." in shown
    assert len(slow.history.turns()) == 1


@pytest.mark.parametrize(("error", "line"), [
    (ReaderUnavailable("no answer from it"), "That could not be answered: no answer from it. Ask on."),
    (ZeroDivisionError("/home/somebody"), "That question failed: a bug (ZeroDivisionError);")])
def test_an_error_in_one_question_leaves_the_chat_open(chat: Chat, capsys: pytest.CaptureFixture[str],
                                                       monkeypatch: pytest.MonkeyPatch, error: Exception,
                                                       line: str) -> None:
    failing = replace(chat, model=StreamingChat(script=[error, AIMessage(content="Not in this case.")]))
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{QUESTION}\n{QUESTION}\n"))
    converse(failing)
    shown = capsys.readouterr().out
    assert line in shown and "/home/somebody" not in shown and "This is not in the case." in shown


def test_what_only_lies_near_is_shown_apart_and_few_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    def hit(text: str, match: Match | None) -> Hit:
        return Hit(make_event(kind="record", text=text, occurred_at="2025-03-04", evidence=("E1",)), match)

    found = [hit("Cough", Match.WORDS), hit("No cough", Match.OPPOSITE),
             *(hit(f"Cold {n}", Match.MEANING) for n in range(MOST_NEAR + 2))]
    show_hits(found)
    shown = capsys.readouterr()
    parts = [shown.out.index(text) for text in ("Holds the words, 1 event", "says the opposite, 1 event", "No cough",
                                                "only lies near in meaning", "Cold 0")]
    assert parts == sorted(parts) and f"Cold {MOST_NEAR}" not in shown.out and "2 more lie near" in shown.err
    assert with_match(found[0])["match"] == "words" and "match" not in with_match(hit("Cough", None))

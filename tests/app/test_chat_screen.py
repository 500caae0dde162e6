"""What the terminal shows while a model writes: drafts are marked, and gone before the checked answer stands there."""

from __future__ import annotations

from dataclasses import replace

import pytest
from langchain_core.messages import AIMessage
from scripted_chat import StreamingChat, call

from caseloom.agent.chat.history import History
from caseloom.agent.chat.session import Chat, Doing, Written
from caseloom.agent.door import open_chat
from caseloom.app.chat import UNCHECKED, asked, say_answer

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

"""The chat on a terminal: questions in, checked answers out; the history stays with the case."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

from ..core.errors import CaseloomError
from .entry import bug_line

if TYPE_CHECKING:
    from ..agent.chat.graph import Doing, Event
    from ..agent.chat.session import Chat
    from ..core.result import Answer

HELP = """\
Ask about the case in a sentence. Commands:
  /evidence E12   what the evidence shows and where its picture is
  /timeline       the events of the case
  /report         where the report lies, and its impression
  /history        earlier questions and answers
  /help           this
  /quit           leave (Ctrl-D too); Ctrl-C stops an answer and keeps the chat"""
STOPPED = "Stopped; the question was not kept. A tool that is still at work is not waited for. Ask on."
MOST_HISTORY = 20
UNCHECKED = "A draft, not checked against the case yet:"
LONGEST_DRAFT = 2000
"""Characters of an unchecked text that are shown, its end."""


def converse(chat: Chat) -> None:
    """Read questions until the input ends. What was asked before stays."""
    _line_editing()
    _say(f"Case {chat.context.report.case.id[:12]}, patient {chat.context.report.case.patient}. /help shows what can "
         "be done.")
    while True:
        try:
            text = input("> " if sys.stdin.isatty() else "").strip()
        except (EOFError, KeyboardInterrupt):
            return
        if text in ("/quit", "/exit"):
            return
        if text:
            _one(chat, text)


def _one(chat: Chat, text: str) -> None:
    try:
        if text.startswith("/"):
            _command(chat, text)
        else:
            say_answer(asked(chat, text))
    except KeyboardInterrupt:
        _say(STOPPED)
    except CaseloomError as error:
        _say(f"That could not be answered: {error}. Ask on.")
    except Exception as error:  # one question that fails leaves the chat open for the next
        logging.getLogger(__name__).debug("a question failed", exc_info=error)
        _say(f"That question failed: {bug_line(error)}. Ask on.")


def _command(chat: Chat, text: str) -> None:
    from ..agent.chat.lookups import read_report, show_evidence
    from .show import show_timeline

    word, _, rest = text.partition(" ")
    if word == "/evidence" and rest.strip():
        _say(show_evidence(chat.context, rest.strip()).text)
        _say_picture(chat, rest.strip().upper())
    elif word == "/timeline":
        show_timeline(chat.context.report.timeline)
    elif word == "/report":
        _say(f"Report: {chat.context.folder / 'report.html'}")
        _say(read_report(chat.context, "impression").text)
    elif word == "/history":
        for turn in chat.history.turns(MOST_HISTORY):
            _say(f"> {turn.question}\n{turn.answer.text}")
    else:
        _say(HELP)


def _say_picture(chat: Chat, key: str) -> None:
    item = chat.context.shown_evidence(key)
    if item is not None and item.picture:
        _say(f"Picture: {chat.context.folder / item.picture}")


def say_answer(answer: Answer) -> None:
    """Each sentence on a line as it is told, with its evidence; what was left out and why there is none at the end."""
    from ..report.tables import cited_of

    for sentence in answer.sentences:
        cited = f" [{', '.join(one.label for one in cited_of(sentence.evidence))}]" if sentence.evidence else ""
        _say(sentence.text + cited)
    told = " ".join(sentence.text for sentence in answer.sentences)
    rest = answer.text.removeprefix(told).strip()
    if rest:
        _say(rest)


def asked(chat: Chat, question: str) -> Answer:
    """The checked answer. Meanwhile stderr shows which tool is at work, and on a terminal what a model writes, marked
    as unchecked: it is gone from the screen before the answer stands there, and when the answer is stopped.
    """
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    from ..agent.chat.graph import Doing

    console, draft = Console(stderr=True), [""]

    def show(event: Event) -> None:
        if isinstance(event, Doing):
            draft[0] = ""
            console.print(_doing(event), markup=False, highlight=False, soft_wrap=True)
        elif console.is_terminal:
            draft[0] += event.text
        live.update(Text(f"{UNCHECKED}\n{draft[0][-LONGEST_DRAFT:]}" if draft[0] else "", style="dim italic"))

    with Live(console=console, transient=True, auto_refresh=console.is_terminal, redirect_stdout=False,
              redirect_stderr=False) as live:
        return chat.ask(question, watch=show)


def _doing(doing: Doing) -> str:
    """Which tool is at work."""
    given = ", ".join(f"{name}={value}" for name, value in doing.arguments.items() if value not in ("", None))
    return f"… {doing.tool}({given})"


def _say(text: str) -> None:
    from rich.console import Console

    Console().print(text, markup=False, highlight=False, soft_wrap=True)


def _line_editing() -> None:
    """Arrow keys and earlier lines, where the platform has them."""
    try:
        import readline
    except ImportError:
        return
    readline.set_history_length(MOST_HISTORY)

"""Chats about cases: a few stay open, each on the report as it stands."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from ...agent.chat.graph import Event
from ...agent.chat.history import Turn
from ...agent.chat.session import Chat
from ...agent.door import open_chat, reader_choice
from ...core.result import Answer
from ...memory.audit import acting_as
from .problems import Problem
from .registry import CaseEntry
from .reports import Reports, Stamp
from .turns import WAIT_FOR_OTHERS, Turns
from .users import User

MOST = 8
"""Chats that stay open; the one that was not asked for longest is closed, and loses nothing by it."""


@dataclass(frozen=True)
class OpenChat:
    """A chat that is open, and the state of the report it was opened on."""

    chat: Chat
    stamp: Stamp
    lock: threading.Lock


class Chats:
    """Asks about cases.

    Args:
        reports: of the cases.
        turns: when work may begin.
        reader: who drives the chats, where it interprets.
    """

    def __init__(self, reports: Reports, turns: Turns, reader: str) -> None:
        self._reports, self._turns, self._reader = reports, turns, reader
        self._open: dict[str, OpenChat] = {}
        self._mine = threading.Lock()

    def ask(self, user: User, entry: CaseEntry, question: str, watch: Callable[[Event], None] | None = None) -> Answer:
        """The checked answer to a question about the case.

        Raises:
            Problem: 404 before the first review.
        """
        opened = self._opened(user, entry)
        if not opened.lock.acquire(timeout=WAIT_FOR_OTHERS):
            raise Problem(503, "another question about this case is still at work; try again later")
        try:
            with acting_as(user.account):
                return self._turns.heavy(lambda: opened.chat.ask(question, watch=watch))
        finally:
            opened.lock.release()

    def turns(self, user: User, entry: CaseEntry, most: int) -> list[Turn]:
        """What was asked and answered about the case, oldest first."""
        return self._opened(user, entry).chat.history.turns(most)

    def _opened(self, user: User, entry: CaseEntry) -> OpenChat:
        stamp = self._reports.stamp(entry)
        with self._mine:
            opened = self._open.get(entry.id)
            if opened is not None and opened.stamp == stamp:
                self._open[entry.id] = self._open.pop(entry.id)  # asked for last
                return opened
        reader = reader_choice(reader=self._reader)
        chat = self._turns.alone(user, entry, lambda: open_chat(entry.path, patient=entry.patient, reader=reader))
        with self._mine:
            there = self._open.get(entry.id)
            if there is not None and there.stamp == stamp:
                return there  # somebody else opened it meanwhile
            self._open[entry.id] = OpenChat(chat, stamp, there.lock if there is not None else threading.Lock())
            while len(self._open) > MOST:
                self._open.pop(next(iter(self._open)))
            return self._open[entry.id]

    def close(self, entry: CaseEntry) -> None:
        """Keep no chat about the case open; its turns stay."""
        with self._mine:
            self._open.pop(entry.id, None)

"""Chats about cases: a few stay open, each on the report as it stands."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from ...agent.chat.graph import Event
from ...agent.chat.history import Turn
from ...agent.chat.session import Chat
from ...agent.door import reader_choice
from ...agent.talk import history_of, reopen_chat
from ...core.result import Answer
from ...memory.audit import acting_as
from ...readers.choose import ReaderChoice
from .problems import Problem
from .recent import Recent
from .registry import CaseEntry
from .reports import Reports, Stamp
from .turns import WAIT_FOR_OTHERS, Turns
from .users import User

MOST_CHATS = 8
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
        reader: who reviewed a case of which that is not known.
    """

    def __init__(self, reports: Reports, turns: Turns, reader: str) -> None:
        self._reports, self._turns, self._reader = reports, turns, reader
        self._open: Recent[OpenChat] = Recent(MOST_CHATS)

    def ask(self, user: User, entry: CaseEntry, question: str, watch: Callable[[Event], None] | None = None) -> Answer:
        """The checked answer to a question about the case.

        Args:
            user: who asks.
            entry: the case.
            question: in words.
            watch: told of tools and of what a model writes; what it raises ends the answer, of which nothing is kept.

        Raises:
            Problem: 404 before the first review, 503 where others took too long.
            UsageError: a file changed since the review.
        """
        opened = self._opened(user, entry)
        if not opened.lock.acquire(timeout=WAIT_FOR_OTHERS):
            raise Problem(503, "another question about this case is still at work; try again later")
        try:
            with acting_as(user.account):
                return self._turns.heavy(lambda: opened.chat.ask(question, watch=watch), entry)
        finally:
            opened.lock.release()

    def turns(self, entry: CaseEntry, most: int) -> list[Turn]:
        """What was asked and answered about the case, oldest first.

        Raises:
            Problem: 404 before the first review.
        """
        with self._turns.settings_of(entry):
            return history_of(self._reports.of(entry)).turns(most)

    def _opened(self, user: User, entry: CaseEntry) -> OpenChat:
        stamp = self._reports.stamp(entry)
        before = self._open.get(entry.id)
        if before is not None and before.stamp == stamp:
            return before
        reader = reader_choice(reader=entry.reader or self._reader)
        return self._turns.alone(user, entry, lambda: self._open_anew(entry, reader, stamp))

    def _open_anew(self, entry: CaseEntry, reader: ReaderChoice, stamp: Stamp) -> OpenChat:
        before = self._open.get(entry.id)
        if before is not None and before.stamp == stamp:
            return before  # somebody else opened it meanwhile
        lock = before.lock if before is not None else threading.Lock()  # a question on the old report ends first
        chat = reopen_chat(entry.path, patient=entry.patient, reader=reader)
        return self._open.put(entry.id, OpenChat(chat, stamp, lock))

    def close(self, entry: CaseEntry) -> None:
        """Keep no chat about the case open; its turns stay."""
        self._open.drop(entry.id)

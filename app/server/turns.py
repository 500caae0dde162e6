"""How requests that work share the machine: one at a time on a case's checkpoints, only so many on the processors."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeVar

from ...agent.opened import working_with
from ...core.settings import Settings
from ...memory.audit import acting_as
from .problems import Problem
from .recent import Recent
from .registry import CaseEntry
from .users import User

T = TypeVar("T")
WAIT_FOR_OTHERS = 60.0
"""Seconds that a request waits for other heavy ones."""
MOST_LOCKS = 10_000
"""Cases whose locks are kept; far more than requests can be under way."""


class Turns:
    """Lets work begin when its turn has come.

    Args:
        settings: that the work is done with.
        at_once: heavy requests side by side.
    """

    def __init__(self, settings: Settings, at_once: int) -> None:
        self._settings = settings
        self._heavy = threading.BoundedSemaphore(at_once)
        self._locks: Recent[threading.Lock] = Recent(MOST_LOCKS)

    def alone(self, user: User, entry: CaseEntry, work: Callable[[], T]) -> T:
        """What needs the case's checkpoints: one request at a time, in the user's name.

        Raises:
            StoreError: a review of the case is under way.
            Problem: 503 where others took too long.
        """
        lock = self._locks.setdefault(entry.id, threading.Lock())
        if not lock.acquire(timeout=WAIT_FOR_OTHERS):
            raise Problem(503, "another request about this case is still at work; try again later")
        try:
            with acting_as(user.account):
                return self.heavy(work, entry)
        finally:
            lock.release()

    def heavy(self, work: Callable[[], T], entry: CaseEntry | None = None) -> T:
        """What takes a processor for a while: only so many at once.

        Args:
            work: what is done.
            entry: the case that it is about; what is kept of it is kept apart from other cases with the same files.

        Raises:
            Problem: 503 where others took too long.
        """
        if not self._heavy.acquire(timeout=WAIT_FOR_OTHERS):
            raise Problem(503, "the server is busy; try again later")
        try:
            with self.settings_of(entry):
                return work()
        finally:
            self._heavy.release()

    def settings_of(self, entry: CaseEntry | None) -> AbstractContextManager[None]:
        """What is done inside is done with the server's settings, in the case's own space."""
        space = {"space": entry.id} if entry is not None else {}
        return working_with(self._settings.model_copy(update=space))

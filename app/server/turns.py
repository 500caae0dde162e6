"""How requests that work share the machine: one at a time on a case's checkpoints, only so many on the processors."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from ...agent.opened import working_with
from ...core.settings import Settings
from ...memory.audit import acting_as
from .problems import Problem
from .registry import CaseEntry
from .users import User

T = TypeVar("T")
WAIT_FOR_OTHERS = 60.0
"""Seconds that a request waits for other heavy ones."""


class Turns:
    """Lets work begin when its turn has come.

    Args:
        settings: that the work is done with.
        at_once: heavy requests side by side.
    """

    def __init__(self, settings: Settings, at_once: int) -> None:
        self._settings = settings
        self._heavy = threading.BoundedSemaphore(at_once)
        self._locks: dict[str, threading.Lock] = {}
        self._mine = threading.Lock()

    def alone(self, user: User, entry: CaseEntry, work: Callable[[], T]) -> T:
        """What needs the case's checkpoints: one request at a time, in the user's name.

        Raises:
            StoreError: a review of the case is under way.
            Problem: 503 where others took too long.
        """
        with self._mine:
            lock = self._locks.setdefault(entry.id, threading.Lock())
        if not lock.acquire(timeout=WAIT_FOR_OTHERS):
            raise Problem(503, "another request about this case is still at work; try again later")
        try:
            with acting_as(user.account):
                return self.heavy(work)
        finally:
            lock.release()

    def heavy(self, work: Callable[[], T]) -> T:
        """What takes a processor for a while: only so many at once.

        Raises:
            Problem: 503 where others took too long.
        """
        if not self._heavy.acquire(timeout=WAIT_FOR_OTHERS):
            raise Problem(503, "the server is busy; try again later")
        try:
            with working_with(self._settings):
                return work()
        finally:
            self._heavy.release()

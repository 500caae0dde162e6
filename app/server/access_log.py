"""Who looked at what: a trail of its own beside the audit trail, written by one thread, several entries at a time."""

from __future__ import annotations

import queue
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field

from ...core.errors import StoreError
from ...memory.audit import MOST_AT_ONCE, AuditTrail, Deed

MOST_KNOWN = 10_000
"""Looks of open viewers that are remembered, so that each tile is no entry."""


@dataclass
class AccessLog:
    """Takes deeds from many requests; each waits until its entry is on the disk.

    Args:
        trail: where the entries go.
    """

    trail: AuditTrail
    _waiting: queue.Queue[tuple[Deed, Future[None]] | None] = field(default_factory=queue.Queue)
    _writer: threading.Thread | None = None
    _seen: dict[tuple[str, str, str], None] = field(default_factory=dict)

    def start(self) -> None:
        """Begin to write."""
        self._writer = threading.Thread(target=self._write, name="access log", daemon=True)
        self._writer.start()

    def stop(self) -> None:
        """Write what waits, then end."""
        if self._writer is not None:
            self._waiting.put(None)
            self._writer.join()
            self._writer = None

    def note(self, action: str, case: str, account: str, **about: object) -> None:
        """Add an entry, and come back once it is kept.

        Raises:
            StoreError: the trail does not hold, so nothing is shown either.
        """
        if self._writer is None:
            raise StoreError("the access trail is not written, since the server is not running")
        done: Future[None] = Future()
        self._waiting.put((Deed(action, case, account, about), done))
        done.result()

    def note_once(self, session: str, action: str, case: str, account: str, what: str) -> None:
        """The same for the pieces of one image: its first piece in a session is an entry, the others are not."""
        key = (session, case, what)
        if key in self._seen:
            return
        self.note(action, case, account, what=what)
        self._seen[key] = None
        while len(self._seen) > MOST_KNOWN:
            self._seen.pop(next(iter(self._seen)), None)

    def _write(self) -> None:
        over = False
        while not over:
            taken = [self._waiting.get()]
            while len(taken) < MOST_AT_ONCE and not self._waiting.empty():
                taken.append(self._waiting.get())
            over = None in taken
            batch = [item for item in taken if item is not None]
            if batch:
                self._add(batch)

    def _add(self, batch: list[tuple[Deed, Future[None]]]) -> None:
        try:
            self.trail.record_all([deed for deed, _ in batch])
        except Exception as error:  # noqa: BLE001 - whoever waits is told, whatever it was, and the writer goes on
            told = error if isinstance(error, StoreError) else StoreError(
                f"the access trail cannot be written ({type(error).__name__})")
            for _, done in batch:
                done.set_exception(told)
            return
        for _, done in batch:
            done.set_result(None)

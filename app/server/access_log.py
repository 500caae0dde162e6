"""Who looked at what: a trail of its own beside the audit trail, written by one thread, several entries at a time."""

from __future__ import annotations

import queue
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field

from ...core.errors import StoreError
from ...memory.audit import MOST_AT_ONCE, AuditTrail, Deed
from .recent import Recent

MOST_KNOWN = 10_000
"""Looks of open viewers that are remembered, so that each tile is no entry."""
AGAIN_SECONDS = 3600.0
"""After so long the same look is an entry again: a token knows no sessions that end."""


@dataclass
class AccessLog:
    """Takes deeds from many requests; each waits until its entry is on the disk.

    Args:
        trail: where the entries go.
    """

    trail: AuditTrail
    _waiting: queue.Queue[tuple[Deed, Future[None]] | None] = field(default_factory=queue.Queue)
    _writer: threading.Thread | None = None
    _seen: Recent[float] = field(default_factory=lambda: Recent(MOST_KNOWN))

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

    def note_once(self, session: str, action: str, case: str, account: str, what: str = "") -> None:
        """The same for what is asked for again and again: the pieces of one image, how far a job is. The first time in
        a session is an entry, and the first after an hour.

        Args:
            session: of the caller.
            action: what was done.
            case: id of the case; empty for none.
            account: of the caller.
            what: tells it from other things that the session looks at.
        """
        key, now = (session, action, case, what), time.monotonic()
        at = self._seen.get(key)
        if at is not None and now - at < AGAIN_SECONDS:
            return
        self.note(action, case, account, **({"what": what} if what else {}))
        self._seen.put(key, now)

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

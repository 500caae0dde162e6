"""Things that are dear to open, kept open for a while."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass
class _Held(Generic[T]):
    thing: T
    stack: ExitStack
    users: int = 0


class KeptOpen(Generic[T]):
    """The few things that stay open, the one used longest ago closed first, and none while it is in use."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, threading.RLock()
        self._open: OrderedDict[str, _Held[T]] = OrderedDict()

    @contextmanager
    def use(self, key: str, make: Callable[[ExitStack], T]) -> Iterator[T]:
        """The thing of this key, made where it is not open."""
        with self._lock:
            if key not in self._open:
                stack = ExitStack()
                self._open[key] = _Held(make(stack), stack)
            held = self._open[key]
            self._open.move_to_end(key)
            held.users += 1
        try:
            yield held.thing
        finally:
            with self._lock:
                held.users -= 1
                self._close_to(self._most)

    def close(self) -> None:
        """Close them all."""
        with self._lock:
            self._close_to(0)

    def _close_to(self, most: int) -> None:
        for key in [key for key, held in self._open.items() if not held.users]:
            if len(self._open) > most:
                self._open.pop(key).stack.close()

"""What was used last, kept at hand for many threads."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Recent(Generic[T]):
    """So many things by their key; the one used longest ago goes first.

    Args:
        most: that are kept.
    """

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, Lock()
        self._kept: OrderedDict[object, T] = OrderedDict()

    def get(self, key: object) -> T | None:
        """The thing of a key, which counts as used now; None where it is not kept."""
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key]

    def put(self, key: object, thing: T) -> T:
        """Keep a thing under its key, in place of another one."""
        with self._lock:
            self._kept[key] = thing
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return thing

    def setdefault(self, key: object, thing: T) -> T:
        """The thing of a key, which this one becomes where there is none."""
        with self._lock:
            kept = self._kept.setdefault(key, thing)
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return kept

    def drop(self, key: object) -> None:
        """Keep nothing under a key."""
        with self._lock:
            self._kept.pop(key, None)

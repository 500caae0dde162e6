"""Prompt beginnings that were fed before, kept for follow-up questions."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from .keyvalues import Frozen
from .render import Key

_WORTH_KEEPING = 32
"""Tokens; every prompt shares a few with every other."""


@dataclass(frozen=True)
class Whose:
    """What a beginning may be reused for: one patient, read with one set of weights."""

    scope: str
    weights: str


class PrefixStore:
    """Least recently used beginnings go first.

    Args:
        most_bytes: of keys and values, all together.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._kept: OrderedDict[tuple[Whose, int, str], Frozen] = OrderedDict()

    def longest(self, whose: Whose, keys: Sequence[Key]) -> Frozen | None:
        """The longest kept beginning of a prompt that starts with `keys`."""
        lengths = {length for owner, length, _ in self._kept if owner == whose and length <= len(keys)}
        for length in sorted(lengths, reverse=True):
            found = (whose, length, _digest(keys[:length]))
            if found in self._kept:
                self._kept.move_to_end(found)
                return self._kept[found]
        return None

    def keep(self, whose: Whose, keys: Sequence[Key], beginning: Frozen) -> None:
        """Keep a beginning, unless it is larger than all that may be kept or too short to be worth it."""
        if beginning.nbytes > self._most_bytes or beginning.length < _WORTH_KEEPING:
            return
        self._kept[whose, len(keys), _digest(keys)] = beginning
        while sum(one.nbytes for one in self._kept.values()) > self._most_bytes:
            self._kept.popitem(last=False)

    def clear(self) -> None:
        """Forget all, to make room."""
        self._kept.clear()


def _digest(keys: Sequence[Key]) -> str:
    return hashlib.sha256(" ".join(map(str, keys)).encode("ascii")).hexdigest()

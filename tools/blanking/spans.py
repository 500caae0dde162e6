"""Places in a text that hold an identity."""

from __future__ import annotations

from dataclasses import dataclass

NAME, NUMBER, BIRTH = "[name]", "[id]", "[birth date]"
"""What stands in a text instead."""


@dataclass(frozen=True)
class Span:
    """A place in a text that holds an identity, and what stands there instead."""

    start: int
    end: int
    instead: str

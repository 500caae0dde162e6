"""What rules make of a question: tools to call, or why none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Call:
    """One tool to call."""

    tool: str
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """What to do about a question.

    Args:
        calls: tools to call, in order.
        declined: why nothing is called, one sentence; empty where something is.
        understood: whether the question is of a known form.
        subject: the name of what it was about, for the question after it; empty where that is not one thing.
        note: what the answer cannot settle, one sentence to stand after it; empty where there is none.
    """

    calls: tuple[Call, ...] = ()
    declined: str = ""
    understood: bool = True
    subject: str = ""
    note: str = ""


def one(tool: str, subject: str = "", **arguments: Any) -> Plan:
    """A plan of one call."""
    return Plan((Call(tool, arguments),), subject=subject)

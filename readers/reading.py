"""What a reader gives back for one request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from ..core.report import ReaderIdentity

T = TypeVar("T")


@dataclass(frozen=True)
class Tokens:
    """Token counts of one request.

    Args:
        prompt: of the whole prompt, pictures included.
        reused: of those, how many were not computed again.
        generated: of the answer, thinking included.
    """

    prompt: int
    reused: int
    generated: int


@dataclass(frozen=True)
class Seconds:
    """Wall-clock time of one request; work that several requests share is divided among them equally."""

    encode: float = 0.0
    prefill: float = 0.0
    decode: float = 0.0


@dataclass(frozen=True)
class Reading(Generic[T]):
    """An answer.

    Args:
        value: the typed answer, None when there is none.
        problem: why there is none, one line for a person; None when there is one.
        text: everything that the model wrote, as it wrote it.
        answer: the text without the thinking trace.
        thinking: the thinking trace, kept apart and never shown as an answer; None when there was none.
        reader: who answered: model, revision, numeric type, digests of weights and adapters.
        tokens: counts.
        seconds: timings.
        cut_off: the answer was broken off before its end.
        unread: no answer came at all, while others of the same call did; it may come the next time.
        notes: what a person should know about how it came to be, such as a picture chunk that was halved.
    """

    value: T | None
    problem: str | None
    text: str
    answer: str
    thinking: str | None
    reader: ReaderIdentity
    tokens: Tokens
    seconds: Seconds
    cut_off: bool = False
    notes: tuple[str, ...] = ()
    unread: bool = False

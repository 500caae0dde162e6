"""What every reader is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from ..core.report import ReaderIdentity
from .reading import Reading
from .request import Request

T = TypeVar("T")


class Reader(Protocol):
    """Reads pictures and text for the tools, or declares that it interprets nothing."""

    @property
    def identity(self) -> ReaderIdentity:
        """Name, model, revision, and whether it interprets."""
        ...

    @property
    def context(self) -> int | None:
        """Tokens that a prompt and its answer may have together; None where it is not known."""
        ...

    def read(self, requests: Sequence[Request[T]]) -> list[Reading[T]]:
        """Answer requests, in their order; what they share is computed once.

        Raises:
            ReaderFailed: no answer can be had for now (server down, out of memory, prompt too long); one line says
                why. An answer that is not of the expected kind raises nothing: its reading has a `problem`. Nor does an
            answer that is missing while others came: its reading is `unread`.
        """
        ...

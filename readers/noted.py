"""A reader that notes whether it answered and whether it failed, for whoever must know what was left unread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from ..core.errors import ReaderFailed
from ..core.report import ReaderIdentity
from .protocol import Reader
from .reading import Reading
from .request import Request

T = TypeVar("T")


class NotedReader:
    """Reads as another reader does; `outcome` tells whether that one ever answered, `failed` whether an answer is owed.

    Args:
        reader: whose answers these are.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.answered = self.failed = self._asked = False

    @property
    def outcome(self) -> bool | None:
        """Whether any answer held a word; None where nothing was asked."""
        return self.answered if self._asked else None

    @property
    def identity(self) -> ReaderIdentity:
        """Of the reader behind."""
        return self._reader.identity

    @property
    def context(self) -> int | None:
        """Of the reader behind."""
        return self._reader.context

    def read(self, requests: Sequence[Request[T]]) -> list[Reading[T]]:
        """As the reader behind.

        Raises:
            ReaderFailed: as the reader behind; it is noted.
        """
        self._asked = self._asked or bool(requests)
        try:
            readings = self._reader.read(requests)
        except ReaderFailed:
            self.failed = True
            raise
        self.answered = self.answered or any(reading.text.strip() for reading in readings)
        self.failed = self.failed or any(reading.unread for reading in readings)
        return readings

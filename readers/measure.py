"""The reader for machines without model weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from ..core.errors import ReaderFailed
from ..core.report import ReaderIdentity
from .reading import Reading
from .request import Request

T = TypeVar("T")


class MeasureReader:
    """Interprets nothing: with it, tools only measure and detect by their published methods."""

    @property
    def identity(self) -> ReaderIdentity:
        """`measure`, without a model."""
        return ReaderIdentity(name="measure", interprets=False)

    @property
    def context(self) -> None:
        """None: it takes no prompt."""
        return None

    def read(self, requests: Sequence[Request[T]]) -> list[Reading[T]]:
        """Nothing is read.

        Raises:
            ReaderFailed: there is any request.
        """
        if requests:
            raise ReaderFailed("the reader 'measure' interprets nothing; choose a reader with a model")
        return []

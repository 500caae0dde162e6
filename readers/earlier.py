"""The reader of a review that is done: known by name, asked nothing more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from ..core.errors import ReaderFailed
from ..core.report import ReaderIdentity
from .reading import Reading
from .request import Request

T = TypeVar("T")


@dataclass(frozen=True)
class EarlierReader:
    """Stands for the model that read a case, so that its report can be signed where the model is not at hand."""

    identity: ReaderIdentity
    context: int | None = None

    def read(self, requests: Sequence[Request[T]]) -> list[Reading[T]]:
        """Nothing is read.

        Raises:
            ReaderFailed: there is any request.
        """
        if requests:
            raise ReaderFailed(f"the review by {self.identity.name!r} is not finished; review the case again with it")
        return []

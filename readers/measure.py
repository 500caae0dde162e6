"""The reader for machines without model weights."""

from __future__ import annotations

from ..core.report import ReaderIdentity


class MeasureReader:
    """Interprets nothing: with it, tools only measure and detect by their published methods."""

    @property
    def identity(self) -> ReaderIdentity:
        """`measure`, without a model."""
        return ReaderIdentity(name="measure", interprets=False)

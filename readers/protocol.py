"""What every reader is."""

from __future__ import annotations

from typing import Protocol

from ..core.report import ReaderIdentity


class Reader(Protocol):
    """Reads images and text for the tools, or declares that it interprets nothing."""

    @property
    def identity(self) -> ReaderIdentity:
        """Name, model, revision, and whether it interprets."""
        ...

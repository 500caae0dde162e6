"""What a user of a server may do."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a user may do; each may do what those before it may."""

    VIEWER = "viewer"
    """Looks: reports, images, timelines."""
    READER = "reader"
    """Adds cases, starts reviews and tools, asks, edits drafts."""
    SIGNER = "signer"
    """Signs, rejects, adds to signed reports."""

    def may(self, needed: Role) -> bool:
        """Whether this role suffices where `needed` is asked for."""
        return list(Role).index(self) >= list(Role).index(needed)

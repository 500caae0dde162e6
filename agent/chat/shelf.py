"""Evidence that a chat adds to its report's: under ids of its own, R1, R2, ..., the same for as long as its history."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ...core.evidence import Evidence, make_evidence
from ...core.finding import Finding
from ...core.ids import content_id
from .told import Saying, Told

FOLDER = "chat"
"""Beside the report's `overlays`: where pictures of what ran again lie, one folder for each call."""
SHELVED = re.compile(r"R(\d{1,6})")


class Shelf:
    """Numbers fresh evidence in the order in which it comes. What the report holds already keeps its id there.

    Args:
        reported: the report's evidence.
        kept: what earlier turns of the same history cited.
    """

    def __init__(self, reported: Sequence[Evidence], kept: Iterable[Evidence] = ()) -> None:
        self._ids = {content_key(item): item.id for item in reported}
        self._items: dict[str, Evidence] = {}
        for item in kept:
            if SHELVED.fullmatch(item.id):
                self._items[item.id] = item
                self._ids.setdefault(content_key(item), item.id)

    def get(self, key: str) -> Evidence | None:
        """Evidence of the shelf by its id."""
        return self._items.get(key.upper())

    def shelve(self, told: Told) -> Told:
        """A result with its fresh evidence under ids of the shelf, in sentences, evidence and findings alike."""
        ids = {item.id: self._put(item) for item in told.evidence}
        sayings = tuple(Saying(one.text, tuple(ids.get(key, key) for key in one.evidence)) for one in told.sayings)
        fresh = tuple(self._items[key] for key in dict.fromkeys(ids.values()) if key in self._items)
        findings = tuple(_renamed(one, ids) for one in told.findings)
        return replace(told, sayings=sayings, evidence=fresh, findings=findings)

    def _put(self, item: Evidence) -> str:
        key = content_key(item)
        if key not in self._ids:
            self._ids[key] = f"R{1 + max((int(one[1:]) for one in self._items), default=0)}"
            self._items[self._ids[key]] = item.model_copy(update={"id": self._ids[key]})
        return self._ids[key]


def content_key(item: Evidence) -> str:
    """What makes two pieces of evidence one: the place and what is said of it, whatever id they go by."""
    plainly = make_evidence(item.source, item.locator, caption=item.caption, raw_answer=item.raw_answer)
    return content_id("ev", [plainly.id, item.date])


def _renamed(finding: Finding, ids: Mapping[str, str]) -> Finding:
    def known(keys: Iterable[str]) -> tuple[str, ...]:
        return tuple(ids.get(key, key) for key in keys)

    change = finding.change
    moved = change.model_copy(update={"prior_evidence": known(change.prior_evidence)}) if change else None
    return finding.model_copy(update={"evidence": known(finding.evidence), "change": moved})

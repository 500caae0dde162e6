"""Evidence that a chat adds to its report's: under ids of its own, R1, R2, ..., which stay the same for a case."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import RLock

from filelock import FileLock

from ...core.evidence import Evidence, make_evidence
from ...core.finding import Finding
from ...core.ids import content_id
from .lines import append_lines, read_lines
from .told import Saying, Told

FOLDER = "chat"
"""Beside the report's `overlays`: where pictures of what ran again lie, one folder for each call."""
SHELVED = re.compile(r"R(\d{1,6})")


class Shelf:
    """Numbers fresh evidence in the order in which it comes. What the report holds already keeps its id there.

    Args:
        reported: the report's evidence.
        file: in the state folder, one line of JSON for each; read again before every new id, so that two chats about
            one case never give one id to two things. None keeps the evidence for as long as this object lives.
    """

    def __init__(self, reported: Sequence[Evidence], file: Path | None = None) -> None:
        self._reported = {content_key(item): item.id for item in reported}
        self._file = file
        self._items: dict[str, Evidence] = {}
        self._one = RLock()

    def get(self, key: str) -> Evidence | None:
        """Evidence of the shelf by its id."""
        with self._one:
            self._read()
            return self._items.get(key.upper())

    def shelve(self, told: Told) -> Told:
        """A result with its fresh evidence under ids of the shelf, in sentences, evidence and findings alike."""
        ids = self._put(told.evidence) if told.evidence else {}
        sayings = tuple(Saying(one.text, tuple(ids.get(key, key) for key in one.evidence)) for one in told.sayings)
        fresh = tuple(self._items[key] for key in dict.fromkeys(ids.values()) if key in self._items)
        findings = tuple(_renamed(one, ids) for one in told.findings)
        return replace(told, sayings=sayings, evidence=fresh, findings=findings)

    def _put(self, given: Sequence[Evidence]) -> dict[str, str]:
        """The id of each piece, by the id that it came with."""
        with self._one, self._alone():
            self._read()
            known = {content_key(item): key for key, item in self._items.items()} | self._reported
            ids, fresh = {}, []
            for item in given:
                place = content_key(item)
                if place not in known:
                    known[place] = f"R{1 + max((int(key[1:]) for key in self._items), default=0)}"
                    fresh.append(item.model_copy(update={"id": known[place]}))
                    self._items[known[place]] = fresh[-1]
                ids[item.id] = known[place]
            if self._file is not None and fresh:
                append_lines(self._file, fresh)
        return ids

    def _read(self) -> None:
        if self._file is not None:
            self._items |= {item.id: item for item in read_lines(self._file, Evidence) if SHELVED.fullmatch(item.id)}

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other process gives an id meanwhile."""
        if self._file is None:
            yield
            return
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(self._file.with_suffix(".lock")):
            yield


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

"""A patient's timeline in ChromaDB: dated facts, searched by their words first and their meaning second."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

from filelock import FileLock, Timeout

from ..core.errors import StoreError, UsageError
from ..core.report import TimelineEvent
from ..core.settings import Settings
from .embeddings import Embedder, MiniLm, embedder_of
from .home import Home
from .query import Query, is_denied, tokens
from .store import BATCH, collection_of, open_client

OPAQUE = re.compile(r"P-[0-9a-f]{16}")
LONGEST_WAIT = 120.0
"""Seconds to wait for another process that writes."""


class Match(StrEnum):
    """Why a search found an event."""

    WORDS = "words"
    """It holds every word asked for, and affirms or denies as the question does."""
    OPPOSITE = "opposite"
    """It holds every word asked for, and denies what the question affirms, or the other way round."""
    MEANING = "meaning"
    """It lies near in meaning, which proves nothing."""


@dataclass(frozen=True)
class Hit:
    """One event that was found; `match` says why, and is None where nothing was searched for."""

    event: TimelineEvent
    match: Match | None


class Timeline:
    """The timeline of one patient. No call reaches another patient's: each has a collection of their own.

    Args:
        home: the state folder.
        patient: opaque id, as `core.ids.opaque_patient` makes it.
        embedder: turns texts into vectors; a collection made with another one is rebuilt when it is next opened.
        server: URL of a ChromaDB server; without it the store lies in the state folder.
        wait: seconds to wait for another process that writes.

    Raises:
        UsageError: `patient` is not an opaque id.
        StoreError: the store cannot be opened, or another process holds it too long.
    """

    def __init__(self, home: Home, patient: str, embedder: Embedder | None = None, *,
                 server: str | None = None, wait: float = LONGEST_WAIT) -> None:
        if not OPAQUE.fullmatch(patient):
            raise UsageError("a timeline belongs to one patient: an opaque patient id is needed")
        self._home = home
        self._patient = patient
        self._embedder: Embedder = embedder or MiniLm()
        self._server = server
        self._wait = wait

    def remember(self, events: Sequence[TimelineEvent], *, case_id: str) -> int:
        """Add the events that are not there yet, and to those that are, the evidence that is new.

        An event's id follows from its content, so a repeated or interrupted call doubles nothing and loses nothing.
        An event that the same record entry told otherwise before is added as its correction; the earlier one stays.

        Args:
            events: what became known.
            case_id: the case they come from.

        Returns:
            How many were new.
        """
        collection = self._collection
        with self._writing():
            known = _stored(collection.get(include=["metadatas"]))
            wanted = list({event.id: event for event in events}.values())
            fresh = _corrections([event for event in wanted if event.id not in known], known)
            for start in range(0, len(fresh), BATCH):
                self._add(fresh[start:start + BATCH], case_id)
            self._add_evidence([event for event in wanted if event.id in known], known)
        return len(fresh)

    def matching(self, query: Query = Query()) -> list[TimelineEvent]:  # noqa: B008 - frozen
        """The events that meet a query, in the order of their dates, those without a date last."""
        found = self._collection.get(include=["metadatas"])
        known = _stored(found)
        learned = {key: str(entry["learned_at"]) for key, entry in zip(found["ids"], found["metadatas"], strict=True)}
        return query.among(list(known.values()), learned)

    def hits(self, text: str, query: Query = Query(), *, limit: int = 20) -> list[Hit]:  # noqa: B008 - frozen
        """All events that hold every word and number of `text` as a whole, then those nearest in meaning.

        Meaning ranks; it decides nothing: "No pneumothorax" lies close to "pneumothorax".

        Args:
            text: words to look for, case ignored.
            query: restrictions that every event meets.
            limit: of events in all, up to which those near in meaning are added; none that holds the words is left out.
        """
        wanted = {event.id: event for event in self.matching(query)}
        worded = _worded(text, wanted.values())
        if len(worded) >= limit:
            return worded
        held_ids = {hit.event.id for hit in worded}
        near = [key for key in self._nearest(text, limit, wanted) if key not in held_ids]
        return [*worded, *(Hit(wanted[key], Match.MEANING) for key in near[:limit - len(worded)])]

    def worded(self, text: str, query: Query = Query()) -> list[Hit]:  # noqa: B008 - frozen
        """Those of `hits` that hold every word and number; nothing is embedded for them."""
        return _worded(text, self.matching(query))

    def _nearest(self, text: str, limit: int, wanted: Mapping[str, TimelineEvent]) -> list[str]:
        """Ids in the order of likeness, among those wanted."""
        if not wanted or not text.strip():
            return []
        collection = self._collection
        among = None if len(wanted) == collection.count() else list(wanted)
        found = collection.query(query_embeddings=self._embedder.embed([text]), include=["distances"], ids=among,
                                 n_results=min(limit, len(wanted)))
        return [key for key in found["ids"][0] if key in wanted]

    def _add(self, events: Sequence[TimelineEvent], case_id: str) -> None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self._collection.add(
            ids=[event.id for event in events], documents=[event.text for event in events],
            embeddings=self._embedder.embed([event.text for event in events]),
            metadatas=[{"kind": event.kind, "case": case_id, "learned_at": now, "event": event.model_dump_json()}
                       for event in events])

    def _add_evidence(self, events: Sequence[TimelineEvent], known: Mapping[str, TimelineEvent]) -> None:
        """One event that a second source tells too has the evidence of both; one that is learned to correct another
        names that."""
        changed = []
        for event in events:
            before = known[event.id]
            both = tuple(sorted({*before.evidence, *event.evidence}))
            corrects = before.supersedes or event.supersedes
            if both != tuple(sorted(before.evidence)) or corrects != before.supersedes:
                changed.append(before.model_copy(update={"evidence": both, "supersedes": corrects}))
        if changed:
            self._collection.update(ids=[event.id for event in changed],
                                    metadatas=[{"event": event.model_dump_json()} for event in changed])

    @cached_property
    def _collection(self) -> Any:
        """This patient's collection."""
        client = open_client(self._home.timeline, self._server)
        return collection_of(client, self._patient, self._embedder, self._writing)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One writer at a time; others wait."""
        try:
            with FileLock(self._home.path / "locks" / "timeline.lock", timeout=self._wait):
                yield
        except Timeout as error:
            raise StoreError("another process is writing to the timeline; wait for it to end, or stop it") from error


def open_timeline(home: Home, patient: str, settings: Settings) -> Timeline:
    """The timeline of one patient where the settings say that it lies. See `Timeline`."""
    return Timeline(home, patient, embedder_of(settings.embedder), server=settings.timeline_server)


def _stored(found: Mapping[str, Any]) -> dict[str, TimelineEvent]:
    return {key: TimelineEvent.model_validate_json(entry["event"])
            for key, entry in zip(found["ids"], found["metadatas"], strict=True)}


def _corrections(fresh: Sequence[TimelineEvent], known: Mapping[str, TimelineEvent]) -> list[TimelineEvent]:
    """The events, those of a record entry that told something else before with what they correct."""
    corrected = {event.supersedes for event in known.values()}
    standing = {_statement(event): event.id for event in known.values()
                if event.origin and event.id not in corrected}
    return [event.model_copy(update={"supersedes": standing[_statement(event)]})
            if event.supersedes is None and _statement(event) in standing else event for event in fresh]


def _statement(event: TimelineEvent) -> tuple[str | None, ...]:
    """What an entry tells: one entry may tell several things, such as both values of a blood pressure."""
    return (event.origin, event.kind, event.code or event.analyte, event.site)


def _worded(text: str, events: Iterable[TimelineEvent]) -> list[Hit]:
    """Events that hold every word, in the order given: first those that affirm or deny as the text does."""
    words = tokens(text)
    found = [Hit(event, Match.WORDS if is_denied(words) is is_denied(held) else Match.OPPOSITE)
             for event in events if words and words <= (held := _words_of(event))]
    return sorted(found, key=lambda hit: hit.match is not Match.WORDS)


def _words_of(event: TimelineEvent) -> set[str]:
    return tokens(" ".join(filter(None, (event.text, event.code, event.occurred_at, (event.occurred_at or "")[:10]))))

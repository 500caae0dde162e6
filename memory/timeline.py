"""A patient's timeline in ChromaDB: dated facts, searched by their words first and their meaning second."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from filelock import FileLock, Timeout

from ..core.errors import StoreError, UsageError
from ..core.report import TimelineEvent
from .embeddings import Embedder, MiniLm
from .home import Home

OPAQUE = re.compile(r"P-[0-9a-f]{16}")
BATCH = 500
NEVER = "9999"
"""Sorts events without a date last."""
LONGEST_WAIT = 120.0
"""Seconds to wait for another process that writes."""
LOCAL_ONLY: dict[str, Any] = {
    "chroma_api_impl": "chromadb.api.rust.RustBindingsAPI", "chroma_server_host": None,
    "anonymized_telemetry": False, "chroma_otel_collection_endpoint": "", "chroma_otel_granularity": None}
"""What keeps ChromaDB in this process and silent."""
_TOKEN = re.compile(r"\w+(?:[.,/-]\w+)*")


class Timeline:
    """The timeline of one patient. No call reaches another patient's: each has a collection of their own.

    Args:
        home: the state folder.
        patient: opaque id, as `core.ids.opaque_patient` makes it.
        embedder: turns texts into vectors; a collection keeps to the one it was made with.
        wait: seconds to wait for another process that writes.

    Raises:
        UsageError: `patient` is not an opaque id.
        StoreError: the store cannot be opened, or was made with another embedder.
    """

    def __init__(self, home: Home, patient: str, embedder: Embedder | None = None, *,
                 wait: float = LONGEST_WAIT) -> None:
        if not OPAQUE.fullmatch(patient):
            raise UsageError("a timeline belongs to one patient: an opaque patient id is needed")
        self._home = home
        self._patient = patient
        self._embedder: Embedder = embedder or MiniLm()
        self._wait = wait

    def remember(self, events: Sequence[TimelineEvent], *, case_id: str) -> int:
        """Add the events that are not there yet.

        An event's id follows from its content, so a repeated or interrupted call doubles nothing and loses nothing.

        Args:
            events: what became known.
            case_id: the case they come from.

        Returns:
            How many were new.
        """
        with self._writing():
            known = set(self._collection.get(include=[])["ids"])
            fresh = list({event.id: event for event in events if event.id not in known}.values())
            for start in range(0, len(fresh), BATCH):
                self._add(fresh[start:start + BATCH], case_id)
        return len(fresh)

    def events(self, *, as_of: str | None = None, kind: str | None = None,
               between: tuple[str, str] | None = None) -> list[TimelineEvent]:
        """The events in the order of their dates, those without a date last.

        Args:
            as_of: ISO 8601 date; only what had happened and was known by its end. What is dated less precisely
                counts once its whole month or year is over.
            kind: only events of this kind.
            between: ISO 8601 dates; only what happened from the first to the end of the second.
        """
        found = self._collection.get(where={"kind": kind} if kind else None, include=["metadatas"])
        events = [TimelineEvent.model_validate_json(entry["event"]) for entry in found["metadatas"]]
        return sorted((event for event in events if _known_by(event, as_of) and _lies_in(event, between)),
                      key=_order)

    def search(self, text: str, *, limit: int = 20, as_of: str | None = None) -> list[TimelineEvent]:
        """Events that hold every word and number of `text` as a whole, then those nearest in meaning, `limit` in all.

        Meaning ranks; it decides nothing: "No pneumothorax" lies close to "pneumothorax".

        Args:
            text: words to look for, case ignored.
            limit: most events to give back.
            as_of: see `events`.
        """
        everything = self.events(as_of=as_of)
        words = _tokens(text)
        exact = [event for event in everything if words and words <= _tokens(event.text)]
        wanted = {event.id: event for event in everything}
        near = [wanted[key] for key in self._nearest(text, limit + len(exact)) if key in wanted]
        return list({event.id: event for event in (*exact, *near)}.values())[:limit]

    def _nearest(self, text: str, limit: int) -> list[str]:
        size = self._collection.count()
        if not size or not text.strip():
            return []
        found = self._collection.query(query_embeddings=self._embedder.embed([text]), include=["distances"],
                                       n_results=min(limit, size))
        ids: list[str] = found["ids"][0]
        return ids

    def _add(self, events: Sequence[TimelineEvent], case_id: str) -> None:
        self._collection.upsert(
            ids=[event.id for event in events], documents=[event.text for event in events],
            embeddings=self._embedder.embed([event.text for event in events]),
            metadatas=[{"kind": event.kind, "occurred_at": event.occurred_at or NEVER, "case": case_id,
                        "event": event.model_dump_json()} for event in events])

    @cached_property
    def _collection(self) -> Any:
        """This patient's collection. ChromaDB's own embedder, which wants a download, is never set.

        The settings are constructed without being read from the environment or from a `.env` file in the working
        folder, either of which could send the store's content to a server.
        """
        from chromadb import PersistentClient
        from chromadb.config import Settings
        from chromadb.errors import ChromaError

        try:
            client = PersistentClient(str(self._home.timeline), settings=Settings.model_construct(**LOCAL_ONLY))
            collection = client.get_or_create_collection(
                self._patient, embedding_function=None,
                metadata={"hnsw:space": "cosine", "embedder": self._embedder.name})
        except (ChromaError, sqlite3.Error, OSError) as error:
            raise StoreError(f"the timeline cannot be opened ({type(error).__name__}); "
                             "check the folder `timeline` in the state folder") from error
        if collection.metadata["embedder"] != self._embedder.name:
            raise StoreError(f"the timeline was made with the embedder {collection.metadata['embedder']}")
        return collection

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One writer at a time; others wait."""
        try:
            with FileLock(self._home.path / "locks" / "timeline.lock", timeout=self._wait):
                yield
        except Timeout as error:
            raise StoreError("another process is writing to the timeline; wait for it to end, or stop it") from error


def _known_by(event: TimelineEvent, as_of: str | None) -> bool:
    """Whether the event had happened, and had become known, by the end of that day (or month, or year)."""
    if as_of is None:
        return True
    moments = [moment for moment in (event.occurred_at, event.recorded_at) if moment]
    return bool(moments) and all(_is_over(moment, as_of) for moment in moments)


def _is_over(moment: str, by: str) -> bool:
    """Whether something dated `moment` lies wholly before the end of `by`, by the dates as written."""
    shared = min(len(moment), len(by))
    return moment[:shared] < by[:shared] or (moment[:shared] == by[:shared] and len(moment) >= len(by))


def _lies_in(event: TimelineEvent, between: tuple[str, str] | None) -> bool:
    if between is None:
        return True
    moment = event.occurred_at
    return moment is not None and moment[:len(between[0])] >= between[0] and _is_over(moment, between[1])


def _tokens(text: str) -> set[str]:
    """Words, numbers and codes as wholes (4.6 is not in 14.6, 718-7 is one code), and the words of compounds."""
    wholes = {token.casefold() for token in _TOKEN.findall(text)}
    parts = {part for whole in wholes for part in re.split(r"[.,/-]", whole)}
    return wholes | {part for part in parts if any(ch.isalpha() for ch in part)}


def _order(event: TimelineEvent) -> tuple[str, ...]:
    return (event.occurred_at or NEVER, event.kind, event.text, event.id)

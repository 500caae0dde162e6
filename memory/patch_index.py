"""Vectors of a slide's patches in ChromaDB, one collection for each slide and embedder."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from ..core.errors import StoreError
from ..core.ids import digest
from .home import Home
from .store import LOCAL_ONLY
from .timeline import LONGEST_WAIT

BATCH = 2000
SEARCH_WIDTH = 400
"""Candidates that the approximate search of ChromaDB keeps (hnsw ef): so wide that the first few are the true ones."""
_COMPLETE = "complete"


class PatchIndex:
    """The vectors of one slide's patches under one embedder. Slides are never mixed.

    Args:
        home: the state folder.
        slide: SHA-256 of the slide's file.
        embedder: name of what made the vectors.

    Raises:
        StoreError: the store cannot be opened.
    """

    def __init__(self, home: Home, slide: str, embedder: str) -> None:
        self._home = home
        self._name = f"patches-{slide[:24]}-{digest([embedder])[:16]}"

    def holds(self, keys: Sequence[str]) -> bool:
        """Whether exactly these were kept, wholly, before."""
        return bool(self._collection.metadata.get(_COMPLETE) == digest(sorted(keys)))

    def fill(self, keys: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Keep these vectors, (n, dimensions), and nothing else; what was interrupted does not count as kept."""
        with self._writing():
            self._client.delete_collection(self._name)
            self.__dict__.pop("_collection", None)
            for start in range(0, len(keys), BATCH):
                part = slice(start, start + BATCH)
                self._collection.add(ids=list(keys[part]), embeddings=np.ascontiguousarray(vectors[part], np.float32))
            self._collection.modify(metadata={_COMPLETE: digest(sorted(keys))})

    def nearest(self, vector: NDArray[np.float32], most: int) -> list[tuple[str, float]]:
        """Names and squared distances of those nearest to one vector, (1, dimensions); ties in the order of names."""
        size = self._collection.count()
        if not size:
            return []
        found = self._collection.query(query_embeddings=np.asarray(vector, np.float32), include=["distances"],
                                       n_results=min(most, size))
        return sorted(zip(found["ids"][0], map(float, found["distances"][0]), strict=True),
                      key=lambda pair: (pair[1], pair[0]))

    def distances(self, vector: NDArray[np.float32]) -> dict[str, float]:
        """Squared distance of every kept vector from one, (1, dimensions), by name: what a map of a slide shows."""
        kept = self._collection.get(include=["embeddings"])
        squared = np.square(np.asarray(kept["embeddings"], np.float64) - vector).sum(axis=1)
        return dict(zip(kept["ids"], map(float, squared), strict=True))

    @cached_property
    def _client(self) -> Any:
        from chromadb import PersistentClient
        from chromadb.config import Settings
        from chromadb.errors import ChromaError

        folder = self._home.path / "patches"
        folder.mkdir(exist_ok=True, mode=0o700)
        try:
            return PersistentClient(str(folder), settings=Settings.model_construct(**LOCAL_ONLY))
        except (ChromaError, sqlite3.Error, OSError) as error:
            raise StoreError(f"the index of patches cannot be opened ({type(error).__name__}); remove the folder "
                             "`patches` in the state folder, it is made again") from error

    @cached_property
    def _collection(self) -> Any:
        configuration = {"hnsw": {"space": "l2", "ef_search": SEARCH_WIDTH, "ef_construction": SEARCH_WIDTH,
                                  "num_threads": 1}}
        return self._client.get_or_create_collection(self._name, embedding_function=None, configuration=configuration,
                                                     metadata={_COMPLETE: ""})

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            with FileLock(self._home.path / "locks" / "patches.lock", timeout=LONGEST_WAIT):
                self._collection  # noqa: B018 - made, so that there is one to delete
                yield
        except Timeout as error:
            raise StoreError("another process is writing to the index of patches; wait for it to end, or stop it"
                             ) from error

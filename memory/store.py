"""Where ChromaDB lies, and one patient's collection in it: made, found again, and rebuilt for another embedder."""

from __future__ import annotations

import atexit
import sqlite3
from collections.abc import Callable
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..core.errors import StoreError, UsageError
from .embeddings import Embedder

BATCH = 500
NEXT, LAST = ".next", ".last"
"""Names of a collection that is being rebuilt: the new one, and the old one while they change places."""
LOCAL_ONLY: dict[str, Any] = {
    "chroma_api_impl": "chromadb.api.rust.RustBindingsAPI", "chroma_server_host": None,
    "anonymized_telemetry": False, "chroma_otel_collection_endpoint": "", "chroma_otel_granularity": None}
"""What keeps ChromaDB in this process and silent."""


def open_client(folder: Path, server: str | None = None) -> Any:
    """ChromaDB in this process, or a server that was named.

    The settings are constructed without being read from the environment or from a `.env` file in the working folder,
    either of which could send the store's content to a server.

    Args:
        folder: of the embedded store.
        server: URL of a ChromaDB server; http only on this machine, https elsewhere.

    Raises:
        UsageError: the URL is none, or names another machine without https.
        StoreError: the store cannot be opened, or the server does not answer.
    """
    import httpx
    from chromadb import PersistentClient
    from chromadb.config import Settings
    from chromadb.errors import ChromaError

    where = "the folder `timeline` in the state folder" if server is None else f"the ChromaDB server {server}"
    try:
        if server is None:
            return PersistentClient(str(folder), settings=Settings.model_construct(**LOCAL_ONLY))
        return _connected(server)
    except (ChromaError, sqlite3.Error, OSError, httpx.HTTPError) as error:
        raise StoreError(f"the timeline cannot be opened ({type(error).__name__}); check {where}") from error
    except ValueError as error:
        if isinstance(error.__context__, httpx.HTTPError | OSError):  # how ChromaDB says that nobody answers
            raise StoreError(f"the timeline cannot be opened; check {where}") from error
        raise


@cache
def _connected(server: str) -> Any:
    """One connection of this process to a server, closed at its end."""
    from chromadb import HttpClient
    from chromadb.config import Settings

    host, port, is_tls = _address(server)
    silent = Settings.model_construct(**{**LOCAL_ONLY, "chroma_api_impl": "chromadb.api.fastapi.FastAPI"})
    client: Any = HttpClient(host=host, port=port, ssl=is_tls, settings=silent)
    atexit.register(client.close)
    return client


def _address(server: str) -> tuple[str, int, bool]:
    parts = urlsplit(server)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"{server!r} is no address of a ChromaDB server; write it as http://127.0.0.1:8000")
    is_tls = parts.scheme == "https"
    if not is_tls and not _is_here(parts.hostname):
        raise UsageError("the timeline goes to another machine over https only; name the server with https://")
    return parts.hostname, parts.port or (443 if is_tls else 8000), is_tls


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def collection_of(client: Any, name: str, embedder: Embedder, locked: Callable[[], Any]) -> Any:
    """The collection of one patient, its vectors made by `embedder`.

    A collection of another embedder is rebuilt beside the old one; they change places only when the new one is whole,
    and a process that dies at any moment leaves one of them to be found.

    Args:
        client: of `open_client`.
        name: the opaque patient.
        embedder: whose vectors the collection shall hold.
        locked: context manager that keeps other writers out.
    """
    found = _named(client, name)
    if found is not None and found.metadata["embedder"] == embedder.name:
        return found
    with locked():
        found = _named(client, name) or _recovered(client, name)
        if found is None:
            return _made(client, name, embedder)
        return found if found.metadata["embedder"] == embedder.name else _rebuilt(client, found, embedder)


def _named(client: Any, name: str) -> Any | None:
    from chromadb.errors import NotFoundError

    try:
        return client.get_collection(name, embedding_function=None)
    except NotFoundError:
        return None


def _made(client: Any, name: str, embedder: Embedder) -> Any:
    """ChromaDB's own embedder, which wants a download, is never set."""
    return client.create_collection(name, embedding_function=None,
                                    metadata={"hnsw:space": "cosine", "embedder": embedder.name})


def _recovered(client: Any, name: str) -> Any | None:
    """The rebuilt collection of a process that died while old and new changed places; the new one was whole then."""
    last = _named(client, name + LAST)
    if last is not None:
        (_named(client, name + NEXT) or last).modify(name=name)
    return _named(client, name)


def _rebuilt(client: Any, old: Any, embedder: Embedder) -> Any:
    name = old.name
    for leftover in (name + NEXT, name + LAST):
        if _named(client, leftover) is not None:
            client.delete_collection(leftover)
    fresh = _made(client, name + NEXT, embedder)
    for start in range(0, old.count(), BATCH):
        part = old.get(limit=BATCH, offset=start, include=["documents", "metadatas"])
        fresh.add(ids=part["ids"], documents=part["documents"], metadatas=part["metadatas"],
                  embeddings=embedder.embed(part["documents"]))
    old.modify(name=name + LAST)
    fresh.modify(name=name)
    client.delete_collection(name + LAST)
    return fresh

"""The cases a server knows, and where each lies."""

from __future__ import annotations

import secrets
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from pydantic import Field

from ...core.errors import StoreError
from ...core.words import Word
from ...memory.home import Home
from .users import EVERY_CASE, User


class Origin(StrEnum):
    """How a case came to be known."""

    UPLOADED = "uploaded"
    REGISTERED = "registered"


class CaseEntry(Word):
    """A case under the id that the server gave it. `path` never leaves the machine."""

    id: str
    title: str
    origin: Origin
    path: Path
    owner: str
    users: tuple[str, ...] = ()
    """Names of others who may see it."""
    patient: str | None = None
    """Whose case it is, where the files name several people."""
    question: str | None = None
    created_at: str
    report: str | None = Field(default=None)
    """Id of the reviewed case, under which its report lies; None before the first review."""
    reader: str | None = None
    """Who made that report, as the request named it."""

    def seen_by(self, user: User) -> bool:
        """Whether the user may know of it."""
        return user.name in (self.owner, *self.users) or bool({EVERY_CASE, self.id}.intersection(user.cases))


@dataclass(frozen=True)
class Database:
    """The server's SQLite file; one connection for each use, so that threads and processes share it.

    Args:
        file: in the state folder.
    """

    file: Path

    @contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        """A connection whose changes are kept together, or not at all.

        Raises:
            StoreError: the file cannot be opened or is locked for long.
            sqlite3.Error: it is damaged, or a row is refused: a bug, or a broken disk.
        """
        try:
            connection = sqlite3.connect(self.file, timeout=30.0)
        except sqlite3.Error as error:
            raise StoreError(f"the server's {self.file.name} cannot be opened ({error})") from error
        connection.row_factory = sqlite3.Row
        try:
            with connection:
                yield connection
        except sqlite3.OperationalError as error:
            raise StoreError(f"the server's {self.file.name} cannot be used ({error})") from error
        finally:
            connection.close()


SCHEMA = """
CREATE TABLE IF NOT EXISTS cases (id TEXT PRIMARY KEY, entry TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY, number INTEGER UNIQUE, state TEXT NOT NULL, runner TEXT, job TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS job_events (
    job TEXT NOT NULL, number INTEGER NOT NULL, event TEXT NOT NULL, PRIMARY KEY (job, number));
"""


def open_database(home: Home) -> Database:
    """The database in a state folder, made where there is none."""
    folder = home.path / "server"
    folder.mkdir(exist_ok=True, mode=0o700)
    database = Database(folder / "server.sqlite")
    database.file.touch(mode=0o600)
    with database.open() as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.executescript(SCHEMA)
    return database


class Registry:
    """The cases of a server.

    Args:
        database: where they are kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()

    def add(self, entry: CaseEntry) -> CaseEntry:
        """Keep a new case."""
        with self._database.open() as connection:
            connection.execute("INSERT INTO cases VALUES (?, ?)", (entry.id, entry.model_dump_json()))
        return entry

    def get(self, key: str) -> CaseEntry | None:
        """A case by its id."""
        with self._database.open() as connection:
            row = connection.execute("SELECT entry FROM cases WHERE id = ?", (key,)).fetchone()
        return CaseEntry.model_validate_json(row["entry"]) if row else None

    def seen_by(self, user: User) -> Sequence[CaseEntry]:
        """The cases that the user may know of, newest first."""
        with self._database.open() as connection:
            rows = connection.execute("SELECT entry FROM cases ORDER BY rowid DESC").fetchall()
        entries = (CaseEntry.model_validate_json(row["entry"]) for row in rows)
        return [entry for entry in entries if entry.seen_by(user)]

    def change(self, key: str, **fields: object) -> CaseEntry | None:
        """Put new values into a case's fields; None where it is gone."""
        with self._lock, self._database.open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            row = connection.execute("SELECT entry FROM cases WHERE id = ?", (key,)).fetchone()
            if row is None:
                return None
            entry = CaseEntry.model_validate(CaseEntry.model_validate_json(row["entry"]).model_dump() | fields)
            connection.execute("UPDATE cases SET entry = ? WHERE id = ?", (entry.model_dump_json(), key))
        return entry

    def remove(self, key: str) -> None:
        """Forget a case; what was reviewed of it stays in the state folder."""
        with self._database.open() as connection:
            connection.execute("DELETE FROM cases WHERE id = ?", (key,))


def new_key(prefix: str) -> str:
    """An id that tells nothing and cannot be guessed."""
    return f"{prefix}-{secrets.token_hex(8)}"


def now() -> str:
    """ISO 8601, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")

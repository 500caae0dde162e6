"""The audit trail: who did what to which case and when, each entry sealed to the one before.

A file of JSON lines that only grows. Each entry carries an HMAC-SHA-256, under the machine's key, of its own content
and of the seal before it; a second file holds the last seal, so that cutting off the end shows too. Whoever holds the
key can write a new trail: against them only a copy kept elsewhere helps.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path
from typing import Any

from filelock import FileLock
from pydantic import ValidationError

from ..core.errors import StoreError
from ..core.words import Word
from .home import Home

START = "0" * 64
"""What the first entry is sealed to."""
MOST_LINE = 1_000_000
"""Bytes of an entry's line, at most."""
MOST_AT_ONCE = 20
"""Entries that one write adds to a long trail."""


class Entry(Word):
    """One line of the trail."""

    number: int
    """Counts from 1."""
    at: str
    """ISO 8601, UTC, to the second."""
    account: str
    """The operating system's or the server's name of the caller."""
    action: str
    """`drafted`, `edited`, `signed`, `rejected`, `addendum`, `exported`, `restarted` ..."""
    case: str
    about: dict[str, Any]
    """Digests, names as given, forms; never what a report says."""
    previous: str
    seal: str = ""


@dataclass(frozen=True)
class Deed:
    """What an entry is made of: what was done to which case, by which account, and what else is kept of it."""

    action: str
    case: str
    account: str
    about: Mapping[str, Any]


@dataclass(frozen=True)
class AuditTrail:
    """A trail of a state folder.

    Args:
        home: the opened state folder.
        stem: of its files: `audit` for what was done to reports, `access` for who looked at what through a server.
        long: it has an entry for every look, so a new one is only held against the last; `entries` checks them all.
    """

    home: Home
    stem: str = "audit"
    long: bool = False

    def record(self, action: str, case: str, account: str, **about: Any) -> Entry:
        """Add an entry and put it on the disk before anything else happens.

        Args:
            action: what was done.
            case: id of the case.
            account: of the caller.
            about: what else is to be kept.

        Raises:
            StoreError: the trail does not hold, so nothing is added to it.
        """
        return self.record_all([Deed(action, case, account, about)])[0]

    def record_all(self, deeds: Sequence[Deed]) -> list[Entry]:
        """Add up to `MOST_AT_ONCE` entries in their order, with one write to the disk.

        Raises:
            StoreError: the trail does not hold, so nothing is added to it.
        """
        with self._lock():
            return self._add(deeds)

    def restart(self, account: str, kept: Mapping[str, str]) -> Entry:
        """Go on after a trail that does not hold: it is set aside under another name, and the next entry says so.

        A trail that holds, or none at all, stays where it is; the entry then takes over the copies alone.

        Args:
            account: of the caller.
            kept: SHA-256 of each copy of a decided report that is there now, by its path in the state folder; from
                here on they count as known.
        """
        with self._lock():
            aside = {} if self.holds() else self._set_aside()
            return self._add([Deed("restarted", "", account, {"set_aside": aside, "kept": dict(kept)})])[0]

    def _add(self, deeds: Sequence[Deed]) -> list[Entry]:
        number, previous = self._end()
        added: list[Entry] = []
        for deed in deeds:
            added.append(self._sealed(deed, number + 1, previous))
            number, previous = number + 1, added[-1].seal
        with self._file.open("ab") as stream:
            stream.truncate(_end_of_last_line(self._file))
            stream.write(b"".join(entry.model_dump_json().encode("utf-8") + b"\n" for entry in added))
            stream.flush()
            os.fsync(stream.fileno())
        self._keep_end(added[-1])
        return added

    def _sealed(self, deed: Deed, number: int, previous: str) -> Entry:
        draft = Entry(number=number, at=datetime.now(UTC).isoformat(timespec="seconds"), account=deed.account,
                      action=deed.action, case=deed.case, about=dict(deed.about), previous=previous)
        return draft.model_copy(update={"seal": self._seal(draft)})

    def holds(self) -> bool:
        """Whether no entry was changed, taken out or put in."""
        try:
            self._check_end(list(self._checked(self._lines())), self._kept_end())
        except StoreError:
            return False
        return True

    def _set_aside(self) -> dict[str, str]:
        """Rename both files; the SHA-256 of each by its new name."""
        stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
        aside = {}
        for file in (self._file, self._end_file):
            if file.is_file():
                moved = file.rename(file.with_name(f"{file.stem}-{stamp}{file.suffix}"))
                aside[moved.name] = hashlib.sha256(moved.read_bytes()).hexdigest()
        return aside

    def entries(self, case: str | None = None) -> list[Entry]:
        """All entries, or those of one case, oldest first.

        Raises:
            StoreError: the trail does not hold; the message names the first entry that does not.
        """
        with self._lock():
            lines, kept = self._lines(), self._kept_end()
        found = list(self._checked(lines))  # others may write meanwhile: what was read is what is held
        self._check_end(found, kept)
        return [entry for entry in found if case is None or entry.case == case]

    def _checked(self, lines: Sequence[bytes]) -> Iterator[Entry]:
        previous = START
        for number, line in enumerate(lines, start=1):
            try:
                entry = Entry.model_validate_json(line)
            except ValidationError as error:
                raise StoreError(f"{self._broken} entry {number} cannot be read") from error
            if entry.number != number or entry.previous != previous:
                raise StoreError(f"{self._broken} before entry {number} something was taken out, put in or moved")
            if not hmac.compare_digest(entry.seal, self._seal(entry)):
                raise StoreError(f"{self._broken} entry {number} was changed")
            previous = entry.seal
            yield entry

    def _lines(self) -> list[bytes]:
        """The entries as they stand; half a line that a crash left behind the kept end is none."""
        content = self._file.read_bytes() if self._file.is_file() else b""
        *whole, torn = content.split(b"\n")
        return [*whole, torn] if torn and int(self._kept_end()["number"]) > len(whole) else whole

    def _kept_end(self) -> dict[str, Any]:
        if not self._end_file.is_file():
            return {"number": 0, "seal": START}
        try:
            kept = json.loads(self._end_file.read_bytes())
            return {"number": int(kept["number"]), "seal": str(kept["seal"])}
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(f"{self._broken} {self._end_file.name} cannot be read") from error

    def _check_end(self, found: list[Entry], kept: Mapping[str, Any]) -> None:
        """The last seal that was kept is the last entry's, or that of an earlier one, where a crash came between."""
        behind = MOST_AT_ONCE if self.long else 1
        seals: dict[int, str] = {entry.number: entry.seal for entry in found[-1 - behind:]}
        if len(found) <= behind and (not found or found[0].number == 1):
            seals[0] = START
        if seals.get(kept["number"]) != kept["seal"]:
            count = found[-1].number if found else 0
            raise StoreError(f"{self._broken} {kept['number']} entries were written, {count} are there")

    def _end(self) -> tuple[int, str]:
        found = self._last() if self.long else list(self._checked(self._lines()))
        self._check_end(found, self._kept_end())
        return (found[-1].number, found[-1].seal) if found else (0, START)

    def _last(self) -> list[Entry]:
        """The last entries, as many as may have been written without their end being kept."""
        try:
            found = [Entry.model_validate_json(line) for line in _last_lines(self._file, 1 + MOST_AT_ONCE)]
        except ValidationError as error:
            raise StoreError(f"{self._broken} its last entries cannot be read") from error
        if any(not hmac.compare_digest(entry.seal, self._seal(entry)) for entry in found):
            raise StoreError(f"{self._broken} its last entries were changed")
        return found

    def _keep_end(self, entry: Entry) -> None:
        draft = self._end_file.with_suffix(f".{os.getpid()}")
        with draft.open("w", encoding="utf-8") as stream:
            stream.write(json.dumps({"number": entry.number, "seal": entry.seal}))
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(self._end_file)

    def _seal(self, entry: Entry) -> str:
        content = json.dumps(entry.model_dump(mode="json", exclude={"seal"}), sort_keys=True, ensure_ascii=False)
        return hmac.new(self.home.key(), content.encode("utf-8"), "sha256").hexdigest()

    def _lock(self) -> FileLock:
        return FileLock(self.home.path / "locks" / f"{self.stem}.lock")

    @property
    def _file(self) -> Path:
        return self.home.path / f"{self.stem}.jsonl"

    @property
    def _end_file(self) -> Path:
        return self.home.path / f"{self.stem}.end"

    @property
    def _broken(self) -> str:
        return (f"the {self.stem} trail does not hold (`caseloom audit --restart` keeps it aside for whoever looks "
                "into it, and begins another):")


def access_trail(home: Home) -> AuditTrail:
    """The trail of who looked at what through a server, beside the one of what was done to reports."""
    return AuditTrail(home, stem="access", long=True)


_ACTING: ContextVar[str | None] = ContextVar("account that acts", default=None)


@contextmanager
def acting_as(account: str) -> Iterator[None]:
    """What is done inside is done by this account: a server's user in place of the server's own.

    Args:
        account: as the trail shall name it.
    """
    before = _ACTING.set(account)
    try:
        yield
    finally:
        _ACTING.reset(before)


def account() -> str:
    """Who acts: the account of `acting_as`, else the operating system's name of the caller, the bare number where it
    has none."""
    if named := _ACTING.get():
        return named
    try:
        return getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def _last_lines(file: Path, count: int) -> list[bytes]:
    """The last lines of a file, oldest first; only its end is read."""
    if not file.is_file():
        return []
    with file.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        block, tail = 4096, b""
        while len(tail) < size and tail.count(b"\n") <= count:
            stream.seek(max(0, size - block))
            tail = stream.read(size - stream.tell())
            block *= 2
    return tail[:tail.rfind(b"\n") + 1].splitlines()[-count:]


def _end_of_last_line(file: Path) -> int:
    """Where the last whole line of a file ends, in bytes; what stands behind it is half a line."""
    size = file.stat().st_size
    if not size:
        return 0
    with file.open("rb") as stream:
        stream.seek(max(0, size - MOST_LINE))
        tail = stream.read()
    return size - len(tail) + tail.rfind(b"\n") + 1

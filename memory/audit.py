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
from collections.abc import Iterator, Mapping
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
class AuditTrail:
    """The trail of a state folder.

    Args:
        home: the opened state folder.
    """

    home: Home

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
        with self._lock():
            return self._add(action, case, account, about)

    def restart(self, account: str, kept: Mapping[str, str]) -> Entry:
        """Go on after a trail that does not hold: it is set aside under another name, and the next entry says so.

        A trail that holds, or none at all, stays where it is; the entry then takes over the copies alone.

        Args:
            account: of the caller.
            kept: SHA-256 of each copy of a decided report that is there now, by its path in the state folder; from
                here on they count as known.
        """
        with self._lock():
            aside = {} if self._holds() else self._set_aside()
            return self._add("restarted", "", account, {"set_aside": aside, "kept": dict(kept)})

    def _add(self, action: str, case: str, account: str, about: dict[str, Any]) -> Entry:
        number, previous = self._end()
        draft = Entry(number=number + 1, at=datetime.now(UTC).isoformat(timespec="seconds"), account=account,
                      action=action, case=case, about=about, previous=previous)
        entry = draft.model_copy(update={"seal": self._seal(draft)})
        with self._file.open("ab") as stream:
            stream.write(entry.model_dump_json().encode("utf-8") + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        self._keep_end(entry)
        return entry

    def _holds(self) -> bool:
        try:
            self._end()
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
            found = list(self._checked())
            self._check_end(found)
        return [entry for entry in found if case is None or entry.case == case]

    def _checked(self) -> Iterator[Entry]:
        previous = START
        lines = self._file.read_bytes().splitlines() if self._file.is_file() else []
        for number, line in enumerate(lines, start=1):
            try:
                entry = Entry.model_validate_json(line)
            except ValidationError as error:
                raise StoreError(f"{_BROKEN} entry {number} cannot be read") from error
            if entry.number != number or entry.previous != previous:
                raise StoreError(f"{_BROKEN} before entry {number} something was taken out, put in or moved")
            if not hmac.compare_digest(entry.seal, self._seal(entry)):
                raise StoreError(f"{_BROKEN} entry {number} was changed")
            previous = entry.seal
            yield entry

    def _check_end(self, found: list[Entry]) -> None:
        """The last seal that was kept is the last entry's, or that of the one before, where a crash came between."""
        kept = json.loads(self._end_file.read_bytes()) if self._end_file.is_file() else {"number": 0, "seal": START}
        seals = {0: START, **{entry.number: entry.seal for entry in found[-2:]}}
        if kept["number"] not in (len(found), len(found) - 1) or seals.get(kept["number"]) != kept["seal"]:
            raise StoreError(f"{_BROKEN} {kept['number']} entries were written, {len(found)} are there")

    def _end(self) -> tuple[int, str]:
        found = list(self._checked())
        self._check_end(found)
        return (found[-1].number, found[-1].seal) if found else (0, START)

    def _keep_end(self, entry: Entry) -> None:
        draft = self._end_file.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps({"number": entry.number, "seal": entry.seal}), encoding="utf-8")
        draft.replace(self._end_file)

    def _seal(self, entry: Entry) -> str:
        content = json.dumps(entry.model_dump(mode="json", exclude={"seal"}), sort_keys=True, ensure_ascii=False)
        return hmac.new(self.home.key(), content.encode("utf-8"), "sha256").hexdigest()

    def _lock(self) -> FileLock:
        return FileLock(self.home.path / "locks" / "audit.lock")

    @property
    def _file(self) -> Path:
        return self.home.path / "audit.jsonl"

    @property
    def _end_file(self) -> Path:
        return self.home.path / "audit.end"


def account() -> str:
    """The operating system's name of the caller; the bare number where it has none."""
    try:
        return getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


_BROKEN = ("the audit trail does not hold (`caseloom audit --restart` keeps it aside for whoever looks into it, and "
           "begins another):")

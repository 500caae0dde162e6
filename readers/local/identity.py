"""Digests that tell one set of weights from another, computed once per file."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

from ...core.errors import StoreError
from ...core.ids import digest

MOST_REMEMBERED = 256


class WeightDigests:
    """SHA-256 of files, remembered by size, times and inode, so that gigabytes are not read at every start.

    Args:
        cache: folder that remembers; made if absent.
    """

    def __init__(self, cache: Path) -> None:
        self._path = cache / "weights.json"

    def of(self, files: Sequence[Path]) -> str:
        """SHA-256 over the sorted (file name, SHA-256 of the content).

        Raises:
            OSError: a file cannot be read.
            StoreError: the cache folder cannot be written to.
        """
        known = self._remembered()
        found = {}
        fresh = {}
        for file in files:
            stamp = file_stamp(file)
            found[file.name] = fresh[stamp] = known.get(stamp) or _file_digest(file)
        if not fresh.keys() <= known.keys():
            self._remember({**known, **fresh})
        return digest(sorted(found.items()))

    def _remembered(self) -> dict[str, str]:
        """What is remembered; nothing when the file is absent or damaged, so that digests are computed anew."""
        try:
            content = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        if not isinstance(content, dict):
            return {}
        return {key: value for key, value in content.items() if isinstance(value, str) and len(value) == 64}

    def _remember(self, digests: dict[str, str]) -> None:
        latest = dict(list(digests.items())[-MOST_REMEMBERED:])
        unfinished = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            unfinished.write_text(json.dumps(latest, indent=1) + "\n", encoding="utf-8")
            unfinished.replace(self._path)
        except OSError as error:
            raise StoreError(f"the cache folder can't be written to: {error.strerror}") from error


def file_stamp(file: Path) -> str:
    """What changes when a file does: device, inode, size, times of the last change of content and of state."""
    found = file.stat()
    return f"{found.st_dev}-{found.st_ino}-{found.st_size}-{found.st_mtime_ns}-{found.st_ctime_ns}"


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

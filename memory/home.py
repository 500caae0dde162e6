"""The state folder: key, timeline, checkpoints, caches, runs. Readable by its owner alone."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import StoreError

KEY_BYTES = 32


@dataclass(frozen=True)
class Home:
    """An opened state folder.

    Args:
        path: `$CASELOOM_HOME`; made with mode 0700 when absent.

    Raises:
        StoreError: the folder cannot be made or written.
    """

    path: Path

    def __post_init__(self) -> None:
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            for folder in (self.cache, self.results, self.timeline, self.path / "locks", self.path / "runs"):
                folder.mkdir(exist_ok=True, mode=0o700)
        except OSError as error:
            raise StoreError(f"the state folder {self.path} cannot be used ({error.strerror}); "
                             "set CASELOOM_HOME to a folder that you may write") from error
        if not os.access(self.path, os.W_OK):
            raise StoreError(f"the state folder {self.path} is not writable; set CASELOOM_HOME to one that is")

    @property
    def cache(self) -> Path:
        """What is costly to read again, keyed by content digest."""
        return self.path / "cache"

    @property
    def timeline(self) -> Path:
        """The vector store."""
        return self.path / "timeline"

    @property
    def checkpoints(self) -> Path:
        """The SQLite file of LangGraph's checkpoints."""
        return self.path / "checkpoints.sqlite"

    @property
    def results(self) -> Path:
        """Results of single tools, kept while a review is under way."""
        return self.path / "results"

    def run_folder(self, case_id: str) -> Path:
        """Where a review of this case writes."""
        return self.path / "runs" / case_id

    def key(self) -> bytes:
        """The machine's secret, 32 random bytes, made once; opaque patient ids depend on it.

        Raises:
            StoreError: the key file is damaged.
        """
        file = self.path / "key"
        if not file.exists():
            self._make_key(file)
        key = file.read_bytes()
        if len(key) != KEY_BYTES:
            raise StoreError(f"the key in the state folder {self.path} is damaged; restore it, or remove it to get a "
                             "new one (opaque patient ids then change)")
        return key

    def _make_key(self, file: Path) -> None:
        """Write a new key beside and link it into place: of two processes, the first one's key stays."""
        fresh = self.path / f"key.{secrets.token_hex(8)}"
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(secrets.token_bytes(KEY_BYTES))
            stream.flush()
            os.fsync(stream.fileno())
        with suppress(FileExistsError):
            file.hardlink_to(fresh)
        fresh.unlink()

"""Plain text notes."""

from __future__ import annotations

from pathlib import Path

from ..core.case import Identity
from ..core.errors import RefusedFile
from ..core.refusal import RefusalCode
from ..core.settings import Limits
from ..core.words import Word
from .dates import parse_date
from .identity import identities_in_text

LONGEST_NOTE = 20_000_000


class Note(Word):
    """A text file as read."""

    text: str

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines that hold something."""
        return tuple(line.strip() for line in self.text.splitlines() if line.strip())

    @property
    def date(self) -> str | None:
        """The date in its first lines that is nobody's birth date, ISO 8601; None when there is none."""
        early = (line for line in self.lines[:12] if not any(word in line.casefold() for word in ("birth", "dob")))
        return next((date for line in early if (date := parse_date(line))), None)

    def identities(self) -> tuple[Identity, ...]:
        """Everybody whom the note is about."""
        return identities_in_text(self.text)


def read_note(path: Path, limits: Limits) -> Note:
    """Read a text file: UTF-8 or UTF-16 with a byte order mark, else Windows-1252.

    Raises:
        RefusedFile: EMPTY, TOO_LARGE, CORRUPT (binary data).
    """
    most = min(limits.max_record_bytes, LONGEST_NOTE)
    try:
        if path.stat().st_size > most:
            raise RefusedFile(RefusalCode.TOO_LARGE, f"longer than {most / 1e6:.0f} MB, the limit for a text note")
        raw = path.read_bytes()
    except OSError as error:
        raise RefusedFile(RefusalCode.CORRUPT, f"the file cannot be read ({error.strerror})") from error
    text = _decode(raw)
    if not text.strip():
        raise RefusedFile(RefusalCode.EMPTY, "the file is empty")
    if "\x00" in text:
        raise RefusedFile(RefusalCode.CORRUPT, "the file holds binary data, not text")
    return Note(text=text)


def _decode(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", errors="replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")

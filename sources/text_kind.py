"""Whether bytes are text, and what kind of text: prose, JSON or XML, or a program's."""

from __future__ import annotations

import codecs
import re

from ..core.case import FileKind
from .junk import is_program_text

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_CONTROLS = frozenset(range(32)) - {9, 10, 11, 12, 13, 27}
_MARKED_UP = re.compile(r"[\ufeff\s]*(?:[{\[]\s*[\"{\[\]}\d]|<[?!A-Za-z][\w:.-]*[\s/>])")
"""How JSON and XML begin, and prose hardly ever."""


def text_kind(start: bytes, name: str, *, whole: bool) -> FileKind:
    """RECORD for JSON and XML, SYSTEM_FILE for a program's text, NOTE for other text, UNKNOWN for no text.

    Args:
        start: the file's first bytes.
        name: its path, whose suffix tells a program's text from prose.
        whole: whether `start` is the whole file; a part may end inside a character.
    """
    text = text_in(start, whole=whole)
    if text is None:
        return FileKind.UNKNOWN
    if _MARKED_UP.match(text):
        return FileKind.RECORD
    return FileKind.SYSTEM_FILE if is_program_text(name) else FileKind.NOTE


def text_in(data: bytes, *, whole: bool) -> str | None:
    """The text that bytes hold (UTF-8, UTF-16 with a mark, or Windows-1252), or None when they are no text."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return codecs.getincrementaldecoder(encoding)(errors="replace").decode(data, final=whole)
    if sum(byte in _CONTROLS for byte in data) > len(data) // 1000:
        return None
    try:
        return codecs.getincrementaldecoder("utf-8")(errors="strict").decode(data, final=whole)
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
        return text if sum(ch.isascii() for ch in text) > 0.85 * len(text) else None

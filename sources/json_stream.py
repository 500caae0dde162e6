"""JSON read value by value, so that of a file of any length only one value at a time is in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

CHUNK = 1 << 20
"""Characters read at once."""
_WHITE = " \t\r\n\ufeff"


class JsonText:
    """The text of a JSON file with a place in it that only moves on.

    Args:
        file: open for reading text, with no translation of line ends.
        loads: decodes one value from a text at a place, like `JSONDecoder.raw_decode`.
        chunk: characters read at once.
    """

    def __init__(self, file: IO[str], loads: Callable[[str, int], tuple[Any, int]], chunk: int = CHUNK) -> None:
        self._file, self._loads, self._chunk = file, loads, chunk
        self._text, self._at, self._ended = "", 0, False
        self._lines, self._column = 0, 0

    @property
    def line(self) -> int:
        """The 1-based line of the place."""
        return self._lines + self._text.count("\n", 0, self._at) + 1

    def peek(self) -> str:
        """The next character that is no white space; empty at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _WHITE:
                self._at += 1
            if self._at < len(self._text) or not self._fill():
                return self._text[self._at:self._at + 1]

    def take(self, wanted: str) -> bool:
        """Step over a character if it is the next one."""
        if self.peek() != wanted:
            return False
        self._at += 1
        return True

    def expect(self, wanted: str) -> None:
        """Step over a character that must come now; JSONDecodeError where another does."""
        if not self.take(wanted):
            raise self._error(f"Expecting {wanted!r}", self._at)

    def value(self) -> Any:
        """The value at the place, which moves behind it.

        Raises:
            json.JSONDecodeError: with line and column in the file.
            ValueError, RecursionError: numbers or nesting out of bounds.
        """
        self.peek()
        while True:
            try:
                value, end = self._loads(self._text, self._at)
            except json.JSONDecodeError as error:
                if self._fill():
                    continue
                raise self._error(error.msg, error.pos) from error
            if end == len(self._text) and self._fill():
                continue  # a number may go on
            self._at = end
            return value

    def elements(self) -> Iterator[Any]:
        """The values of the array that begins at the place, one after the other."""
        self.expect("[")
        if self.take("]"):
            return
        while True:
            yield self.value()
            if self.take("]"):
                return
            self.expect(",")

    def rest_of_line(self) -> str | None:
        """What is left of the line; None at the end of the file."""
        while (end := self._text.find("\n", self._at)) < 0 and self._fill():
            pass
        if end < 0 and self._at == len(self._text):
            return None
        start, self._at = self._at, len(self._text) if end < 0 else end + 1
        return self._text[start:self._at]

    def _fill(self) -> bool:
        """Read on, as much again as is waiting at least; whether anything came."""
        if self._ended:
            return False
        more = self._file.read(max(self._chunk, len(self._text) - self._at))
        if not more:
            self._ended = True
            return False
        newest = self._text.rfind("\n", 0, self._at)
        self._lines += self._text.count("\n", 0, self._at)
        self._column = self._at - newest - 1 if newest >= 0 else self._column + self._at
        self._text, self._at = self._text[self._at:] + more, 0
        return True

    def _error(self, message: str, place: int) -> json.JSONDecodeError:
        error = json.JSONDecodeError(message, self._text, place)
        error.colno += self._column if error.lineno == 1 else 0
        error.lineno += self._lines
        return error


def open_text(path: Path) -> IO[str]:
    """A JSON file as text in the encoding that it begins in (UTF-8, -16 or -32)."""
    with path.open("rb") as file:
        encoding = json.detect_encoding(file.read(4))
    return path.open(encoding=encoding, newline="")

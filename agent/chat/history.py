"""What was asked and answered about a case, one line of JSON a turn; only whole turns are written."""

from __future__ import annotations

from pathlib import Path

from ...core.result import Answer
from ...core.words import Word
from .lines import append_lines, read_lines


class Turn(Word):
    """One question with its answer."""

    question: str
    answer: Answer


class History:
    """The turns of one case, appended one by one; a line that a dying process left half written is passed over.

    Args:
        file: in the state folder; None keeps the turns for as long as this object lives.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._unkept: list[Turn] = []

    def turns(self, most: int | None = None) -> list[Turn]:
        """The last turns, oldest first."""
        if self._file is None:
            return self._unkept if most is None else self._unkept[-most:]
        return read_lines(self._file, Turn, most)

    def add(self, turn: Turn) -> None:
        """Append a turn."""
        if self._file is None:
            self._unkept.append(turn)
            return
        append_lines(self._file, [turn])

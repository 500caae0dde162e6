"""What was asked and answered about a case, one line of JSON a turn; only whole turns are written."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import ValidationError

from ...core.result import Answer
from ...core.words import Word


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
        if not self._file.is_file():
            return []
        lines = self._file.read_text(encoding="utf-8", errors="replace").splitlines()
        found = []
        for line in lines if most is None else lines[-most:]:
            try:
                found.append(Turn.model_validate_json(line))
            except ValidationError:
                continue
        return found

    def add(self, turn: Turn) -> None:
        """Append a turn."""
        if self._file is None:
            self._unkept.append(turn)
            return
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "r+b") as stream:
            size = stream.seek(0, os.SEEK_END)
            whole = not size or (stream.seek(size - 1), stream.read(1))[1] == b"\n"
            stream.write((b"" if whole else b"\n") + turn.model_dump_json().encode() + b"\n")

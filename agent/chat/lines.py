"""Lines of JSON that are only ever added to. A line that a dying process left half written is passed over; a whole line
that says something else than it should is an error, since something that was kept would be lost."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from ...core.errors import StoreError

Line = TypeVar("Line", bound=BaseModel)


def read_lines(file: Path, kind: type[Line], most: int | None = None) -> list[Line]:
    """The last lines of a file that are whole, oldest first; none where there is no file.

    Raises:
        StoreError: a whole line is none of this kind.
    """
    if not file.is_file():
        return []
    lines = file.read_text(encoding="utf-8", errors="replace").split("\n")
    whole = [(number, line) for number, line in enumerate(lines, 1) if _is_whole(line)]
    found = []
    for number, line in whole if most is None else whole[-most:]:
        try:
            found.append(kind.model_validate_json(line))
        except ValidationError as error:
            raise StoreError(f"line {number} of {file.name} in the state folder is none that this version wrote; move "
                             "the file away to go on without it") from error
    return found


def _is_whole(line: str) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def append_lines(file: Path, items: Iterable[BaseModel]) -> None:
    """Add a line for each, in one write, readable by its owner alone."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "r+b") as stream:
        size = stream.seek(0, os.SEEK_END)
        whole = not size or (stream.seek(size - 1), stream.read(1))[1] == b"\n"
        text = "".join(f"{item.model_dump_json()}\n" for item in items)
        stream.write((b"" if whole else b"\n") + text.encode())

"""Lines of JSON that are only ever added to: a line that a dying process left half written is passed over."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

Line = TypeVar("Line", bound=BaseModel)


def read_lines(file: Path, kind: type[Line], most: int | None = None) -> list[Line]:
    """The last lines of a file that are whole, oldest first; none where there is no file."""
    if not file.is_file():
        return []
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    found = []
    for line in lines if most is None else lines[-most:]:
        try:
            found.append(kind.model_validate_json(line))
        except ValidationError:
            continue
    return found


def append_lines(file: Path, items: Iterable[BaseModel]) -> None:
    """Add a line for each, in one write, readable by its owner alone."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "r+b") as stream:
        size = stream.seek(0, os.SEEK_END)
        whole = not size or (stream.seek(size - 1), stream.read(1))[1] == b"\n"
        text = "".join(f"{item.model_dump_json()}\n" for item in items)
        stream.write((b"" if whole else b"\n") + text.encode())

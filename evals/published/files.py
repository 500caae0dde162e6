"""Finding and reading the files of a data set; whatever is missing or unreadable is one line."""

from __future__ import annotations

import csv
import gzip
import json
import os
from collections.abc import Iterator, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from ...core.errors import NothingUsable, UsageError

DEPTH = 3
"""Folders below the one given in which a file is looked for."""


def folder(path: Path, layout: str) -> Path:
    """The folder of a data set.

    Args:
        path: as given.
        layout: what is expected in it.

    Raises:
        UsageError: there is none.
    """
    if not path.is_dir():
        raise UsageError(f"there is no folder {path}; expected is {layout}")
    return path


def nothing(path: Path, layout: str) -> NothingUsable:
    """The error for a folder that does not hold the data set."""
    return NothingUsable(f"{path} does not hold this data set; expected is {layout}")


def find(root: Path, names: Sequence[str], layout: str) -> Path:
    """The first of some files or folders that lies in a folder or up to `DEPTH` below it.

    Args:
        root: where to look.
        names: relative paths, the likeliest first.
        layout: what is expected, for the error.

    Raises:
        NothingUsable: none does.
    """
    for name in names:
        for depth in range(DEPTH + 1):
            found = sorted(root.glob("/".join(["*"] * depth + [name])))
            if found:
                return found[0]
    raise nothing(root, layout)


def read_table(path: Path, needed: Sequence[str], delimiter: str = ",") -> list[dict[str, str]]:
    """Rows of a CSV file, gzipped or not, by column.

    Args:
        path: of the file.
        needed: columns that it must have.
        delimiter: between cells.

    Raises:
        NothingUsable: it cannot be read or lacks a column.
    """
    try:
        with _text(path) as file:
            reader = csv.DictReader(file, delimiter=delimiter)
            missing = [name for name in needed if name not in (reader.fieldnames or ())]
            if missing:
                raise NothingUsable(f"{path.name} has no column {', '.join(missing)}")
            return list(reader)
    except (OSError, UnicodeDecodeError, csv.Error, EOFError) as error:
        raise NothingUsable(f"{path.name} cannot be read as a table ({type(error).__name__})") from error


def _text(path: Path) -> Any:
    if path.suffix == ".gz":
        return TextIOWrapper(gzip.open(path, "rb"), encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def read_json(path: Path) -> Any:
    """What a JSON file holds.

    Raises:
        NothingUsable: it cannot be read.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise NothingUsable(f"{path.name} cannot be read as JSON ({type(error).__name__})") from error


def read_lines(path: Path, needed: Sequence[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Number and object of every line of a JSONL file; empty lines are passed over.

    Args:
        path: of the file.
        needed: keys that every object must have.

    Raises:
        NothingUsable: it cannot be read, or a line is not such an object.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise NothingUsable(f"{path.name} cannot be read ({type(error).__name__})") from error
    for number, text in enumerate(lines, 1):
        if text.strip():
            yield number, _object(path.name, number, text, needed)


def _object(name: str, number: int, text: str, needed: Sequence[str]) -> dict[str, Any]:
    try:
        item = json.loads(text)
    except ValueError as error:
        raise NothingUsable(f"line {number} of {name} is no JSON") from error
    if not isinstance(item, dict):
        raise NothingUsable(f"line {number} of {name} is no JSON object")
    missing = [key for key in needed if key not in item]
    if missing:
        raise NothingUsable(f"line {number} of {name} has no {', '.join(missing)}")
    return item


def inside(root: Path, name: object, where: str) -> Path:
    """A file that a list names, below the list's folder.

    Raises:
        NothingUsable: the name is no text, or leads out of the folder.
    """
    if not isinstance(name, str) or not name.strip():
        raise NothingUsable(f"{where} names no file")
    path = Path(os.path.normpath(root / name))
    if not path.is_relative_to(os.path.normpath(root)):
        raise NothingUsable(f"{where} names {name}, which lies outside the data set's folder")
    return path


def left_out(missing: int, total: int, what: str) -> tuple[str, ...]:
    """A note that files which a list names are not there; none where all are."""
    return (f"{missing} of the {total} {what} that the list names are not in the folder and are left out",
            ) if missing else ()

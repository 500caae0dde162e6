"""Finding and reading the files of a data set; whatever is missing or unreadable is one line."""

from __future__ import annotations

import csv
import gzip
import json
import os
from collections.abc import Callable, Iterator, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ...core.errors import NothingUsable, UsageError
from .items import Case, Loaded

Form = TypeVar("Form", bound=BaseModel)

LIST = "cases.jsonl"
"""A list of our own form, one case a line."""
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
        NothingUsable: it cannot be read, lacks a column, or has a row of another length than its heading.
    """
    try:
        with _text(path) as file:
            reader = csv.DictReader(file, delimiter=delimiter)
            missing = [name for name in needed if name not in (reader.fieldnames or ())]
            if missing:
                raise NothingUsable(f"{path.name} has no column {', '.join(missing)}")
            return list(_whole(reader, path.name))
    except (OSError, UnicodeDecodeError, csv.Error, EOFError) as error:
        raise NothingUsable(f"{path.name} cannot be read as a table ({type(error).__name__})") from error


def _whole(reader: csv.DictReader[str], name: str) -> Iterator[dict[str, str]]:
    """Rows; `DictReader` puts None for cells that are missing, and in the place of a name for those too many."""
    for row in reader:
        if None in row or None in row.values():
            raise NothingUsable(f"line {reader.line_num} of {name} has not as many cells as the heading")
        yield row


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


def read_lines(path: Path, form: type[Form]) -> Iterator[Form]:
    """The objects of a JSONL file, typed; empty lines are passed over.

    Args:
        path: of the file.
        form: of every line.

    Raises:
        NothingUsable: it cannot be read, or a line is not of the form.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise NothingUsable(f"{path.name} cannot be read ({type(error).__name__})") from error
    for number, text in enumerate(lines, 1):
        if text.strip():
            yield typed(form, text, f"line {number} of {path.name}")


def typed(form: type[Form], item: object, where: str) -> Form:
    """A JSON text, or what was read from one, in its form.

    Args:
        form: as wanted.
        item: the text or the object.
        where: it stands, for the error.

    Raises:
        NothingUsable: it is not of the form.
    """
    try:
        return form.model_validate_json(item) if isinstance(item, str) else form.model_validate(item)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise NothingUsable(f"{where} is not as expected: {place + ': ' if place else ''}{first['msg']}") from error


def inside(root: Path, name: str, where: str) -> Path:
    """A file that a list names, below the list's folder.

    Raises:
        NothingUsable: the name is empty or leads out of the folder.
    """
    if not name.strip():
        raise NothingUsable(f"{where} names no file")
    path = Path(os.path.normpath(root / name))
    if not path.is_relative_to(os.path.normpath(root)):
        raise NothingUsable(f"{where} names {name}, which lies outside the data set's folder")
    return path


def read_list(data: Path, layout: str, form: type[Form], case: Callable[[Path, Form], Case], what: str) -> Loaded:
    """The cases of a list of our own form whose files are there.

    Args:
        data: the folder given.
        layout: what is expected in it.
        form: of every line.
        case: from the list's folder and a line.
        what: the cases are, in the plural.

    Raises:
        UsageError: there is no such folder.
        NothingUsable: no list, a line that is not as expected, or none of its files.
    """
    path = find(folder(data, layout), [LIST], layout)
    return those_there([case(path.parent, line) for line in read_lines(path, form)], data, layout, what)


def those_there(cases: Sequence[Case], data: Path, layout: str, what: str) -> Loaded:
    """The cases of a list whose files are in the folder, with a note that others are not.

    Args:
        cases: as the list names them.
        data: the folder.
        layout: what is expected in it.
        what: the cases are, in the plural.

    Raises:
        NothingUsable: none of them is there.
    """
    held = tuple(case for case in cases if all(path.is_file() for path in case.sources))
    there = {case.id for case in held}
    gone = [case.id for case in cases if case.id not in there]
    if cases and not held:
        raise NothingUsable(f"none of the files that the list in {data} names is there (the first: {gone[0]}); "
                            f"expected is {layout}")
    if not held:
        raise nothing(data, layout)
    return Loaded(held, left_out(gone, len(cases), what))


def left_out(gone: Sequence[str], total: int, what: str) -> tuple[str, ...]:
    """A note that files which a list names are not there; none where all are.

    Args:
        gone: names of those that are not there, of which the first three are told.
        total: of all.
        what: they are, in the plural.
    """
    if not gone:
        return ()
    named = ", ".join(gone[:3]) + (" ..." if len(gone) > 3 else "")
    return (f"{len(gone)} of the {total} {what} that the list names are not in the folder and are left out: {named}",)

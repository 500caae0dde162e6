"""LangGraph checkpoints in SQLite, holding our own typed words and nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from pydantic import BaseModel

from ..core import case, evidence, finding, refusal, report, result, settings
from ..core.errors import StoreError

if TYPE_CHECKING:
    from langgraph.checkpoint.sqlite import SqliteSaver

_MODULES: tuple[ModuleType, ...] = (case, evidence, finding, refusal, report, result, settings)


def storable_types(modules: Iterable[ModuleType] = _MODULES) -> list[tuple[str, str]]:
    """(module, class) of every word and enumeration that a checkpoint may hold; all others are refused on reading."""
    return sorted({(member.__module__, name) for module in modules for name, member in vars(module).items()
                   if isinstance(member, type) and issubclass(member, (BaseModel, Enum))
                   and member.__module__ == module.__name__})


@contextmanager
def open_checkpoints(path: Path, extra: Iterable[tuple[str, str]] = ()) -> Iterator[SqliteSaver]:
    """A checkpointer over the SQLite file at `path`, closed on leaving.

    Args:
        path: the file; its folder exists.
        extra: (module, class) of further types that the graph's state holds.

    Raises:
        StoreError: the file is no SQLite database or cannot be written.
    """
    from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
    from langgraph.checkpoint.sqlite import SqliteSaver

    try:
        path.touch(mode=0o600)  # SQLite gives its journals the same mode
        connection = sqlite3.connect(path, check_same_thread=False, timeout=30.0)
        saver = SqliteSaver(connection, serde=JsonPlusSerializer(
            allowed_msgpack_modules=[*storable_types(), *extra]))
        saver.setup()
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"the checkpoints cannot be opened ({error}); remove {path.name} in the state folder "
                         "to start over") from error
    try:
        yield saver
    finally:
        connection.close()

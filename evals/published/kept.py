"""Answers kept on the disk: JSON lines that are only ever added to, so that a run which was stopped goes on."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from ... import __version__
from ...core.errors import StoreError
from ...core.ids import digest
from ...core.report import ReaderIdentity
from ...core.words import Word
from .items import Case

FILE = "answers.jsonl"


class Given(Word):
    """An answer to one question."""

    value: Any = None
    """As it is scored; None where there is no usable answer."""
    problem: str | None = None
    """Why there is none, or what of it could not be used."""
    texts: tuple[str, ...] = ()
    """What the model wrote, one text a request."""
    seconds: float = 0.0
    unread: bool = Field(default=False, exclude=True)
    """No answer came at all; it may come the next time, so this is not kept."""


class Line(Word):
    """One line of the file."""

    key: str
    """Digest of all that decides the answer."""
    task: str
    item: str
    sight: str
    """`seen`, or `blind` where the evidence was taken out."""
    reader: str
    given: Given


def reader_key(reader: ReaderIdentity, version: str = __version__) -> str:
    """Digest of who answers: name, model, revision, numeric type, weights, adapters, where the answers come from; and
    of the program's version, since it prepares what is shown and takes the value from what is written."""
    return digest([reader.model_dump(mode="json"), reader.origin, version])


def answer_keys(task: str, case: Case, sight: str, how: str) -> dict[str, str]:
    """For each question of a case the digest of all that decides its answer.

    Args:
        task: its name.
        case: whose files are looked at, their names, sizes and times.
        sight: `seen` or `blind`.
        how: digest of the reader and of the words of its prompts.
    """
    stamps = [_stamp(path) for path in case.sources]
    return {question.id: digest([task, question.id, question.words, sight, how, stamps]) for question in case.questions}


def _stamp(path: Path) -> list[Any]:
    found = path.stat()
    return [path.name, found.st_size, found.st_mtime_ns]


class KeptAnswers:
    """Answers in a file, by their key; of several lines with one key the last counts.

    Args:
        path: of the file; made, readable for its owner only, when the first answer is added.
        resume: take over what the file holds; else it is only added to.

    Raises:
        StoreError: the file cannot be read or holds a line that was changed. What was broken off at the end is cut off:
            that answer is asked for again.
    """

    def __init__(self, path: Path, *, resume: bool) -> None:
        self._path = path
        self._held: dict[str, Given] = {}
        if path.exists():
            whole = _whole_lines(path)
            self._held = _read(whole, path.name) if resume else {}

    def __len__(self) -> int:
        return len(self._held)

    def __getitem__(self, key: str) -> Given:
        return self._held[key]

    def __contains__(self, key: str) -> bool:
        return key in self._held

    def add(self, lines: Iterable[Line]) -> None:
        """Keep answers; they are handed to the system before this returns, so that a kill loses none.

        Raises:
            StoreError: they cannot be written.
        """
        fresh = list(lines)
        try:
            self._path.touch(mode=0o600)
            with self._path.open("ab") as file:
                file.write("".join(f"{line.model_dump_json()}\n" for line in fresh).encode("utf-8"))
        except OSError as error:
            raise StoreError(f"answers cannot be written to {self._path} ({error.strerror})") from error
        self._held.update((line.key, line.given) for line in fresh)


def _whole_lines(path: Path) -> bytes:
    try:
        content = path.read_bytes()
        whole = content[:content.rfind(b"\n") + 1]
        if whole != content:
            os.truncate(path, len(whole))
    except OSError as error:
        raise StoreError(f"the answers in {path} cannot be read ({error.strerror})") from error
    return whole


def _read(content: bytes, name: str) -> dict[str, Given]:
    held: dict[str, Given] = {}
    for number, text in enumerate(content.splitlines(), 1):
        try:
            line = Line.model_validate_json(text)
        except ValidationError as error:
            raise StoreError(f"line {number} of {name} is no kept answer; take the line out, or give another "
                             "--out") from error
        held[line.key] = line.given
    return held

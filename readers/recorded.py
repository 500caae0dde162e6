"""Answers of a reader kept in a file, and a reader that plays them: for tests, notebooks and demonstrations.

A recording is JSON lines in UTF-8. The first says what it is and whose answers it holds; each other is one answer, by
the digest of its request. No picture, no prompt and no patient is in it, but what a model wrote may repeat what it
was shown.
"""

from __future__ import annotations

import hashlib
import os
import re
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import Field, ValidationError

from ..core.errors import ReaderFailed, ReaderUnavailable
from ..core.report import ReaderIdentity
from ..core.settings import MIB
from ..core.words import Word
from .answers import make_reading
from .protocol import Reader
from .reading import Reading, Seconds, Tokens
from .request import Request

T = TypeVar("T")

MOST_BYTES = 256 * MIB
LICENCE = ("Outputs of the model that `origin` names; the terms of that model apply to their use. They may repeat "
           "content of the case that was read.")


class Header(Word):
    """The first line of a recording."""

    schema_: Literal["caseloom.recording/1"] = Field(default="caseloom.recording/1", alias="schema")
    origin: ReaderIdentity
    unfit: str | None
    """Why the origin may not write a report, None when it may; a header must say one or the other."""
    recorded: str = Field(pattern=r"^\d{4}-\d\d-\d\d$")
    """Date of the recording, ISO 8601."""
    licence: str = LICENCE
    context: int | None = None
    """Tokens that the origin could hold; recipes fit their prompts to it."""


class Answer(Word):
    """One answer of a recording."""

    request: str = Field(pattern=r"^[0-9a-f]{64}$")
    """Digest of what was asked."""
    recipe: str
    text: str
    cut_off: bool = False
    tokens: Tokens
    seconds: Seconds
    notes: tuple[str, ...] = ()


class Recorder:
    """The reader that it wraps, every answer of which it writes down.

    A recording that exists is continued when it is of the same reader; what it already holds is not asked again.

    Args:
        reader: who reads.
        path: of the recording, made readable for its owner only.
        recorded: date in the header, ISO 8601; None for today.
        licence: in the header: under which terms the answers may be used.

    Raises:
        ReaderUnavailable: the file is no recording, is of another reader, or cannot be written.
    """

    def __init__(self, reader: Reader, path: Path, *, recorded: str | None = None, licence: str = LICENCE) -> None:
        self._reader = reader
        self._path = path
        self._lock = threading.Lock()
        who = reader.identity
        header = Header(origin=who.model_copy(update={"unfit": None, "origin": None}), unfit=who.unfit, licence=licence,
                        context=reader.context, recorded=recorded or datetime.now(UTC).date().isoformat())
        self._held = self._continue(header) if path.exists() else self._begin(header)

    @property
    def identity(self) -> ReaderIdentity:
        """Of the reader that it wraps."""
        return self._reader.identity

    @property
    def context(self) -> int | None:
        """Of the reader that it wraps."""
        return self._reader.context

    def read(self, requests: Sequence[Request[T]]) -> list[Reading[T]]:
        """What the recording holds, else what the wrapped reader reads; that is on the disk before it is given back.

        Raises:
            ReaderFailed: the wrapped reader gives no answer, or it cannot be written down.
        """
        missing = [request for request in requests if request.sha256 not in self._held]
        fresh = self._write_down(missing, self._reader.read(missing)) if missing else {}
        return [fresh[request.sha256] if request.sha256 in fresh
                else _replayed(request, self._held[request.sha256], self.identity) for request in requests]

    def _write_down(self, requests: Sequence[Request[T]], readings: Sequence[Reading[T]]) -> dict[str, Reading[T]]:
        """The readings by their request's digest; what came is written down, what is unread may be asked again."""
        fresh = {request.sha256: reading for request, reading in zip(requests, readings, strict=True)}
        with self._lock:
            new = {request.sha256: _answer(request, fresh[request.sha256]) for request in requests
                   if not fresh[request.sha256].unread and request.sha256 not in self._held}
            try:
                self._append(list(new.values()))
            except OSError as error:
                raise ReaderFailed(f"{self._path.name}: the answers could not be recorded: {error.strerror}") from error
            self._held.update(new)
        return fresh

    def _begin(self, header: Header) -> dict[str, Answer]:
        try:
            self._append([header])
        except OSError as error:
            raise ReaderUnavailable(f"{self._path.name}: no recording can be written here: {error.strerror}") from error
        return {}

    def _continue(self, header: Header) -> dict[str, Answer]:
        content = _content(self._path)
        whole = content[:content.rfind(b"\n") + 1]
        found, answers = _parse(whole, self._path.name)
        if (found.origin, found.unfit, found.context) != (header.origin, header.unfit, header.context):
            raise ReaderUnavailable(f"{self._path.name} holds the answers of another reader; record into another file")
        if whole != content:
            os.truncate(self._path, len(whole))
        return answers

    def _append(self, lines: Sequence[Word]) -> None:
        written = "".join(line.model_dump_json(by_alias=True) + "\n" for line in lines)
        self._path.touch(mode=0o600)
        with self._path.open("ab") as file:
            file.write(written.encode("utf-8"))


class RecordedReader:
    """Plays a recording: a request that was recorded gets the text that the model wrote then, parsed anew.

    Args:
        path: of the recording.

    Raises:
        ReaderUnavailable: it is absent, damaged or of an unknown kind.
    """

    def __init__(self, path: Path) -> None:
        content = _content(path)
        header, self._answers = _parse(content, path.name)
        self.context = header.context
        known = header.origin.interprets and re.fullmatch(r"[0-9a-f]{64}", header.origin.weights_sha256 or "")
        unfit = header.unfit or (None if known else "the recording carries no digest of a real model's weights")
        self._identity = header.origin.model_copy(update={
            "name": "recorded", "unfit": unfit, "origin": hashlib.sha256(content).hexdigest()})

    @property
    def identity(self) -> ReaderIdentity:
        """`recorded`, with the model, revision and digests of the reader that was recorded."""
        return self._identity

    def read(self, requests: Sequence[Request[T]]) -> list[Reading[T]]:
        """The recorded answers, with the token counts and times of the recording.

        Raises:
            ReaderFailed: one of them was not recorded.
        """
        return [self._read(request) for request in requests]

    def _read(self, request: Request[T]) -> Reading[T]:
        answer = self._answers.get(request.sha256)
        if answer is None:
            raise ReaderFailed(f"the recording holds no answer to this request of {request.recipe} "
                               f"({request.sha256[:12]}); record it with the model first")
        return _replayed(request, answer, self._identity)


def _replayed(request: Request[T], answer: Answer, reader: ReaderIdentity) -> Reading[T]:
    return make_reading(request, answer.text, reader=reader, tokens=answer.tokens, seconds=answer.seconds,
                        cut_off=answer.cut_off, notes=answer.notes)


def _answer(request: Request[Any], reading: Reading[Any]) -> Answer:
    return Answer(request=request.sha256, recipe=request.recipe, text=reading.text, cut_off=reading.cut_off,
                  tokens=reading.tokens, seconds=reading.seconds, notes=reading.notes)


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise ReaderUnavailable(f"there is no recording {path.name}; --reader measure works now") from error
    except OSError as error:
        raise ReaderUnavailable(f"the recording {path.name} cannot be read: {error.strerror}") from error
    if len(content) > MOST_BYTES:
        raise ReaderUnavailable(f"the recording {path.name} is larger than {MOST_BYTES // MIB} MiB")
    return content


def _parse(content: bytes, name: str) -> tuple[Header, dict[str, Answer]]:
    first, *lines = content.split(b"\n")
    try:
        header = Header.model_validate_json(first)
    except ValidationError as error:
        raise ReaderUnavailable(f"{name} is no recording of Caseloom (its first line must have the schema "
                                "caseloom.recording/1)") from error
    if lines[-1:] != [b""]:
        raise ReaderUnavailable(f"the recording {name} ends in the middle of a line; record it again")
    answers: dict[str, Answer] = {}
    for number, line in enumerate(lines[:-1], start=2):
        try:
            answer = Answer.model_validate_json(line)
        except ValidationError as error:
            raise ReaderUnavailable(f"line {number} of the recording {name} is damaged; record it again") from error
        if answers.setdefault(answer.request, answer) != answer:
            raise ReaderUnavailable(f"line {number} of the recording {name} contradicts an earlier line; "
                                    "record it again")
    return header, answers

"""Putting a task's questions to a reader, case by case, and keeping every answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...core.errors import InputError, ReaderFailed
from ...core.ids import content_id, digest
from ...prompts.loader import digest as prompt_digest
from ...readers.protocol import Reader
from ...readers.reading import Reading
from ...readers.request import Picture, Request
from .items import Case, Question, ReadBy
from .kept import Given, KeptAnswers, Line, answer_keys, reader_key

SEEN, BLIND = "seen", "blind"
MOST_FAILURES = 3
"""Calls in a row without an answer after which a reader is asked no more."""
REQUESTS_AT_ONCE = 16
"""Requests of small cases that are handed to a server together, which answers several side by side; a reader on this
machine gets one case at a time."""

Watcher = Callable[[int, int], None]
"""Told how many of how many questions are answered."""
Blinded = Callable[[Request[Any]], Request[Any]]


@dataclass(frozen=True)
class Asking:
    """How one task's questions are put.

    Args:
        task: its name.
        prompts: names of the prompt files that its requests are made from.
        reader: who answers.
        kept: earlier answers.
        watch: told of the progress.
    """

    task: str
    prompts: tuple[str, ...]
    reader: Reader
    kept: KeptAnswers
    watch: Watcher

    def answers(self, cases: Sequence[Case], blinded: Blinded | None = None) -> dict[str, Given]:
        """Every question's answer by its id, from what is kept or by asking.

        A case whose files cannot be read has answers without a value that say why; so has one that the reader failed
        on, and neither is kept. Every other answer is kept as it comes.

        Args:
            cases: of the task.
            blinded: takes the evidence out of a request; None to ask as it is.

        Raises:
            ReaderFailed: the reader gave no answer `MOST_FAILURES` times in a row, or not one at all.
        """
        sight = SEEN if blinded is None else BLIND
        how = digest([reader_key(self.reader.identity), [prompt_digest(name) for name in self.prompts]])
        keys = {name: key for case in cases for name, key in answer_keys(self.task, case, sight, how).items()}
        found = {name: self.kept[key] for name, key in keys.items() if key in self.kept}
        self.watch(len(found), len(keys))
        failures: list[ReaderFailed] = []
        known: dict[str, Reading[Any]] = {}
        for batch in _batches(cases, found, REQUESTS_AT_ONCE if self.reader.identity.origin else 1):
            try:
                given = self._ask(batch, blinded, known)
                failures = []
            except ReaderFailed as error:
                failures.append(error)
                given = {question.id: _unread(str(error)) for _, missing in batch for question in missing}
            self.kept.add(Line(key=keys[name], task=self.task, item=name, sight=sight,
                               reader=self.reader.identity.model or self.reader.identity.name, given=answer)
                          for name, answer in given.items() if not answer.unread)
            found |= given
            self.watch(len(found), len(keys))
            if len(failures) >= MOST_FAILURES:
                break
        answered = sum(not answer.unread for answer in found.values())
        if failures and (len(failures) >= MOST_FAILURES or not answered):
            raise ReaderFailed(f"{failures[-1]} ({answered} of {len(keys)} questions are answered; the same command "
                               "with --resume goes on)") from failures[-1]
        return found

    def _ask(self, batch: Sequence[_Open], blinded: Blinded | None,
             known: dict[str, Reading[Any]]) -> dict[str, Given]:
        if not self.reader.identity.interprets:
            return {name: given for case, missing in batch for name, given in _measured(case, missing).items()}
        made: list[tuple[Case, Question, tuple[Request[Any], ...]]] = []
        unread: dict[str, Given] = {}
        for case, missing in batch:
            try:
                by = ReadBy(content_id("P", [self.task, case.unit]), self.reader.context)
                requests = case.requests(missing, by)
            except (InputError, ValueError) as error:
                unread |= {question.id: _unread(str(error)) for question in missing}
                continue
            made += [(case, question, own if blinded is None else tuple(map(blinded, own)))
                     for question, own in zip(missing, requests, strict=True)]
        readings = known if blinded else {}
        self._read([request for _, _, own in made for request in own], readings)
        return unread | {question.id: _given(case, question, [readings[request.sha256] for request in own])
                         for case, question, own in made}

    def _read(self, requests: Sequence[Request[Any]], readings: dict[str, Reading[Any]]) -> None:
        """Add readings by the request's digest; what is the same word for word is asked once."""
        once = {request.sha256: request for request in requests if request.sha256 not in readings}
        if once:
            readings.update(zip(once, self.reader.read(list(once.values())), strict=True))


_Open = tuple[Case, list[Question]]
"""A case with the questions that are not answered yet."""


def _batches(cases: Sequence[Case], found: Mapping[str, Given], most: int) -> Iterator[list[_Open]]:
    """Cases with open questions, small ones together until they have `most`."""
    batch: list[_Open] = []
    for case in cases:
        missing = [question for question in case.questions if question.id not in found]
        if missing and case.alone:
            yield [(case, missing)]
        elif missing:
            batch.append((case, missing))
        if sum(len(questions) for _, questions in batch) >= most:
            yield batch
            batch = []
    if batch:
        yield batch


def _measured(case: Case, missing: Sequence[Question]) -> dict[str, Given]:
    try:
        values = case.measured(missing)
    except InputError as error:
        return {question.id: _unread(str(error)) for question in missing}
    return {question.id: Given(value=value, problem=None if value is not None else "no tool of ours answers this")
            for question, value in zip(missing, values, strict=True)}


def _given(case: Case, question: Question, readings: Sequence[Reading[Any]]) -> Given:
    if any(reading.unread for reading in readings):
        return _unread(next(reading.problem or "" for reading in readings if reading.unread))
    problems = dict.fromkeys(reading.problem for reading in readings if reading.problem)
    spent = sum(part for reading in readings for part in (
        reading.seconds.encode, reading.seconds.prefill, reading.seconds.decode))
    value, problem = None, "; ".join(problems) or None
    try:
        value = case.value(question, [reading.value for reading in readings])
    except ValueError as error:
        problem = str(error)
    return Given(value=value, problem=problem, texts=tuple(reading.text for reading in readings), seconds=spent)


def _unread(reason: str) -> Given:
    return Given(problem=reason, unread=True)


def black_pictures(request: Request[Any]) -> Request[Any]:
    """The request with every picture made black, of the same size: the same words, and nothing to see."""
    return replace(request, parts=tuple(Picture(np.zeros_like(part.pixels)) if isinstance(part, Picture) else part
                                        for part in request.parts))

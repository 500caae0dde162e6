"""A published task from its folder to a result: load, ask, score, write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...core.errors import NothingUsable, ReaderUnavailable, UsageError
from ...memory.home import Home
from .asking import Asking, Watcher
from .items import Case
from .kept import FILE, Given, KeptAnswers
from .result import Result
from .scoring import Answers, score
from .task import Source, Task, sample
from .tasks import TASKS
from .written import result_folder, write_items, write_result

if TYPE_CHECKING:
    from ...readers.protocol import Reader


@dataclass(frozen=True)
class Wish:
    """How an evaluation is run.

    Args:
        resume: take over answers of earlier runs.
        blind: also ask without the evidence.
        out: folder for answers, results and the Markdown section; None keeps the answers in the state folder.
    """

    resume: bool = False
    blind: bool = True
    out: Path | None = None


def evaluate(name: str, source: Source, reader: Reader, home: Home, *, wish: Wish | None = None,
             watch: Watcher = lambda done, total: None) -> Result:
    """Evaluate a reader on a published task.

    Args:
        name: of the task.
        source: the data set's folder, and how many cases are wanted.
        reader: who answers.
        home: state folder.
        wish: how it is run; None for the usual way.
        watch: told how many of how many questions are answered.

    Raises:
        UsageError: no such task or folder, or a limit below 1.
        NothingUsable: the folder does not hold the data set, or not one of its files can be read.
        ReaderUnavailable: the reader cannot answer this task.
        ReaderFailed: it gave no answer several times in a row; what came is kept.
        StoreError: answers cannot be kept.
    """
    wish = wish or Wish()
    task = _task(name)
    _can_answer(task, reader)
    if source.limit is not None and source.limit < 1:
        raise UsageError("--limit takes a number of cases from 1 on")
    loaded = task.load(replace(source, cache=home.cache))
    cases = sample(loaded.cases, lambda case: case.id, source.limit)
    note = (f"A fixed sample of at most {source.limit} cases was asked about.",) if source.limit is not None else ()
    _check_ids(cases)
    folder = result_folder(wish.out or home.path / "evals" / name)
    asking = Asking(name, task.prompts, reader, KeptAnswers(folder / FILE, resume=wish.resume), watch)
    given = asking.answers(cases)
    _check_read(given)
    blind = None
    if wish.blind and task.blind is not None and reader.identity.interprets:
        blind = asking.answers(cases, task.blind)
    answers = Answers(cases, given, blind)
    result = score(task, reader.identity, answers, [*loaded.notes, *note])
    if wish.out is not None:
        write_items(wish.out, task, answers)
        write_result(wish.out, result)
    return result


def _check_ids(cases: Sequence[Case]) -> None:
    """Refuse questions that could not be told apart."""
    counted = Counter(question.id for case in cases for question in case.questions)
    twice = [name for name, count in counted.items() if count > 1]
    if twice:
        raise NothingUsable(f"the data set has {counted[twice[0]]} questions of the id {twice[0]!r}; ids must differ")


def _check_read(given: Mapping[str, Given]) -> None:
    """Refuse a run that read nothing: a score of it would stand beside published ones as if something was measured."""
    if all(answer.unread for answer in given.values()):
        first = next((answer.problem for answer in given.values()), "the data set asks nothing")
        raise NothingUsable(f"not one of the {len(given)} questions could be put; of the first: {first}")


def _task(name: str) -> Task:
    if name not in TASKS:
        raise UsageError(f"there is no task {name!r}; choose one of {', '.join(TASKS)}")
    return TASKS[name]


def _can_answer(task: Task, reader: Reader) -> None:
    if not reader.identity.interprets and not task.measures:
        can = ", ".join(one.name for one in TASKS.values() if one.measures)
        raise ReaderUnavailable(f"the reader {reader.identity.name!r} interprets nothing and cannot answer {task.name} "
                                f"(it answers {can or 'none'}); choose a reader with a model")

"""From answers to a result: our score, the baselines and the published results side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...core.report import ReaderIdentity
from ..sections import machine, today
from .asking import BLIND
from .bootstrap import Marked, Tallies, estimate
from .items import Case, Question, Value
from .kept import Given
from .names import title_of
from .reported import notes_of, reported_for
from .result import ClassLine, Problem, Result, Score, plural
from .task import Task

FEWEST_UNITS = 20
"""Below which intervals by bootstrap are too narrow to be trusted; an own choice."""


@dataclass(frozen=True)
class Answers:
    """What came of asking.

    Args:
        cases: that were asked about.
        given: the answers by the question's id.
        blind: answers without the evidence; None where they were not asked for.
    """

    cases: Sequence[Case]
    given: Mapping[str, Given]
    blind: Mapping[str, Given] | None

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """Of all cases."""
        return tuple(question for case in self.cases for question in case.questions)

    @cached_property
    def values(self) -> Mapping[str, Value]:
        """As they are scored."""
        return {name: answer.value for name, answer in self.given.items()}


def score(task: Task, reader: ReaderIdentity, answers: Answers, notes: Sequence[str]) -> Result:
    """The result of an evaluation.

    Args:
        task: what was asked.
        reader: who answered.
        answers: to its questions.
        notes: of the loader.
    """
    beside = {key: _tallies(task, answers.cases, told) for key, told in _others(task, answers).items()}
    ours = _tallies(task, answers.cases, answers.values)
    scores = tuple(Score(
        key=metric.key, title=metric.title, definition=metric.definition, ours=estimate(metric, ours),
        baselines={key: estimate(metric, tallies) for key, tallies in beside.items()},
        reported=reported_for(task.name, metric.key), detail=metric.detail) for metric in task.metrics)
    words = {one.key: one.words for one in task.baselines} | {BLIND: task.blind_words}
    given = answers.given
    return Result(
        task=task.name, title=title_of(task.name), reader=reader, date=today(), machine=machine(),
        cases=len(answers.cases), questions=len(answers.questions), unit=task.unit, units=len(ours.units),
        answered=sum(value is not None for value in answers.values.values()), group=task.group, scores=scores,
        classes=_classes(task, answers, ours), baseline_words={key: words[key] for key in beside},
        notes=(*_of_reader(reader), *_of_size(len(ours.units), task.unit), *notes, *notes_of(task.name)),
        problems=tuple(Problem(item=name, reason=answer.problem) for name, answer in given.items() if answer.problem),
        reader_seconds=round(sum(answer.seconds for answer in given.values()), 3))


def _others(task: Task, answers: Answers) -> dict[str, Mapping[str, Value]]:
    """The baselines' answers."""
    others = {one.key: one.answers(answers.questions) for one in task.baselines}
    if answers.blind is not None:
        others[BLIND] = {name: answer.value for name, answer in answers.blind.items()}
    return others


def _tallies(task: Task, cases: Sequence[Case], values: Mapping[str, Value]) -> Tallies:
    return Tallies([Marked(case.unit, group, marks) for case in cases for question in case.questions
                    for group, marks in task.marked(question, values.get(question.id)).items()], task.fields)


def _classes(task: Task, answers: Answers, tallies: Tallies) -> tuple[ClassLine, ...]:
    lines = []
    for group in tallies.groups:
        own = [question for question in answers.questions if question.group == group]
        sums = tallies.of_group(group)
        found = {metric.key: float(metric.of(sums)[0]) for metric in task.metrics}
        lines.append(ClassLine(group=group, n=len(own) or int(sums["n"].sum()),
                               not_answered=sum(answers.values.get(question.id) is None for question in own),
                               values={key: one if np.isfinite(one) else None for key, one in found.items()}))
    return tuple(sorted(lines, key=lambda line: line.group))


def _of_size(units: int, unit: str) -> tuple[str, ...]:
    return (f"{units} {unit if units == 1 else plural(unit)}: too few for the intervals to be trusted.",
            ) if units < FEWEST_UNITS else ()


def _of_reader(reader: ReaderIdentity) -> tuple[str, ...]:
    return (f"The reader is not one to judge by: {reader.unfit}.",) if reader.unfit else ()

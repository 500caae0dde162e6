"""MedQA (Jin et al. 2021), the four-option questions of the United States, test part: accuracy.

As distributed (github.com/jind11/MedQA, data_clean.zip): `questions/US/4_options/phrases_no_exclude_test.jsonl`, one
question a line with question, options {A..D}, answer, answer_idx and meta_info (step1 or step2&3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from ...core.errors import NothingUsable
from ...readers.recipes.exam import exam_request
from ...readers.recipes.plain import plain
from ...readers.request import Request
from .files import find, folder, nothing, read_lines
from .items import Case, Loaded, Question, ReadBy, Value
from .marks import Metric, mean_of, right_or_wrong
from .names import MEDQA, layout_of
from .task import Source, Task, always, most_frequent

FILE = "phrases_no_exclude_test.jsonl"


class Line(BaseModel):
    """One question as distributed; other keys are not used."""

    question: str = Field(min_length=1)
    options: dict[str, str]
    answer_idx: str
    answer: str | None = None
    meta_info: str = "not stated"


@dataclass(frozen=True)
class Exam(Case):
    """One question.

    Args:
        id: its number.
        unit: itself.
        questions: one; the truth is the right letter.
        sources: none: the file is read whole.
        line: as distributed.
    """

    id: str
    unit: str
    questions: tuple[Question, ...]
    sources: tuple[Path, ...]
    line: Line

    def requests(self, questions: Sequence[Question], by: ReadBy) -> list[tuple[Request[Any], ...]]:
        """The question with its options, thinking switched on."""
        asked = exam_request(self.line.question, list(self.line.options.values()), scope=by.scope)
        return [(asked,) for _ in questions]

    def value(self, question: Question, parsed: Sequence[Any]) -> Value:
        """The letter of the option that was chosen."""
        letters = {plain(words): letter for letter, words in self.line.options.items()}
        return None if parsed[0] is None else letters[parsed[0]]


def load(source: Source) -> Loaded:
    """The questions of the test part.

    Raises:
        UsageError: there is no such folder.
        NothingUsable: no file, or a line that is not as expected.
    """
    layout = layout_of(MEDQA)
    path = find(folder(source.data, layout), [f"US/4_options/{FILE}", FILE], layout)
    cases = tuple(_exam(number, line) for number, line in enumerate(read_lines(path, Line), 1))
    if not cases:
        raise nothing(source.data, layout)
    return Loaded(cases)


def _exam(number: int, line: Line) -> Exam:
    if line.answer_idx not in line.options:
        raise NothingUsable(f"question {number} of {FILE} has no option {line.answer_idx!r}")
    if line.answer is not None and line.answer != line.options[line.answer_idx]:
        raise NothingUsable(f"question {number} of {FILE} names {line.answer_idx!r} and another option's words")
    name = f"question {number}"
    words = "|".join([line.question, *line.options.values()])
    return Exam(name, name, (Question(name, line.meta_info, words, line.answer_idx),), (), line)


TASK = Task(
    name=MEDQA, load=load, prompts=("exam",), group="step", unit="question", fields=("n", "right"),
    marks=lambda question, value: right_or_wrong(question.truth, value),
    metrics=(Metric("accuracy", "Accuracy", "Share of right answers; no usable answer is wrong; chance is 25.",
                    mean_of("right")),),
    baselines=(always("A", 'always "A"'), most_frequent("the most frequent letter of each step")), blind=None)

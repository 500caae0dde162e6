"""What a task is made of: cases that are opened one by one, and the questions that are put about each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ...core.errors import UsageError

if TYPE_CHECKING:
    from ...readers.request import Request

Value = Any
"""An answer as it is kept and scored: JSON-able, None where there is none."""


@dataclass(frozen=True)
class Question:
    """One thing that is asked and scored.

    Args:
        id: unique within its task.
        group: the class that it is averaged in, such as a condition or a finding.
        words: what is asked, as far as it is not the same for the whole task; kept answers are found by it.
        truth: the right answer, JSON-able.
    """

    id: str
    group: str
    words: str
    truth: Any


@dataclass(frozen=True)
class ReadBy:
    """Who is asked, as far as a request depends on it.

    Args:
        scope: opaque patient.
        context: tokens that the reader holds, None where that is not known.
    """

    scope: str
    context: int | None


class Case(ABC):
    """One volume, film, document or record with all that is asked about it; it is opened when it is asked about.

    Attributes:
        id: unique within its task.
        unit: who or what is drawn together in a bootstrap, such as a patient.
        questions: about it.
        sources: its files; an answer is taken over only while they are unchanged.
        alone: it holds so many pictures that it is asked about by itself.
    """

    id: str
    unit: str
    questions: tuple[Question, ...]
    sources: tuple[Path, ...]
    alone: ClassVar[bool] = False

    @abstractmethod
    def requests(self, questions: Sequence[Question], by: ReadBy) -> list[tuple[Request[Any], ...]]:
        """What a reader with a model is asked, for each question one request or several.

        Args:
            questions: some of its own.
            by: the reader.

        Raises:
            InputError: the case's files cannot be read.
        """

    def value(self, question: Question, parsed: Sequence[Any]) -> Value:
        """The answer to a question from what its requests came to; None where a request has no usable answer.

        Args:
            question: one of its own.
            parsed: typed answers in the order of the question's requests.
        """
        return parsed[0]

    def measured(self, questions: Sequence[Question]) -> list[Value]:
        """Answers of our own tools without a model, for the reader `measure`.

        Raises:
            UsageError: no tool of ours answers this without a model.
            InputError: the case's files cannot be read.
        """
        raise UsageError("no tool answers this without a model")


@dataclass(frozen=True)
class Loaded:
    """A data set as found in its folder.

    Args:
        cases: in the order of the data set.
        notes: what a reader of the result should know: what is missing, what was chosen.
    """

    cases: tuple[Case, ...]
    notes: tuple[str, ...] = field(default=())

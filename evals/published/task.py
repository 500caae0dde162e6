"""What a published task is: where its cases come from, how answers are marked, and what stands beside the score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from ...core.errors import UsageError
from .asking import Blinded, black_pictures
from .items import Loaded, Question, Value
from .marks import Marks, Metric

T = TypeVar("T")

PICTURES_BLACK = "the same prompts with every picture black"


@dataclass(frozen=True)
class Source:
    """Where a data set lies.

    Args:
        data: its folder.
        images: folder of the pictures, where they are distributed apart; None for somewhere below `data`.
        limit: cases that are wanted at most; a loader of very many may take `sample` of them at once.
        cache: folder for what is costly to read again, such as words of scanned pages: patients' data, so it is never a
            folder that others share. `evaluate` gives it; None for tasks that need none.
    """

    data: Path
    images: Path | None = None
    limit: int | None = None
    cache: Path | None = None

    def private(self) -> Path:
        """The cache, for a task that needs one.

        Raises:
            UsageError: none is given.
        """
        if self.cache is None:
            raise UsageError("this task needs a folder for what it reads of files")
        return self.cache


@dataclass(frozen=True)
class Baseline:
    """Answers that nobody read anything for.

    Args:
        key: name for programs.
        words: what it answers, for people.
        answers: by the question's id.
    """

    key: str
    words: str
    answers: Callable[[Sequence[Question]], Mapping[str, Value]]


@dataclass(frozen=True)
class Task:
    """A published task.

    Args:
        name: as on the command line.
        load: finds its cases in a folder.
        prompts: prompt files that its requests are made from.
        marks: of one answer to one question.
        fields: every field that a mark may have and a metric reads.
        metrics: the published one first.
        group: what the groups of its questions are, in the singular.
        unit: what is drawn in the bootstrap, in the singular.
        baselines: without a reader.
        blind: the evidence taken out of a request; None where there is none to take out.
        blind_words: what that is, for people.
        measures: `measure` answers it too, with our own tools.
        parts: marks of one answer by group, where an answer counts in several; None for `marks` in the question's.
    """

    name: str
    load: Callable[[Source], Loaded]
    prompts: tuple[str, ...]
    marks: Callable[[Question, Value], Marks]
    fields: tuple[str, ...]
    metrics: tuple[Metric, ...]
    group: str
    unit: str
    baselines: tuple[Baseline, ...]
    blind: Blinded | None = black_pictures
    blind_words: str = PICTURES_BLACK
    measures: bool = False
    parts: Callable[[Question, Value], Mapping[str, Marks]] | None = None

    def marked(self, question: Question, value: Value) -> Mapping[str, Marks]:
        """Marks of one answer by group."""
        return self.parts(question, value) if self.parts else {question.group: self.marks(question, value)}


def sample(items: Sequence[T], name: Callable[[T], str], limit: int | None) -> Sequence[T]:
    """A fixed sample in the order given: it follows from the names alone, and a larger one holds the smaller.

    Args:
        items: to choose from.
        name: of an item.
        limit: how many; None for all.
    """
    if limit is None or limit >= len(items):
        return items
    order = in_sampling_order(range(len(items)), lambda place: name(items[place]))
    return [items[place] for place in sorted(order[:limit])]


def in_sampling_order(items: Iterable[T], name: Callable[[T], str]) -> list[T]:
    """Items in an order that looks random and follows from their names alone: any sample is its beginning."""
    return sorted(items, key=lambda item: sha256(name(item).encode("utf-8")).hexdigest())


def always(value: Value, words: str, key: str = "nothing") -> Baseline:
    """One fixed answer to everything; the do-nothing baseline, unless it is given another key."""
    return Baseline(key, words, lambda questions: {question.id: value for question in questions})


def most_frequent(words: str, key: Callable[[Question], Value] = lambda question: question.truth) -> Baseline:
    """The most frequent right answer of each group, told from the very questions that are scored: what somebody would
    reach who knew the frequencies and saw nothing.

    Args:
        words: what it answers, for people.
        key: the answer that is counted; of equally frequent ones the first in sorting order.
    """
    def answers(questions: Sequence[Question]) -> Mapping[str, Value]:
        counted: dict[str, Counter[Value]] = {}
        for question in questions:
            counted.setdefault(question.group, Counter())[key(question)] += 1
        usual = {group: min(counts, key=lambda value: (-counts[value], str(value)))
                 for group, counts in counted.items()}
        return {question.id: usual[question.group] for question in questions}

    return Baseline("majority", words, answers)

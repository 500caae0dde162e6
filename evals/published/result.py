"""What an evaluation gives back: one document."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ...core.report import ReaderIdentity
from ...core.words import Word


class Figure(Word):
    """A score, 0..1, None where nothing can be said, with its 95 % interval by bootstrap over units, None with fewer
    than two of them."""

    value: float | None
    low: float | None = None
    high: float | None = None


class Reported(Word):
    """A published result."""

    model: str
    value: float
    """0..1."""
    source: str


class Score(Word):
    """One metric of a task."""

    key: str
    title: str
    definition: str
    ours: Figure
    baselines: dict[str, Figure]
    """By `Baselines` key: `nothing`, `majority`, `blind`."""
    reported: tuple[Reported, ...] = ()
    detail: bool = False
    """Told beside the others, of less weight."""


class ClassLine(Word):
    """One class: how many questions, and every metric within it."""

    group: str
    n: int
    not_answered: int
    values: dict[str, float | None]


class Problem(Word):
    """A question without a usable answer, or one of which a part could not be used."""

    item: str
    reason: str


class Result(Word):
    """An evaluation of one reader on one task."""

    schema_: Literal["caseloom.eval/1"] = Field(default="caseloom.eval/1", alias="schema")
    task: str
    title: str
    reader: ReaderIdentity
    date: str
    machine: str
    cases: int
    questions: int
    answered: int
    """Questions with a usable answer; all others are scored as wrong."""
    unit: str
    units: int
    group: str
    scores: tuple[Score, ...]
    classes: tuple[ClassLine, ...]
    baseline_words: dict[str, str]
    notes: tuple[str, ...]
    problems: tuple[Problem, ...]
    reader_seconds: float
    """Spent by the reader on the answers of this result, kept ones included."""


def plural(unit: str) -> str:
    """The plural of a unit's name."""
    return f"{unit[:-1]}ies" if unit.endswith("y") else f"{unit}s"

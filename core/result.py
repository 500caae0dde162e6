"""What tools and questions give back."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from .evidence import Evidence
from .finding import Finding
from .refusal import Refusal
from .words import Word


class AnswerStatus(StrEnum):
    ANSWERED = "answered"
    NOT_IN_CASE = "not_in_case"
    DECLINED = "declined"


class AnswerValue(Word):
    number: float | None = None
    text: str | None = None
    unit: str | None = None
    date: str | None = None


class CitedSentence(Word):
    text: str
    evidence: tuple[str, ...]


class Step(Word):
    """One tool call on the way to an answer."""

    tool: str
    arguments: dict[str, Any]


class Answer(Word):
    """The answer to a question about a case, with the evidence it rests on."""

    text: str
    status: AnswerStatus
    value: AnswerValue | None = None
    sentences: tuple[CitedSentence, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    steps: tuple[Step, ...] = ()
    raw_answer: str | None = None
    """What a model wrote to the question, word for word without its thinking; None where none was asked."""


class ToolResult(Word):
    """What one tool made of its input."""

    tool: str
    findings: tuple[Finding, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    refused: tuple[Refusal, ...] = ()
    answer: Answer | None = None
    reader: str
    """Name of the reader that was at work."""
    warnings: tuple[str, ...] = ()
    model_answered: bool | None = None
    """Whether a model answered anything: False where one was asked and never did, None where none was asked."""
    seconds: float = 0.0
    """Wall-clock time; the one field that differs between equal runs."""

"""What every tool does with a reader: ask it once, and turn answers into findings beside the measured ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from ..core.errors import ReaderFailed
from ..core.evidence import Evidence, Locator, Source, make_evidence
from ..core.finding import Category, Finding, Status, make_finding
from ..readers.reading import Reading
from ..readers.request import Request
from .base import ToolContext

T = TypeVar("T")


def read_or_say(context: ToolContext, requests: Sequence[Request[T]], what: str) -> tuple[list[Reading[T]], list[str]]:
    """The reader's answers in the order of the requests, or none and a warning that says why.

    Args:
        context: whose reader is asked; one that interprets nothing is not asked.
        requests: about one thing, so that what they share is computed once; none asks nobody.
        what: was to be read, as a warning names it: `the CT`, `the film of 2025-01-03`.

    Returns:
        readings: one per request, or none at all.
        warnings: what a person should know about how they came to be, each once.
    """
    reader = context.reader.identity
    if not reader.interprets or not requests:
        return [], []
    try:
        readings = context.reader.read(requests)
    except ReaderFailed as error:
        return [], [f"{reader.name} did not read {what}: {error}"]
    notes = dict.fromkeys(note for reading in readings for note in reading.notes)
    return readings, [f"{reader.name}, {what}: {note}" for note in notes]


@dataclass(frozen=True)
class About:
    """What all answers of one reading session share.

    Args:
        tool: the tool's name.
        context: reader and patient.
        date: ISO 8601 date of what was read, or None.
    """

    tool: str
    context: ToolContext
    date: str | None

    def evidence(self, source: Source, locator: Locator, reading: Reading[Any], *, caption: str,
                 picture: str | None = None) -> Evidence:
        """The place that the model was shown, with the words that it wrote about it."""
        return make_evidence(source, locator, caption=caption, date=self.date, picture=picture,
                             raw_answer=reading.answer)

    def finding(self, name: str, status: Status, evidence: Sequence[Evidence], **fields: Any) -> Finding:
        """A finding that the reader made; its confidence is not known.

        Args:
            name: standard term.
            status: from `yes_no` for a yes/no answer; indeterminate for an answer with a problem.
            evidence: from `evidence`, at least one.
            fields: others of `Finding`: `category` (an observation unless said), `laterality`, `site`, `value`,
                `change`.
        """
        return make_finding(**{"category": Category.OBSERVATION, **fields}, name=name, status=status,
                            evidence=tuple(item.id for item in evidence), tool=self.tool,
                            reader=self.context.reader.identity.name, date=self.date,
                            patient=self.context.opaque_patient)


def yes_no(reading: Reading[bool]) -> Status:
    """Present for yes, absent for no, indeterminate where the answer is neither."""
    if reading.value is None:
        return Status.INDETERMINATE
    return Status.PRESENT if reading.value else Status.ABSENT


def unclear(context: ToolContext, answers: Iterable[tuple[str, Reading[Any]]], where: str = "") -> list[str]:
    """A warning for each reason why answers could not be used, naming what they were about.

    Args:
        context: whose reader answered.
        answers: what was asked about, and the answer.
        where: what was read, such as `on the film of 2025-01-03`.
    """
    about: dict[str, list[str]] = {}
    for asked, reading in answers:
        if reading.problem is not None:
            about.setdefault(reading.problem, []).append(asked)
    place = f" {where}" if where else ""
    return [f"{context.reader.identity.name} gave no usable answer about {', '.join(asked)}{place}: {problem}"
            for problem, asked in about.items()]

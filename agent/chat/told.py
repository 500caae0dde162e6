"""What a tool of the chat gives back: sentences with their evidence, for the model as text and for code as they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from ...core.evidence import Evidence
from ...core.finding import Finding
from ...core.report import Sentence
from ...core.result import Answer, AnswerStatus, AnswerValue


@runtime_checkable
class DecidesStatus(Protocol):
    """A chat model whose word stands on whether a question is answered, declined or not in the case: it says so as
    `status` beside its text, and writes nothing that it was not given. Of any other model the text alone counts."""

    decides_status: bool


@dataclass(frozen=True)
class Saying:
    """One sentence and the ids of the evidence that it rests on."""

    text: str
    evidence: tuple[str, ...]

    @property
    def cited(self) -> str:
        """The sentence as a model sees and writes it: `Text. [E1, E2]`."""
        return f"{self.text} [{', '.join(self.evidence)}]" if self.evidence else self.text


@dataclass(frozen=True)
class Told:
    """The result of one tool call.

    Args:
        sayings: sentences that answer; empty where there are none.
        reason: why there are none, one sentence for a person.
        status: of an answer that consists of this result alone.
        value: the one value asked for, where there is one.
        evidence: that the case's report does not hold, such as that of a tool that ran again.
        findings: that this evidence bears out.
    """

    sayings: tuple[Saying, ...] = ()
    reason: str = ""
    status: AnswerStatus = AnswerStatus.ANSWERED
    value: AnswerValue | None = None
    evidence: tuple[Evidence, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def text(self) -> str:
        """For the model."""
        return "\n".join(saying.cited for saying in self.sayings) or self.reason


def said(sentences: Iterable[Sentence], value: AnswerValue | None = None) -> Told:
    """Composed sentences as a result."""
    return Told(tuple(Saying(item.text, item.evidence) for item in sentences), value=value)


def nothing(reason: str, status: AnswerStatus = AnswerStatus.NOT_IN_CASE) -> Told:
    """No result, and why."""
    return Told(reason=reason, status=status)


def of_answer(answer: Answer, fresh: tuple[Evidence, ...] = ()) -> Told:
    """What rules or a reader answered; `fresh` is evidence that the report does not hold."""
    if answer.status is not AnswerStatus.ANSWERED:
        return nothing(answer.text, answer.status)
    return Told(tuple(Saying(item.text, item.evidence) for item in answer.sentences), value=answer.value,
                evidence=fresh)

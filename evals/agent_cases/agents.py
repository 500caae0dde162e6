"""The agents that are put to the cases: the shipped one, the same with tools that see all or nothing, and an idler."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...agent.door import open_chat, review_case
from ...agent.opened import working_with
from ...core.case import Study
from ...core.refusal import Refusal
from ...core.report import CaseIdentity, ReaderIdentity, Report, TimelineEvent
from ...core.result import Answer, AnswerStatus, ToolResult
from ...core.settings import Settings
from ...tools.base import Tool, ToolContext
from ...tools.catalogue import all_tools
from ...tools.comparison import StudyReading
from .oracle import oracle_tools

Json = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What an agent made of a case.

    Args:
        report: the draft.
        timeline: what the store holds of the patient after the review.
        answers: to each question that was put, in order.
    """

    report: Report
    timeline: Sequence[TimelineEvent]
    answers: Sequence[Answer]


Agent = Callable[[Path, Json, Sequence[str], Settings], Outcome]
"""An agent gets the case, its truth (which only the oracle looks at), questions, and where its state lies."""


def as_it_is(case: Path, truth: Json, questions: Sequence[str], settings: Settings) -> Outcome:
    """The shipped agent with the reader `measure`."""
    return _with_tools(case, questions, settings, {})


def with_oracle(case: Path, truth: Json, questions: Sequence[str], settings: Settings) -> Outcome:
    """The shipped agent with tools that return the truth."""
    return _with_tools(case, questions, settings, oracle_tools(truth, all_tools()))


def blind(case: Path, truth: Json, questions: Sequence[str], settings: Settings) -> Outcome:
    """The shipped agent with tools that run and see nothing."""
    own: dict[str, Any] = {name: BlindTool(tool) for name, tool in all_tools().items()}
    return _with_tools(case, questions, settings, own | {"comparison": BlindComparison()})


def idle(case: Path, truth: Json, questions: Sequence[str], settings: Settings) -> Outcome:
    """Writes an empty report and answers nothing."""
    report = Report(case=CaseIdentity(id="none", patient="P-0000000000000000"), provenance={},
                    reader=ReaderIdentity(name="none", interprets=False), sections=(), findings=(), evidence=(),
                    timeline=(), not_read=())
    return Outcome(report, (), [Answer(text="", status=AnswerStatus.DECLINED) for _ in questions])


AGENTS: Mapping[str, Agent] = {"as it is": as_it_is, "oracle tools": with_oracle, "blind tools": blind,
                               "do nothing": idle}


def _with_tools(case: Path, questions: Sequence[str], settings: Settings, own: Mapping[str, Any]) -> Outcome:
    with working_with(settings):
        report = review_case(case, tools=own)
        chat = open_chat(case, keep=False, tools=own)
        return Outcome(report, chat.context.timeline.matching(), [chat.ask(question) for question in questions])


class BlindTool:
    """Takes every study that the shipped tool takes, and finds nothing in it."""

    def __init__(self, shipped: Tool) -> None:
        self.name, self._shipped = shipped.name, shipped

    def gate(self, study: Study) -> Refusal | None:
        """As the shipped tool's."""
        return self._shipped.gate(study)

    def run(self, study: Study, context: ToolContext) -> ToolResult:
        """Nothing is seen, and nothing is refused."""
        return ToolResult(tool=self.name, reader=context.reader.identity.name)


class BlindComparison:
    """Sees no difference, as it sees nothing."""

    name = "comparison"

    def compare(self, prior: StudyReading, current: StudyReading, context: ToolContext | None = None) -> ToolResult:
        """Nothing."""
        return ToolResult(tool=self.name, reader=current.result.reader)

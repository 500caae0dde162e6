"""What the review graph knows while it runs."""

from __future__ import annotations

import operator
from typing import Annotated, TypedDict

from ..core.case import Case, Study
from ..core.finding import Finding
from ..core.refusal import Refusal
from ..core.report import Report, Sentence, Signature, TimelineEvent
from ..core.result import ToolResult
from ..core.words import Word


class Task(Word):
    """One tool on one study."""

    tool: str
    study: Study

    @property
    def label(self) -> str:
        """What a progress line shows; holds no path and no name."""
        return f"{self.tool} {self.study.id}"


class TaskResult(Word):
    """A finished task."""

    task: Task
    result: ToolResult


class Prose(Word):
    """What a model wrote for one section, unchecked; or why there is nothing."""

    section: str
    sentences: tuple[Sentence, ...] = ()
    problem: str | None = None
    notes: tuple[str, ...] = ()


class ToolInput(TypedDict):
    """What one `run_tool` task gets."""

    task: Task
    case: Case


class ReviewState(TypedDict, total=False):
    """Channels of the review graph; only `results` is written by several tasks at once."""

    question: str | None
    """The user's; without one, case.yaml's counts."""
    case: Case
    tasks: list[Task]
    refused: list[Refusal]
    results: Annotated[list[TaskResult], operator.add]
    unread: Annotated[list[str], operator.add]
    """Tasks and steps whose reader failed, by name: they are read when the case is reviewed again."""
    comparisons: list[ToolResult]
    trends: list[Finding]
    events: list[TimelineEvent]
    prose: list[Prose]
    """What a model wrote for the sections of `report`, which is composed of templates until it is verified."""
    report: Report


class Change(Word):
    """New words for a sentence.

    Args:
        at: `s-2-3` for the third sentence of the second section.
        text: what it shall say; None to take it out.
    """

    at: str
    text: str | None


class Verdict(Word):
    """A person's decision about a draft: approved, rejected, or changed and still a draft."""

    approve: bool
    signature: Signature
    changes: tuple[Change, ...] = ()
    """Where there are any, nothing is decided yet; the signature says who makes them."""

"""What a chat is about: one reviewed case. The tools take it from here, never from a model's arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from ...core.case import Case
from ...core.evidence import Evidence
from ...core.finding import Category
from ...core.ids import digest
from ...core.report import Report
from ...core.result import ToolResult
from ...memory.timeline import Timeline
from ...tools.base import OnDemand, Tool, ToolContext
from ...tools.catalogue import Comparer, on_demand
from ...tools.comparison import ComparisonTool
from ...tools.records.entries import Entries
from ...tools.slide_search import PatchIndex
from ..facts import Known, known_facts
from ..phrases import Material
from ..state import TaskResult
from .names import Named, Names
from .shelf import FOLDER, Shelf

IMAGING = frozenset({Category.ANATOMY, Category.OBSERVATION, Category.MEASUREMENT})


@dataclass(frozen=True)
class ChatContext:
    """One case as its chat sees it.

    Args:
        case: the opened case.
        report: its report.
        results: what each tool gave on each study, for comparisons of other pairs.
        timeline: of the case's patient.
        tools: by name.
        tool_context: what the tools run with.
        folder: where the report and its pictures lie.
        open_index: where patches of slides are kept, by SHA-256 and embedder.
        shelf: evidence that the chat adds to the report's.
        on_demand: what is measured only when somebody asks, by name.
        comparison: compares examinations that the report does not.
    """

    case: Case
    report: Report
    results: Sequence[TaskResult]
    timeline: Timeline
    tools: Mapping[str, Tool]
    tool_context: ToolContext
    folder: Path
    open_index: Callable[[str, str], PatchIndex]
    shelf: Shelf
    on_demand: Mapping[str, OnDemand] = field(default_factory=on_demand)
    comparison: Comparer = field(default_factory=ComparisonTool)

    def apart(self, call: list[Any]) -> ToolContext:
        """What a tool runs with when it runs again: its pictures go to a folder of this call's own."""
        folder = self.folder / FOLDER / digest(call)[:12]
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return replace(self.tool_context, pictures=folder, question=None)

    def shown_evidence(self, key: str) -> Evidence | None:
        """A piece of evidence by its id: the report's (E12) or one that the chat added (R3)."""
        return self.material.evidence_by_id.get(key.upper()) or self.shelf.get(key)

    def only(self, kind: str) -> ChatContext:
        """The same with nothing but what was seen and measured on examinations of a kind: `ct`, `film` ..."""
        own = tuple(item for item in self.report.findings if item.change is None and (
            study := self.material.study_of(item)) is not None and study.kind.value == kind)
        return replace(self, report=self.report.model_copy(update={"findings": own}))

    @cached_property
    def material(self) -> Material:
        """Findings and evidence with the look-ups of composed sentences."""
        return Material(self.case, self.report.findings, self.report.evidence)

    @cached_property
    def entries(self) -> Entries:
        """Findings as questions look at them."""
        return Entries(self.report.findings, self.report.evidence)

    @cached_property
    def names(self) -> Names:
        """Names of what was measured and seen, as questions use them."""
        return Names([*self.imaging, *self.valued, *(Named(item) for item in self.report.findings
                                                     if item.change is not None)], self.report.findings)

    @cached_property
    def known(self) -> Known:
        """What sentences are checked against."""
        return known_facts(self.report.findings, self.report.evidence)

    @cached_property
    def imaging(self) -> list[Named]:
        """What was seen and measured on images, without changes."""
        return [Named(item) for item in self.report.findings if item.category in IMAGING and item.change is None]

    @cached_property
    def labs(self) -> list[Named]:
        """Laboratory results."""
        return [item for item in self.valued if item.finding.category is Category.LAB]

    @cached_property
    def valued(self) -> list[Named]:
        """Laboratory results and observations of the record, such as the body weight."""
        imaged = {item.finding.id for item in self.imaging}
        return [Named(entry.finding) for entry in self.entries.valued if entry.finding.id not in imaged]

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """All evidence of the report."""
        return self.report.evidence

    def result_of(self, study_id: str) -> ToolResult | None:
        """What a tool gave on one study."""
        return next((done.result for done in self.results if done.task.study.id == study_id), None)

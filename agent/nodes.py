"""The steps of a review, one method each. Everything they need is handed in; nothing is looked up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from shutil import rmtree

from filelock import FileLock
from langgraph.types import interrupt

from ..core.case import SYNTHETIC, Case, Study
from ..core.errors import CaseloomError, ReaderUnavailable, UsageError
from ..core.files import write_bytes
from ..core.finding import Finding
from ..core.ids import digest
from ..core.refusal import Refusal, RefusalCode
from ..core.report import ReaderIdentity, Report, ReportStatus
from ..core.result import ToolResult
from ..core.settings import Settings
from ..memory.audit import AuditTrail, account
from ..memory.home import Home
from ..memory.patch_index import PatchIndex
from ..memory.timeline import open_timeline
from ..readers.noted import NotedReader
from ..readers.protocol import Reader
from ..report.write import write_report
from ..sources.open import open_case
from ..tools import checked
from ..tools.base import Tool, ToolContext
from ..tools.blanking import people_of
from ..tools.catalogue import Comparer
from ..tools.comparison import ComparisonTool, StudyReading, kept_apart, lab_trends
from ..tools.comparison.pairs import COMPARABLE_KINDS, choose_prior
from ..tools.records.tool import RecordsTool
from .asked import settled_answer
from .chat.context import ChatContext
from .chat.shelf import Shelf
from .draft import draft_report
from .edit import changed
from .events import events_of
from .plan import plan, usual_tool
from .state import ReviewState, TaskResult, ToolInput, Verdict
from .verify import verified
from .worded import settled, write_prose

OWN_TOOLS = "Not only Caseloom's own tools worked here, and what others find was tested by nobody here: {tools}."
"""The warning of a report whose caller gave tools, or left some out."""


@dataclass(frozen=True)
class Review:
    """What one review is about and works with.

    Args:
        path: the case's folder or .zip.
        patient: the identity the user chose, or None.
        settings: limits and the state folder.
        home: the opened state folder.
        reader: who interprets.
        tools: by name.
        results: folder where each tool's result is kept from the moment it is there; LangGraph writes a finished task
            only when a worker is free, and a kill must not cost it.
        comparison: what compares a study with its prior.
        own: of the tools that are not the shipped ones, the class by name; see `tools.catalogue.Toolbox`.

    Raises:
        ReaderUnavailable: the reader may not write a report: a toy, a stub, or a model that cannot be named.
    """

    path: Path
    patient: str | None
    settings: Settings
    home: Home
    reader: Reader
    tools: Mapping[str, Tool]
    results: Path
    comparison: Comparer = field(default_factory=ComparisonTool)
    own: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if reason := why_unfit(self.reader.identity):
            raise ReaderUnavailable(f"the reader {self.reader.identity.name!r} can't write a report: {reason}")

    def intake(self, state: ReviewState) -> ReviewState:
        """Discover, identify and hash the files."""
        case = open_case(self.path, settings=self.settings, key=self.home.key(), patient=self.patient)
        if any("(SYNTHETIC)" in study.description for study in case.studies):
            case = case.model_copy(update={"warnings": (SYNTHETIC, *case.warnings)})
        if self.own:
            named = ", ".join(f"{name} ({where})" for name, where in sorted(self.own.items()))
            case = case.model_copy(update={"warnings": (*case.warnings, OWN_TOOLS.format(tools=named))})
        return {"case": case}

    def plan(self, state: ReviewState) -> ReviewState:
        """Decide which tool gets which study."""
        tasks, refused = plan(state["case"], self.tools, own=self.own)
        return {"tasks": tasks, "refused": refused}

    def run_tool(self, state: ToolInput) -> ReviewState:
        """Run one tool on one study; a tool that breaks leaves a gap that the report names."""
        task, case = state["task"], state["case"]
        context = self.context(case)
        if task.tool == RecordsTool.name:
            # The record is asked once the findings of all tools are there: see `compose`.
            context = replace(context, question=None)
        kept = self.results / f"{digest([task.model_dump(mode='json'), context.question])}.json"
        if kept.is_file():
            return {"results": [TaskResult.model_validate_json(kept.read_bytes())]}
        noted = NotedReader(self.reader)
        try:
            result = checked.run(self.tools[task.tool], task.study, replace(context, reader=noted),
                                 own=task.tool in self.own)
        except CaseloomError as error:
            result = self._failed(task.tool, [file.path for file in task.study.files], str(error))
        done = TaskResult(task=task, result=result.model_copy(update={"seconds": 0.0,
                                                                      "model_answered": noted.outcome}))
        if noted.failed:  # not kept: the next review asks again
            return {"results": [done], "unread": [task.label]}
        keep(done, kept)
        return {"results": [done]}

    def compare(self, state: ReviewState) -> ReviewState:
        """Compare each study with its prior, and the laboratory results over time."""
        usual = [done for done in state.get("results", []) if done.task.tool == usual_tool(done.task.study)]
        readings = [StudyReading(done.task.study, done.result) for done in usual]
        comparable = [reading for reading in readings
                      if reading.study.kind in COMPARABLE_KINDS and reading.result.findings]
        priors = {reading.study.id: choose_prior(reading.study, [other.study for other in comparable])
                  for reading in comparable}
        used = {prior.id for prior in priors.values() if prior is not None}
        context = self.context(state["case"])
        compared = [self._compared(reading, priors[reading.study.id], comparable, context) for reading in comparable
                    if priors[reading.study.id] is not None or reading.study.id not in used]
        found = [finding for reading in readings for finding in reading.result.findings if not finding.is_read]
        sources = {item.id: item.source.file for reading in readings for item in reading.result.evidence}
        remarks = ToolResult(tool=ComparisonTool.name, reader=self.reader.identity.name,
                             warnings=tuple(kept_apart(found, sources)))
        return {"comparisons": [*(result for result, _ in compared), remarks], "trends": lab_trends(found, sources),
                "unread": ["comparison"] * any(failed for _, failed in compared)}

    def remember(self, state: ReviewState) -> ReviewState:
        """Put the dated facts into the patient's timeline."""
        case = state["case"]
        events = events_of(state.get("results", []), _changes(state))
        open_timeline(self.home, case.opaque_patient, self.settings).remember(events, case_id=case.id)
        return {"events": events}

    def compose(self, state: ReviewState) -> ReviewState:
        """Number the findings and write the sentences; a model that answers is asked for its own words for them."""
        case, noted = state["case"], NotedReader(self.reader)
        report = draft_report(state, noted, self.settings.limits, self.own)
        report = report.model_copy(update={"answer": settled_answer(report, self._chat_context(report, state))})
        if not self.reader.identity.interprets or report.model_answered is False:
            return {"report": report, "prose": [], "unread": ["question"] * noted.failed}
        people = people_of(case.patient, (who for file in case.files for who in file.identities))
        prose = write_prose(report, noted, people)
        answered = report.model_answered or noted.outcome
        return {"report": report.model_copy(update={"model_answered": answered}), "prose": list(prose),
                "unread": ["report"] * noted.failed}

    def verify(self, state: ReviewState) -> ReviewState:
        """Check every sentence against its evidence; what is not supported is corrected or left out, and said."""
        report = state["report"]
        done = verified(report.sections, report.findings, report.evidence)
        worded = settled(done.sections, state.get("prose", []), report)
        return {"report": report.model_copy(update={
            "sections": worded.sections, "left_out": (*done.left_out, *worded.left_out),
            "warnings": (*report.warnings, *done.warnings, *worded.warnings)})}

    def render(self, state: ReviewState) -> ReviewState:
        """Write the report in all its forms; finished tasks are kept where others are to be read again."""
        report = state["report"]
        self._write(report, state["case"])
        if not report.edits:  # a person's change is recorded as such, under the name given
            AuditTrail(self.home).record("drafted", report.case.id, account(), version=report.version,
                                         reader=report.reader.name, content_sha256=content_digest(report))
        if not state.get("unread"):
            rmtree(self.results, ignore_errors=True)
        return {}

    def sign_off(self, state: ReviewState) -> ReviewState:
        """Wait for a person; the draft is what there is until then."""
        content = content_digest(state["report"])
        verdict: Verdict = interrupt({"content_sha256": content})
        if verdict.signature.content_sha256 != content:
            raise UsageError("the report is not the one that was signed; look at it again and sign what it says now")
        if verdict.changes:
            return {"report": changed(state["report"], verdict.changes, verdict.signature)}
        status = ReportStatus.SIGNED if verdict.approve else ReportStatus.REJECTED
        return {"report": state["report"].model_copy(update={"status": status, "signature": verdict.signature})}

    def publish(self, state: ReviewState) -> ReviewState:
        """Write the decided report, and a copy in a folder of its own that no later draft or addendum replaces."""
        report = state["report"]
        self._write(report, state["case"])
        folder = self.home.run_folder(report.case.id)
        copy = "-addendum-".join([content_digest(report)[:16], *([str(len(report.addenda))] if report.addenda else [])])
        write_report(report, folder / report.status / copy, folder / "overlays")
        return {}

    def context(self, case: Case) -> ToolContext:
        """What the tools get for this case; the question only where somebody can interpret it, since rules answer it
        from the findings of all tools."""
        folder = self.home.run_folder(case.id) / "overlays"
        folder.mkdir(parents=True, exist_ok=True)
        return ToolContext(root=case.root, patient=case.patient, opaque_patient=case.opaque_patient,
                           reader=self.reader, pictures=folder, cache=self.home.cache,
                           question=case.question if self.reader.identity.interprets else None,
                           limits=self.settings.limits)

    def _chat_context(self, report: Report, state: ReviewState) -> ChatContext:
        """What a chat about the draft would see, without what is measured on demand."""
        case = state["case"]
        return ChatContext(
            case=case, report=report, results=tuple(state.get("results", [])), tools=self.tools, on_demand={},
            comparison=self.comparison,
            timeline=open_timeline(self.home, case.opaque_patient, self.settings), tool_context=self.context(case),
            folder=self.home.run_folder(case.id), shelf=Shelf(report.evidence),
            open_index=lambda slide, made_by: PatchIndex(self.home, slide, made_by))

    def _write(self, report: Report, case: Case) -> None:
        folder = self.home.run_folder(case.id)
        with FileLock(self.home.path / "locks" / f"{case.id}.lock"):
            write_report(report, folder, folder / "overlays")

    def _failed(self, tool: str, files: Sequence[str], reason: str) -> ToolResult:
        return ToolResult(tool=tool, reader=self.reader.identity.name, refused=tuple(
            Refusal(file=file, code=RefusalCode.TOOL_FAILED, reason=reason) for file in files))

    def _compared(self, current: StudyReading, prior: Study | None, readings: Sequence[StudyReading],
                  context: ToolContext) -> tuple[ToolResult, bool]:
        """The comparison with the prior, or the remark that there is none; and whether the reader failed."""
        if prior is None:
            when = current.study.date or "unknown date"
            return ToolResult(tool=ComparisonTool.name, reader=current.result.reader, warnings=(
                f"{current.study.modality} of {when}: the case holds no earlier study to compare with.",)), False
        noted = NotedReader(context.reader)
        result = self.comparison.compare(next(other for other in readings if other.study == prior), current,
                                         replace(context, reader=noted))
        return result.model_copy(update={"model_answered": noted.outcome}), noted.failed


def why_unfit(reader: ReaderIdentity) -> str | None:
    """Why a reader may not write a report; None when it may.

    A model must be told apart from every other: by the digest of its weights, or by the server that names it.
    """
    if not reader.interprets or reader.unfit:
        return reader.unfit
    known = reader.weights_sha256 is not None or (reader.name == "served" and reader.model)
    return None if known else "its weights cannot be told apart from others'"


def keep(done: TaskResult, file: Path) -> None:
    """Write a finished task whole or not at all."""
    write_bytes(file, done.model_dump_json(by_alias=True).encode())


def content_digest(report: Report) -> str:
    """SHA-256 of a report's content, which a signature is bound to: everything but status, signature and addenda."""
    return digest(report.model_dump(mode="json", by_alias=True, exclude={"status", "signature", "addenda"}))


def _changes(state: ReviewState) -> list[Finding]:
    compared = [finding for result in state.get("comparisons", []) for finding in result.findings]
    return [*compared, *state.get("trends", [])]

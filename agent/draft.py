"""From everything the tools gave to an unverified draft."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from ..core.case import Case, Study
from ..core.evidence import Evidence
from ..core.finding import Finding
from ..core.numbering import Renaming, number_all, rename, rename_answer
from ..core.refusal import Refusal
from ..core.report import CaseIdentity, ReaderIdentity, Report, ReviewedSeries, ReviewedStudy, TimelineEvent
from ..core.result import Answer, ToolResult
from ..core.settings import Limits
from ..prompts import loader
from ..readers.noted import NotedReader
from ..readers.protocol import Reader
from ..report.wording import date_text, listed
from ..tools.blanking import people_of
from ..tools.records.read import answer_with_reader
from .answers import merged
from .compose import compose
from .conflicts import conflicts_of
from .phrases import grouped, study_label
from .state import ReviewState

NAMED_VERSIONS = ("caseloom", "chromadb", "langgraph", "numpy", "onnxruntime", "openslide-bin", "pydicom", "pymupdf",
                  "rapidocr", "scikit-image", "scipy", "SimpleITK", "torch", "transformers")
"""Packages whose version can change a number or a picture."""


def draft_report(state: ReviewState, reader: NotedReader, limits: Limits, own: Mapping[str, str] | None = None
                 ) -> Report:
    """The draft: numbered findings and evidence, composed sections, timeline, and what was not read.

    Args:
        state: the review after `remember`.
        reader: who interpreted; one that interprets may be asked the question, about the record.
        limits: what a file was allowed to ask of the machine.
        own: of the tools that are not the shipped ones, the class by name.
    """
    case = state["case"]
    if state.get("question"):
        case = case.model_copy(update={"question": state["question"]})
    results = [*(done.result for done in state.get("results", [])), *state.get("comparisons", [])]
    found = [*(finding for result in results for finding in result.findings), *state.get("trends", [])]
    shown = [item for result in results for item in result.evidence]
    answer = _answer(case, results, found, shown, reader) if case.question else None
    findings, evidence, names = number_all(found, shown)
    not_read = _not_read(case, state.get("refused", []), results)
    asked = {result.model_answered for result in results} | {reader.outcome}
    answered = True if True in asked else False if False in asked else None
    notes = tuple(warning for result in state.get("comparisons", []) for warning in result.warnings)
    return Report(
        case=CaseIdentity(id=case.id, patient=case.opaque_patient), question=case.question,
        answer=rename_answer(answer, names), reader=reader.identity,
        studies=tuple(reviewed_study(study) for study in case.studies),
        sections=compose(case.model_copy(update={"not_read": not_read}), findings, evidence, reader.identity,
                         notes=notes, took_part=answered is True),
        findings=findings, evidence=evidence, timeline=_timeline(state.get("events", []), names),
        not_read=not_read, conflicts=conflicts_of(case, findings, evidence),
        warnings=_warnings(case, state), model_answered=answered,
        provenance=_provenance(case, reader.identity, limits) | ({"own_tools": dict(own)} if own else {}))


def reviewed_study(study: Study) -> ReviewedStudy:
    """What a report keeps of a study: no path, no name."""
    return ReviewedStudy(
        id=study.id, uid=study.uid, kind=study.kind, modality=study.modality, date=study.date,
        description=study.description, body_part=study.body_part, series=tuple(ReviewedSeries(
            uid=series.uid, modality=series.modality, description=series.description, files=len(series.files))
            for series in study.series))


def _answer(case: Case, results: Sequence[ToolResult], findings: Sequence[Finding], evidence: Sequence[Evidence],
            reader: Reader) -> Answer | None:
    """From the record and what was measured, and what the tools that were shown images say."""
    told = answer_with_reader(case.question or "", findings, evidence, reader, case.opaque_patient,
                              people_of(case.patient, (who for file in case.files for who in file.identities)))
    return merged((told, *(result.answer for result in results)))


def _timeline(events: Sequence[TimelineEvent], names: Renaming) -> tuple[TimelineEvent, ...]:
    return tuple(event.model_copy(update={"evidence": rename(event.evidence, names)}) for event in events)


def _not_read(case: Case, planned: Sequence[Refusal], results: Sequence[ToolResult]) -> tuple[Refusal, ...]:
    refused = {*case.not_read, *planned, *(item for result in results for item in result.refused)}
    return tuple(sorted(refused, key=lambda item: (item.file, item.code, item.reason)))


def _warnings(case: Case, state: ReviewState) -> tuple[str, ...]:
    """What the tools have to say of each study, told once for studies of one kind that it is true of."""
    said = [(study_label(done.task.study), done.task.tool, warning, date_text(done.task.study.date) or "no date")
            for done in state.get("results", []) for warning in done.result.warnings]
    told = grouped(sorted(set(said)), lambda one: one[:3])
    return (*case.warnings, *(f"{label} of {listed([one[3] for one in same])} ({tool}): {warning}"
                              for (label, tool, warning), same in told.items()))


def _provenance(case: Case, reader: ReaderIdentity, limits: Limits) -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "versions": {name: version(name) for name in NAMED_VERSIONS},
        "inputs": {file.path: file.sha256 for file in case.files},
        "prompts": {name: loader.digest(name) for name in (loader.names() if reader.interprets else ("sentences",))},
        "settings": {"limits": limits.model_dump(mode="json")},
    }

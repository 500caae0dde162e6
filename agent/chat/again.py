"""Tools of the review run again on one examination, and what is measured only when somebody asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from ...core.case import Study
from ...core.evidence import Evidence
from ...core.finding import Finding
from ...core.moments import spoken
from ...core.result import AnswerStatus, ToolResult
from ...tools.base import Aids, OnDemand, ToolContext
from ...tools.documents import ReadDocuments
from ..compose_change import change_text
from ..phrases import Material, cited, shown
from .context import ChatContext
from .results import sentences_of
from .shelf import FOLDER
from .told import Saying, Told, nothing, of_answer, said


def run_again(context: ChatContext, tool: str, date: str, question: str) -> Told:
    """One tool again on the examination of a date, the latest by default, with another question."""
    known = context.tools.get(tool)
    if known is None:
        return nothing(f"There is no tool {shown(tool)}; the tools are {', '.join(context.tools)}.",
                       AnswerStatus.DECLINED)
    studies = [study for study in context.case.studies if known.gate(study) is None and _is_of(study, date)]
    if not studies:
        return nothing(f"The case holds nothing that the {tool} tool reads{f' of {spoken(date)}' if date else ''}.")
    study = max(studies, key=lambda one: one.date or "")
    place = context.apart([tool, study.id, question])
    return _told(context, moved(known.run(study, replace(place, question=question or None)), place), tool)


def run_on_demand(context: ChatContext, asked: OnDemand, date: str, given: Mapping[str, Any]) -> Told:
    """What is measured when somebody asks, on the examination of a date; the latest by default, of documents all.

    Args:
        context: the case.
        asked: one of the catalogue's.
        date: ISO 8601, as precise as wished; empty for the latest.
        given: its arguments, checked by its schema.
    """
    studies = [study for study in context.case.studies if asked.gate(study) is None and _is_of(study, date)]
    if not studies:
        what = "letter, note or other document" if asked.name == ReadDocuments.name else f"file that {asked.name} reads"
        return nothing(f"The case holds no {what}{f' of {spoken(date)}' if date else ''}.")
    if asked.name == ReadDocuments.name:
        return _quoted(context, asked, studies, given)
    study = max(studies, key=lambda one: one.date or "")
    return _told(context, _run(context, asked, study, given), asked.name)


def _run(context: ChatContext, asked: OnDemand, study: Study, given: Mapping[str, Any]) -> ToolResult:
    aids = Aids(context.result_of(study.id), context.shown_evidence, context.open_index)
    place = context.apart([asked.name, study.id, dict(given)])
    return moved(asked.run(study, place, asked.arguments(**given), aids), place)


def moved(result: ToolResult, place: ToolContext) -> ToolResult:
    """The result with the paths of its pictures as they lie in the report's folder.

    Args:
        result: of a tool that ran with `place`.
        place: from `ChatContext.apart`.
    """
    folder = f"{FOLDER}/{place.pictures.name}" if place.pictures else FOLDER
    evidence = tuple(item.model_copy(update={"picture": f"{folder}/{PurePosixPath(item.picture).name}"})
                     if item.picture else item for item in result.evidence)
    return result.model_copy(update={"evidence": evidence})


def _quoted(context: ChatContext, asked: OnDemand, studies: Sequence[Study], given: Mapping[str, Any]) -> Told:
    """The passages of every document, the latest document first; of a laboratory report, whose rows are told as
    results, only where nothing else holds the words."""
    latest_first = sorted(studies, key=lambda one: (one.date or "", one.id), reverse=True)
    told = {study.id: _told(context, _run(context, asked, study, given), asked.name) for study in latest_first}
    written = [told[study.id] for study in latest_first if not given.get("words") or not _is_lab_report(study)]
    useful = [one for one in written if one.sayings] or [one for one in told.values() if one.sayings]
    if not useful and given.get("called"):
        return _quoted_elsewhere(context, asked, studies, given)
    if not useful:
        words = shown(str(given.get("words") or ""))
        about = f" with the words “{words}”" if words else ""
        return nothing(f"No document of the case holds a passage{about}; that does not rule it out."
                       f"{_each(context, words)}")
    return Told(tuple(saying for one in useful for saying in one.sayings),
                evidence=tuple(item for one in useful for item in one.evidence))


def _quoted_elsewhere(context: ChatContext, asked: OnDemand, studies: Sequence[Study], given: Mapping[str, Any]
                      ) -> Told:
    """Where no document that goes by the name that was asked for holds the words: what others hold, and that it is
    others; few letters call themselves one."""
    called, words = (shown(str(given.get(name) or "")) for name in ("called", "words"))
    others = [one for one in studies if not _is_lab_report(one)]
    told = _quoted(context, asked, others, {**given, "called": ""}) if words and others else nothing("")
    if not told.sayings:
        about = f" with the words “{words}”" if words else ""
        return nothing(f"No {called} of the case holds a passage{about}; that does not rule it out."
                       f"{_each(context, words)}")
    which = "this passage does" if len(told.sayings) == 1 else "these passages do"
    head = Saying(f"No document that calls itself a {called} holds the words “{words}”; {which}.",
                  tuple(dict.fromkeys(key for saying in told.sayings for key in saying.evidence)))
    return replace(told, sayings=(head, *told.sayings))


def _each(context: ChatContext, words: str) -> str:
    """Which documents hold each of several words by itself."""
    return "".join(dict.fromkeys(mentioned(context, word) for word in words.split())) if " " in words else ""


def _is_lab_report(study: Study) -> bool:
    return any(series.document_kind == "lab report" for series in study.series)


def mentioned(context: ChatContext, words: str) -> str:
    """A sentence that says which documents hold some words, for an answer that nothing else gives; empty for none.

    What a document says is quoted when somebody asks, never taken for the answer.
    """
    asked = context.on_demand.get(ReadDocuments.name)
    if asked is None or not words.strip():
        return ""
    studies = [study for study in context.case.studies if asked.gate(study) is None]
    held = [study for study in studies if _run(context, asked, study, {"words": words[:120]}).evidence]
    if not held:
        return ""
    names = " and the ".join(f"{(shown(study.description or '') or 'document').lower()}"
                             f"{f' of {study.date[:10]}' if study.date else ''}" for study in held[:3])
    return f" The words “{shown(words)}” stand in the {names}; ask what the documents say about them."


def _is_of(study: Study, date: str) -> bool:
    return not date or str(study.date).startswith(date)


def _told(context: ChatContext, result: ToolResult, name: str) -> Told:
    """A tool's result: its answer where it was asked, else its findings, else why there are none."""
    if result.answer is not None:
        told = of_answer(result.answer, result.evidence)
        return replace(told, findings=result.findings if told.sayings else ())
    if not result.findings:
        why = "; ".join(dict.fromkeys(item.reason for item in result.refused))
        return nothing(f"That could not be done: {why}." if why else f"{name} found nothing.")
    return fresh(context, result.findings, result.evidence)


def fresh(context: ChatContext, findings: Sequence[Finding], evidence: Sequence[Evidence]) -> Told:
    """Sentences about findings that the report does not hold."""
    seen = sentences_of([item for item in findings if item.change is None])
    material = Material(context.case, tuple(findings), tuple(evidence))
    changed = [cited(change_text(item, material), (item,)) for item in findings if item.change is not None]
    return replace(said([*seen, *changed]), evidence=tuple(evidence), findings=tuple(findings))

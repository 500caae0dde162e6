"""The examinations of a case: which there are, and what one of them showed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from ...core.case import FileKind, Study
from ...core.finding import Finding
from ...core.moments import moment_key, spoken, spoken_within
from ...core.orders import NOT_TAKEN_UP
from ...core.result import AnswerValue
from ...report.wording import by_number, date_text
from ..phrases import STUDY_LABELS, shown
from .context import ChatContext
from .results import is_within, sentences_of, span_words
from .told import Saying, Told, nothing, said

KINDS = {"ct": "ct", "mr": "mr", "mri": "mr", "film": "film", "x-ray": "film", "xray": "film", "radiograph": "film",
         "slide": "slide", "scan": "ct"}
IMAGING = {"ct", "mr", "film"}
VOLUMES = (FileKind.CT, FileKind.MR, FileKind.VOLUME)
NAMED = {"": "", "imaging": "", "ct": r"computed tomography|\bct\b", "mr": r"magnetic resonance|\bmri?\b",
         "film": r"radiograph|x-?ray"}
"""How a record's imaging study of a kind is named: DICOM's modalities, as FHIR R4 `ImagingStudy.modality` has them."""
MOST = 24
"""Sentences about one examination."""
_NOUNS = {"ct": ("CT", "CTs"), "mr": ("MR", "MRs"), "record": ("health record", "files of the health record")}
_PLURALS = {"": "examinations", "imaging": "imaging examinations", "ct": "CTs", "mr": "MRs"}


def list_studies(context: ChatContext, kind: str, pick: str, since: str, until: str) -> Told:
    """Examinations with their dates: all, the first, or the last of a kind.

    Args:
        context: the case.
        kind: of file or document, `imaging`, `labs` for the days with laboratory results, or empty for all.
        pick: `first`, `last` or empty.
        since: ISO date or empty.
        until: ISO date or empty, included.
    """
    if kind == "labs":
        return _lab_days(context, pick)
    studies = [study for study in of_kind(context, kind) if (study.date or not pick) and (
        not (since or until) or is_within(study.date, since, until))]
    recorded = _recorded(context, kind, since, until)
    if not studies and not recorded:
        when = f" {span_words(since, until)}" if since or until else " with a date" if pick else ""
        return nothing(f"The case holds no {called(kind)}{when}.")
    choose = min if pick == "first" else max
    if pick and studies:
        studies = [choose(studies, key=lambda study: moment_key(study.date or ""))]
    if pick and recorded:
        recorded = [choose(recorded, key=lambda item: moment_key(item.date or ""))]
    own, others = _of_files(context, kind, studies), _of_record(recorded)
    if not own.sayings and not others:
        return nothing(f"The case holds {len(studies)} of them, and none gave any evidence.")
    return replace(own, sayings=(*own.sayings, *others), value=own.value if not recorded else None)


def _of_files(context: ChatContext, kind: str, studies: Sequence[Study]) -> Told:
    """Examinations whose files the case holds, each with its date and its number of slices."""
    told = [Saying(f"{label(study)}: {date_text(study.date) or 'undated'}{_slices(study)}.", shown_of(study, context))
            for study in studies if shown_of(study, context)]
    if len(studies) == 1:
        return Told(tuple(told), value=AnswerValue(text=label(studies[0]), date=studies[0].date))
    silent = f", of which {len(studies) - len(told)} gave no evidence" if len(told) < len(studies) else ""
    head = [Saying(f"{len(studies)} {several(kind)}{silent}.", _all_of(told))] if told else []
    return Told((*head, *told), value=AnswerValue(number=float(len(studies))))


def _slices(study: Study) -> str:
    """How many slices a volume has, of each of its series."""
    counts = [series.frames for series in study.series if series.kind in VOLUMES and series.frames > 1]
    return f", {' and '.join(map(str, counts))} slices" if counts else ""


def _recorded(context: ChatContext, kind: str, since: str, until: str) -> list[Finding]:
    """The imaging that the health record names, of a kind; its files need not be in the case."""
    words = re.compile(NAMED.get(kind, r"(?!)"), re.IGNORECASE)
    found = [entry.finding for entry in context.entries.of_kind("ImagingStudy") if words.search(entry.finding.name)]
    return [item for item in found if not (since or until) or is_within(item.date, since, until)]


def _of_record(recorded: Sequence[Finding]) -> list[Saying]:
    told = [Saying(f"In the health record: {shown(item.name)} ({date_text(item.date) or 'undated'}).", item.evidence)
            for item in sorted(recorded, key=lambda item: moment_key(item.date or ""))]
    if len(told) < 2:
        return told
    return [Saying(f"{len(told)} imaging studies named in the health record.", _all_of(told)), *told]


def _all_of(told: Sequence[Saying]) -> tuple[str, ...]:
    return by_number({key for one in told for key in one.evidence})


def _lab_days(context: ChatContext, pick: str) -> Told:
    """The days with laboratory results, from documents and record alike."""
    days: dict[str, list[Finding]] = {}
    for item in context.labs:
        if item.finding.date:
            days.setdefault(item.finding.date[:10], []).append(item.finding)
    if not days:
        return nothing("The case holds no laboratory results with a date.")
    wanted = sorted(days) if not pick else [(min if pick == "first" else max)(days)]
    told = [Saying(f"Laboratory results: {day}.", by_number({key for item in days[day] for key in item.evidence}))
            for day in wanted]
    if len(wanted) == 1:
        return Told(tuple(told), value=AnswerValue(text="Laboratory results", date=wanted[0]))
    return Told((Saying(f"{len(wanted)} days with laboratory results.", _all_of(told)), *told),
                value=AnswerValue(number=float(len(wanted))))


def read_study(context: ChatContext, kind: str, date: str, pick: str) -> Told:
    """All that one examination showed, the latest by default.

    Args:
        context: the case.
        kind: of file or document.
        date: ISO 8601, as precise as wished; empty for any.
        pick: `first` or `last`.
    """
    studies = [study for study in of_kind(context, kind) if not date or str(study.date).startswith(date)]
    if not studies:
        return nothing(f"The case holds no {called(kind)}{f' {spoken_within(date)}' if date else ''}.")
    study = (min if pick == "first" else max)(studies, key=lambda one: (moment_key(one.date or ""), one.id))
    found = [item for item in context.report.findings
             if item.change is None and (own := context.material.study_of(item)) is not None and own.id == study.id]
    name = f"{label(study)} ({date_text(study.date) or 'undated'})"
    if not found:
        return nothing(f"{name}: nothing was measured or extracted; that does not rule anything out.")
    told = said(sentences_of(found))
    if len(told.sayings) <= MOST:
        return told
    rest = told.sayings[MOST:]
    return replace(told, sayings=(*told.sayings[:MOST], Saying(f"{name}: {len(rest)} further results.", _all_of(rest))))


def of_kind(context: ChatContext, kind: str) -> list[Study]:
    """The examinations of a kind of file or document; all for an empty one."""
    wanted = IMAGING if kind == "imaging" else {KINDS.get(kind, kind)}
    return [study for study in context.case.studies
            if not kind or study.kind.value in wanted or (study.description or "").casefold() == kind]


def called(kind: str) -> str:
    """A kind of examination in words."""
    return {"ct": "CT", "mr": "MR", "": "examination", "imaging": "images"}.get(kind, kind)


def a_study(kind: str) -> str:
    """One of a kind of examination: `a CT`, `an MR`."""
    return f"{'an' if kind == 'mr' else 'a'} {called(kind)}"


def several(kind: str) -> str:
    """Several of a kind in words."""
    return _PLURALS.get(kind, f"{kind}s")


def label(study: Study) -> str:
    """An examination as sentences name it."""
    return shown(study.description or STUDY_LABELS[study.kind][0])


def shown_of(study: Study, context: ChatContext) -> tuple[str, ...]:
    """The first piece of evidence of an examination."""
    files = {file.path for file in study.files}
    return tuple(item.id for item in context.evidence if item.source.file in files)[:1]


def looked_at(context: ChatContext) -> str:
    """What a case holds, in one sentence: for an answer that is not in it."""
    kinds = Counter(study.kind.value for study in context.case.studies)
    parts = [f"{count} {_NOUNS.get(kind, (kind, f'{kind}s'))[count > 1]}" for kind, count in kinds.items()]
    dates = sorted(event.occurred_at[:10] for event in context.report.timeline if event.occurred_at)
    span = "" if not dates else f", {spoken(dates[0])} to {spoken(dates[-1])}"
    untaken = sum(item.name.endswith(NOT_TAKEN_UP) for item in context.report.findings)
    texts = "1 text that gives" if untaken == 1 else f"{untaken} texts that give"
    orders = f" Nothing was taken up from {texts} orders to a program." if untaken else ""
    return f"Looked at: {', '.join(parts) or 'no file that could be read'}{span}.{orders}"

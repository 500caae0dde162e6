"""From findings to the dated facts of the timeline."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..core.case import Study
from ..core.evidence import Evidence, FhirResource
from ..core.finding import Assertion, Category, Finding, Status
from ..core.moments import moment_key
from ..core.report import Precision, Report, TimelineEvent, make_event
from ..core.results import OneResult, Sources, one_results
from ..report.wording import number_text, value_text, with_unit
from ..tools.comparison.trends import analyte_of
from ..tools.records.facts import Aspect, told_by
from ..tools.records.named import said_by
from .phrases import place
from .state import TaskResult

Same = tuple[str | None, ...]

ON_THE_TIMELINE = (Category.LAB, Category.RECORD, Category.CHANGE, Category.OBSERVATION, Category.MEASUREMENT)

ENDED = ": ended"
OVER = ": over, on a day that the record does not tell"
STUDY_NAMES = {"ct": "CT", "mr": "MR", "volume": "Volume", "film": "Radiograph", "slide": "Pathology slide",
               "document": "Document"}


def events_of(results: Sequence[TaskResult], others: Iterable[Finding]) -> list[TimelineEvent]:
    """Timeline events of a case: its examinations and the findings that say something about a date.

    The same fact from two sources is one event with the evidence of both: results as `core.results` tells them, for all
    else the same kind, text and date.
    """
    evidence = {item.id: item for done in results for item in done.result.evidence}
    facts: dict[Same, list[_Fact]] = defaultdict(list)
    for done in results:
        study = done.task.study
        if study.kind in STUDY_NAMES and done.result.evidence:
            shown = sorted(item.id for item in done.result.evidence)[:1]
            text = study.description or STUDY_NAMES[study.kind]
            facts["study", text, study.date, None].append(_Fact(text, study.date, None, tuple(shown), {}))
    found = [finding for done in results for finding in done.result.findings]
    named = {item.id for done in results for item in done.result.findings if _is_all_of_it(item, done.task.study)}
    others = list(others)
    results_of = _same_lab([*found, *others], {key: item.source.file for key, item in evidence.items()})
    for finding in (*found, *others):
        if finding.category in ON_THE_TIMELINE:
            for said in _said_apart(finding, evidence):
                same = ("study", said.name, said.date, None) if said.id in named else _same(said, results_of)
                facts[same].append(_fact(said, evidence))
    events = _with_corrections([_event(same, group) for same, group in facts.items()])
    return sorted(events, key=lambda event: (event.occurred_at or "9999", event.kind, event.text, event.id))


def _with_corrections(events: Sequence[TimelineEvent]) -> list[TimelineEvent]:
    """The events, of results that name what they correct: another amount of the same analyte, taken at the same minute,
    that was issued before. Results of one day alone may be of two draws, and such that do not say when they were issued
    have no order: they stay side by side, as a conflict.
    """
    draws: dict[Same, list[TimelineEvent]] = defaultdict(list)
    for event in events:
        if event.kind == Category.LAB and event.precision is Precision.TIME and event.occurred_at and event.recorded_at:
            minute = moment_key(event.occurred_at)[:len("2025-01-01T00:00")]
            draws[event.code or event.analyte, minute, event.site].append(event)
    before: dict[str, str] = {}
    for draw in draws.values():
        in_order = sorted(draw, key=lambda event: (moment_key(event.recorded_at or ""), event.id))
        for earlier, later in pairwise(in_order):
            if moment_key(earlier.recorded_at or "") < moment_key(later.recorded_at or ""):
                before[later.id] = earlier.id
    return [event.model_copy(update={"supersedes": before[event.id]}) if event.id in before else event
            for event in events]


@dataclass(frozen=True)
class _Fact:
    """What one source says."""

    text: str
    date: str | None
    recorded: str | None
    evidence: tuple[str, ...]
    about: dict[str, str | None]


def _is_all_of_it(finding: Finding, study: Study) -> bool:
    """Whether a record entry says no more than that its document is there, as the document's own event does."""
    return (study.kind in STUDY_NAMES and finding.category is Category.RECORD and finding.value is None
            and (finding.name, finding.date) == (study.description, study.date))


def _said_apart(finding: Finding, evidence: Mapping[str, Evidence]) -> tuple[Finding, ...]:
    """A finding as what is told of one date each: a record entry that is over began on one day and ended on another,
    or on one that is not told, so that what was known in between does not say that it is over."""
    shown = [item for key in finding.evidence if (item := evidence.get(key)) is not None]
    entry = [item for item in shown if isinstance(item.locator, FhirResource)]
    if (finding.assertion is not Assertion.HISTORICAL or not finding.date or said_by(finding.name)
            or finding.category is not Category.RECORD or len(entry) != len(finding.evidence)):
        return (finding,)
    ends = [item for item in entry if (told := told_by(item)) is not None and told[0] is Aspect.END]
    main = tuple(item.id for item in entry if item not in ends)
    began = finding.model_copy(update={"assertion": Assertion.AFFIRMED, "evidence": main or finding.evidence})
    ended = finding.model_copy(update={
        "assertion": Assertion.AFFIRMED, "name": f"{finding.name}{ENDED}" if ends else f"{finding.name}{OVER}",
        "code": None, "date": ends[0].date if ends else None,
        "evidence": tuple(item.id for item in ends) or finding.evidence})
    return began, ended


def _same_lab(findings: Sequence[Finding], sources: Sources) -> dict[str, OneResult]:
    """The one result that each laboratory finding tells, by the finding's id."""
    return {item.id: one for one in one_results(findings, sources) for item in one.findings}


def _same(finding: Finding, results: Mapping[str, OneResult]) -> Same:
    """What makes two findings one fact."""
    value = finding.value
    issued = value.issued_at if value is not None else None
    if finding.id in results:
        return (finding.category, *results[finding.id].key, finding.assertion)
    if finding.category not in (Category.LAB, Category.CHANGE) or value is None or value.number is None:
        return (finding.category, event_text(finding), finding.date, issued)
    analyte, unit = analyte_of(finding)
    change = [finding.change.direction, finding.change.from_, finding.change.to] if finding.change else []
    minute = moment_key(finding.date)[:len("2025-01-01T00:00")] if finding.date else None
    return (finding.category, analyte, minute, str([value.number, value.comparator, unit.casefold(), finding.status,
                                                    finding.assertion, _site(finding), finding.reader, *change]))


def _fact(finding: Finding, evidence: Mapping[str, Evidence]) -> _Fact:
    origins = {f"{item.locator.resource_type}/{item.locator.id}" if isinstance(item.locator, FhirResource) else ""
               for key in finding.evidence if (item := evidence.get(key)) is not None}
    about = {"analyte": finding.name, "code": finding.code.code if finding.code else None, "site": _site(finding),
             "origin": origins.pop() or None if len(origins) == 1 and finding.change is None else None}
    return _Fact(event_text(finding), finding.date, finding.value.issued_at if finding.value else None,
                 finding.evidence, about)


def _event(same: Same, group: Sequence[_Fact]) -> TimelineEvent:
    """One event of all that tell it: the fullest text, the most precise date, the earliest moment it was known."""
    fullest = max(group, key=lambda fact: (len(fact.text), fact.text))
    about = dict(fullest.about)
    if len({fact.about.get("origin") for fact in group}) > 1:
        about["origin"] = None
    dates = [fact.date for fact in group if fact.date]
    recorded = [fact.recorded for fact in group if fact.recorded]
    return make_event(
        kind=same[0] or "", text=fullest.text, occurred_at=max(dates, key=lambda date: (len(date), date), default=None),
        recorded_at=min(recorded, key=lambda date: (moment_key(date), date), default=None),
        evidence=tuple(sorted({key for fact in group for key in fact.evidence})), same=same[1:], **about)


def _site(finding: Finding) -> str | None:
    return place(finding) or None


def as_cited(events: Iterable[TimelineEvent], report: Report) -> list[TimelineEvent]:
    """Events of a store, those that a report tells with its evidence (E1, ...) in place of content ids."""
    cited = {event.id: event for event in report.timeline}
    return [event.model_copy(update={"evidence": cited[event.id].evidence, "text": cited[event.id].text})
            if event.id in cited else event for event in events]


def event_text(finding: Finding) -> str:
    """A finding in a few words: what, where, how much."""
    where = finding.site or finding.laterality or ""
    place = f", {where.casefold()}" if where and where.casefold() not in finding.name.casefold() else ""
    head = f"{_prefix(finding)}{finding.name}{place}"
    said = _said(finding)
    told = f"{head}: {said}" if said else head
    return f"{told} (read by {finding.reader})" if finding.is_read else told


def _said(finding: Finding) -> str:
    if finding.change is not None:
        return f"{finding.change.direction}{_from_to(finding)}"
    return _amount(finding) or ("absent" if finding.status is Status.ABSENT and finding.is_read else "")


def _prefix(finding: Finding) -> str:
    if finding.assertion is not Assertion.AFFIRMED:
        return f"({finding.assertion}) "
    return "(indeterminate) " if finding.status is Status.INDETERMINATE else ""


def _from_to(finding: Finding) -> str:
    change, unit = finding.change, finding.value.unit if finding.value else None
    if change is None or change.from_ is None or change.to is None:
        return ""
    return f" from {number_text(change.from_)} to {with_unit(number_text(change.to), unit)}"


def _amount(finding: Finding) -> str:
    value = finding.value
    if value is None:
        return ""
    return " ".join(part for part in (value_text(value), f"[{value.flag}]" if value.flag else "") if part)

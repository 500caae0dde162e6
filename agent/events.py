"""From findings to the dated facts of the timeline."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from ..core.finding import Assertion, Category, Finding, Status
from ..core.report import TimelineEvent, make_event
from ..report.wording import number_text, value_text, with_unit
from .state import TaskResult

ON_THE_TIMELINE = (Category.LAB, Category.RECORD, Category.CHANGE, Category.OBSERVATION, Category.MEASUREMENT)

STUDY_NAMES = {"ct": "CT", "mr": "MR", "volume": "Volume", "film": "Radiograph", "slide": "Pathology slide",
               "document": "Document"}


def events_of(results: Sequence[TaskResult], others: Iterable[Finding]) -> list[TimelineEvent]:
    """Timeline events of a case: its examinations and the findings that say something about a date.

    The same fact from two sources (same kind, text and date) is one event with the evidence of both.
    """
    facts: dict[tuple[str, str, str | None, str | None], set[str]] = defaultdict(set)
    for done in results:
        study = done.task.study
        if study.kind in STUDY_NAMES and done.result.evidence:
            shown = sorted(item.id for item in done.result.evidence)[:1]
            text = study.description or STUDY_NAMES[study.kind]
            facts["study", text, study.date, None].update(shown)
    found = [finding for done in results for finding in done.result.findings]
    for finding in (*found, *others):
        if finding.category in ON_THE_TIMELINE:
            issued = finding.value.issued_at if finding.value is not None else None
            facts[finding.category, event_text(finding), finding.date, issued].update(finding.evidence)
    events = [make_event(kind=kind, text=text, occurred_at=date, recorded_at=issued, evidence=tuple(sorted(shown)))
              for (kind, text, date, issued), shown in facts.items()]
    return sorted(events, key=lambda event: (event.occurred_at or "9999", event.kind, event.text, event.id))


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

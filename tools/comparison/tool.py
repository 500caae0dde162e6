"""The comparison tool: two studies that were already read, and what differs between them."""

from __future__ import annotations

from dataclasses import dataclass

from ...core.case import Study
from ...core.finding import Category, Change, Finding, Status, make_finding
from ...core.refusal import RefusalCode
from ...core.result import ToolResult
from ..base import refuse
from .measure import LEAST_DETECTABLE, change_between, matching
from .pairs import interval_days


@dataclass(frozen=True)
class StudyReading:
    """A study and what its tool made of it."""

    study: Study
    result: ToolResult


class ComparisonTool:
    """Compares what was measured in two studies of the same kind; decodes nothing a second time."""

    name = "comparison"

    def compare(self, prior: StudyReading, current: StudyReading) -> ToolResult:
        """Changes of every measurement that both studies have.

        Args:
            prior: the earlier study.
            current: the later one.

        Returns:
            Findings of the category `change`; each cites both studies. A difference of a measurement whose
            repeatability is not known has the status `indeterminate`. Studies of different kinds are in `refused`.
        """
        if prior.study.kind is not current.study.kind:
            return ToolResult(tool=self.name, reader=current.result.reader, refused=(refuse(
                current.study, RefusalCode.WRONG_MODALITY,
                f"a {current.study.modality} study cannot be compared with a {prior.study.modality} study"),))
        shown = {item.id: item for item in (*prior.result.evidence, *current.result.evidence)}
        interval = interval_days(prior.study.date, current.study.date)
        pairs = matching(prior.result.findings, current.result.findings, shown)
        findings = tuple(_change(before, after, interval) for before, after in pairs
                         if before.number is not None and after.number is not None)
        used = {key for finding in findings for key in finding.evidence}
        return ToolResult(tool=self.name, reader=current.result.reader, findings=findings,
                          evidence=tuple(item for key, item in sorted(shown.items()) if key in used),
                          warnings=tuple(_caveats(prior.study, current.study, bool(findings))))


def change_finding(before: Finding, after: Finding, change: Change, *, tool: str, status: Status) -> Finding:
    """A finding that says how `after` differs from `before` and cites the evidence of both."""
    return make_finding(name=after.name, code=after.code, category=Category.CHANGE, status=status,
                        laterality=after.laterality, site=after.site, value=after.value, change=change,
                        evidence=tuple(sorted({*before.evidence, *after.evidence})), tool=tool, reader=after.reader,
                        date=after.date, patient=after.patient)


def _change(before: Finding, after: Finding, interval: int | None) -> Finding:
    least = LEAST_DETECTABLE[after.name]
    change = change_between(before.number or 0.0, after.number or 0.0, least_detectable=least, interval=interval,
                            prior_evidence=before.evidence)
    return change_finding(before, after, change, tool=ComparisonTool.name,
                          status=Status.MEASURED if least is not None else Status.INDETERMINATE)


def _caveats(prior: Study, current: Study, found: bool) -> list[str]:
    """Differences in technique that a person must weigh, and that nothing could be compared."""
    said = []
    before = {series.view for series in prior.series if series.view}
    after = {series.view for series in current.series if series.view}
    if before and after and before != after:
        said.append(f"the films of {prior.date} and {current.date} have different projections "
                    f"({', '.join(sorted(before))} and {', '.join(sorted(after))}); sizes are not comparable directly")
    if not found:
        said.append(f"the studies of {prior.date or 'unknown date'} and {current.date or 'unknown date'} share no "
                    "measurement that is compared")
    return said

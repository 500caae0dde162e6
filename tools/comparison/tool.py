"""The comparison tool: two studies that were already read, and what differs between them."""

from __future__ import annotations

from ...core.case import Study
from ...core.finding import Category, Change, Finding, Status, make_finding
from ...core.refusal import RefusalCode
from ...core.result import ToolResult
from ..base import MEASURED, ToolContext, refuse
from .measure import LEAST_DETECTABLE, change_between, matching
from .pairs import interval_days
from .read import read_pair
from .reviewed import StudyReading


class ComparisonTool:
    """Compares what was measured in two studies of the same kind, without measuring again, and asks a reader that
    interprets how the findings of two chest films changed."""

    name = "comparison"

    def compare(self, prior: StudyReading, current: StudyReading, context: ToolContext | None = None) -> ToolResult:
        """Changes of every measurement that both studies have, and what a reader says of two films.

        Args:
            prior: the earlier study.
            current: the later one.
            context: where the films lie and who reads them; None asks nobody.

        Returns:
            Findings of the category `change`; each cites both studies. A difference of a measurement whose
            repeatability is not known has the status `indeterminate`. Studies of different kinds are in `refused`.
        """
        reader = context.reader.identity.name if context else current.result.reader
        if prior.study.kind is not current.study.kind:
            return ToolResult(tool=self.name, reader=reader, refused=(refuse(
                current.study, RefusalCode.WRONG_MODALITY,
                f"a {current.study.modality} study cannot be compared with a {prior.study.modality} study"),))
        shown = {item.id: item for item in (*prior.result.evidence, *current.result.evidence)}
        interval = interval_days(prior.study.date, current.study.date)
        pairs = matching(prior.result.findings, current.result.findings, shown)
        findings = tuple(_change(before, after, interval) for before, after in pairs
                         if before.number is not None and after.number is not None)
        used = {key for finding in findings for key in finding.evidence}
        read = read_pair(prior, current, context) if context else ToolResult(tool=self.name, reader=reader)
        measured = tuple(item for key, item in sorted(shown.items()) if key in used)
        return ToolResult(tool=self.name, reader=reader, findings=findings + read.findings,
                          evidence=measured + read.evidence,
                          warnings=(*_caveats(prior.study, current.study, bool(findings)), *read.warnings))


def change_finding(before: Finding, after: Finding, change: Change, *, tool: str, status: Status) -> Finding:
    """A finding that says how `after` differs from `before` and cites the evidence of both; read when either was."""
    reader = next((item.reader for item in (after, before) if item.is_read), MEASURED)
    return make_finding(name=after.name, code=after.code, category=Category.CHANGE, status=status,
                        laterality=after.laterality, site=after.site, value=after.value, change=change,
                        evidence=tuple(sorted({*before.evidence, *after.evidence})), tool=tool, reader=reader,
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

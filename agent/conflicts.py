"""Sources that disagree: shown side by side, never decided silently."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from ..core.finding import Category, Finding, Status
from ..core.report import Conflict
from ..report.wording import value_text
from ..tools.comparison.trends import analyte_of


def lab_conflicts(findings: Iterable[Finding]) -> tuple[Conflict, ...]:
    """Results of one analyte, unit, specimen and collection time that differ between sources."""
    same: dict[tuple[str, ...], list[Finding]] = defaultdict(list)
    for finding in findings:
        if (finding.category is Category.LAB and finding.status is Status.MEASURED and finding.date
                and finding.value is not None and finding.number is not None):
            same[(*analyte_of(finding), finding.value.specimen or "", finding.date)].append(finding)
    return tuple(_conflict(group) for _, group in sorted(same.items()) if len({item.number for item in group}) > 1)


def _conflict(group: list[Finding]) -> Conflict:
    ordered = sorted(group, key=lambda item: (item.number or 0.0, item.id))
    values = ", ".join(value_text(item.value) for item in ordered if item.value is not None)
    return Conflict(text=f"Sources disagree on {group[0].name} of {group[0].date}: {values}.",
                    findings=tuple(item.id for item in group),
                    evidence=tuple(dict.fromkeys(key for item in group for key in item.evidence)))

"""Laboratory trends: the latest result of each analyte against the one before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from ...core.finding import Category, Finding, Status
from ...core.ids import normalise_name
from .measure import change_between
from .pairs import interval_days
from .telling import change_finding

Analyte = tuple[str, str]


def lab_trends(findings: Iterable[Finding]) -> list[Finding]:
    """One finding of the category `change` per analyte with results on two days or more, in one unit.

    Printed results are compared as printed: any difference is a difference, `stable` means equal. What two sources
    say of one day differently is left out here: it is a conflict, not a trend.
    """
    changes = []
    for _, series in sorted(_by_analyte(findings).items()):
        days = sorted(series)
        if len(days) >= 2:
            changes.append(_latest_change(series[days[-2]], series[days[-1]]))
    return [change for change in changes if change is not None]


def _latest_change(before: list[Finding], after: list[Finding]) -> Finding | None:
    old, new = before[0], after[0]
    agreed = {item.number for item in before} == {old.number} and {item.number for item in after} == {new.number}
    if not agreed or old.number is None or new.number is None:
        return None
    change = change_between(old.number, new.number, least_detectable=None,
                            interval=interval_days(old.date, new.date), prior_evidence=old.evidence)
    return change_finding(old, new, change, status=Status.MEASURED)


def _by_analyte(findings: Iterable[Finding]) -> dict[Analyte, dict[str, list[Finding]]]:
    series: dict[Analyte, dict[str, list[Finding]]] = defaultdict(lambda: defaultdict(list))
    for finding in sorted(findings, key=lambda item: item.id):
        usable = (finding.category is Category.LAB and finding.status is Status.MEASURED and finding.date is not None
                  and len(finding.date) >= 10 and finding.value is not None and finding.number is not None
                  and finding.value.comparator is None)
        if usable:
            series[analyte_of(finding)][(finding.date or "")[:10]].append(finding)
    return series


def analyte_of(finding: Finding) -> Analyte:
    """What makes two results comparable: the code, else the printed name; and the unit."""
    value = finding.value
    unit = (value.ucum or value.unit or "") if value is not None else ""
    return (finding.code.code if finding.code else normalise_name(finding.name), unit)


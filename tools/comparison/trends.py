"""Laboratory trends: the latest result of each analyte against the one before, in one unit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from ...core.amounts import DAY, in_unit_of, unit_code
from ...core.finding import Category, Finding, Status
from ...core.ids import normalise_name
from ...core.results import OneResult, Sources, contradictions, one_results
from .measure import change_between
from .pairs import interval_days
from .telling import change_finding

Analyte = tuple[str, str]


def lab_trends(findings: Iterable[Finding], sources: Sources | None = None) -> list[Finding]:
    """One finding of the category `change` per analyte with results on two days or more.

    Results of all sources are taken together, the earlier one converted to the unit of the later; where the units do
    not convert there is no change to tell. Any difference is a difference, `stable` means equal. What two sources say
    of one day differently is left out here: it is a conflict, not a trend.

    Args:
        findings: any.
        sources: where the evidence lies, see `core.results`.
    """
    results = one_results(findings, sources)
    disputed = {id(one) for group in contradictions(results, sources) for one in group}
    changes = []
    for _, series in sorted(_by_analyte(results).items()):
        days = sorted(series)
        if len(days) >= 2 and not any(id(one) in disputed for day in days[-2:] for one in series[day]):
            changes.append(_latest_change(series[days[-2]], series[days[-1]]))
    return [change for change in changes if change is not None]


def _latest_change(before: Sequence[OneResult], after: Sequence[OneResult]) -> Finding | None:
    """From the last result of a day to the last of another; None where several of one day have no time of day."""
    if any(len(day) > 1 and min(len(one.moment or "") for one in day) == DAY for day in (before, after)):
        return None
    first, second = (max(day, key=lambda one: one.moment or "") for day in (before, after))
    old, new = first.first, second.first
    earlier, number = in_unit_of(old, new), new.number
    if earlier is None or number is None:
        return None
    cited = tuple(sorted({key for item in first.findings for key in item.evidence}))
    new = new.model_copy(update={"evidence": tuple(sorted({key for item in second.findings
                                                           for key in item.evidence}))})
    change = change_between(earlier, number, least_detectable=None,
                            interval=interval_days(first.moment, second.moment), prior_evidence=cited)
    return change_finding(old, new, change, status=Status.MEASURED)


def kept_apart(findings: Iterable[Finding], sources: Sources | None = None) -> list[str]:
    """A remark for each analyte whose results stand in units that do not convert, so that no trend joins them."""
    units: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for (patient, analyte, _), series in sorted(_by_analyte(one_results(findings, sources)).items()):
        units[patient, analyte].append(next(iter(series.values()))[0].first)
    return [f"{group[0].name} is reported in units that do not convert into each other here "
            f"({' and '.join(unit_code(item.value) for item in group if item.value)}): their results are kept apart"
            for group in units.values() if len(group) > 1]


def _by_analyte(results: Iterable[OneResult]) -> dict[tuple[str, str, int], dict[str, list[OneResult]]]:
    """Results with a plain number and a day, by patient, analyte and units that convert, then by day."""
    series: dict[tuple[str, str, int], dict[str, list[OneResult]]] = defaultdict(lambda: defaultdict(list))
    heads: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for one in results:
        item = one.first
        usable = (item.category is Category.LAB and item.status is Status.MEASURED and one.moment is not None
                  and len(one.moment) >= DAY and item.value is not None and item.number is not None
                  and item.value.comparator is None)
        if usable:
            known = heads[item.patient, one.analyte]
            place = next((n for n, head in enumerate(known) if in_unit_of(item, head) is not None), len(known))
            if place == len(known):
                known.append(item)
            series[item.patient, one.analyte, place][(one.moment or "")[:DAY]].append(one)
    return series


def analyte_of(finding: Finding) -> Analyte:
    """What makes two results comparable: the code, else the printed name; and the unit."""
    value = finding.value
    unit = (value.ucum or value.unit or "") if value is not None else ""
    return (finding.code.code if finding.code else normalise_name(finding.name), unit)

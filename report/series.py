"""Laboratory results of one analyte in the order of time, in one unit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ..core.amounts import DAY, in_unit_of, limit_in_unit_of
from ..core.finding import Category, Finding, Status
from ..core.results import OneResult, Sources, one_results
from .tables import Row, cited_of, row_of
from .wording import amount_text, date_text, id_number, plain, unit_text


@dataclass(frozen=True)
class Point:
    """One result in a trend.

    Args:
        moment: ISO 8601, a day at least.
        number: in the unit of the latest result.
        low: limit of its own range in that unit, or None.
        high: likewise.
        told: the value as its source gives it, with its own unit.
        doubtful: it is indeterminate, or a limit (`<5`) and no value.
        sources: how many sources tell it.
    """

    moment: str
    number: float
    low: float | None
    high: float | None
    told: str
    doubtful: bool
    sources: int

    @property
    def side(self) -> str:
        """`low`, `high`, or nothing where it lies within its range or has none."""
        if self.low is not None and self.number < self.low:
            return "low"
        return "high" if self.high is not None and self.number > self.high else ""


@dataclass(frozen=True)
class Analyte:
    """All results of one analyte in units that convert into each other, oldest first."""

    name: str
    unit: str
    rows: tuple[Row, ...]
    points: tuple[Point, ...]
    """Those with a number and a day, for a trend."""

    @property
    def latest(self) -> Row:
        """The newest result."""
        return self.rows[-1]

    @property
    def before(self) -> Row | None:
        """The result of the date before the newest."""
        return next((row for row in reversed(self.rows) if row.date < self.latest.date), None)

    @property
    def has_trend(self) -> bool:
        """Whether there are results of two days."""
        return len({point.moment[:DAY] for point in self.points}) > 1


def analytes_of(findings: Iterable[Finding], sources: Sources | None = None) -> tuple[Analyte, ...]:
    """Laboratory results by analyte, one for each result however many sources tell it: flagged ones first, then by
    name. Units that do not convert, and what a model read, stand apart.

    Args:
        findings: of the report.
        sources: where the evidence lies, see `core.results`.
    """
    found = list(findings)
    groups: list[list[OneResult]] = []
    by_analyte: dict[str, list[OneResult]] = defaultdict(list)
    for one in one_results(found, sources):
        by_analyte[one.analyte].append(one)
    for same in by_analyte.values():
        groups += _by_unit(same)
    groups += _read(found)
    made = [_analyte(sorted(group, key=_order)) for group in groups]
    return tuple(sorted(made, key=lambda one: (not one.latest.flag, one.name.casefold(), one.unit)))


def to_draw(analytes: Sequence[Analyte]) -> list[Analyte]:
    """Those with a trend, in the order in which they are drawn while there is room: flagged ones, then those with most
    results."""
    moving = [one for one in analytes if one.has_trend]
    return sorted(moving, key=lambda one: (not one.latest.flag, -len(one.points)))


def _order(one: OneResult) -> tuple[str, tuple[str, int]]:
    return (one.moment or "", id_number(one.first.id))


def _by_unit(results: Sequence[OneResult]) -> list[list[OneResult]]:
    """Results that convert into each other together; words stand with the first numbers there are."""
    groups: list[list[OneResult]] = []
    numbered = sorted(results, key=lambda one: (one.first.number is None, *_order(one)))
    for one in numbered:
        fitting = next((group for group in groups if one.first.number is None
                        or in_unit_of(one.first, group[0].first) is not None), None)
        if fitting is None:
            groups.append([one])
        else:
            fitting.append(one)
    return groups


def _read(findings: Iterable[Finding]) -> list[list[OneResult]]:
    """What a model read, by code or name, unit and model."""
    groups: dict[tuple[str, ...], list[OneResult]] = defaultdict(list)
    for item in findings:
        if item.category is Category.LAB and item.change is None and (item.is_read or item.value is None):
            unit = (item.value.ucum or item.value.unit or "") if item.value else ""
            name = item.code.code if item.code else plain(item.name).casefold()
            groups[name, unit, item.reader].append(OneResult(name, (item,)))
    return list(groups.values())


def _analyte(results: Sequence[OneResult]) -> Analyte:
    last = results[-1].first
    points = (_point(one, last) for one in results)
    return Analyte(name=plain(last.name), unit=unit_text(last.value.unit) if last.value else "",
                   rows=tuple(_row(one) for one in results),
                   points=tuple(point for point in points if point is not None))


def _row(one: OneResult) -> Row:
    cited = cited_of(key for item in one.findings for key in item.evidence)
    return replace(row_of(one.first), date=date_text(one.moment), cited=cited)


def _point(one: OneResult, last: Finding) -> Point | None:
    """None for words, and for what is dated less precisely than by day."""
    item = one.first
    number = in_unit_of(item, last)
    if number is None or item.value is None or one.moment is None or len(one.moment) < DAY:
        return None
    low, high = (None if limit is None else limit_in_unit_of(limit, item, last)
                 for limit in (item.value.low, item.value.high))
    unit = unit_text(item.value.unit)
    doubtful = item.status is Status.INDETERMINATE or item.value.comparator is not None
    return Point(one.moment, number, low, high, f"{amount_text(item.value)} {unit}".strip(), doubtful,
                 len(one.findings))

"""Findings as rows of tables, and evidence ids as citations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..core.finding import Category, Finding
from .wording import (
    by_number,
    date_text,
    finding_date,
    id_number,
    number_text,
    plain,
    range_text,
    unit_text,
    value_text,
)


@dataclass(frozen=True)
class Cited:
    """Neighbouring evidence ids as one citation: E3, or E3–E9."""

    first: str
    last: str
    ids: tuple[str, ...]

    @property
    def label(self) -> str:
        """The ids as written."""
        return self.first if self.first == self.last else f"{self.first}–{self.last}"


@dataclass(frozen=True)
class Row:
    """One finding in a table."""

    id: str
    name: str
    place: str
    value: str
    range: str
    flag: str
    status: str
    date: str
    tool: str
    cited: tuple[Cited, ...]


@dataclass(frozen=True)
class Analyte:
    """All results of one analyte in one unit, oldest first."""

    name: str
    unit: str
    rows: tuple[Row, ...]
    points: tuple[tuple[str, float], ...]
    """(date, number), for a trend."""
    low: float | None
    high: float | None

    @property
    def latest(self) -> Row:
        """The newest result."""
        return self.rows[-1]

    @property
    def before(self) -> Row | None:
        """The result of the date before the newest."""
        return next((row for row in reversed(self.rows) if row.date < self.latest.date), None)


def cited_of(ids: Iterable[str]) -> tuple[Cited, ...]:
    """Evidence ids in number order, runs of three and more drawn together."""
    runs: list[list[str]] = []
    for key in by_number(tuple(ids)):
        prefix, number = id_number(key)
        if runs and id_number(runs[-1][-1]) == (prefix, number - 1):
            runs[-1].append(key)
        else:
            runs.append([key])
    drawn = [part for run in runs for part in ([run] if len(run) > 2 else [[key] for key in run])]
    return tuple(Cited(run[0], run[-1], tuple(run)) for run in drawn)


def row_of(finding: Finding) -> Row:
    """A finding as one row of a table."""
    value = finding.value
    side = finding.laterality.value if finding.laterality else ""
    site = plain(finding.site or "")
    place = site if side in site.casefold() else f"{side} {site}".strip()
    flag = plain(value.flag or "") or (value.flag_computed or "") if value else ""
    return Row(id=finding.id, name=plain(finding.name), place=place, value=_row_value(finding),
               range=range_text(value) if value else "", flag="" if flag == "N" else flag, status=_status(finding),
               date=date_text(finding_date(finding)), tool=finding.tool, cited=cited_of(finding.evidence))


def _row_value(finding: Finding) -> str:
    change = finding.change
    if change is None or change.from_ is None or change.to is None:
        return value_text(finding.value) if finding.value else ""
    unit = unit_text(finding.value.unit) if finding.value else ""
    return f"{number_text(change.from_)} → {number_text(change.to)} {unit}".strip()


def _status(finding: Finding) -> str:
    words = [finding.change.direction.value] if finding.change else []
    words += [finding.status.value] if finding.status.value not in ("measured", "present") else []
    words += [finding.assertion.value] if finding.assertion.value != "affirmed" else []
    return ", ".join(words) or finding.status.value


def analytes_of(findings: Iterable[Finding]) -> tuple[Analyte, ...]:
    """Laboratory results by analyte and unit: flagged ones first, then by name."""
    groups: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for item in findings:
        if item.category is Category.LAB and item.change is None:
            unit = (item.value.ucum or item.value.unit or "") if item.value else ""
            groups[item.code.code if item.code else plain(item.name).casefold(), unit].append(item)
    made = [_analyte(group) for group in groups.values()]
    return tuple(sorted(made, key=lambda one: (not one.latest.flag, one.name.casefold(), one.unit)))


def _analyte(group: Sequence[Finding]) -> Analyte:
    results = sorted(group, key=lambda item: (finding_date(item) or "", id_number(item.id)))
    last = results[-1].value
    points = [(date_text(finding_date(item)), item.number) for item in results
              if item.number is not None and len(date_text(finding_date(item))) == 10]
    return Analyte(name=plain(results[-1].name), unit=unit_text(last.unit) if last else "",
                   rows=tuple(row_of(item) for item in results),
                   points=tuple(dict.fromkeys((date, number) for date, number in points if number is not None)),
                   low=last.low if last else None, high=last.high if last else None)

"""Findings as rows of tables, and evidence ids as citations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..core.finding import Finding
from ..core.flags import BOLD
from .wording import (
    by_number,
    date_text,
    finding_date,
    id_number,
    number_text,
    plain,
    range_text,
    result_name,
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
    printed = plain(value.flag or "") if value else ""
    flag = (value.flag_computed or "") if value and printed in ("", BOLD) else printed
    return Row(id=finding.id, name=result_name(finding), place=place, value=_row_value(finding),
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

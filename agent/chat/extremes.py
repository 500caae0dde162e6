"""The highest or lowest of results, some of which are only bounds or have other units."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from ...core.amounts import in_unit_of
from ...core.analytes import analyte_key
from ...core.finding import Finding

Reach = tuple[float, float]
"""Between what a result lies, in the unit of its series."""


def key_of(finding: Finding) -> tuple[object, ...]:
    """What makes results comparable: the analyte, as mass or amount of substance, else the name; and the place."""
    return (analyte_key(finding.code.code) if finding.code else finding.name, finding.laterality, finding.site)


def extreme(found: Sequence[Finding], *, highest: bool) -> list[Finding]:
    """Of each name and place every result that may be the highest or lowest, compared in one unit; apart where units do
    not convert. A bound (`>60`) leaves open where it lies, so it stands beside a lowest of 84."""
    chosen: set[int] = set()
    for series in _series(found):
        best = max(low for _, (low, _) in series) if highest else min(high for _, (_, high) in series)
        chosen |= {id(item) for item, (low, high) in series if (high >= best if highest else low <= best)}
    return [item for item in found if id(item) in chosen]


def is_left_open(chosen: Sequence[Finding]) -> bool:
    """Whether a bound stands beside another result of its name, so that which of them is meant cannot be told."""
    return any(len({reach for _, reach in series}) > 1 for series in _series(chosen))


def _series(found: Sequence[Finding]) -> list[list[tuple[Finding, Reach]]]:
    """The results with a number by what they tell of, each with where it lies in the unit of the first."""
    parts: list[list[tuple[Finding, Reach]]] = []
    for item in (item for item in found if item.number is not None):
        for part in parts:
            number = in_unit_of(item, part[0][0]) if key_of(item) == key_of(part[0][0]) else None
            if number is not None:
                part.append((item, _reach(item, number)))
                break
        else:
            parts.append([(item, _reach(item, item.number or 0.0))])
    return parts


def _reach(item: Finding, number: float) -> Reach:
    sign = (item.value.comparator or "") if item.value else ""
    return -inf if sign.startswith("<") else number, inf if sign.startswith(">") else number

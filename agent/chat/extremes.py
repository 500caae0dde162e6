"""The highest or lowest of results some of which are only bounds."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from ...core.finding import Finding


def key_of(finding: Finding) -> tuple[object, ...]:
    """What results of one thing at one place share: the code, else the name."""
    return (finding.code.code if finding.code else finding.name, finding.laterality, finding.site)


def extreme(found: Sequence[Finding], *, highest: bool) -> list[Finding]:
    """Of each name and place every result that may be the highest or lowest: a bound (`>60`) leaves open where it lies,
    so it stands beside a lowest of 84."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for item in found:
        groups.setdefault(key_of(item), []).append(item)
    chosen: set[int] = set()
    for group in groups.values():
        best = max(_reach(item)[0] for item in group) if highest else min(_reach(item)[1] for item in group)
        chosen |= {id(item) for item in group if (_reach(item)[1] >= best if highest else _reach(item)[0] <= best)}
    return [item for item in found if id(item) in chosen]


def _reach(item: Finding) -> tuple[float, float]:
    """Between what a result lies."""
    number, sign = item.number or 0.0, (item.value.comparator or "") if item.value else ""
    return -inf if sign.startswith("<") else number, inf if sign.startswith(">") else number


def is_left_open(chosen: Sequence[Finding]) -> bool:
    """Whether a bound stands beside another result of its name, so that which of them is meant cannot be told."""
    reaches: dict[tuple[object, ...], set[tuple[float, float]]] = {}
    for item in chosen:
        reaches.setdefault(key_of(item), set()).add(_reach(item))
    return any(len(of_key) > 1 for of_key in reaches.values())

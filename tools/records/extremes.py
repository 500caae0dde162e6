"""The highest or lowest of one analyte's results: compared in one unit, comparators respected."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ...core.amounts import converted, in_unit_of, unit_code
from ..lab_terms.units import ucum_of
from .entries import Entry
from .intents import Bound
from .phrasing import Cited

Edge = tuple[float, int]
"""A number, and -1, 0 or 1 for just below it, at it, or just above it."""


def extremes(group: Sequence[Entry], *, highest: bool) -> tuple[list[Entry], list[Cited]]:
    """The highest or lowest results, and what has to be said of the comparison.

    Numbers are compared in one unit; those whose units do not convert are compared apart, and each part gives its own.
    A comparator leaves open where the result lies ("<5" is anywhere below 5), so every result that may be the highest
    is given.

    Args:
        group: results of one analyte.
        highest: else the lowest.
    """
    chosen: list[Entry] = []
    said: list[Cited] = []
    parts = _in_one_unit(group)
    for part in parts:
        best = _best(part, highest=highest)
        chosen += best
        if len({_bounds(number, entry) for entry, number in part if entry in best}) > 1:
            said.append((f"Which of these is the {'highest' if highest else 'lowest'} is left open by a comparator.",
                         [item for entry in best for item in entry.main]))
    if len(parts) > 1:
        said.append(("Units that do not convert into each other were compared apart.",
                     [item for entry in chosen for item in entry.main]))
    return chosen, said


def lies_beyond(entry: Entry, bound: Bound) -> bool | None:
    """Whether a result lies beyond a number for certain; None where the units do not convert.

    Args:
        entry: a numeric result.
        bound: the number, and the side that is asked for.
    """
    value = entry.finding.value
    if value is None or value.number is None:
        return None
    wanted = ucum_of(bound.unit) or bound.unit if bound.unit else unit_code(value)
    number = converted(value.number, value, wanted, entry.finding.code.code if entry.finding.code else None)
    if number is None:
        return None
    low, high = _bounds(number, entry)
    return low > (bound.number, 0) if bound.above else high < (bound.number, 0)


def _in_one_unit(group: Sequence[Entry]) -> list[list[tuple[Entry, float]]]:
    """The numeric results, those whose units convert together, each with its number in the unit of the first."""
    parts: list[list[tuple[Entry, float]]] = []
    for entry in (entry for entry in group if entry.finding.number is not None):
        for part in parts:
            number = in_unit_of(entry.finding, part[0][0].finding)
            if number is not None:
                part.append((entry, number))
                break
        else:
            parts.append([(entry, float(entry.finding.number or 0.0))])
    return parts


def _best(part: Sequence[tuple[Entry, float]], *, highest: bool) -> list[Entry]:
    bounds = [(entry, *_bounds(number, entry)) for entry, number in part]
    if highest:
        least = max(low for _, low, _ in bounds)
        return [entry for entry, _, high in bounds if high >= least]
    most = min(high for _, _, high in bounds)
    return [entry for entry, low, _ in bounds if low <= most]


def _bounds(number: float, entry: Entry) -> tuple[Edge, Edge]:
    """Between what a result lies."""
    comparator = entry.finding.value.comparator if entry.finding.value else None
    if comparator in ("<", "<="):
        return (-math.inf, 0), (number, -1 if comparator == "<" else 0)
    if comparator in (">", ">="):
        return (number, 1 if comparator == ">" else 0), (math.inf, 0)
    return (number, 0), (number, 0)

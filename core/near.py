"""Which results can be of one moment, so that not every two of them are compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from .amounts import DAY, taken
from .finding import Finding
from .moments import moment_key


class Near:
    """Which of many things can be of one moment, by the days that each is dated with: so that not every two of them
    are compared."""

    def __init__(self) -> None:
        self._by_day: dict[str, set[int]] = defaultdict(set)
        self._coarse: set[int] = set()
        self._all: set[int] = set()

    def add(self, number: int, days: frozenset[str] | None) -> None:
        """Put in a thing; None for one that is dated less precisely than by day."""
        self._all.add(number)
        if days is None:
            self._coarse.add(number)
        for day in days or ():
            self._by_day[day].add(number)

    def to(self, days: frozenset[str] | None) -> list[int]:
        """The things that can be of one moment with another, in order."""
        if days is None:
            return sorted(self._all)
        return sorted(self._coarse.union(*(self._by_day[day] for day in days if day in self._by_day)))


def days_of(findings: Iterable[Finding]) -> frozenset[str] | None:
    """Every day that results may be of, as written and in UTC; a day of its own for those without a date."""
    days: set[str] = set()
    for item in findings:
        if item.date is None:
            days.add("undated")
            continue
        told = [moment for moment in (item.date, taken(item), item.value.issued_at if item.value else None) if moment]
        if any(len(moment) < DAY for moment in told):
            return None
        days.update(text[:DAY] for moment in told for text in (moment, moment_key(moment)))
    return frozenset(days)

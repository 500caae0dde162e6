"""The tests that made-up documents print: names, units, ranges and codes, from one table."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Test:
    """One test in one system of units.

    `words` are its possible results, the normal one first, where it has no number; codes are those that LOINC's public
    pages (https://loinc.org/<code>/) give for name, specimen and unit.
    """

    panel: str
    names: tuple[str, ...]
    loinc: str
    unit: str | None
    low: float | None
    high: float | None
    decimals: int
    words: tuple[str, ...]
    specimen: str


@cache
def tests(*, si: bool) -> tuple[Test, ...]:
    """Every test, in conventional or in SI units; tests that have no SI form are left out of the latter."""
    text = (files("caseloom.evals") / "data" / "lab_tests.csv").read_text(encoding="utf-8")
    made = (_test(row, si=si) for row in csv.DictReader(text.splitlines()))
    return tuple(test for test in made if test is not None)


def panels(*, si: bool) -> dict[str, tuple[Test, ...]]:
    """Tests by panel, in the order of the table."""
    found: dict[str, list[Test]] = {}
    for test in tests(si=si):
        found.setdefault(test.panel, []).append(test)
    return {name: tuple(group) for name, group in found.items()}


def _test(row: dict[str, str], *, si: bool) -> Test | None:
    if si and not row["si_loinc"]:
        return None
    worded = ";" in row["decimals"]
    factor = float(row["si_factor"] or 1) if si else 1.0
    decimals = 0 if worded else int(row["si_decimals"] if si else row["decimals"])
    low, high = (round(float(row[key]) * factor, decimals) if row[key] else None for key in ("low", "high"))
    return Test(panel=row["panel"], names=tuple(row["names"].split("|")), loinc=row["si_loinc" if si else "loinc"],
                unit=row["si_unit" if si else "unit"] or None, low=low, high=high, decimals=decimals,
                words=tuple(row["decimals"].split(";")) if worded else (), specimen=row["specimen"])

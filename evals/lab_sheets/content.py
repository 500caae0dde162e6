"""What a made-up report says: people, panels and results, drawn by seed, and the truth of every printed row."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from .catalogue import Test, panels
from .layouts import Layout

_FAMILY = ("Quillfeather", "Brambleworth", "Ostrander-Lum", "Vandermeek", "Thistlewood", "Karimzadeh", "Pellegrosso")
_GIVEN = ("Amelie", "Rurik", "Nadira", "Tobiah", "Ingrun", "Celestino", "Maelle")
_ODDS_ABNORMAL, _ODDS_BEYOND, _ODDS_MISSING = 0.25, 0.03, 0.3


@dataclass(frozen=True)
class Person:
    """Whom a report is about."""

    name: str
    id: str
    birth_date: datetime
    sex: str


@dataclass(frozen=True)
class Printed:
    """One result as a page shows it. `flag` is H, L, HH, LL, A or None; `text` includes a comparator."""

    test: Test
    name: str
    text: str
    number: float | None
    comparator: str | None
    flag: str | None
    at: datetime
    earlier: bool = False


@dataclass(frozen=True)
class Report:
    """One person's results: `rows` in order of print, each with its results by column of time."""

    person: Person
    collected: tuple[datetime, ...]
    rows: tuple[tuple[Printed | None, ...], ...]
    previous: tuple[Printed | None, ...] = ()


def make_report(layout: Layout, rng: random.Random) -> Report:
    """A report for a layout: several times for a cumulative one, else one."""
    wide = layout.structure in ("cumulative", "flowsheet")
    start = datetime(2024, rng.randint(1, 12), rng.randint(13, 28), rng.randint(6, 17), rng.randint(0, 59))
    times = tuple(start + timedelta(days=day, minutes=37 * day) for day in range(layout.dates_count if wide else 1))
    tests = chosen_tests(layout, rng, worded=not wide, most=7 if layout.structure == "flowsheet" else 30)
    rows = []
    for test in tests:
        name = rng.choice(test.names)
        row = [printed(test, name, at, rng, comma=layout.comma) for at in times]
        blank = rng.randrange(len(row)) if wide and rng.random() < _ODDS_MISSING else -1
        rows.append(tuple(None if place == blank else one for place, one in enumerate(row)))
    previous: tuple[Printed | None, ...] = ()
    if any(cell == "previous" for cell, _ in layout.columns):
        before = start - timedelta(days=63)
        previous = tuple(printed(test, row[0].name, before, rng, comma=layout.comma) if row[0] and rng.random() < 0.8
                         else None for test, row in zip(tests, rows, strict=True))
    return Report(make_person(rng), times, tuple(rows), previous)


def make_person(rng: random.Random) -> Person:
    """A made-up person."""
    name = f"{rng.choice(_FAMILY)}, {rng.choice(_GIVEN)}"
    born = datetime(rng.randint(1935, 2004), rng.randint(1, 12), rng.randint(13, 28))
    return Person(name, f"{rng.randint(100000, 999999)}-{rng.randint(10, 99)}", born, rng.choice(("Male", "Female")))


def chosen_tests(layout: Layout, rng: random.Random, *, worded: bool, most: int) -> list[Test]:
    """Whole panels, shuffled, up to about `most` tests; without tests in words where a report has several dates."""
    groups = list(panels(si=layout.si).items())
    rng.shuffle(groups)
    picked: list[Test] = []
    for _, group in groups:
        fitting = [test for test in group if (worded or not test.words) and rng.random() < 0.9]
        if len(picked) + len(fitting) <= most:
            picked += fitting
    return picked or [test for test in groups[0][1] if not test.words][:most]


def printed(test: Test, name: str, at: datetime, rng: random.Random, *, comma: bool) -> Printed:
    """A result of a test, normal or not."""
    if test.words:
        text = test.words[0] if rng.random() < 0.6 else rng.choice(test.words)
        waiting = text in ("PENDING", "QNS")
        return Printed(test, name, text, None, None, None if text == test.words[0] or waiting else "A", at)
    number, flag = drawn(test, rng)
    comparator = None
    if rng.random() < _ODDS_BEYOND and test.low is None:
        number, flag, comparator = round((test.high or 1.0) / 5, test.decimals), None, "<"
    text = f"{number:.{test.decimals}f}"
    shown = text.replace(".", ",") if comma else text
    return Printed(test, name, (comparator or "") + shown, float(text), comparator, flag, at)


def drawn(test: Test, rng: random.Random) -> tuple[float, str | None]:
    """A number of the test and the flag that its range gives it."""
    low = test.low if test.low is not None else (test.high or 0.0) * 0.2
    high = test.high if test.high is not None else low * 1.8
    step = 10.0 ** -test.decimals
    aside = rng.random()
    if aside < _ODDS_ABNORMAL / 2 and test.low:
        number = low - max(step, (low * rng.uniform(0.02, 0.25)))
    elif aside < _ODDS_ABNORMAL and test.high is not None:
        number = high + max(step, high * rng.uniform(0.02, 0.6))
    else:
        number = rng.uniform(low + step, max(low + step, high - step))
    number = max(0.0, round(number, test.decimals))
    if test.low is not None and number < test.low:
        return number, "L"
    strict = test.low is None and test.high is not None and number >= test.high
    return number, "H" if strict or (test.high is not None and number > test.high) else None


def truth_row(one: Printed, report: Report, page: int, layout: Layout) -> dict[str, Any]:
    """A row of the truth file; the specimen where a column, the name or the panel's heading prints it."""
    test = one.test
    word = "urin" if test.specimen == "Urine" else test.specimen.casefold()
    printed = any(cell == "specimen" for cell, _ in layout.columns) or word in f"{one.name} {test.panel}".casefold()
    return {"name": one.name, "loinc": test.loinc, "loinc_also": [], "value": one.number, "value_text": one.text,
            "comparator": one.comparator, "unit": test.unit,
            "ucum": (test.unit or "").replace("10^", "10*").replace("µ", "u") or None, "low": test.low,
            "high": test.high, "flag": one.flag, "page": page, "panel": test.panel,
            "specimen": test.specimen if printed else None,
            "collected_at": one.at.isoformat(timespec="minutes"), "patient": report.person.id}

"""People and papers that differ by seed: laboratory reports in two systems of units, records, notes."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta

from .labs import ANALYTES, Analyte, LabSpec
from .notes import LINES, NoteSpec
from .record import CONDITIONS, MEDICATIONS, RecordSpec
from .specs import PatientSpec

_FAMILY = ("FERNWICK", "OAKENSHAW", "TREVANIAN", "HOLLOWELL", "QUARRINGTON", "VESTERGAARD", "MONTALBAN", "OSTERBERG")
_GIVEN = {"male": ("CORIN", "TEODOR", "ANSELM", "RAFIQ"), "female": ("ISOLDE", "MARIT", "SAMIRA", "GWENDA")}
_DECIMALS = {"Hemoglobin": 0, "MCHC": 0, "Albumin": 0, "Glucose": 1, "Creatinine": 0, "Calcium": 2}
_SI = {
    "Hemoglobin": ("718-7", "g/L", "g/L", 10.0), "MCHC": ("786-4", "g/L", "g/L", 10.0),
    "Albumin": ("1751-7", "g/L", "g/L", 10.0), "Glucose": ("14749-6", "mmol/L", "mmol/L", 0.0555),
    "Creatinine": ("14682-9", "\u00b5mol/L", "umol/L", 88.4), "Calcium": ("2000-8", "mmol/L", "mmol/L", 0.2495),
}
"""LOINC, printed unit, UCUM, and factor from the unit of `ANALYTES`; codes and factors as the public LOINC pages and
`evals/data/lab_tests.csv` give them."""
SCANNED = 0.08
"""Odds; a scanned page costs as much as all the rest of a case."""
LEAST_CHANGE = 0.06
"""Relative; a result of the next report differs by more, or not at all, so that rounding decides nothing."""


def vary_patient(rng: random.Random) -> PatientSpec:
    """A made-up person."""
    sex = rng.choice(("male", "female"))
    born = date(rng.randint(1938, 1985), rng.randint(1, 12), rng.randint(1, 28))
    return PatientSpec(f"CLX-{rng.randint(100_000, 999_999)}", rng.choice(_FAMILY), rng.choice(_GIVEN[sex]),
                       born.isoformat(), "male" if sex == "male" else "female")


def other_patient(rng: random.Random, patient: PatientSpec) -> PatientSpec:
    """Somebody else: a namesake's relative with a number that differs by one digit, or a stranger."""
    stranger = vary_patient(rng)
    if rng.random() < 0.5:
        number = patient.patient_id[:-1] + str((int(patient.patient_id[-1]) + rng.randint(1, 9)) % 10)
        stranger = replace(stranger, patient_id=number, family=patient.family)
    if stranger.given == patient.given:
        stranger = replace(stranger, given="BARTHOLOMEW")
    return stranger


def si_form(test: Analyte) -> Analyte:
    """The test in SI units; itself where it has no other form here."""
    if test.name not in _SI:
        return test
    loinc, unit, ucum, factor = _SI[test.name]
    low, high = (None if limit is None else printed(test.name, float(limit) * factor)
                 for limit in (test.low, test.high))
    return replace(test, loinc=loinc, unit=unit, ucum=ucum, low=low, high=high, factor=factor)


def printed(name: str, number: float) -> str:
    """A number of a test in SI units as printed."""
    return f"{number:.{_DECIMALS[name]}f}"


def vary_labs(rng: random.Random, days: tuple[str, ...]) -> tuple[LabSpec, ...]:
    """One report for each day, of one set of tests; each may be scanned, in SI units, with decimal commas."""
    tests = tuple(test for test in ANALYTES if rng.random() < 0.55) or ANALYTES[:3]
    numbers = {test.name: _first(rng, test) for test in tests}
    labs = []
    for day in days:
        minute = f"{rng.randint(7, 9):02d}:{rng.randint(0, 59):02d}"
        si = rng.random() < 0.3
        here = tuple(si_form(test) if si else test for test in tests)
        values = tuple(_text(old, new, numbers[new.name]) for old, new in zip(tests, here, strict=True))
        labs.append(LabSpec(f"{day}T{minute}", f"{day}T16:{rng.randint(10, 59)}", values, rng.random() < SCANNED, here,
                            comma=rng.random() < 0.25))
        numbers = {test.name: _next(rng, test, numbers[test.name]) for test in tests}
    return tuple(labs)


def _digits(test: Analyte) -> int:
    return len((test.high or test.low or "0").partition(".")[2])


def _first(rng: random.Random, test: Analyte) -> float:
    high = float(test.high or 100)
    low = float(test.low) if test.low else high / 5
    spread = high - low
    return max(low / 2, rng.uniform(low - 0.25 * spread, high + 0.4 * spread))


def _next(rng: random.Random, test: Analyte, number: float) -> float:
    if rng.random() < 0.2:
        return number
    step = rng.uniform(LEAST_CHANGE + 0.04, 0.3) * rng.choice((-1, 1))
    return max(number * (1 + step), 10.0 ** -_digits(test))


def _text(test: Analyte, form: Analyte, number: float) -> str:
    return printed(test.name, number * form.factor) if form is not test else f"{number:.{_digits(test)}f}"


def vary_record(rng: random.Random) -> RecordSpec:
    """Some of the known conditions and medications."""
    return RecordSpec(tuple(item for item in CONDITIONS if rng.random() < 0.7) or CONDITIONS[:1],
                      tuple(item for item in MEDICATIONS if rng.random() < 0.7))


def vary_note(rng: random.Random, day: str) -> NoteSpec:
    """A few statements in any order."""
    return NoteSpec(day, tuple(rng.sample(LINES, rng.randint(3, 6))))


def days_after(day: str, *gaps: int) -> tuple[str, ...]:
    """A day, and the days so many days after the one before."""
    days = [date.fromisoformat(day)]
    for gap in gaps:
        days.append(days[-1] + timedelta(days=gap))
    return tuple(item.isoformat() for item in days)

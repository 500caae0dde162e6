"""Dates and units calculated, so that no model does it."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from decimal import Decimal
from math import log

from ...core.amounts import factor_between
from ...core.analytes import substance_of

PREFIXES = {"": 0, "k": 3, "d": -1, "c": -2, "m": -3, "u": -6, "µ": -6, "μ": -6, "n": -9, "p": -12, "f": -15}
"""Powers of ten of the SI prefixes (BIPM, SI brochure, 9th edition, table 7)."""
BASES = {"g": "g", "mol": "mol", "m": "m", "l": "l", "s": "s", "mm2": "mm2", "cm2": "mm2", "mm3": "l", "cm3": "l"}
SCALES = {"mm2": Decimal(1), "cm2": Decimal(100), "mm3": Decimal("1e-6"), "cm3": Decimal("1e-3")}
"""Areas in mm2 and volumes in litres (1 L = 1 dm3, SI brochure, table 8)."""


class NoConversion(ValueError):
    """Two units do not measure the same, or one is not known; the message says so."""


def convert(value: float, unit: str, to: str, code: str = "") -> float:
    """A value in another unit of the same kind: `g/dL` to `g/L`, `mm` to `cm`, `mL` to `L`.

    Args:
        value: in `unit`.
        unit: as a laboratory writes it.
        to: the wanted unit.
        code: LOINC code of what was measured; where its molar mass is known, mass and amount of substance convert.

    Raises:
        NoConversion: a unit is not known, or the two do not measure the same.
    """
    (kind, factor), (other, target) = _parsed(unit), _parsed(to)
    if kind == other:
        return float(Decimal(str(value)) * factor / target)
    by = factor_between(_ucum(unit), _ucum(to), code)
    if by is None:
        raise NoConversion(f"{unit} and {to} do not measure the same, or need more than a factor, so nothing is "
                           "converted.")
    return value * by


def converted_text(value: float, unit: str, to: str, code: str = "") -> str:
    """`10.6 g/dL = 106 g/L` with ten significant digits at most; four where a molar mass takes part, which is told."""
    known = substance_of(code)
    if known is None or _parsed(unit)[0] == _parsed(to)[0]:
        return f"{value:.10g} {unit} = {convert(value, unit, to, code):.10g} {to}"
    return (f"{value:.10g} {unit} = {convert(value, unit, to, code):.4g} {to} "
            f"(molar mass {known.molar_mass:.5g} g/mol, {known.formula})")


def _ucum(unit: str) -> str:
    return unit.strip().replace("µ", "u").replace("μ", "u")


def _parsed(unit: str) -> tuple[tuple[str, str], Decimal]:
    """What a unit measures, as (above, below) the stroke, and its factor to the base units."""
    above, stroke, below = unit.strip().partition("/")
    kind, factor = _simple(above, unit)
    if not stroke:
        return (kind, ""), factor
    under, divisor = _simple(below, unit)
    return (kind, under), factor / divisor


def _simple(part: str, whole: str) -> tuple[str, Decimal]:
    text = part.strip().replace("²", "2").replace("³", "3")
    for name in (text, text.lower()):
        if name in SCALES:
            return BASES[name], SCALES[name]
        for base in ("mol", "g", "m", "l", "s"):
            prefix = name.removesuffix(base)
            if name.endswith(base) and prefix in PREFIXES:
                return BASES[base], Decimal(1).scaleb(PREFIXES[prefix])
    raise NoConversion(f"the unit {whole!r} is none that can be converted here.")


def doubling_days(days: float, first: float, last: float) -> float:
    """The time in which a volume that grows exponentially doubles: days ln 2 / ln(last / first) (Schwartz M, A
    biomathematical approach to clinical tumor growth, Cancer 14:1272-1294, 1961).

    Args:
        days: between the two, positive.
        first: volume, positive.
        last: larger volume, in the same unit.
    """
    return days * log(2) / log(last / first)


def days_between(first: str, last: str) -> int:
    """Days from one ISO 8601 day to another; a time of day is left out.

    Raises:
        NoConversion: one of them is dated less precisely than a day, or is no date.
    """
    try:
        start, end = (date.fromisoformat(moment[:10]) for moment in (first, last))
    except ValueError as error:
        raise NoConversion("days are counted between two days, written as 2025-03-04.") from error
    return (end - start).days


def whole_units(first: str, last: str, unit: str) -> str:
    """The time between two ISO days in whole weeks, months or years of the calendar and the days that are left:
    `36 weeks`, `8 months and 7 days`.

    Args:
        first: ISO 8601, at least a day.
        last: the same; the order does not matter.
        unit: `weeks`, `months` or `years`.
    """
    start, end = sorted(date.fromisoformat(moment[:10]) for moment in (first, last))
    if unit == "weeks":
        count, rest = divmod((end - start).days, 7)
    else:
        step = 12 if unit == "years" else 1
        months = (end.year - start.year) * 12 + end.month - start.month
        count = months // step
        while _months_later(start, count * step) > end:
            count -= 1
        rest = (end - _months_later(start, count * step)).days
    return " and ".join(f"{number} {name if number != 1 else name[:-1]}" for number, name in (
        (count, unit), (rest, "days")) if number or name == unit)


def _months_later(day: date, months: int) -> date:
    """The same day of a later month, or that month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))

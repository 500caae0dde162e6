"""Dates and units calculated, so that no model does it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

PREFIXES = {"": 0, "k": 3, "d": -1, "c": -2, "m": -3, "u": -6, "µ": -6, "μ": -6, "n": -9, "p": -12, "f": -15}
"""Powers of ten of the SI prefixes (BIPM, SI brochure, 9th edition, table 7)."""
BASES = {"g": "g", "mol": "mol", "m": "m", "l": "l", "s": "s", "mm2": "mm2", "cm2": "mm2", "mm3": "l", "cm3": "l"}
SCALES = {"mm2": Decimal(1), "cm2": Decimal(100), "mm3": Decimal("1e-6"), "cm3": Decimal("1e-3")}
"""Areas in mm2 and volumes in litres (1 L = 1 dm3, SI brochure, table 8)."""


class NoConversion(ValueError):
    """Two units do not measure the same, or one is not known; the message says so."""


def convert(value: float, unit: str, to: str) -> float:
    """A value in another unit of the same kind: `g/dL` to `g/L`, `mm` to `cm`, `mL` to `L`.

    Raises:
        NoConversion: a unit is not known, or the two do not measure the same; mass and amount of substance do not,
            since that takes the substance's molar mass.
    """
    (kind, factor), (other, target) = _parsed(unit), _parsed(to)
    if kind != other:
        raise NoConversion(f"{unit} and {to} do not measure the same, or need more than a factor, so nothing is "
                           "converted.")
    return float(Decimal(str(value)) * factor / target)


def converted_text(value: float, unit: str, to: str) -> str:
    """`10.6 g/dL = 106 g/L`, with ten significant digits at most."""
    return f"{value:.10g} {unit} = {convert(value, unit, to):.10g} {to}"


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

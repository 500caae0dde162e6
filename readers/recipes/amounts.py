"""How values are written in prompts."""

from __future__ import annotations

from ...core.finding import Value
from .plain import plain


def number_text(number: float) -> str:
    """Six significant digits; what would need an exponent is written out."""
    text = f"{number:.6g}"
    return text if "e" not in text else f"{number:.12f}".rstrip("0").rstrip(".")


def amount(value: Value) -> str:
    """The value as printed, else its number with the comparator; plain, without unit."""
    number = "" if value.number is None else (value.comparator or "") + number_text(value.number)
    return plain(value.text or number)


def unit_of(value: Value) -> str:
    """The unit, plain; nothing for the unit `1` of a pure number."""
    unit = plain(value.unit or "")
    return "" if unit == "1" else unit


def flag_of(value: Value) -> str:
    """The printed flag, else the computed one where it is not normal."""
    return plain(value.flag or (value.flag_computed if value.flag_computed != "N" else None) or "")

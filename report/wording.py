"""How values, dates and names are written, in every form of the report alike."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from ..core.finding import Finding, Value

_UNSEEN = frozenset("\u200b\ufeff\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u061c")


_NO_BLOOD = re.compile(r"urine|csf|stool|fluid|saliva|semen", re.IGNORECASE)
"""Specimens that a result's name must tell, since a result is taken for one of blood else."""


def plain(text: str) -> str:
    """One line of text without control characters, zero-width spaces and marks that turn the reading direction."""
    kept = (" " if unicodedata.category(ch) in ("Cc", "Zl", "Zp") else ch for ch in text if ch not in _UNSEEN)
    return " ".join("".join(kept).split())


def result_name(finding: Finding) -> str:
    """The name of a finding; of a laboratory result with its specimen, where that is no blood and the name does not
    tell it."""
    name = plain(finding.name)
    found = _NO_BLOOD.search(finding.value.specimen or "") if finding.value else None
    if found is None or found[0].casefold() in name.casefold():
        return name
    return f"{name} ({found[0].lower()})"


def number_text(number: float) -> str:
    """A computed number as it is written: four significant digits, whole numbers from 1000 on, no exponent.

    2510.26 -> "2510", 10.24 -> "10.24", 0.48213 -> "0.4821", 3.0 -> "3". Numbers below 0.0001 keep their digits.
    """
    if number == 0:
        return "0"
    digits = f"{number:.0f}" if abs(number) >= 1000 else f"{number:.4g}"
    if "e" in digits:
        digits = f"{number:.12f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def amount_text(value: Value) -> str:
    """The amount without its unit: as printed where a source printed it, else the number with its comparator."""
    if value.text is not None:
        return plain(value.text)
    return "" if value.number is None else (value.comparator or "") + number_text(value.number)


def value_text(value: Value) -> str:
    """The amount with its unit: "10.2 g/dL", "<0.5 mg/L", "positive"."""
    return with_unit(amount_text(value), value.unit)


def unit_text(unit: str | None) -> str:
    """A unit as it is written; nothing for the unit `1` (UCUM) of a pure number."""
    written = plain(unit or "")
    return "" if written == "1" else written


def with_unit(amount: str, unit: str | None) -> str:
    """An amount and its unit, unless the amount already ends with it or is a word."""
    unit = unit_text(unit)
    if not unit or not any(ch.isdigit() for ch in amount) or amount.endswith(unit):
        return amount
    return f"{amount} {unit}"


def range_text(value: Value) -> str:
    """The reference range as printed, else from its limits, else nothing."""
    if value.range_text:
        return plain(value.range_text)
    low, high = value.low, value.high
    if low is not None and high is not None:
        return f"{number_text(low)}–{number_text(high)}"
    if low is not None:
        return f"≥{number_text(low)}"
    return "" if high is None else f"≤{number_text(high)}"


def date_text(moment: str | None) -> str:
    """An ISO 8601 moment as a date, as precise as it is: "2025", "2025-03", "2025-03-04"; nothing for None."""
    return "" if moment is None else moment[:10]


def finding_date(finding: Finding) -> str | None:
    """When it was so: the time of collection for a laboratory value, else the finding's date."""
    collected = finding.value.collected_at if finding.value else None
    return collected or finding.date


def listed(texts: Sequence[str]) -> str:
    """"a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, (", ".join(texts[:-1]), *texts[-1:])))


def capital(text: str) -> str:
    """The text with a large first letter."""
    return text[:1].upper() + text[1:]


def id_number(key: str) -> tuple[str, int]:
    """Sort key of ids such as E12; ids without a number come after, in text order."""
    return (key[:1], int(key[1:])) if key[1:].isdigit() else (f"~{key}", 0)


def by_number(ids: set[str] | frozenset[str] | tuple[str, ...]) -> tuple[str, ...]:
    """Ids once each, in number order."""
    return tuple(sorted(set(ids), key=id_number))

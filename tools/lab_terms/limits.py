"""Reference ranges, and the flag that a value and its range give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Range:
    """A reference range as printed: limits are None where it has none (`<5`, `Negative`)."""

    text: str
    low: float | None
    high: float | None


def computed_flag(number: float, comparator: str | None, limits: Range) -> Literal["L", "N", "H"] | None:
    """`L`, `N` or `H` from a value and its range; None when the range has no limits or a comparator leaves it open."""
    low, high = limits.low, limits.high
    if low is None and high is None:
        return None
    below, above = low is not None and number < low, high is not None and number > high
    if comparator in ("<", "<="):
        return "L" if low is not None and number <= low else "N" if low is None and not above else None
    if comparator in (">", ">="):
        return "H" if high is not None and number >= high else "N" if high is None and not below else None
    strictly = "=" not in limits.text
    if strictly and limits.text.startswith("<") and number == high:
        above = True
    if strictly and limits.text.startswith(">") and number == low:
        below = True
    return "L" if below else "H" if above else "N"

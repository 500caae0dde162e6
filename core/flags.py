"""Flags that laboratories print beside a result, and which way they point."""

from __future__ import annotations

import re
from typing import Literal

UP = "↑⇑▲△↗⬆\uf0ad\uf0e9"
DOWN = "↓⇓▼▽↘⬇\uf0af\uf0ea"
"""Arrows; the last two of each are where symbol fonts keep them."""
BOLD = "bold"
"""A value printed in bold type on a page that marks what is abnormal so: a sign without a direction."""
_HIGH = re.compile(rf"hh?[*!]?|high|hi|above.*|\+{{1,4}}|[{UP}]+|\^+|critical high")
_LOW = re.compile(rf"ll?[*!]?|low|lo|below.*|-{{1,4}}|[{DOWN}]+|vv?|critical low")
_NORMAL = re.compile(r"n|normal|wnl|within.*")


def flag_direction(flag: str | None) -> Literal["H", "L", "N"] | None:
    """Which way a printed flag points; `N` for one that says normal; None for `*`, `A`, `!` and no flag."""
    plain = (flag or "").strip("()[] ").casefold()
    if _NORMAL.fullmatch(plain):
        return "N"
    return "H" if _HIGH.fullmatch(plain) else "L" if _LOW.fullmatch(plain) else None


def counted_flag(printed: str | None, computed: str | None) -> Literal["H", "L", "N"] | None:
    """Which way a result points where a flag is printed and one is computed: the printed one counts.

    Without a printed one, or where it is a sign without letters and without a direction such as "*", or bold type, the
    computed one does; None where a printed flag such as "A" has no direction.

    Args:
        printed: as it stands beside the result; empty or None where nothing does.
        computed: `L`, `N`, `H` or None, from value and range.
    """
    if direction := flag_direction(printed):
        return direction
    held: Literal["H", "L", "N"] | None = "H" if computed == "H" else "L" if computed == "L" else None
    if printed:
        return None if any(ch.isalpha() for ch in printed) and printed != BOLD else held
    return "N" if computed == "N" else held

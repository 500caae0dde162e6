"""Flags that laboratories print beside a result, and which way they point."""

from __future__ import annotations

import re
from typing import Literal

UP = "↑⇑▲△↗⬆\uf0ad\uf0e9"
DOWN = "↓⇓▼▽↘⬇\uf0af\uf0ea"
"""Arrows; the last two of each are where symbol fonts keep them."""
_HIGH = re.compile(rf"hh?[*!]?|high|hi|above.*|\+{{1,4}}|[{UP}]+|\^+|critical high")
_LOW = re.compile(rf"ll?[*!]?|low|lo|below.*|-{{1,4}}|[{DOWN}]+|vv?|critical low")
_NORMAL = re.compile(r"n|normal|wnl|within.*")


def flag_direction(flag: str | None) -> Literal["H", "L", "N"] | None:
    """Which way a printed flag points; `N` for one that says normal; None for `*`, `A`, `!` and no flag."""
    plain = (flag or "").strip("()[] ").casefold()
    if _NORMAL.fullmatch(plain):
        return "N"
    return "H" if _HIGH.fullmatch(plain) else "L" if _LOW.fullmatch(plain) else None

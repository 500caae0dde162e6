"""A birth date in every usual writing, as patterns to look for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from ...sources.dates import MONTH_NAMES

_SIGN = r"\s?[./\-–]\s?"
_SIGN_OR_SPACE = rf"{_SIGN}|\s"
_AROUND_WORDS = r"[\s.,\-/]{0,3}"


@lru_cache(maxsize=256)
def birth_date_patterns(birth_date: str) -> tuple[re.Pattern[str], ...]:
    """Patterns of one day: in digits in any order, with month names in several languages, run together.

    Two digits are enough for the year where day and month stand beside them. A date without its day has no pattern:
    it would hit too many other dates.

    Args:
        birth_date: ISO 8601.
    """
    try:
        day = date.fromisoformat(birth_date[:10])
    except ValueError:
        return ()
    return tuple(re.compile(rf"(?<!\d)(?<!\d[.,/-]){text}(?!\d)(?![.,/-]\d)", re.IGNORECASE) for text in _writings(day))


def _writings(day: date) -> Iterator[str]:
    d, m = f"0?{day.day}", f"0?{day.month}"
    year, short = f"{day.year:04d}", f"{day.year % 100:02d}"
    any_year = f"(?:{year}|['’]?{short})"
    for parts in ((year, m, d), (d, m, year), (m, d, year)):
        yield _joined(parts, _SIGN_OR_SPACE)
    for parts in ((d, m, short), (m, d, short), (short, m, d)):
        yield _joined(parts, _SIGN)
    yield f"{day.year:04d}{day.month:02d}{day.day:02d}"
    yield f"{day.day:02d}{day.month:02d}{day.year:04d}"
    yield f"{day.month:02d}{day.day:02d}{day.year:04d}"
    yield rf"{year}\s?年\s?{m}\s?月\s?{d}\s?日?"
    names = "|".join(sorted((name for name, number in MONTH_NAMES.items() if number == day.month), reverse=True))
    names = names.replace("e", "[eé]").replace("u", "[uû]")
    numbered, month, gap = rf"{d}(?:\.|st|nd|rd|th|er)?", f"(?:{names})", _AROUND_WORDS
    yield rf"{numbered}{gap}(?:of\s|de\s)?{month}{gap}(?:de\s|del\s)?{any_year}"
    yield rf"{month}{gap}{numbered}{gap}{any_year}"
    yield rf"{year}{gap}{month}{gap}{numbered}"


def _joined(parts: tuple[str, str, str], sign: str) -> str:
    """Three numbers with the same sign between them."""
    return rf"{parts[0]}(?P<between>{sign}){parts[1]}(?P=between){parts[2]}"

"""Dates of different precision and time zone: told from other texts, and compared."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


def moment_key(moment: str) -> str:
    """A text that sorts ISO 8601 dates in time, and equal ones with the less precise first.

    A time with an offset is turned to UTC; a date, or a time without an offset, is taken as it stands, since
    nothing says where it was written. What is not a date sorts as its own text.
    """
    if "T" not in moment:
        return moment
    try:
        parsed = datetime.fromisoformat(moment)
    except ValueError:
        return moment
    return (parsed.astimezone(UTC) if parsed.tzinfo else parsed).strftime("%Y-%m-%dT%H:%M:%S.%f")


_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December")


def spoken(moment: str) -> str:
    """A year, month or day as a sentence tells it: `2010`, `March 2010`, `2010-03-04`; any other text as it is."""
    if len(moment) == len("2010-03") and is_date(moment):
        return f"{_MONTHS[int(moment[5:]) - 1]} {moment[:4]}"
    return moment


def spoken_within(moment: str) -> str:
    """The same with its preposition: `in 2010`, `in March 2010`, `on 2010-03-04`."""
    return f"{'in' if len(moment) < len('2010-03-04') else 'on'} {spoken(moment)}"


def is_date(text: str) -> bool:
    """Whether the text is an ISO 8601 year, month or day: `2025`, `2025-03`, `2025-03-04`."""
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(f"{text}-01-01"[:10])
    except ValueError:
        return False
    return True

"""Comparing dates of different precision and time zone."""

from __future__ import annotations

from datetime import UTC, datetime


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

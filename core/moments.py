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


def is_on_or_before(moment: str, limit: str) -> bool:
    """Whether something at `moment` has happened by the end of `limit`, compared in the coarser precision.

    With `limit` 2025-03 everything of March 2025 counts. A moment less precise than the limit counts only when
    its whole period is over by then: 2025 is not yet over on 2025-03-04.
    """
    then, by = moment_key(moment), moment_key(limit)
    shared = min(len(then), len(by))
    if then[:shared] != by[:shared]:
        return then[:shared] < by[:shared]
    return len(then) >= len(by)

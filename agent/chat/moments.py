"""The span of time in a question: `since March`, `between 2025-03-01 and 2025-06-30`, `in 2025`, `as of May 2025`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...sources.dates import DATE_PATTERN, parse_date

_MONTHS = {name: f"{number:02d}" for number, name in enumerate(
    ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
     "december"), 1)}
_MONTH = rf"(?:{'|'.join(_MONTHS)})"
_DATE = rf"(?:{DATE_PATTERN}|\d{{4}}-\d{{2}}|{_MONTH} \d{{4}}|{_MONTH}(?! \d)|(?:19|20)\d{{2}})"
_SPAN = re.compile(rf"(?:^| )(?:between|from) (?P<first>{_DATE}) (?:and|to|until) (?P<last>{_DATE})(?= |$)")
_ONE = re.compile(rf"(?:^| )(?P<word>as of|up to|since|after|before|until|till|by|in|on|during|of|for) "
                  rf"(?P<date>{_DATE})(?= |$)")


class UnclearDate(ValueError):
    """A date can be read in two ways, or is none; the message is the date."""


@dataclass(frozen=True)
class Span:
    """When.

    Args:
        since: ISO date or empty.
        until: ISO date or empty.
        word: the word that led to it, such as `since` or `as of`; empty without one.
        rest: the question without it.
    """

    since: str
    until: str
    word: str
    rest: str


def span_in(text: str, latest: str) -> Span:
    """The first span of a lower-case question.

    Args:
        text: lower case, single spaces.
        latest: the latest date of the case; a month without a year is the last one up to it.

    Raises:
        UnclearDate: a date reads in two ways. `before` and `after` are no spans that hold a day itself; they are left
            in the text.
    """
    both = _SPAN.search(text)
    if both is not None:
        return Span(_iso(both["first"], latest), _iso(both["last"], latest), "between", _without(text, both))
    one = _ONE.search(text)
    if one is None or one["word"] in ("before", "after"):
        return Span("", "", "", text)
    date = _iso(one["date"], latest)
    since = "" if one["word"] in ("as of", "up to", "until", "till", "by") else date
    return Span(since, "" if one["word"] == "since" else date, one["word"], _without(text, one))


def _without(text: str, found: re.Match[str]) -> str:
    return " ".join((text[:found.start()] + " " + text[found.end():]).split())


def _iso(written: str, latest: str) -> str:
    if re.fullmatch(r"\d{4}(?:-\d{2})?", written):
        return written
    month, _, year = written.partition(" ")
    if month in _MONTHS and not year:
        this_year = f"{latest[:4]}-{_MONTHS[month]}"
        return this_year if this_year <= latest[:7] else f"{int(latest[:4]) - 1}-{_MONTHS[month]}"
    if month in _MONTHS and re.fullmatch(r"\d{4}", year):
        return f"{year}-{_MONTHS[month]}"
    day = parse_date(written)
    if day is None:
        raise UnclearDate(written)
    return day

"""The span of time in a question: `since March`, `between 2025-03-01 and 2025-06-30`, `before 10 Nov 2025`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from ...core.moments import is_date
from ...sources.dates import DATE_PATTERN, parse_date

_NAMES = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
          "december")
_MONTHS = {"sept": "09"} | {short: f"{number:02d}" for number, name in enumerate(_NAMES, 1)
                            for short in (name, name[:3])}
_MONTH = rf"(?:{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\b\.?"
_LEAP_YEARS = 8
"""So many years hold a 29 February, wherever a century ends."""
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_DAY_OF_MONTH = rf"(?:{_DAY} (?:of )?{_MONTH}(?! \d)|{_MONTH} {_DAY}(?!\d|,? \d))"
"""A day without its year: `11 November`, `March 4th`."""
_MONTH_OF_YEAR = r"(?:0?[1-9]|1[0-2])/(?:19|20)\d{2}(?![\d/])"
"""`06/2023`."""
DATE = (rf"(?:{DATE_PATTERN}|{_MONTH_OF_YEAR}|\d{{4}}-\d{{2}}|{_DAY_OF_MONTH}|{_MONTH} \d{{4}}|{_MONTH}(?! \d)"
        r"|(?:19|20)\d{2}(?![\d.]))")
_SPAN = re.compile(rf"(?:^| )(?:between|from) (?P<first>{DATE}) (?:and|to|until|till) (?P<last>{DATE})(?= |$)")
_PAIR = re.compile(rf"(?:^| )(?:in|of|from|on) (?P<first>{DATE}) (?:vs\.?|versus|compared (?:to|with)|against|and) "
                   rf"(?:in |of |from |on )?(?P<last>{DATE})(?= |$)")
_ONE = re.compile(rf"(?:^| )(?:back )?(?P<word>as of|up to|prior to"
                  rf"|(?:than|(?:now )?(?:vs\.?|versus|compared (?:to|with)))(?: in| on)?|since|after|before|until"
                  rf"|till|by|in|on|during|of|for|from) (?:the )?(?P<date>{DATE})(?= |$)")
_BARE = re.compile(rf"(?<=[a-z%+] )(?<!with )(?<!to )(?<!and )(?<!or )(?<!than )(?<!against )(?<!vs )(?<!versus )"
                   rf"(?P<date>{_MONTH_OF_YEAR}|\d{{4}}-\d{{2}}(?:-\d{{2}})?|{_MONTH} (?:19|20)\d{{2}})$")
"""A month or day at the end of a question without a word before it: `Hb 06/2023`."""
AGAINST = re.compile(r"than|now|vs|versus|compared")
"""Words before a date that something is held against, which is then a span that begins there."""
UP_TO = ("as of", "up to", "until", "till", "by")


class UnclearDate(ValueError):
    """A date can be read in two ways, or is none; the message is the date."""


@dataclass(frozen=True)
class Span:
    """When.

    Args:
        since: ISO date or empty.
        until: ISO date or empty, included.
        word: the word that led to it, such as `since`, `as of` or `than in`; empty without one.
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
        latest: the latest date of the case; a month without a year is the last one up to it, and at the start of a
            span up to the span's end.

    Raises:
        UnclearDate: a date reads in two ways.
    """
    both = _SPAN.search(text) or _PAIR.search(text)
    if both is not None:
        last = iso_of(both["last"], latest)
        return Span(iso_of(both["first"], last), last, "between", _without(text, both))
    one = _ONE.search(text)
    bare = _BARE.search(text) if one is None else None
    if bare is not None:
        moment = iso_of(bare["date"], latest)
        return Span(moment, moment, "in", _without(text, bare))
    if one is None:
        return Span("", "", "", text)
    moment, word, rest = iso_of(one["date"], latest), one["word"], _without(text, one)
    if word in ("before", "prior to"):
        return Span("", _shifted(moment, -1), "before", rest)
    if word in ("after", "since", "from") or AGAINST.match(word):
        return Span(_shifted(moment, 1) if word == "after" else moment, "", word, rest)
    return Span("" if word in UP_TO else moment, moment, word, rest)


def _shifted(moment: str, step: int) -> str:
    """The year, month or day before or after one, as precise as it is."""
    if len(moment) == 4:
        return f"{int(moment) + step:04d}"
    if len(moment) == 7:
        months = int(moment[:4]) * 12 + int(moment[5:]) - 1 + step
        return f"{months // 12:04d}-{months % 12 + 1:02d}"
    return (date.fromisoformat(moment[:10]) + timedelta(days=step)).isoformat()


def day_before(moment: str) -> str:
    """The day before an ISO moment."""
    return _shifted(moment[:10], -1)


def _without(text: str, found: re.Match[str]) -> str:
    return " ".join((text[:found.start()] + " " + text[found.end():]).split()).strip(" ,")


def iso_of(written: str, latest: str) -> str:
    """A date that `DATE` matches in ISO 8601; a day or month without a year is the last one up to
    `latest`.

    Raises:
        UnclearDate: it reads in two ways.
    """
    if re.fullmatch(r"\d{4}(?:-\d{2})?", written):
        if not is_date(written):
            raise UnclearDate(written)
        return written
    if re.fullmatch(_DAY_OF_MONTH, written):
        return _day_of_month(written, latest)
    if re.fullmatch(_MONTH_OF_YEAR, written):
        number, _, year = written.partition("/")
        return f"{year}-{int(number):02d}"
    month, _, year = written.partition(" ")
    month = month.rstrip(".")
    if month in _MONTHS and not year:
        this_year = f"{latest[:4]}-{_MONTHS[month]}"
        return this_year if len(latest) == 4 or this_year <= latest[:7] else f"{int(latest[:4]) - 1}-{_MONTHS[month]}"
    if month in _MONTHS and re.fullmatch(r"\d{4}", year):
        return f"{year}-{_MONTHS[month]}"
    day = parse_date(written)
    if day is None:
        raise UnclearDate(written)
    return day


def _day_of_month(written: str, latest: str) -> str:
    """A day without its year: the last one up to `latest`.

    Raises:
        UnclearDate: there is no such day.
    """
    month = re.search(_MONTH, written)
    day = re.search(r"\d{1,2}", written)
    if month is None or day is None:
        raise UnclearDate(written)
    name = f"{_MONTHS[month[0].rstrip('.')]}-{int(day[0]):02d}"
    known = latest[5:] or "12-31"
    year = int(latest[:4]) - (1 if name[:len(known)] > known else 0)
    for back in range(_LEAP_YEARS):
        if is_date(f"{year - back:04d}-{name}"):
            return f"{year - back:04d}-{name}"
    raise UnclearDate(written)

"""Dates with times on a page, and what they are dates of: collected, received, reported, printed."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Literal

from ..core.words import Word
from .dates import DATE_PATTERN, month_comes_first, parse_date
from .page import Page, PageWord

Occasion = Literal["collected", "received", "reported", "printed"]

_OCCASIONS: dict[Occasion, str] = {
    "collected": r"(?:specimen |sample |first |date |time )?(?:of )?(?:collected|collection|drawn|sampled|"
                 r"sampling|sample taken|taken|first sample|sample date|specimen date|entnahme|abnahme|"
                 r"prélevé|prélèvement|extracción|toma|(?:data )?(?:del )?prelievo|data da coleta|coleta|provtagning|"
                 r"prøvetaking|afname(?:datum)?)",
    "received": r"(?:received|receipt|registered|eingang|reçu|recibido)",
    "reported": r"(?:reported|report(?:ed)? (?:date|of|on)|date of report|issued|released|authori[sz]ed|validated|"
                r"result date|final(?:ised|ized)?|befund|édité|informe)",
    "printed": r"(?:printed|print date|gedruckt|imprimé)",
}
_LABEL = re.compile(r"(?<![\w])(?:" + "|".join(f"(?P<{name}>{source})" for name, source in _OCCASIONS.items())
                    + r")(?:[ ](?:date|on|at|time|am))*(?![\w])", re.IGNORECASE)
_TIME = (r"(?:[T,]|\s)*(?:at |um )?(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?::\d{2}(?:\.\d+)?)?\s*"
         r"(?P<half>[AaPp]\.?[Mm]\b)?")
_OF_CENTURY = r"\d{1,2}[/.]\d{1,2}[/.]|\d{1,2}[ /-]?[A-Za-z]{3}[ /-]?"
_SHORT = rf"(?:{_OF_CENTURY})\d{{2}}(?!\d)"
"""A date whose year has two digits: in a document's own dates it is one since 2000."""
_TOUCHING = r"(?:(?<=\D\d{4})|(?<=-\d{2}))(?=T?\d{2}:\d{2}(?!\d))"
"""A time right behind a whole date: ISO 8601, or where OCR has lost the space, `05/28/202506:10`."""
_MOMENT = re.compile(rf"(?<![\w./-])(?P<date>{DATE_PATTERN}|{_SHORT})(?:(?![\w/]|\.\d)|{_TOUCHING})"
                     rf"(?:{_TIME}(?![\d.:]))?")
_SHORTEST_DATE = 6
_LETTER_SHAPE = (11.0 / 8.5, 0.03)
"""Height over width of US Letter paper, and how far off it may be."""


class Moment(Word):
    """A date, with a time where one is printed beside it, and the words that it stands in."""

    iso: str
    first: int
    """Number of its first word in the line."""
    last: int
    """Number of its last word in the line."""


class DateOrder(Word):
    """How 03/04/2025 is read in a document."""

    month_first: bool
    sure: bool
    """Told by the document's own dates or address, not by its paper format."""


def date_order(pages: Sequence[Page]) -> DateOrder:
    """Read from unambiguous dates or a US address; else from the paper: US Letter means month first."""
    told = month_comes_first("\n".join(page.text for page in pages))
    if told is not None:
        return DateOrder(month_first=told, sure=True)
    long, short = max(pages[0].width, pages[0].height), min(pages[0].width, pages[0].height)
    letter, off = _LETTER_SHAPE
    return DateOrder(month_first=abs(long / max(short, 1.0) - letter) < off, sure=False)


def moments_in(words: Sequence[PageWord], *, month_first: bool) -> list[Moment]:
    """Dates in one line of words, in order; days that do not exist are left out."""
    found = moments_in_text(" ".join(word.text for word in words), month_first=month_first)
    ends = list(accumulate(len(word.text) + 1 for word in words)) if found else []
    return [Moment(iso=iso, first=bisect_right(ends, start), last=bisect_left(ends, end)) for iso, start, end in found]


@lru_cache(maxsize=16384)
def moments_in_text(text: str, *, month_first: bool) -> tuple[tuple[str, int, int], ...]:
    """Dates in a text as (ISO 8601, start, end), in order."""
    if len(text) < _SHORTEST_DATE:
        return ()
    found = []
    for match in _MOMENT.finditer(text):
        written = re.sub(rf"^({_OF_CENTURY})(\d{{2}})$", r"\g<1>20\2", match["date"])
        day = parse_date(written, month_first=month_first)
        if day is not None:
            clock = clock_of(match)
            found.append((day + clock, match.start(), match.end() if clock else match.end("date")))
    return tuple(found)


def clock_of(match: re.Match[str]) -> str:
    """`Thh:mm` of a moment, or nothing where no valid time follows the date."""
    if match["hour"] is None:
        return ""
    hour, minute, half = int(match["hour"]), int(match["minute"]), (match["half"] or "").lower()
    if half and 1 <= hour <= 12:
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    return f"T{hour:02d}:{minute:02d}" if hour < 24 and minute < 60 else ""


@lru_cache(maxsize=4096)
def occasions_in(text: str) -> tuple[tuple[Occasion, int, int], ...]:
    """Labels of dates in a text as (occasion, start, end)."""
    return tuple((name, match.start(), match.end()) for match in _LABEL.finditer(text)
                 for name in _OCCASIONS if match[name])


def labelled_moments(lines: Sequence[Sequence[PageWord]], *, month_first: bool) -> dict[Occasion, str]:
    """The first date of each occasion on a page: to the right of its label, or below it.

    Args:
        lines: lines of words from top to bottom.
        month_first: how ambiguous dates are read.
    """
    found: dict[Occasion, str] = {}
    for number, line in enumerate(lines):
        moments = moments_in(line, month_first=month_first)
        labels = labels_of(line)
        for place, (occasion, first, last) in enumerate(labels):
            until = labels[place + 1][1] if place + 1 < len(labels) else len(line)
            beside = [m for m in moments if last < m.first <= last + 2 and m.first < until]
            moment = beside[0].iso if beside else below(lines, number, line[first:last + 1], month_first=month_first)
            if moment is not None and found.get(occasion, moment) in (moment, moment[:10]):
                found[occasion] = moment  # the same day with a time says more
    return found


def labels_of(line: Sequence[PageWord]) -> list[tuple[Occasion, int, int]]:
    """Labels of dates in a line as (occasion, first word, last word)."""
    found = occasions_in(" ".join(word.text for word in line))
    ends = list(accumulate(len(word.text) + 1 for word in line)) if found else []
    return [(name, bisect_right(ends, start), bisect_left(ends, stop)) for name, start, stop in found]


def below(lines: Sequence[Sequence[PageWord]], number: int, label: Sequence[PageWord], *,
          month_first: bool) -> str | None:
    """The date in the next line that starts under a word of the label, within two word heights."""
    if number + 1 >= len(lines):
        return None
    under = lines[number + 1]
    for moment in moments_in(under, month_first=month_first):
        word = under[moment.first]
        near = word.place[1] - label[0].place[3] < 2 * label[0].height
        if near and any(abs(word.place[0] - over.place[0]) < 1.5 * over.height for over in label):
            return moment.iso
    return None

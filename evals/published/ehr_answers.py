"""Whether the words of a model answer a question about a record rightly. Pure.

How EHRQA's answers were matched is not published; here an answer in words is right when it says what the record says
and nothing else of the same kind.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..ehr_questions import NOT_IN_RECORD, Question

YES_NO, DATE, NUMBER, NAMES, ABSENT = "yes_no", "date", "number", "names", "absent"
Truth = Mapping[str, Any]
"""`kind`, `value`, and for names `others`: further names of the record that a right answer does not give."""

TOLERANCE = 1e-4
"""Relative, of numbers: the condensed record writes six significant digits."""
_ABSENT = re.compile(r"^\W*no\b|\b(?:not|none|never|nothing|unknown|no (?:record|information|evidence|entry"
                     r"|mention))\b", re.IGNORECASE)
_YES_NO = re.compile(r"^\W*(yes|no)\b", re.IGNORECASE)
_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMED = rf"({'|'.join(_MONTHS)})[a-z]*\.?"
_MONTH_FIRST = re.compile(rf"\b{_NAMED} (\d{{1,2}})(?:st|nd|rd|th)?,? (\d{{4}})\b", re.IGNORECASE)
_DAY_FIRST = re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)? (?:of )?{_NAMED},? (\d{{4}})\b", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\w.-])-?\d+(?:\.\d+)?(?:e-?\d+)?(?![\w-])", re.IGNORECASE)


def truth_of(question: Question, names: Sequence[str]) -> dict[str, Any]:
    """What the record says, JSON-able.

    Args:
        question: made from the record.
        names: all names of medicines of the record.
    """
    expected = question.expected
    if expected == NOT_IN_RECORD:
        return {"kind": ABSENT, "value": None}
    if isinstance(expected, float):
        return {"kind": NUMBER, "value": expected}
    if isinstance(expected, frozenset):
        return {"kind": NAMES, "value": sorted(expected), "others": sorted(set(names) - expected)}
    if expected in ("yes", "no"):
        return {"kind": YES_NO, "value": expected}
    if _ISO.fullmatch(expected):
        return {"kind": DATE, "value": expected}
    return {"kind": NAMES, "value": [expected], "others": []}


def spoken(truth: Truth) -> str:
    """The right answer in words."""
    if truth["kind"] == ABSENT:
        return "no"
    return "; ".join(truth["value"]) if truth["kind"] == NAMES else str(truth["value"])


def says(truth: Truth, text: str) -> bool:
    """Whether an answer in words says the truth."""
    kind, value = truth["kind"], truth["value"]
    if kind == ABSENT:
        return _ABSENT.search(text) is not None
    if kind == YES_NO:
        found = _YES_NO.match(text)
        return found is not None and found[1].casefold() == value
    if kind == DATE:
        return dates_in(text) == {value}
    if kind == NUMBER:
        numbers = [float(number) for number in _NUMBER.findall(_without_dates(text))]
        return len(set(numbers)) == 1 and math.isclose(numbers[0], value, rel_tol=TOLERANCE, abs_tol=1e-9)
    return _names_all(truth, text)


def dates_in(text: str) -> set[str]:
    """Days that a text names, ISO 8601: written that way, or with the month in letters."""
    found = {"-".join(parts) for parts in _ISO.findall(text)}
    found |= {_iso(year, month, day) for month, day, year in _MONTH_FIRST.findall(text)}
    return found | {_iso(year, month, day) for day, month, year in _DAY_FIRST.findall(text)}


def _iso(year: str, month: str, day: str) -> str:
    return f"{year}-{_MONTHS.index(month.casefold()[:3]) + 1:02d}-{int(day):02d}"


def _without_dates(text: str) -> str:
    for pattern in (_ISO, _MONTH_FIRST, _DAY_FIRST):
        text = pattern.sub(" ", text)
    return text


def _names_all(truth: Truth, text: str) -> bool:
    """Every name stands in the text, and behind taking them out no other one of the record does."""
    left = f" {_plain(text)} "
    for name in sorted(map(_plain, truth["value"]), key=len, reverse=True):
        if f" {name} " not in left:
            return False
        left = left.replace(f" {name} ", "  ")
    return not any(f" {_plain(name)} " in left for name in truth["others"])


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))

"""Whether the words of a model answer a question about a record rightly. Pure.

How EHRQA's answers were matched is not published; here an answer in words is right when it says what the record says
and nothing else of the same kind.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..ehr_questions import NOT_IN_RECORD, Question

YES_NO, DATE, NUMBER, NAMES, ABSENT = "yes_no", "date", "number", "names", "absent"
Truth = Mapping[str, Any]
"""`kind`, `value`; for names `others`: further names of the record that a right answer does not give; for numbers
`units`, as the record writes them and in UCUM: digits in them are none of the answer's."""

TOLERANCE = 1e-4
"""Relative, of numbers: the condensed record writes six significant digits."""
_ABSENT = re.compile(r"^\W*no\b|\b(?:not|none|never|nothing|unknown|no (?:record|information|evidence|entry"
                     r"|mention))\b", re.IGNORECASE)
_YES_NO = re.compile(r"^\W*(yes|no)\b", re.IGNORECASE)
_CONCLUDED = re.compile(r"\banswer(?:\s+is)?\W*(yes|no)\b", re.IGNORECASE)
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
        return {"kind": NUMBER, "value": expected, "units": list(question.units)}
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
        return _denies(text)
    if kind == YES_NO:
        return bool(_agreement(text) == value)
    if kind == DATE:
        return dates_in(text) == {value}
    if kind == NUMBER:
        numbers = numbers_in(_without_units(text, truth.get("units", ())))
        return len(set(numbers)) == 1 and math.isclose(numbers[0], value, rel_tol=TOLERANCE, abs_tol=1e-9)
    return _names_all(truth, text)


def _denies(text: str) -> bool:
    """Whether a text says that the record holds nothing of the kind, and gives no value or date all the same."""
    return (_ABSENT.search(text) is not None and _agreement(text) != "yes"
            and not dates_in(text) and not numbers_in(text))


def _agreement(text: str) -> str | None:
    """`yes` or `no` where a text begins or concludes with one ("The answer is yes"); None where it does neither."""
    begins = _YES_NO.match(text)
    concluded = {said.casefold() for said in _CONCLUDED.findall(text)}
    return begins[1].casefold() if begins else concluded.pop() if len(concluded) == 1 else None


def numbers_in(text: str) -> list[float]:
    """Numbers that a text names, apart from those of days."""
    return [float(number) for number in _NUMBER.findall(_without_dates(text))]


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


def _without_units(text: str, units: Sequence[str]) -> str:
    for unit in units:
        if _WITH_DIGITS.search(unit):
            text = _written(unit).sub(" ", text)
    return text


def _written(unit: str) -> re.Pattern[str]:
    """A unit in the ways that it is written: `10*3/uL` also as `x 10^3/µL`, `mL/min/{1.73_m2}` as `mL/min/1.73 m²`."""
    body = "".join(next(form(found[0]) for token, form in _FORMS if token.fullmatch(found[0]))
                   for found in _TOKEN.finditer(unit))
    apart = r"(?<![\d.])" if unit[0].isdigit() else ""
    return re.compile(rf"(?:[x×]\s*|{apart}){body}(?!\w)", re.IGNORECASE)


def _power(token: str) -> str:
    digits = token.lstrip("*^")
    return rf"(?:[*^]{digits}|{digits.translate(_RAISED)})"


def _dimension(token: str) -> str:
    """A letter with its power, such as `m2`."""
    return rf"{token[0]}(?:\^?{token[1]}|{token[1].translate(_RAISED)})"


_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_WITH_DIGITS = re.compile(r"\d.*[^\d.\s]|[^\d.\s].*\d")
"""Units that hold a digit and are no bare number: the unit of a ratio is `1` in UCUM."""
_FORMS: Sequence[tuple[re.Pattern[str], Callable[[str], str]]] = (
    (re.compile(r"[*^]\d+"), _power), (re.compile(r"[a-z]\d", re.IGNORECASE), _dimension),
    (re.compile(r"[_\s]+"), lambda _: r"[_\s]*"), (re.compile(r"[{}()\[\]]"), lambda token: f"{re.escape(token)}?"),
    (re.compile(r"[uµμ]"), lambda _: "[uµμ]"), (re.compile("/"), lambda _: r"\s*(?:/|per)\s*"),
    (re.compile(r".", re.DOTALL), re.escape))
_TOKEN = re.compile("|".join(token.pattern for token, _ in _FORMS), re.IGNORECASE | re.DOTALL)


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

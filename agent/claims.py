"""A sentence taken apart: what it states, one claim each, and the numbers, units, dates and words of a claim."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from .prose.units import POINTS

_WORD = re.compile(r"[^\W_]+")
_NUMBER = re.compile(r"(?P<sign>(?<![\w)])[-−+])?(?P<digits>\d+(?:\.\d+)?)")
_DATE = re.compile(
    r"\d{4}-\d{2}(?:-\d{2})?(?![\w-])"
    r"|(?:(?<=\()|(?<=since )|(?<=on )|(?<=entry )|(?<=^))\d{4}(?=\)|,| |$)(?! ?[a-z%])")
"""A day, a month, or a year where only a date can stand."""
_COMPARATOR = re.compile(r"(?:<=|>=|[<>≤≥])\s?$")
_COMMA = re.compile(r"[,;] ")
_DECIMALS = re.compile(r"(?<=\d)[.,](?=\d)")
_BETWEEN = re.compile(r"(?<=\d)\s*-\s*(?=[\d.,])")
_THOUSANDS = re.compile(r"\d[.,]\d{3}(?!\d)|\d[.,]\d+[.,]\d")
_MASK = " \N{WHITE SQUARE} "
BASE_UNITS = (*POINTS, "mm", "cm", "m", "ml", "l", "%", "hu", "day", "days", "mm2",
              "cm2", "μm", "years", "months", "weeks")


class Role(StrEnum):
    """What a number stands for, told from the word before it."""

    VALUE = "value"
    FROM = "from"
    TO = "to"
    BY = "by"
    RELATIVE = "relative"
    OVER = "over"
    RANGE = "range"
    DETECTABLE = "difference"
    SINCE = "since"


_CUES = {role.value: role for role in Role if role not in (Role.VALUE, Role.RELATIVE)} | {
    "detectable": Role.DETECTABLE}


@dataclass(frozen=True)
class Quantity:
    """A number of a claim.

    Args:
        digits: as written, without sign.
        sign: "-", "+" or "".
        comparator: "<", "<=", ">", ">=" or "".
        unit: as written, folded, or None.
        role: what it stands for.
    """

    digits: str
    sign: str
    comparator: str
    unit: str | None
    role: Role


@dataclass(frozen=True)
class DateMention:
    """A date of a claim, and the role of the words before it."""

    text: str
    role: Role


@dataclass(frozen=True)
class Reading:
    """What is left of a claim once the words of a finding are taken out."""

    quantities: tuple[Quantity, ...]
    dates: tuple[DateMention, ...]
    words: frozenset[str]


@dataclass(frozen=True)
class Claim:
    """One statement of a sentence: its lead and one item, folded (NFKC, case)."""

    lead: str
    item: str

    @property
    def text(self) -> str:
        """Lead and item as one text, parted so that no word of the lead says what a number of the item stands for."""
        return f"{self.lead}, {self.item}" if self.lead else self.item


def fold(text: str) -> str:
    """Text as compared: NFKC, case-folded, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def claims_of(sentence: str) -> tuple[Claim, ...]:
    """The claims of a sentence `lead: item; item.`, or the sentence itself where it has no lead."""
    text = fold(sentence).rstrip(".")
    lead, colon, items = text.partition(": ")
    if not colon:
        return (Claim("", text),)
    return tuple(Claim(lead, item.strip()) for item in items.split(";"))


def words_of(text: str) -> frozenset[str]:
    """The words of a text, folded; numbers are not words."""
    return frozenset(word for word in _WORD.findall(fold(text)) if not word.isdigit())


def masked(text: str, phrases: Iterable[str]) -> tuple[str, frozenset[str]]:
    """The text without the phrases, longest first, and the phrases that were there.

    Whole words only; punctuation between the words of a phrase does not matter. A phrase of digits alone is taken once:
    what follows is a number that happens to be the same.
    """
    seen = set()
    for phrase in sorted({item for item in phrases if item}, key=lambda item: (-len(item), item)):
        pattern = _phrase(phrase)
        if pattern is not None:
            once = not any(ch.isalpha() for ch in phrase)
            text, count = pattern.subn(_MASK, text, count=int(once))
            if count:
                seen.add(phrase)
    return text, frozenset(seen)


@lru_cache(maxsize=4096)
def _phrase(phrase: str) -> re.Pattern[str] | None:
    words = _WORD.findall(phrase)
    loose = r"[\W_]+".join(words)
    return re.compile(rf"(?<!\w)(?:{re.escape(phrase)}|{loose})(?!\w)") if words else None


def without_exact(text: str, exact: str) -> str:
    """The text without one exact passage, where no letter, digit, sign or comparator touches it."""
    if not exact:
        return text
    before = r"(?<![\w.,<>≤≥=+−-])(?<![<>≤≥=] )" if exact[0].isalnum() else ""
    after = r"(?![\w/^*%]| %|[.,]\d)" if exact[-1].isalnum() else ""
    return re.sub(before + re.escape(exact) + after, _MASK, text)


def written_forms(amount: str) -> tuple[str, ...]:
    """An amount or a range as its source prints it and, where that leaves no doubt, with the other decimal sign: two
    sources of one result may differ in it. Nothing for an empty text.

    A sign before just three digits may part thousands, so that `1.234` has no other form.
    """
    if not amount or _THOUSANDS.search(amount):
        return (amount,) if amount else ()
    other = _DECIMALS.sub(lambda found: "," if found[0] == "." else ".", amount)
    return tuple(dict.fromkeys((amount, other)))


def range_forms(text: str) -> tuple[str, ...]:
    """A range as `written_forms` has it, with and without the spaces around its dash, which a scan may lose."""
    return tuple(dict.fromkeys(shape for form in written_forms(text) for shape in (
        form, *(_BETWEEN.sub(dash, form) for dash in (" - ", "-", "- ", " -")))))


def read(text: str, units: Iterable[str]) -> Reading:
    """Numbers with units and roles, dates and words of a folded text.

    Args:
        text: what is left of a claim.
        units: every unit that may follow a number, folded.
    """
    known = sorted({*units, *BASE_UNITS}, key=lambda unit: (-len(unit), unit))
    quantities, dates, words = [], [], []
    role = Role.VALUE
    for token in _tokens(text, known):
        if token.kind == "word":
            words.append(token.text)
            role = _CUES.get(token.text, role)
        elif token.kind == "comma":
            role = Role.VALUE
        elif token.kind == "date":
            dates.append(DateMention(token.text, role))
        else:
            relative = role is Role.BY and token.unit == "%" and text[:token.start].endswith("(")
            quantities.append(_quantity(text, token, Role.RELATIVE if relative else role))
    return Reading(tuple(quantities), tuple(dates), frozenset(words))


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int
    unit: str | None = None


def _tokens(text: str, units: Sequence[str]) -> Iterator[_Token]:
    place = 0
    while place < len(text):
        token = _number_at(text, place, units) or _plain_at(text, place)
        if token is not None:
            yield token
        place = token.end if token else place + 1


def _plain_at(text: str, place: int) -> _Token | None:
    for kind, pattern in (("word", _WORD), ("comma", _COMMA)):
        found = pattern.match(text, place)
        if found:
            return _Token(kind, found.group(), place, found.end())
    return None


def _number_at(text: str, place: int, units: Sequence[str]) -> _Token | None:
    """A date, or a number with the unit that follows it; None for a word that begins with digits."""
    date = _DATE.match(text, place)
    if date:
        return _Token("date", date.group(), place, date.end())
    number = _NUMBER.match(text, place)
    if number is None:
        return None
    unit = next((unit for unit in units if _follows(text, number.end(), unit)), None)
    if unit is None:
        glued = text[number.end():number.end() + 1].isalpha()
        return None if glued else _Token("number", number.group(), place, number.end())
    return _Token("number", number.group(), place, text.index(unit, number.end()) + len(unit), unit)


def _follows(text: str, place: int, unit: str) -> bool:
    start = place + (text[place:place + 1] == " ")
    after = text[start + len(unit):start + len(unit) + 1]
    return text.startswith(unit, start) and not (unit[-1].isalnum() and (after.isalnum() or after in tuple("/^*%")))


def _quantity(text: str, token: _Token, role: Role) -> Quantity:
    found = _COMPARATOR.search(text[:token.start])
    comparator = found.group().strip().replace("≤", "<=").replace("≥", ">=") if found else ""
    sign = token.text[0] if token.text[0] in "-−+" else ""
    return Quantity(digits=token.text.lstrip("-−+"), sign="-" if sign == "−" else sign, comparator=comparator,
                    unit=token.unit, role=role)

"""Reading single elements of a FHIR resource kept as a plain dict.

Everything is tolerant: a missing element, a single value where a list is expected (as the XML form gives it) or a
number written as text are all read; what has the wrong type altogether counts as absent.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from ..core.finding import Code

Resource = dict[str, Any]

LOINC = "http://loinc.org"
LONGEST_TEXT = 500
MOMENT = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01])"
                    r"(T([01]\d|2[0-3]):[0-5]\d(:[0-6]\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?)?)?")


class Decimal(float):
    """A number that remembers how it was written: FHIR decimals carry their precision (`6.30` is not `6.3`)."""

    __slots__ = ("written",)
    written: str

    def __new__(cls, written: str) -> Decimal:
        """From its text; ValueError for one beyond the range of double precision."""
        self = super().__new__(cls, written)
        if not math.isfinite(self):
            raise ValueError("the number is too large")
        self.written = written
        return self


def clean(text: str) -> str:
    """One line of printable text: white space collapsed, invisible and control characters out, at most 500 long."""
    if text.isascii() and text.isprintable() and len(text) <= LONGEST_TEXT:
        return text.strip() if "  " not in text else " ".join(text.split())
    visible = "".join(ch for ch in text[:4 * LONGEST_TEXT]
                      if ch.isspace() or unicodedata.category(ch) not in {"Cc", "Cf", "Co", "Cs"})
    return " ".join(visible.split())[:LONGEST_TEXT]


def many(node: Resource, name: str) -> list[Resource]:
    """The objects under `name`, whether it holds none, one or a list."""
    value = node.get(name)
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, dict)]


def one(node: Resource, name: str) -> Resource:
    """The first object under `name`, empty when there is none."""
    return next(iter(many(node, name)), {})


def texts(node: Resource, name: str) -> list[str]:
    """The non-empty strings under `name`, cleaned."""
    value = node.get(name)
    found = [clean(item) for item in (value if isinstance(value, list) else [value]) if isinstance(item, str)]
    return [text for text in found if text]


def text_of(node: Resource, name: str) -> str | None:
    """The first non-empty string under `name`, cleaned; None when there is none."""
    return next(iter(texts(node, name)), None)


def number_of(node: Resource, name: str) -> tuple[float, str] | None:
    """The finite number under `name` and how it was written; None for anything else."""
    value = node.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    written = value.written if isinstance(value, Decimal) else str(value).strip()
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return (number, written) if math.isfinite(number) else None


def flag_of(node: Resource, name: str) -> bool | None:
    """The boolean under `name`, also as XML writes it."""
    value = node.get(name)
    return {"true": True, "false": False}.get(value) if isinstance(value, str) else (
        value if isinstance(value, bool) else None)


def moment_of(node: Resource, name: str) -> str | None:
    """The FHIR date, dateTime or instant under `name` (ISO 8601, as precise as written); None if it is not one."""
    value = text_of(node, name)
    return value if value and MOMENT.fullmatch(value) else None


def period_of(node: Resource, name: str) -> tuple[str | None, str | None]:
    """Start and end of the Period under `name`."""
    period = one(node, name)
    return moment_of(period, "start"), moment_of(period, "end")


def concept_text(concept: Resource) -> str | None:
    """What a CodeableConcept says: its text, else its first display, else its first code."""
    codings = many(concept, "coding")
    displays = [display for coding in codings if (display := text_of(coding, "display"))]
    codes = [code for coding in codings if (code := text_of(coding, "code"))]
    return text_of(concept, "text") or next(iter(displays + codes), None)


def concept_codes(concept: Resource) -> Iterator[Code]:
    """The codes that a CodeableConcept carries under a named system; a LOINC code only with a valid check digit."""
    for coding in many(concept, "coding"):
        system, code = text_of(coding, "system"), text_of(coding, "code")
        if system and code and (system != LOINC or is_loinc(code)):
            yield Code(system=system, code=code,
                       display=text_of(coding, "display") or concept_text(concept) or code)


def code_words(node: Resource, name: str) -> set[str]:
    """The bare codes under the CodeableConcepts at `name`: for statuses and categories."""
    return {code for concept in many(node, name) for coding in many(concept, "coding")
            if (code := text_of(coding, "code"))}


def is_loinc(code: str) -> bool:
    """Whether `code` is written as LOINC writes it and its check digit holds (mod 10, LOINC Users' Guide, app. C)."""
    match = re.fullmatch(r"(\d{1,7})-(\d)", code)
    if match is None:
        return False
    total = 0
    for place, digit in enumerate(reversed(match[1])):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return (10 - total % 10) % 10 == int(match[2])

"""The sex that a file records for its patient, in one word for all sources."""

from __future__ import annotations

import re

_WORDS = {"m": "male", "male": "male", "f": "female", "female": "female", "o": "other", "other": "other"}
_LABELLED = re.compile(
    r"\b(?:(?:sex|gender)(?:\s*/\s*age)?"
    r"|age\s*/\s*(?:sex|gender)[ \t]*:?[ \t]*\d{1,3}[ \t]*(?:years?|yrs?|y)?[ \t]*[/,]?)"
    r"[ \t]*[:-]?[ \t]*(male|female|m|f)\b", re.IGNORECASE)


def sex_of(word: str | None) -> str | None:
    """`male`, `female` or `other` for DICOM's M, F, O and FHIR's words; None for anything else."""
    return _WORDS.get((word or "").strip().casefold())


def sex_in(text: str) -> str | None:
    """The sex that a text names by a label (`Sex: F`); None where it names none, or two."""
    said = {sex_of(word) for word in _LABELLED.findall(text)}
    return said.pop() if len(said) == 1 else None

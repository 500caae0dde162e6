"""Rows of laboratory tests against true ones: which belong together, and which of their fields agree. Pure.

Scored are the six fields that the MedGemma 1.5 report scores (3.2.5): name, result, unit, specimen, method, collection
time. How it paired tests is not published; here a row is paired with the true one of the same name or code and the
same result, then of the same name or code alone, each at most once.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import AliasChoices, Field, field_validator

from ...core.words import Word
from ...tools.lab_terms.units import ucum_of
from ...tools.labs.model_rows import collection_time
from ..lab_score import plain, plain_unit

FIELDS = ("name", "result", "unit", "specimen", "method", "collected")


class LabTest(Word, extra="ignore"):
    """One test, as truth or as it was read; None for what is not said."""

    name: str
    result: str = Field(validation_alias=AliasChoices("result", "value_text"))
    unit: str | None = None
    ucum: str | None = None
    """The unit in UCUM, where the truth has it: either form is right."""
    specimen: str | None = None
    method: str | None = None
    collected: str | None = Field(None, validation_alias=AliasChoices(
        "collected", "collected_at", "sample_collection_time"))
    """ISO 8601, or DD-MM-YYYY HH:MM:SS as MedGemma is asked for it."""
    codes: tuple[str, ...] = Field((), validation_alias=AliasChoices("codes", "loinc"))
    """LOINC; a test of one of these codes has the right name."""

    @field_validator("codes", mode="before")
    @classmethod
    def _several(cls, given: object) -> object:
        return (given,) if isinstance(given, str) else given or ()

    @field_validator("result", mode="before")
    @classmethod
    def _as_text(cls, given: object) -> object:
        return str(given) if isinstance(given, int | float) else given

    @property
    def moment(self) -> str:
        """When it was collected, to the minute at most; empty where it is not said."""
        said = (self.collected or "").strip()
        return (collection_time(said) or said.replace(" ", "T"))[:16]


def pairs_of(truth: Sequence[LabTest], read: Sequence[LabTest]) -> list[tuple[LabTest, LabTest]]:
    """True tests with those that were read of them."""
    left, open_rows, pairs = list(read), list(truth), []
    for fits in (lambda one, other: same_name(one, other) and same_result(one, other), same_name):
        for row in list(open_rows):
            found = next((item for item in left if fits(row, item)), None)
            if found is not None:
                pairs.append((row, found))
                left.remove(found)
                open_rows.remove(row)
    return pairs


def without_earlier(read: Sequence[LabTest], pairs: Sequence[tuple[LabTest, LabTest]],
                    earlier: Sequence[LabTest]) -> list[LabTest]:
    """What was read without the results of earlier dates that the page shows, with their dates, beside the new ones."""
    paired = [id(item) for _, item in pairs]
    return [item for item in read if id(item) in paired or not any(
        same_name(old, item) and same_result(old, item) and old.moment[:10] == item.moment[:10] for old in earlier)]


def same_name(truth: LabTest, read: LabTest) -> bool:
    """Whether the names are the same but for signs and case, or the codes are."""
    return plain(truth.name) == plain(read.name) or bool(set(truth.codes) & set(read.codes))


def same_result(truth: LabTest, read: LabTest) -> bool:
    """Whether the results are the same number, or the same words but for white space and case."""
    one, other = ("".join(item.result.split()).casefold().replace(",", ".") for item in (truth, read))
    return one == other or _number(one) == _number(other) is not None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def agree(field: str, truth: LabTest, read: LabTest) -> bool:
    """Whether a field of two paired tests says the same; the time to the precision of the truth."""
    if field == "name":
        return same_name(truth, read)
    if field == "result":
        return same_result(truth, read)
    if field == "unit":
        return bool(_units(truth) & _units(read))
    if field == "collected":
        return bool(truth.moment) and read.moment.startswith(truth.moment)
    return plain(getattr(truth, field) or "") == plain(getattr(read, field) or "")


def _units(test: LabTest) -> set[str]:
    """A unit as written and in UCUM, as far as that is known."""
    known = ucum_of(test.unit) if test.unit else None
    return {plain_unit(unit) for unit in (test.unit or "", test.ucum or known) if unit is not None}


def said(field: str, test: LabTest) -> bool:
    """Whether a test says anything in a field."""
    value = getattr(test, field)
    return bool((value and plain(value)) or (field == "unit" and value))


def field_marks(truth: Sequence[LabTest], read: Sequence[LabTest]) -> dict[str, float]:
    """Counts `tp:FIELD`, `fp:FIELD`, `fn:FIELD` of one document: a field that says otherwise is both wrong and missing;
    one that neither says counts nowhere."""
    counts = dict.fromkeys((f"{kind}:{field}" for kind in ("tp", "fp", "fn") for field in FIELDS), 0.0)
    pairs = pairs_of(truth, read)
    true_ids, read_ids = ({id(pair[side]) for pair in pairs} for side in (0, 1))
    for row, item in pairs:
        for field in FIELDS:
            right = said(field, row) and agree(field, row, item)
            counts[f"tp:{field}"] += right
            counts[f"fp:{field}"] += said(field, item) and not right
            counts[f"fn:{field}"] += said(field, row) and not right
    for kind, tests, held in (("fn", truth, true_ids), ("fp", read, read_ids)):
        for test in tests:
            for field in FIELDS:
                counts[f"{kind}:{field}"] += id(test) not in held and said(field, test)
    return counts


def row_f1(truth: Sequence[LabTest], read: Sequence[LabTest]) -> float:
    """F1 of whole tests whose name, result and unit are all right; 1 where there is none on either side."""
    hits = sum(same_result(row, item) and agree("unit", row, item) for row, item in pairs_of(truth, read))
    return 2 * hits / (len(truth) + len(read)) if truth or read else 1.0

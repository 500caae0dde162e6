"""Findings: what a tool measured, detected, extracted or compared, each tied to evidence."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import ConfigDict, Field

from .ids import content_id
from .shown import finding_html
from .words import Word

MEASURED = "measure"
"""`Finding.reader` of what was measured or extracted by rules; any other name is a model's."""


class Category(StrEnum):
    ANATOMY = "anatomy"
    OBSERVATION = "observation"
    MEASUREMENT = "measurement"
    LAB = "lab"
    CHANGE = "change"
    RECORD = "record"


class Status(StrEnum):
    PRESENT = "present"
    ABSENT = "absent"
    MEASURED = "measured"
    INDETERMINATE = "indeterminate"


class Assertion(StrEnum):
    AFFIRMED = "affirmed"
    NEGATED = "negated"
    UNCERTAIN = "uncertain"
    HISTORICAL = "historical"
    FAMILY = "family"


class Laterality(StrEnum):
    """The patient's side, never the side of the picture."""

    RIGHT = "right"
    LEFT = "left"
    BILATERAL = "bilateral"


class Direction(StrEnum):
    NEW = "new"
    RESOLVED = "resolved"
    IMPROVED = "improved"
    STABLE = "stable"
    WORSENED = "worsened"
    INCREASED = "increased"
    DECREASED = "decreased"


class Code(Word):
    system: str
    """A code system's URI, such as `http://loinc.org`."""
    code: str
    display: str


class Value(Word):
    """A value as it was measured or printed."""

    number: float | None = None
    text: str | None = None
    """The value as printed, or the words of a result without a number."""
    comparator: str | None = None
    """`<`, `<=`, `>`, `>=` or None."""
    unit: str | None = None
    """The unit as printed or as usually written."""
    ucum: str | None = None
    low: float | None = None
    high: float | None = None
    range_text: str | None = None
    precision: float | None = None
    """Half the width of the interval that the method states for `number`, in `unit`; None when none is stated."""
    flag: str | None = None
    """The flag as printed."""
    flag_computed: str | None = None
    """`L`, `N` or `H` from value and range."""
    specimen: str | None = None
    panel: str | None = None
    collected_at: str | None = None
    issued_at: str | None = None


class Change(Word):
    """What is different between two studies or results."""

    direction: Direction
    from_: float | None = Field(default=None, alias="from", serialization_alias="from")
    to: float | None = None
    delta: float | None = None
    relative: float | None = None
    """(to - from) / |from|, as a fraction."""
    least_detectable: float | None = None
    """Smallest difference that the method can tell from noise, in the value's unit; None when not known."""
    interval_days: int | None = None
    prior_evidence: tuple[str, ...] = ()

    model_config = ConfigDict(populate_by_name=True)


class Finding(Word):
    """One statement of one tool; `evidence` holds at least one evidence id."""

    id: str
    name: str
    code: Code | None = None
    category: Category
    status: Status
    assertion: Assertion = Assertion.AFFIRMED
    laterality: Laterality | None = None
    site: str | None = None
    value: Value | None = None
    change: Change | None = None
    confidence: float | None = Field(default=None, ge=0.0, le=1.0)
    evidence: tuple[str, ...] = Field(min_length=1)
    tool: str
    reader: str
    date: str | None = None
    patient: str
    """Opaque."""

    @property
    def is_read(self) -> bool:
        """Whether a model said it; what was measured or extracted by rules is not read."""
        return self.reader != MEASURED

    @property
    def number(self) -> float | None:
        """The value's number, None where there is none."""
        return self.value.number if self.value is not None else None

    def _repr_html_(self) -> str:
        return finding_html(self)


def make_finding(**fields: Any) -> Finding:
    """A finding under an id that follows from its content; takes `Finding`'s fields except `id`."""
    draft = Finding(id="draft", **fields)
    return draft.model_copy(update={"id": content_id("fi", draft.model_dump(mode="json", exclude={"id"}))})

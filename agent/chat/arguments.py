"""What the chat's tools may be asked for, as a model sees it: one schema each, none with a case or a patient."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ...tools.base import Arguments

DATE = r"^(\d{4}(-\d{2}(-\d{2})?)?)?$"


class Question(Arguments):
    """A question."""

    question: str = Field(max_length=500, description="In plain English: short forms written out.")
    count: bool = Field(default=False, description="Also how many entries answer to it.")


class LookUp(Arguments):
    """What to look up."""

    name: str = Field(min_length=1, max_length=120, description="Such as 'hemoglobin' or 'lung volume right lung'.")
    since: str = Field(default="", pattern=DATE, description="ISO date.")
    until: str = Field(default="", pattern=DATE, description="ISO date.")
    unit: str = Field(default="", max_length=20, description="Give the value in this unit too, such as 'g/L'.")
    pick: Literal["", "latest", "first", "highest", "lowest"] = Field(default="", description="One of several.")
    on: Literal["", "ct", "mr", "film", "slide"] = Field(default="", description="Only from this kind of examination.")


class Counted(Arguments):
    """What to count."""

    name: str = Field(min_length=1, max_length=120, description="Such as 'nodule' or 'hemoglobin'.")
    since: str = Field(default="", pattern=DATE, description="ISO date.")
    until: str = Field(default="", pattern=DATE, description="ISO date.")


class Change(Arguments):
    """Whose change."""

    name: str = Field(min_length=1, max_length=120, description="Such as 'hemoglobin' or 'nodule'.")
    since: str = Field(default="", pattern=DATE, description="ISO date.")
    until: str = Field(default="", pattern=DATE, description="ISO date.")
    relation: Literal["", "below", "above", "at most", "at least"] = Field(
        default="", description="To hold the amount of change against a number.")
    number: float | None = Field(default=None, ge=0.0, description="The amount of change.")
    unit: str = Field(default="", max_length=20, description="Of the amount, or '%'; alone, to tell the change in it.")
    direction: Literal["", "increased", "decreased"] = ""
    rate: bool = Field(default=False, description="Also how fast, per year.")


class Values(Arguments):
    """Which results, and the limit that they are held against."""

    name: str = Field(default="", max_length=120, description="Empty for all laboratory results.")
    relation: Literal["", "below", "above", "at most", "at least", "low", "high", "outside", "within"] = Field(
        default="", description="low to within go by the printed range; empty lists and counts results.")
    number: float | None = Field(default=None, description="The limit of below, above, at most and at least.")
    unit: str = Field(default="", max_length=20, description="Of the limit; empty for the results' own.")
    since: str = Field(default="", pattern=DATE, description="ISO date.")
    until: str = Field(default="", pattern=DATE, description="ISO date.")
    latest: bool = Field(default=False, description="Only the latest result.")


class Changes(Arguments):
    """Which changes."""

    percent: float = Field(default=0.0, ge=0.0, description="Of the earlier value; only larger changes are given.")
    direction: Literal["", "increased", "decreased"] = ""
    of: Literal["", "lab", "imaging"] = Field(default="", description="Only laboratory results, or only images.")
    most: int = Field(default=24, ge=1, le=24, description="How many changes are told, the largest first.")
    since: str = Field(default="", pattern=DATE, description="ISO date from which the change began.")
    until: str = Field(default="", pattern=DATE, description="ISO date.")


class Entries(Arguments):
    """Which entries of the record."""

    kind: Literal["conditions", "procedures", "medications", "allergies", "vaccinations", "visits"]
    since: str = Field(default="", pattern=DATE, description="ISO date.")
    until: str = Field(default="", pattern=DATE, description="ISO date.")


class Search(Arguments):
    """Which events."""

    text: str = Field(default="", max_length=200, description="Words that the event holds.")
    kind: Literal["", "lab", "record", "study", "measurement", "observation", "change"] = ""
    site: str = Field(default="", max_length=80, description="Such as 'right lung'.")
    analyte: str = Field(default="", max_length=80, description="Name or code of what was measured.")
    since: str = Field(default="", pattern=DATE, description="ISO date.")
    until: str = Field(default="", pattern=DATE, description="ISO date.")
    as_of: str = Field(default="", pattern=DATE, description="Only what was known by this ISO date.")


class Part(Arguments):
    """Which part."""

    part: Literal["impression", "reviewed", "comparison", "limits", "abnormal", "low", "high", "not read",
                  "conflicts", "counts"]


class Studies(Arguments):
    """Which examinations."""

    kind: Literal["", "ct", "mr", "film", "slide", "document", "lab report", "letter", "imaging", "labs"] = Field(
        default="", description="labs gives the days with laboratory results.")
    pick: Literal["", "first", "last"] = ""
    since: str = Field(default="", pattern=DATE, description="ISO date.")
    until: str = Field(default="", pattern=DATE, description="ISO date.")


class OneStudy(Arguments):
    """Which examination."""

    kind: Literal["ct", "mr", "film", "slide", "lab report", "letter"]
    date: str = Field(default="", pattern=DATE, description="Of the examination.")
    pick: Literal["first", "last"] = "last"


class Shown(Arguments):
    """Which evidence."""

    evidence: str = Field(pattern=r"^[EeRr]\d{1,6}$", description="Such as E12 or R3.")


class Days(Arguments):
    """From when to when."""

    first: str = Field(default="", pattern=DATE, description="ISO day.")
    last: str = Field(default="", pattern=DATE, description="ISO day.")
    kind: Literal["", "ct", "mr", "film", "slide"] = Field(default="", description="The two latest of this kind.")
    first_of: str = Field(default="", max_length=80, description="In place of first: such as 'last ct'.")
    last_of: str = Field(default="", max_length=80, description="In place of last: such as 'first hemoglobin'.")
    unit: Literal["days", "weeks", "months", "years"] = "days"


class Conversion(Arguments):
    """What to convert."""

    value: float
    unit: str = Field(max_length=20)
    to: str = Field(max_length=20)


class Prior(Arguments):
    """What to compare."""

    kind: Literal["ct", "mr", "film"]
    date: str = Field(default="", pattern=DATE, description="Of the later examination; the latest by default.")
    back: int = Field(default=1, ge=1, le=20, description="1 for the one before it, 2 for the one before that.")
    prior: str = Field(default="", pattern=DATE, description="In place of back: date of the earlier examination.")


class Again(Arguments):
    """What to run."""

    tool: Literal["volume", "pathology", "localization", "labs", "records"]
    date: str = Field(default="", pattern=DATE, description="Of the examination; the latest by default.")
    question: str = Field(default="", max_length=300)

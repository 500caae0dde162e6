"""Why a sentence is not supported, in the words that report and warnings give for it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple


class Reason(StrEnum):
    """What is wrong with a sentence, or with what it cites."""

    # What it cites.
    NO_SUCH_EVIDENCE = "it cites evidence that does not exist"
    NO_SUCH_FINDING = "it cites a finding that does not exist"
    NOTHING_CITED = "it cites no finding or no evidence"
    FOREIGN_EVIDENCE = "it cites evidence that is not its findings'"
    WITHOUT_EVIDENCE = "it cites a finding without its evidence"
    SEVERAL_PATIENTS = "its findings are of different patients"
    ONE_EXAMINATION = "it compares without evidence of both examinations"
    NOT_STATED = "it cites a finding that it does not state"
    NO_FINDING = "it states a measurement without a finding"
    A_PERSONS_OWN = "it is a person's own, and no finding stands behind it"
    CITATION_TAKEN_OFF = "it cites a finding that it does not state; that citation was taken off"
    # What it says of its findings.
    NOT_NAMED = "it does not name its finding"
    MORE = "it says more than its finding"
    SIDE = "a side is not that of its finding"
    NUMBER = "a number or its unit is not that of its finding"
    DATE = "a date is not that of its finding"
    PRESENCE = "presence and absence are turned round"
    CERTAINTY = "it is more or less certain than its finding"
    TOO_CERTAIN = "it is more certain than its finding"
    TOO_DOUBTFUL = "it is less certain than its finding"
    STANDING = "past, present and family are confused"
    FLAG = "its flag is not that of its finding"
    CHANGE = "a change is not that of its finding"
    NO_CHANGE = "it compares without a measured change"
    COMPARISON = "a comparison is not that of its findings"
    READER = "it does not say who read it"
    ENTRY = "an entry stands under another kind"
    EXAMINATION = "its evidence is of another kind of examination"
    # What it counts.
    COUNT = "its count is not that of its findings"
    MORE_THAN_A_COUNT = "it says more than a count"
    OTHER_ENTRIES = "it counts entries of another kind"


class Tried(NamedTuple):
    """A claim held against one finding: how many rules it passes, and why it does not pass the next (None: all)."""

    passed: int
    reason: Reason | None


def nearest(tried: Iterable[Tried]) -> Reason | None:
    """The reason of what passes most rules."""
    return max(tried, key=lambda one: (one.passed, one.reason or "")).reason

"""A claim held against one subject."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..reasons import Reason
from .claim import Claim, with_words
from .subjects import Subject

_MEDICATION = frozenset({"MedicationRequest", "MedicationStatement", "MedicationAdministration",
                         "MedicationDispense", "Medication"})
ENTRIES = {"allergy": frozenset({"AllergyIntolerance"}), "medication": _MEDICATION,
           "condition": frozenset({"Condition"}), "procedure": frozenset({"Procedure"}),
           "vaccine": frozenset({"Immunization"})}
"""FHIR resources of the entries that words stand for."""


@dataclass(frozen=True)
class Held:
    """A claim held against a subject.

    Args:
        claim: what is said.
        subject: of what.
        subjects: all that the sentence cites.
        units: those that the sentence gives.
    """

    claim: Claim
    subject: Subject
    subjects: Sequence[Subject]
    units: frozenset[str]


def name(held: Held) -> Reason | None:
    """The claim, or what it continues, names the subject."""
    claim, subject = held.claim, held.subject
    said = with_words(claim.phrases & subject.phrases)
    full = said | with_words(claim.context & subject.phrases)
    named = any(anchor <= full and (not claim.named or claim.by_unit or anchor & said) for anchor in subject.anchors)
    numbers = {phrase for phrase in claim.context if phrase[0].isdigit()}
    if numbers and not claim.named and not any(phrase[0].isdigit() for phrase in claim.phrases):
        named = named and numbers <= subject.phrases
    return None if named else Reason.NOT_NAMED

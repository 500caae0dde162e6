"""What one resource says, before it has an id: the words that all readers of resources share."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from ...core.evidence import Evidence, FhirResource, Source, make_evidence
from ...core.finding import Assertion, Category, Code, Finding, Status, Value, make_finding
from ...sources.fhir_fields import LOINC, Resource, clean, concept_codes, concept_text

SNOMED = "http://snomed.info/sct"
PREFERRED_SYSTEMS = (LOINC, SNOMED, "http://www.nlm.nih.gov/research/umls/rxnorm", "http://hl7.org/fhir/sid/cvx")
LONGEST_CAPTION = 200

Standing = tuple[Status, Assertion]
PRESENT: Standing = (Status.PRESENT, Assertion.AFFIRMED)
OVER: Standing = (Status.ABSENT, Assertion.HISTORICAL)
PAST: Standing = (Status.INDETERMINATE, Assertion.HISTORICAL)
"""Of what is called history: whether it is over is not said."""
DENIED: Standing = (Status.ABSENT, Assertion.NEGATED)
UNSURE: Standing = (Status.INDETERMINATE, Assertion.UNCERTAIN)
FAMILY: Standing = (Status.PRESENT, Assertion.FAMILY)
MEASURED: Standing = (Status.MEASURED, Assertion.AFFIRMED)


class Aspect(StrEnum):
    """What else a resource tells about its fact, each cited on its own. The value begins the evidence's caption."""

    END = "Ended"
    PRESCRIBER = "Prescriber"
    REASON = "Reason"


@dataclass(frozen=True)
class Detail:
    """One further element of the resource.

    Args:
        aspect: what it tells.
        path: FHIRPath of the element.
        text: what it says, one line.
        date: its date, for `Aspect.END`.
    """

    aspect: Aspect
    path: str
    text: str
    date: str | None = None


@dataclass(frozen=True)
class Fact:
    """One dated statement of a resource.

    Args:
        resource: the resource it comes from.
        key: id of that resource, or its place in the file (`#12`) when it has none.
        path: FHIRPath of the element that states it.
        name: what it is about, as the resource words it.
        standing: status and assertion.
        date: when it was so, ISO 8601, or None.
        code: the code that the resource carries.
        value: its value, if it has one.
        category: `record`, or `lab` for a laboratory result.
        details: what else the resource tells about it.
        words: the passage of a text inside the resource that states it, one line.
    """

    resource: Resource
    key: str
    path: str
    name: str
    standing: Standing
    date: str | None
    code: Code | None = None
    value: Value | None = None
    category: Category = Category.RECORD
    details: tuple[Detail, ...] = ()
    words: str | None = None

    @property
    def kind(self) -> str:
        """The type of its resource."""
        return str(self.resource["resourceType"])

    @property
    def label(self) -> str:
        """The type of its resource in words."""
        return _words(self.kind)


def preferred_code(concept: Resource) -> Code | None:
    """The code of a CodeableConcept in the system that others use most, else its first one."""
    codes = list(concept_codes(concept))
    ranked = [code for system in PREFERRED_SYSTEMS for code in codes if code.system == system]
    return next(iter(ranked + codes), None)


def name_of(concept: Resource) -> str:
    """What a CodeableConcept is called; a resource that does not say is called unnamed."""
    return concept_text(concept) or "unnamed"


def evidence_of(fact: Fact, source: Source) -> list[Evidence]:
    """The evidence of a fact: the stating element first, then one for each detail."""
    def at(path: str, caption: str, date: str | None) -> Evidence:
        locator = FhirResource(resource_type=fact.kind, id=fact.key, path=path)
        return make_evidence(source, locator, caption=clean(caption)[:LONGEST_CAPTION], date=date)

    said = f"{fact.name}, “{fact.words}”" if fact.words else f"{fact.name}{_amount(fact.value)}"
    shown = at(fact.path, f"{fact.label}: {said}", fact.date)
    return [shown, *(at(detail.path, f"{detail.aspect}: {detail.text}", detail.date or fact.date)
                     for detail in fact.details)]


def finding_of(fact: Fact, evidence: Iterable[Evidence], *, reader: str, patient: str) -> Finding:
    """The finding that a fact becomes."""
    status, assertion = fact.standing
    return make_finding(name=fact.name, code=fact.code, category=fact.category, status=status, assertion=assertion,
                        value=fact.value, evidence=tuple(item.id for item in evidence), tool="records",
                        reader=reader, date=fact.date, patient=patient)


def told_by(evidence: Evidence) -> tuple[Aspect, str] | None:
    """The aspect that a piece of evidence shows and its text; None for the evidence of the fact itself."""
    head, colon, text = evidence.caption.partition(": ")
    aspect = next((aspect for aspect in Aspect if colon and head == aspect), None)
    return (aspect, text) if aspect is not None else None


def without_names(text: str, names: Iterable[str]) -> str:
    """Free text with a person's names (each part of three letters or more) blanked."""
    parts = sorted({part for name in names for part in re.findall(r"[^\W\d_]{3,}", name)}, key=lambda p: (-len(p), p))
    if not parts:
        return text
    return re.sub(rf"(?<![^\W\d_])(?:{'|'.join(map(re.escape, parts))})(?![^\W\d_])", "[name]", text,
                  flags=re.IGNORECASE)


def _words(kind: str) -> str:
    """`MedicationRequest` -> `Medication request`."""
    cuts = [0, *(match.start() for match in re.finditer(r"(?<=[a-z])[A-Z]", kind)), len(kind)]
    return " ".join(kind[a:b] for a, b in pairwise(cuts)).capitalize()


def _amount(value: Value | None) -> str:
    if value is None or (value.number is None and value.text is None):
        return ""
    amount = value.text if value.text is not None else f"{value.comparator or ''}{value.number:g}"
    return f" {amount}{f' {value.unit}' if value.unit and value.number is not None else ''}"

"""Conditions, medications, allergies, procedures and what else is no measurement: each resource to its facts.

Status words are those of the FHIR R4 value sets of each resource (hl7.org/fhir/R4, the resource's Terminology
Bindings). An entry that is over (resolved, stopped) is historical, one that was ruled out is negated, one that is
planned, provisional or of unknown standing is uncertain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ...core.finding import Value
from ...sources.fhir_fields import (
    Resource,
    clean,
    code_words,
    concept_text,
    flag_of,
    many,
    moment_of,
    one,
    period_of,
    text_of,
    texts,
)
from ...sources.fhir_record import Record, moment_of_resource
from .facts import DENIED, FAMILY, OVER, PRESENT, UNSURE, Aspect, Detail, Fact, Standing, name_of, preferred_code

PLANNED = frozenset({"proposal", "plan", "option"})
DOUBTED = frozenset({"unconfirmed", "provisional", "differential"})
INACTIVE = frozenset({"inactive", "remission", "resolved"})

EVENT_STANDINGS: Mapping[str, Standing] = {
    "completed": PRESENT, "finished": PRESENT, "final": PRESENT, "amended": PRESENT, "corrected": PRESENT,
    "appended": PRESENT, "current": PRESENT, "in-progress": PRESENT, "onleave": PRESENT, "on-hold": PRESENT,
    "arrived": PRESENT, "triaged": PRESENT, "stopped": PRESENT, "superseded": OVER, "not-done": DENIED,
    "cancelled": DENIED, "available": PRESENT,
}
"""Of things that happen at a time: procedures, encounters, immunizations, reports. Any other word is uncertain."""

MEDICATION_STANDINGS: Mapping[str, Standing] = {
    "active": PRESENT, "completed": OVER, "stopped": OVER, "cancelled": OVER, "ended": OVER, "not-taken": DENIED,
}
"""Any other word (on-hold, draft, intended, unknown) is uncertain."""


def condition_facts(resource: Resource, key: str, record: Record) -> Iterator[Fact]:
    """A problem or diagnosis from its onset on."""
    started = moment_of(resource, "onsetDateTime") or next(filter(None, period_of(resource, "onsetPeriod")), None)
    yield Fact(resource, key, "Condition.code", name_of(one(resource, "code")), _condition_standing(resource),
               started or moment_of(resource, "recordedDate"), preferred_code(one(resource, "code")),
               details=tuple(_abatement(resource)))


def medication_facts(resource: Resource, key: str, record: Record) -> Iterator[Fact]:
    """A prescription (MedicationRequest) or a medicine that is taken (MedicationStatement)."""
    kind = resource["resourceType"]
    concept, element = _medicine(resource, record)
    start, end = period_of(resource, "effectivePeriod")
    details = [Detail(Aspect.END, f"{kind}.effectivePeriod.end", end[:10], end)] if end else _dosed_until(resource)
    details += [Detail(Aspect.PRESCRIBER, f"{kind}.requester", name) for name in _people(resource, "requester", record)]
    yield Fact(resource, key, f"{kind}.{element}", name_of(concept), _medication_standing(resource),
               start or moment_of_resource(resource), preferred_code(concept),
               details=(*details, *_reasons(resource, record)))


def allergy_facts(resource: Resource, key: str, record: Record) -> Iterator[Fact]:
    """An allergy or intolerance, with the reactions seen."""
    seen = [text for reaction in many(resource, "reaction") for concept in many(reaction, "manifestation")
            if (text := concept_text(concept))]
    reactions = Value(text=clean(", ".join(dict.fromkeys(seen)))) if seen else None
    substances = [one(reaction, "substance") for reaction in many(resource, "reaction")]
    concept = next((item for item in (one(resource, "code"), *substances) if item), {})
    yield Fact(resource, key, "AllergyIntolerance.code", name_of(concept), _condition_standing(resource),
               moment_of_resource(resource), preferred_code(concept), reactions)


def event_facts(resource: Resource, key: str, record: Record) -> Iterator[Fact]:
    """A procedure, an encounter, an immunization, a report or a document: something that happened at a time."""
    kind = resource["resourceType"]
    element = {"Encounter": "type", "Immunization": "vaccineCode", "DocumentReference": "type",
               "ImagingStudy": "procedureCode"}.get(kind, "code")
    concept = one(resource, element)
    name = concept_text(concept) or text_of(one(resource, "class"), "display") or text_of(resource, "description")
    if name is None and kind == "ImagingStudy":
        element, name = "series", _imaging(resource)
    conclusion = text_of(resource, "conclusion")
    yield Fact(resource, key, f"{kind}.{element}", name or "unnamed",
               EVENT_STANDINGS.get(text_of(resource, "status") or "", UNSURE), moment_of_resource(resource),
               preferred_code(concept), Value(text=conclusion) if conclusion else None,
               details=tuple(_reasons(resource, record)))


def given_facts(resource: Resource, key: str, record: Record) -> Iterator[Fact]:
    """A medicine that was given (MedicationAdministration) or handed out (MedicationDispense)."""
    kind = resource["resourceType"]
    concept, element = _medicine(resource, record)
    when = moment_of(resource, "whenHandedOver") or moment_of(resource, "whenPrepared")
    yield Fact(resource, key, f"{kind}.{element}", name_of(concept),
               EVENT_STANDINGS.get(text_of(resource, "status") or "", UNSURE), moment_of_resource(resource) or when,
               preferred_code(concept), details=tuple(_reasons(resource, record)))


def family_facts(resource: Resource, key: str, record: Record) -> Iterator[Fact]:
    """What relatives had: never the patient's own."""
    relative = concept_text(one(resource, "relationship"))
    for place, item in enumerate(many(resource, "condition")):
        concept = one(item, "code")
        yield Fact(resource, key, f"FamilyMemberHistory.condition[{place}].code", name_of(concept), FAMILY,
                   moment_of(resource, "date"), preferred_code(concept), Value(text=relative) if relative else None)


def death_facts(resource: Resource, key: str, record: Record) -> Iterator[Fact]:
    """That the person died, and when where that is told; nothing where the record does not say so."""
    moment = moment_of(resource, "deceasedDateTime")
    if moment or flag_of(resource, "deceasedBoolean"):
        element = "deceasedDateTime" if moment else "deceasedBoolean"
        yield Fact(resource, key, f"Patient.{element}", "Death", PRESENT, moment)


READERS: Mapping[str, Callable[[Resource, str, Record], Iterator[Fact]]] = {
    "Condition": condition_facts, "MedicationRequest": medication_facts, "MedicationStatement": medication_facts,
    "AllergyIntolerance": allergy_facts, "Procedure": event_facts, "Encounter": event_facts,
    "Immunization": event_facts, "DiagnosticReport": event_facts, "DocumentReference": event_facts,
    "FamilyMemberHistory": family_facts, "ImagingStudy": event_facts, "MedicationAdministration": given_facts,
    "MedicationDispense": given_facts, "Patient": death_facts,
}


def _imaging(resource: Resource) -> str | None:
    """An imaging study that has no name, by the modality and body part of its first series."""
    series = one(resource, "series")
    parts = [text_of(one(series, element), "display") for element in ("modality", "bodySite")]
    return ", ".join(filter(None, parts)) or None


def _condition_standing(resource: Resource) -> Standing:
    verified = code_words(resource, "verificationStatus")
    if "refuted" in verified:
        return DENIED
    if verified & DOUBTED:
        return UNSURE
    clinical = code_words(resource, "clinicalStatus")
    return OVER if clinical & INACTIVE or (not clinical and any(_abatement(resource))) else PRESENT


def _abatement(resource: Resource) -> Iterator[Detail]:
    """When a condition ended, or that it did."""
    moment = moment_of(resource, "abatementDateTime") or period_of(resource, "abatementPeriod")[1]
    if moment:
        yield Detail(Aspect.END, "Condition.abatement", moment[:10], moment)
    elif text := text_of(resource, "abatementString"):
        yield Detail(Aspect.END, "Condition.abatement", text)


def _medication_standing(resource: Resource) -> Standing:
    if flag_of(resource, "doNotPerform"):
        return DENIED
    if text_of(resource, "intent") in PLANNED:
        return UNSURE
    return MEDICATION_STANDINGS.get(text_of(resource, "status") or "", UNSURE)


def _dosed_until(resource: Resource) -> list[Detail]:
    """When the last of the dosage instructions ends; nothing where one of them has no end."""
    kind = resource["resourceType"]
    element = "dosageInstruction" if kind == "MedicationRequest" else "dosage"
    ends = [(period_of(one(one(item, "timing"), "repeat"), "boundsPeriod")[1], place)
            for place, item in enumerate(many(resource, element))]
    known = [(end, place) for end, place in ends if end]
    if not known or len(known) < len(ends):
        return []
    end, place = max(known)
    return [Detail(Aspect.END, f"{kind}.{element}[{place}].timing.repeat.boundsPeriod.end", end[:10], end)]


def _medicine(resource: Resource, record: Record) -> tuple[Resource, str]:
    """The medicine's CodeableConcept, resolved where it is a reference, and the element that states it."""
    if concept := one(resource, "medicationCodeableConcept"):
        return concept, "medicationCodeableConcept"
    reference = one(resource, "medicationReference")
    target = record.resolve(reference, resource) or {}
    display = text_of(reference, "display")
    return one(target, "code") or ({"text": display} if display else {}), "medicationReference"


def _people(resource: Resource, element: str, record: Record) -> Iterator[str]:
    """Names of the professionals that an element refers to."""
    for reference in many(resource, element):
        target = record.resolve(reference, resource) or {}
        if target.get("resourceType") == "PractitionerRole":
            reference = one(target, "practitioner")  # noqa: PLW2901 - the role only points at the person
            target = record.resolve(reference, target) or {}
        if target.get("resourceType") in {"Patient", "RelatedPerson"}:
            continue
        if name := _professional(target) or text_of(reference, "display"):
            yield name


def _professional(target: Resource) -> str | None:
    """Name of a practitioner or an organization."""
    if text := text_of(target, "name"):
        return text
    name = one(target, "name")
    parts = [text for element in ("prefix", "given", "family") for text in texts(name, element)]
    return text_of(name, "text") or clean(" ".join(parts)) or None


def _reasons(resource: Resource, record: Record) -> Iterator[Detail]:
    """Why: the reason's own words, or the name of the condition referred to."""
    kind = resource["resourceType"]
    for concept in many(resource, "reasonCode"):
        if text := concept_text(concept):
            yield Detail(Aspect.REASON, f"{kind}.reasonCode", text)
    for reference in many(resource, "reasonReference"):
        target = record.resolve(reference, resource) or {}
        if text := concept_text(one(target, "code")) or text_of(reference, "display"):
            yield Detail(Aspect.REASON, f"{kind}.reasonReference", text)

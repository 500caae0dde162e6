"""What was printed and written in documents and records, said as the shipped tools say what they read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...core.case import CaseFile, Study
from ...core.evidence import DocumentSpan, Evidence, FhirResource, Source, make_evidence
from ...core.finding import Assertion, Category, Code, Finding, Status, Value, make_finding
from ...phantoms.ids import make_uuid
from ...tools.base import MEASURED, source_of

Json = dict[str, Any]
Told = tuple[list[Finding], list[Evidence]]
PAGE = (0.0, 0.0, 595.0, 842.0)
STANDINGS = {"affirmed": Status.PRESENT, "negated": Status.ABSENT, "historical": Status.INDETERMINATE,
             "uncertain": Status.INDETERMINATE, "family": Status.PRESENT}


def tell_labs(study: Study, truth: Json, patient: str) -> Told:
    """Every printed row of the study's laboratory reports."""
    findings: list[Finding] = []
    evidence: list[Evidence] = []
    known = {file.path: file for file in study.files}
    for lab in (item for item in truth["labs"] if item["file"] in known):
        for row in lab["results"]:
            shown = make_evidence(source_of(known[lab["file"]]),
                                  DocumentSpan(page=1, bbox=PAGE, text=f"{row['name']} {row['value_text']}"),
                                  caption=f"{row['name']}, page 1", date=lab["collected_at"])
            evidence.append(shown)
            findings.append(_result(row, lab["reported_at"], shown, patient, "labs"))
    return findings, evidence


def _result(row: Json, issued: str | None, shown: Evidence, patient: str, tool: str) -> Finding:
    value = Value(number=row["value"], text=row.get("value_text"), unit=row["unit"], ucum=row["ucum"],
                  low=row.get("low"), high=row.get("high"), range_text=row.get("range_text"), flag=row["flag"],
                  specimen=row.get("specimen"), panel=row.get("panel"), collected_at=row["collected_at"],
                  issued_at=issued)
    return make_finding(name=row["name"], code=Code(system="http://loinc.org", code=row["loinc"], display=row["name"]),
                        category=Category.LAB, status=Status.MEASURED, value=value, evidence=(shown.id,), tool=tool,
                        reader=MEASURED, date=row["collected_at"], patient=patient)


def tell_record(study: Study, truth: Json, patient: str) -> Told:
    """What records, notes and other documents state."""
    findings: list[Finding] = []
    evidence: list[Evidence] = []
    for file in study.files:
        for made, shown in (*_notes(file, truth, patient), *_record(file, truth, patient)):
            findings.append(made)
            evidence.append(shown)
    return findings, evidence


def _notes(file: CaseFile, truth: Json, patient: str) -> Iterator[tuple[Finding, Evidence]]:
    for note in (item for item in truth.get("notes", []) if item["file"] == file.path):
        for fact in note["facts"]:
            name = fact["name"].capitalize()
            shown = make_evidence(source_of(file), DocumentSpan(page=1, bbox=(0, 0, 0, 0), text=fact["name"]),
                                  caption=f"Note: {name}, {fact['assertion']}", date=note["date"])
            yield make_finding(name=name, category=Category.RECORD, status=STANDINGS[fact["assertion"]],
                               assertion=Assertion(fact["assertion"]), evidence=(shown.id,), tool="records",
                               reader=MEASURED, date=note["date"], patient=patient), shown


def _record(file: CaseFile, truth: Json, patient: str) -> Iterator[tuple[Finding, Evidence]]:
    record = truth.get("record")
    if record is None or record["file"] != file.path:
        return
    source = source_of(file)
    for kind, listed, date in (("Condition", "conditions", "onset"), ("MedicationRequest", "medications", "start"),
                               ("AllergyIntolerance", "allergies", "recorded"), ("Encounter", "encounters", "date")):
        for item in record[listed]:
            yield _entry(kind, item, item[date], source, truth["seed"], patient)
    for row in record["observations"]:
        key = make_uuid(truth["seed"], "Observation", f"{row['loinc']} {row['collected_at']}")
        shown = make_evidence(source, FhirResource(resource_type="Observation", id=key, path="Observation.code"),
                              caption=f"Observation: {row['name']}", date=row["collected_at"])
        yield _result(row, None, shown, patient, "records"), shown


def _entry(kind: str, item: Json, date: str, source: Source, seed: int, patient: str) -> tuple[Finding, Evidence]:
    name = item.get("display") or item["text"]
    over = item.get("abated") or item.get("end")
    key = make_uuid(seed, kind, str(item["date"] if kind == "Encounter" else item.get("code", "penicillin")))
    shown = make_evidence(source, FhirResource(resource_type=kind, id=key, path=f"{kind}.code"),
                          caption=f"{kind}: {name}", date=date)
    made = make_finding(name=name, category=Category.RECORD, status=Status.ABSENT if over else Status.PRESENT,
                        assertion=Assertion.HISTORICAL if over else Assertion.AFFIRMED, evidence=(shown.id,),
                        tool="records", reader=MEASURED, date=date, patient=patient)
    return made, shown

"""Runs the records tool on a file or on resources, as a review does."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from caseloom.core.case import CaseFile, FileKind, Patient, Series, Study
from caseloom.core.result import ToolResult
from caseloom.readers.measure import MeasureReader
from caseloom.readers.protocol import Reader
from caseloom.tools.base import ToolContext
from caseloom.tools.records import RecordsTool

ANNA = {"resourceType": "Patient", "id": "p1", "identifier": [{"value": "A77-1"}], "birthDate": "1950-02-03",
        "name": [{"family": "Ohm", "given": ["Anna"]}]}
CARL = {"resourceType": "Patient", "id": "p2", "identifier": [{"value": "C88-1"}], "birthDate": "1961-01-01",
        "name": [{"family": "Volt", "given": ["Carl"]}]}
ANNA_S_CASE = Patient(id="A77-1", names=("Anna Ohm",), birth_date="1950-02-03")


def concept(text: str, system: str | None = None, code: str | None = None) -> dict:
    coding = [{"system": system, "code": code, "display": text}] if code else []
    return {"text": text, "coding": coding}


def status(code: str) -> dict:
    return {"coding": [{"code": code}]}


def about_anna(kind: str, **elements: object) -> dict:
    subject = "patient" if kind in {"AllergyIntolerance", "Immunization", "FamilyMemberHistory"} else "subject"
    return {"resourceType": kind, subject: {"reference": "Patient/p1"}, **elements}


def run_on_resources(folder: Path, *resources: dict, patient: Patient | None = ANNA_S_CASE,
                     question: str | None = None, reader: Reader | None = None) -> ToolResult:
    path = folder / "record.json"
    path.write_text(json.dumps({"resourceType": "Bundle", "entry": [{"resource": item} for item in resources]}))
    return run_on_file(path, patient=patient, question=question, reader=reader)


def run_on_file(path: Path, *, patient: Patient | None = None, kind: FileKind = FileKind.RECORD,
                question: str | None = None, cache: Path | None = None, reader: Reader | None = None) -> ToolResult:
    raw = path.read_bytes()
    file = CaseFile(path=path.name, sha256=hashlib.sha256(raw).hexdigest(), size=len(raw), kind=kind)
    series = Series(uid=f"sha256:{file.sha256}", kind=kind, modality="FHIR", files=(file,))
    study = Study(id="S1", uid=series.uid, kind=kind, modality="FHIR", date=None, series=(series,))
    context = ToolContext(root=path.parent, patient=patient, opaque_patient="P-0", reader=reader or MeasureReader(),
                          pictures=None, cache=cache or path.parent, question=question)
    tool = RecordsTool()
    assert tool.gate(study) is None
    return tool.run(study, context)

"""What a report rests on, and who decided about it, as FHIR R4 resources."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from ..core.case import FileKind
from ..core.moments import is_date
from ..core.report import Report, ReportStatus, ReviewedStudy
from .wording import plain

DICOM = "http://dicom.nema.org/resources/ontology/DCM"
PARTICIPANT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
IMAGES = (FileKind.CT, FileKind.MR, FileKind.VOLUME, FileKind.FILM, FileKind.SLIDE)
DOCUMENTS = (FileKind.DOCUMENT, FileKind.NOTE)
_UID = re.compile(r"[0-9]+(\.[0-9]+)+")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})")

Resource = dict[str, Any]


def imaged(report: Report) -> list[ReviewedStudy]:
    """Studies with images whose UIDs are DICOM's."""
    return [study for study in report.studies if study.kind in IMAGES and _UID.fullmatch(study.uid)]


def written(report: Report) -> list[ReviewedStudy]:
    """Documents and notes."""
    return [study for study in report.studies if study.kind in DOCUMENTS]


def imaging_study(study: ReviewedStudy, patient: str) -> Resource:
    """An ImagingStudy.

    Args:
        study: with DICOM UIDs.
        patient: address of the Patient.
    """
    made: Resource = {
        "resourceType": "ImagingStudy",
        "identifier": [{"system": "urn:dicom:uid", "value": f"urn:oid:{study.uid}"}],
        "status": "available",
        "subject": {"reference": patient},
        "started": moment_of(study.date),
        "description": plain(study.description) or None,
        "series": [_without_gaps({
            "uid": series.uid, "modality": {"system": DICOM, "code": series.modality},
            "description": plain(series.description) or None, "numberOfInstances": series.files})
            for series in study.series if _UID.fullmatch(series.uid)],
    }
    return _without_gaps(made)


def document_reference(study: ReviewedStudy, patient: str) -> Resource:
    """A DocumentReference that names the document by its digest; the document itself stays where it is.

    Args:
        study: of one document.
        patient: address of the Patient.
    """
    kind = plain(study.description) or "document"
    made: Resource = {
        "resourceType": "DocumentReference",
        "masterIdentifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:{study.uid}"},
        "status": "current",
        "type": {"text": kind},
        "subject": {"reference": patient},
        "description": f"{kind}, {study.date}" if study.date else kind,
        "content": [{"attachment": _without_gaps({"title": kind, "creation": moment_of(study.date)})}],
    }
    return _without_gaps(made)


def provenance(report: Report, target: str) -> list[Resource]:
    """One Provenance for each decision of a person: edits, signature or rejection, addenda.

    Args:
        report: draft or decided.
        target: address of the DiagnosticReport.
    """
    made = [_decision(edit.name, edit.account, edit.edited_at, "author", "edited") for edit in report.edits]
    signature = report.signature
    if signature is not None:
        done = ("attester", "signed") if report.status is ReportStatus.SIGNED else ("verifier", "rejected")
        made.append(_decision(signature.name, signature.account, signature.signed_at, *done))
    made += [_decision(one.name, one.account, one.added_at, "author", "added to") for one in report.addenda]
    return [{**item, "target": [{"reference": target}]} for item in made if item]


def moment_of(date: str | None) -> str | None:
    """A date as FHIR's dateTime: with its time where that has seconds and a zone, else the year, month or day alone.

    Args:
        date: ISO 8601, as precise as the source says; None, and what is no date, give None.
    """
    if date and _INSTANT.fullmatch(date) and _is_time(date):
        return date
    day = (date or "")[:10]
    return day if is_date(day) else None


def _is_time(moment: str) -> bool:
    try:
        datetime.fromisoformat(moment)
    except ValueError:
        return False
    return True


def _decision(name: str, account: str, moment: str, role: str, activity: str) -> Resource:
    """Empty where the moment is none that FHIR can hold."""
    if not _INSTANT.fullmatch(moment):
        return {}
    return {
        "resourceType": "Provenance", "recorded": moment, "activity": {"text": activity},
        "agent": [{"type": {"coding": [{"system": PARTICIPANT, "code": role}]},
                   "who": {"display": f"{plain(name)} (account {plain(account)})"}}],
    }


def _without_gaps(made: Resource) -> Resource:
    return {key: value for key, value in made.items() if value not in (None, [])}

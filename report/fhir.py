"""The report as a FHIR R4 collection Bundle: a DiagnosticReport, its Observations, and an opaque Patient."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

from markupsafe import escape

from ..core.finding import Category, Finding, Status, Value
from ..core.report import Report, ReportStatus, SentenceKind
from .fhir_sources import document_reference, imaged, imaging_study, provenance, written
from .view import banner
from .wording import finding_date, plain, range_text, value_text

UCUM = "http://unitsofmeasure.org"
INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
LAB_CATEGORY = {"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory",
                "display": "Laboratory"}
FLAGS = {"L": "Low", "H": "High", "N": "Normal"}
COMPARATORS = ("<", "<=", ">=", ">")
STATUS = {ReportStatus.DRAFT: "preliminary", ReportStatus.SIGNED: "final", ReportStatus.REJECTED: "cancelled"}
OBSERVED = (Category.LAB, Category.MEASUREMENT, Category.OBSERVATION)
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})")
_CODE = re.compile(r"\S+( \S+)*")
_SPACE = uuid.uuid5(uuid.NAMESPACE_URL, "caseloom.report/1")

Resource = dict[str, Any]


def bundle_of(report: Report) -> str:
    """The Bundle as indented JSON. Measured and laboratory findings become Observations; changes and record entries,
    which are derived or stand in their own resources, are told in the conclusion only. Studies with images become
    ImagingStudy, documents DocumentReference; each decision of a person is a Provenance.
    """
    patient = _address(report, "patient")
    observed = [item for item in report.findings if item.category in OBSERVED]
    resources: list[tuple[str, Resource]] = [
        (_address(report, "report"), _diagnostic_report(report, patient, observed)),
        (patient, {"resourceType": "Patient", "identifier": [{"value": report.case.patient}]}),
        *((_address(report, item.id), _observation(item, report, patient)) for item in observed),
        *((_address(report, f"study {item.uid}"), imaging_study(item, patient)) for item in imaged(report)),
        *((_address(report, f"study {item.uid}"), document_reference(item, patient)) for item in written(report)),
        *((_address(report, f"decision {n}"), made) for n, made in enumerate(
            provenance(report, _address(report, "report")), start=1)),
    ]
    bundle = {"resourceType": "Bundle", "type": "collection",
              "entry": [{"fullUrl": address, "resource": resource} for address, resource in resources]}
    return json.dumps(bundle, indent=2, ensure_ascii=False) + "\n"


def _address(report: Report, key: str) -> str:
    return f"urn:uuid:{uuid.uuid5(_SPACE, f'{report.case.patient}/{report.case.id}/{key}')}"


def _diagnostic_report(report: Report, patient: str, observed: list[Finding]) -> Resource:
    told = [sentence.text for section in report.sections for sentence in section.sentences
            if sentence.kind is SentenceKind.IMPRESSION]
    made: Resource = {
        "resourceType": "DiagnosticReport",
        "text": {"status": "generated", "div": _narrative(report)},
        "status": STATUS[report.status],
        "code": {"text": "Case review by Caseloom"},
        "subject": {"reference": patient},
        "result": [{"reference": _address(report, item.id)} for item in observed],
        "imagingStudy": [{"reference": _address(report, f"study {item.uid}")} for item in imaged(report)],
        **({"issued": report.signature.signed_at, "resultsInterpreter": [{"display": plain(report.signature.name)}]}
           if report.status is ReportStatus.SIGNED and report.signature is not None else {}),
        "conclusion": " ".join([banner(report), *(plain(text) for text in told)]),
    }
    return {key: value for key, value in made.items() if value}


def _narrative(report: Report) -> str:
    parts = [f"<p><b>{escape(banner(report))}</b></p>"]
    for section in report.sections:
        lines = "".join(f"<li>{escape(plain(sentence.text))}</li>" for sentence in section.sentences)
        parts.append(f"<p>{escape(plain(section.title))}</p><ul>{lines}</ul>")
    return f'<div xmlns="http://www.w3.org/1999/xhtml">{"".join(parts)}</div>'


def _observation(finding: Finding, report: Report, patient: str) -> Resource:
    value = finding.value
    made: Resource = {
        "resourceType": "Observation",
        "status": STATUS[report.status],
        "category": [{"coding": [LAB_CATEGORY]}] if finding.category is Category.LAB else None,
        "code": _concept(finding),
        "subject": {"reference": patient},
        "effectiveDateTime": _moment(finding),
        **_result(finding),
        "interpretation": _interpretation(value),
        "note": [{"text": f"Evidence {', '.join(finding.evidence)} of the report. Status: {finding.status.value}."}],
        "bodySite": _body_site(finding),
        "method": {"text": f"Caseloom {finding.tool}, reader {finding.reader}"},
        "referenceRange": _reference_range(value),
    }
    return {key: entry for key, entry in made.items() if entry is not None}


def _concept(finding: Finding) -> Resource:
    text = plain(finding.name) or "unnamed"
    if finding.code is None:
        return {"text": text}
    coding = {"system": finding.code.system, "code": finding.code.code, "display": plain(finding.code.display)}
    return {"coding": [{key: entry for key, entry in coding.items() if entry}], "text": text}


def _moment(finding: Finding) -> str | None:
    moment = finding_date(finding) or ""
    if _MOMENT.fullmatch(moment):
        return moment
    day = moment[:10]
    return day if _DATE.fullmatch(day) else None


def _result(finding: Finding) -> Resource:
    value = finding.value
    if value is not None and value.number is not None:
        return {"valueQuantity": _quantity(value, value.number)}
    if value is not None and value_text(value):
        return {"valueString": value_text(value)}
    if finding.status in (Status.PRESENT, Status.ABSENT):
        return {"valueCodeableConcept": {"text": finding.status.value}}
    return {"dataAbsentReason": {"text": finding.status.value}}


def _quantity(value: Value, number: float) -> Resource:
    made: Resource = {"value": int(number) if number.is_integer() else number}
    if value.comparator in COMPARATORS:
        made["comparator"] = value.comparator
    if value.unit:
        made["unit"] = plain(value.unit)
    if value.ucum and _CODE.fullmatch(value.ucum):
        made |= {"system": UCUM, "code": value.ucum}
    return made


def _interpretation(value: Value | None) -> list[Resource] | None:
    if value is None:
        return None
    computed = value.flag_computed or ""
    if computed in FLAGS:
        coding = {"system": INTERPRETATION, "code": computed, "display": FLAGS[computed]}
        return [{"coding": [coding]} | ({"text": plain(value.flag)} if value.flag and plain(value.flag) else {})]
    return [{"text": plain(value.flag)}] if value.flag and plain(value.flag) else None


def _body_site(finding: Finding) -> Resource | None:
    side = finding.laterality.value if finding.laterality else ""
    site = plain(finding.site or "")
    text = site if side in site.casefold() else f"{side} {site}".strip()
    return {"text": text} if text else None


def _reference_range(value: Value | None) -> list[Resource] | None:
    if value is None or not range_text(value):
        return None
    limits = {key: _quantity(value.model_copy(update={"comparator": None}), number)
              for key, number in (("low", value.low), ("high", value.high)) if number is not None}
    return [{**limits, "text": range_text(value)}]

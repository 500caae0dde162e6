"""The report as a FHIR R4 collection Bundle: a DiagnosticReport, its Observations, and an opaque Patient."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

from markupsafe import escape

from ..core.finding import Category, Finding, Status, Value
from ..core.flags import counted_flag
from ..core.report import Report, ReportStatus, Sentence, SentenceKind, Support
from .fhir_sources import document_reference, imaged, imaging_study, moment_of, provenance, written
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
_CODE = re.compile(r"\S+( \S+)*")
_SPACE = uuid.uuid5(uuid.NAMESPACE_URL, "caseloom.report/1")

Resource = dict[str, Any]


def bundle_of(report: Report) -> str:
    """The Bundle as indented JSON. Measured and laboratory findings become Observations; changes and record entries,
    which are derived or stand in their own resources, are told in the conclusion only, by the sentences that cite them;
    it says how many no sentence names (`untold`). Studies with images become ImagingStudy, documents DocumentReference;
    each decision of a person is a Provenance.
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


def untold(report: Report) -> list[Finding]:
    """What the Bundle does not hold: findings that are no Observation, and that no sentence which cites them names."""
    said: dict[str, str] = {}
    for sentence in (sentence for section in report.sections for sentence in section.sentences):
        for key in sentence.findings:
            said[key] = f"{said.get(key, '')} {plain(sentence.text)}".casefold()
    return [item for item in report.findings
            if item.category not in OBSERVED and plain(item.name).casefold() not in said.get(item.id, "")]


def _diagnostic_report(report: Report, patient: str, observed: list[Finding]) -> Resource:
    made: Resource = {
        "resourceType": "DiagnosticReport",
        "text": {"status": "generated", "div": _narrative(report)},
        "status": "appended" if report.addenda else STATUS[report.status],
        "code": {"text": "Case review by Caseloom"},
        "subject": {"reference": patient},
        "result": [{"reference": _address(report, item.id)} for item in observed],
        "imagingStudy": [{"reference": _address(report, f"study {item.uid}")} for item in imaged(report)],
        **_issued(report),
        "conclusion": _conclusion(report),
    }
    return {key: value for key, value in made.items() if value}


def _issued(report: Report) -> Resource:
    """By whom a signed report was interpreted, and since when it says what it says now."""
    if report.status is not ReportStatus.SIGNED or report.signature is None:
        return {}
    latest = report.addenda[-1].added_at if report.addenda else report.signature.signed_at
    return {"issued": latest, "resultsInterpreter": [{"display": plain(report.signature.name)}]}


def _conclusion(report: Report) -> str:
    """The impression, the sentences about findings that are no Observation, and what was added after signing."""
    apart = {item.id for item in report.findings if item.category not in OBSERVED}
    told = [_said(sentence) for section in report.sections for sentence in section.sentences
            if sentence.kind is SentenceKind.IMPRESSION or apart.intersection(sentence.findings)]
    missing = len(untold(report))
    more = [f"Findings that this bundle does not hold, and report.json does: {missing}."] if missing else []
    return " ".join([banner(report), *told, *more, *_added(report)])


def _said(sentence: Sentence) -> str:
    """A sentence with what every form says beside it: the model whose reading it is, and that nothing supports it."""
    reader = f" (read by {plain(sentence.read_by)})" if sentence.read_by else ""
    return plain(sentence.text) + reader + ("" if sentence.support is Support.SUPPORTED else " [unsupported]")


def _added(report: Report) -> list[str]:
    return [f"Addendum by {plain(one.name)}, {plain(one.added_at)}: {plain(one.text)}" for one in report.addenda]


def _narrative(report: Report) -> str:
    parts = [f"<p><b>{escape(banner(report))}</b></p>", *(f"<p>{escape(text)}</p>" for text in _added(report))]
    for section in report.sections:
        lines = "".join(f"<li>{escape(_said(sentence))}</li>" for sentence in section.sentences)
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
        "effectiveDateTime": moment_of(finding_date(finding)),
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
    """The printed flag as it is, and coded which way the report says it points."""
    if value is None:
        return None
    printed = plain(value.flag or "")
    made: Resource = {"text": printed} if printed else {}
    if (points := counted_flag(printed, value.flag_computed)) is not None:
        made = {"coding": [{"system": INTERPRETATION, "code": points, "display": FLAGS[points]}]} | made
    return [made] if made else None


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

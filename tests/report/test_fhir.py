"""The bundle says what the report says: its dates, its doubts, its addenda, its flags, and what it does not hold."""

from __future__ import annotations

from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from made_report import made_report

from caseloom.core.case import FileKind
from caseloom.core.finding import Category, Value
from caseloom.core.flags import counted_flag
from caseloom.core.report import Addendum, Report, ReportStatus, ReviewedSeries, ReviewedStudy, Signature, Support
from caseloom.report.fhir import bundle_of, untold
from caseloom.report.fhir_sources import moment_of

WHO = {"name": "Dr. Ada", "account": "ada"}


@pytest.fixture(scope="module")
def report() -> Report:
    return made_report()


def resources(report: Report, kind: str) -> list[Any]:
    bundle = Bundle.model_validate_json(bundle_of(report))
    return [entry.resource for entry in bundle.entry if entry.resource.get_resource_type() == kind]


def signed(report: Report, *addenda: Addendum) -> Report:
    signature = Signature(signed_at="2025-03-05T10:00:00+00:00", content_sha256="0" * 64, **WHO)
    return report.model_copy(update={"status": ReportStatus.SIGNED, "signature": signature, "addenda": addenda})


@pytest.mark.parametrize(("date", "told"), [
    ("2025-03-03T08:15", "2025-03-03"), ("2025-03-03T08:15:00", "2025-03-03"), ("2025-03", "2025-03"),
    ("2025-03-03T08:15:30+01:00", "2025-03-03T08:15:30+01:00"), ("2025-03-03T25:15:30Z", "2025-03-03"),
    ("2025-02-30", None), ("spring", None), (None, None),
])
def test_a_date_is_as_precise_as_fhir_can_hold_it(date: str | None, told: str | None) -> None:
    assert moment_of(date) == told


def test_a_document_with_a_time_leaves_the_bundle_valid(report: Report) -> None:
    series = ReviewedSeries(uid="1.2.3.4", modality="DOC", files=1)
    studies = tuple(ReviewedStudy(id=f"S{n}", uid=uid, kind=kind, modality="DOC", date="2025-03-03T08:15",
                                  series=(series,))
                    for n, (uid, kind) in enumerate([("sha256:00", FileKind.DOCUMENT), ("1.2.3", FileKind.CT)]))
    dated = report.model_copy(update={"studies": studies})
    assert str(resources(dated, "DocumentReference")[0].content[0].attachment.creation) == "2025-03-03"
    assert str(resources(dated, "ImagingStudy")[0].started) == "2025-03-03"


def test_what_nothing_supports_is_marked_in_the_conclusion_and_the_text(report: Report) -> None:
    sections = tuple(section.model_copy(update={"sentences": tuple(
        sentence.model_copy(update={"support": Support.UNSUPPORTED}) for sentence in section.sentences)})
        for section in report.sections)
    made = resources(signed(report.model_copy(update={"sections": sections})), "DiagnosticReport")[0]
    sentences = sum(len(section.sentences) for section in sections)
    assert made.status == "final" and made.text.div.count("[unsupported]") == sentences
    assert "38.3 %) over 367 days, smallest detectable difference 2 mm. [unsupported]" in made.conclusion


def test_addenda_are_told_and_make_the_report_an_appended_one(report: Report) -> None:
    added = Addendum(text="The nodule is a <scar>.", added_at="2025-03-06T10:00:00+00:00", content_sha256="11", **WHO)
    made = resources(signed(report, added), "DiagnosticReport")[0]
    assert made.status == "appended" and made.issued.isoformat() == added.added_at
    assert "Addendum by Dr. Ada, 2025-03-06T10:00:00+00:00: The nodule is a <scar>." in made.conclusion
    assert "The nodule is a &lt;scar&gt;." in made.text.div
    assert {item.status for item in resources(signed(report, added), "Observation")} == {"final"}


def test_each_finding_is_an_observation_or_named_in_the_conclusion_or_counted_there(report: Report) -> None:
    conclusion = resources(report, "DiagnosticReport")[0].conclusion
    missing = untold(report)
    others = [item for item in report.findings
              if item.category in (Category.CHANGE, Category.RECORD, Category.ANATOMY) and item not in missing]
    assert others and all(item.name.casefold() in conclusion.casefold() for item in others)
    assert {item.name for item in missing} >= {"Colonoscopy", "Platelets"}
    assert f"this bundle does not hold, and report.json does: {len(missing)}." in conclusion


@pytest.mark.parametrize(("printed", "computed", "code", "text"), [
    ("H", "N", "H", "H"), ("L", "H", "L", "L"), ("N", "H", "N", "N"), ("*", "L", "L", "*"), ("A", "H", None, "A"),
    (None, "H", "H", None), (None, "N", "N", None), ("*", "N", None, "*"),
])
def test_the_printed_flag_counts(report: Report, printed: str | None, computed: str, code: str | None,
                                 text: str | None) -> None:
    assert counted_flag(printed, computed) == code
    lab = next(item for item in report.findings if item.category is Category.LAB)
    value = Value(number=1.0, unit="mmol/L", flag=printed, flag_computed=computed)
    one = report.model_copy(update={"findings": (lab.model_copy(update={"value": value}),)})
    said = resources(one, "Observation")[0].interpretation[0]
    assert ([item.code for item in said.coding or ()], said.text) == ([code] if code else [], text)

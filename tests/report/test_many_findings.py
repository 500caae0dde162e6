"""Ten thousand findings: time grows with their number, the report stays short, and every one of them is in it."""

from __future__ import annotations

import csv
import io
import json
import time
from dataclasses import dataclass
from datetime import date, timedelta

import pymupdf
import pytest
from made_case import MEASURE, PATIENT, Maker, made_case

from caseloom.agent.compose import compose
from caseloom.agent.verify import verified
from caseloom.core.case import Case, FileKind
from caseloom.core.evidence import DocumentSpan, Evidence
from caseloom.core.finding import Category, Finding, Status, Value
from caseloom.core.numbering import number_all
from caseloom.core.report import CaseIdentity, Report, make_event
from caseloom.report.export.table import csv_of
from caseloom.report.fhir import bundle_of
from caseloom.report.html import html_of
from caseloom.report.markdown import markdown_of
from caseloom.report.pdf import pdf_of
from caseloom.report.view import View, view_of
from caseloom.report.write import json_of

pytestmark = pytest.mark.slow
MANY, FEWER = 10_000, 2_000
DAYS = 5


@dataclass(frozen=True)
class Written:
    """A report of many findings in its forms, and the seconds of processor time that they took."""

    report: Report
    view: View
    html: str
    markdown: str
    json: str
    csv: str
    fhir: str
    seconds: float


def results(count: int) -> tuple[Case, tuple[Finding, ...], tuple[Evidence, ...]]:
    """Laboratory results of five days, half of them outside their range."""
    maker = Maker()
    sheet = maker.study(FileKind.DOCUMENT, "DOC", "2025-03-04", "labs.pdf")
    for n in range(count):
        day, number = str(date(2025, 3, 4) - timedelta(days=n % DAYS)), n % 40
        maker.add(sheet, DocumentSpan(page=1, bbox=(0, n, 5, n + 1), text=f"line {n}"), f"line {n}",
                  name=f"Analyte {n // DAYS}", category=Category.LAB, status=Status.MEASURED, tool="labs", date=day,
                  value=Value(number=float(number), text=str(number), unit="mmol/L", low=10, high=30,
                              flag_computed="L" if number < 10 else "H" if number > 30 else "N"))
    findings, evidence, _ = number_all(maker.findings, maker.evidence)
    return made_case().case.model_copy(update={"studies": tuple(maker.studies)}), findings, evidence


def written(count: int) -> Written:
    case, findings, evidence = results(count)
    started = time.process_time()
    done = verified(compose(case, findings, evidence, MEASURE), findings, evidence)
    assert not done.left_out
    report = Report(case=CaseIdentity(id="c0" * 32, patient=PATIENT), reader=MEASURE, sections=done.sections,
                    findings=findings, evidence=evidence, not_read=(), provenance={}, timeline=tuple(make_event(
                        kind="lab", text=item.name, occurred_at=item.date, evidence=item.evidence)
                        for item in findings))
    view = view_of(report)
    forms = (html_of(view, {}), markdown_of(view), json_of(report), csv_of(report), bundle_of(report))
    return Written(report, view, *forms, time.process_time() - started)


@pytest.fixture(scope="module")
def many() -> Written:
    return written(MANY)


def test_the_time_grows_with_the_number_of_findings(many: Written) -> None:
    fewer = written(FEWER)
    assert many.seconds < 2.5 * MANY / FEWER * fewer.seconds


def test_what_is_to_be_read_stays_short(many: Written) -> None:
    letters = sum(len(item.text) for section in many.report.sections for item in section.sentences)
    assert letters < 12_000
    with pymupdf.open("pdf", pdf_of(many.view, {})) as document:
        assert document.page_count <= 25
        assert f"{MANY // DAYS - 200} further analytes stand in report.html" in "".join(
            page.get_text() for page in document)


def test_every_finding_is_in_the_table_and_in_every_form_for_programs(many: Written) -> None:
    assert len(json.loads(many.json)["findings"]) == MANY
    assert len(list(csv.DictReader(io.StringIO(many.csv)))) == MANY
    observed = [item for item in json.loads(many.fhir)["entry"] if item["resource"]["resourceType"] == "Observation"]
    assert len(observed) == MANY
    assert f'All findings <span class="count">{MANY}</span>' in many.html
    assert len(many.html) < 20_000_000
    assert f"Analyte {MANY // DAYS - 1}" in many.markdown

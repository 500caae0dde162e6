"""All forms of a report: complete, equal for equal reports, self-contained, and safe whatever a source says."""

from __future__ import annotations

import base64
import json
import os
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pymupdf
import pytest
from fhir.resources.R4B.bundle import Bundle
from made_report import MISSING, draw_pictures, made_report

from caseloom.core.case import FileKind
from caseloom.core.evidence import DocumentSpan, Source, make_evidence
from caseloom.core.finding import Category, Status, Value
from caseloom.core.report import (
    Addendum,
    Edit,
    Report,
    ReportStatus,
    ReviewedSeries,
    ReviewedStudy,
    Signature,
)
from caseloom.report.write import write_report

BANNER = "DRAFT – not signed. Caseloom is not a medical device."
OWN = ("DiagnosticReport", "Observation")
SCRIPT = "<script>alert('x')</script>"


@pytest.fixture(scope="module")
def report() -> Report:
    return made_report()


@pytest.fixture(scope="module")
def written(report: Report, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("report")
    draw_pictures(report, folder / "pictures")
    return write_report(report, folder / "out", folder / "pictures")


class Page(HTMLParser):
    """What a browser would find in the page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.sources: list[str] = []
        self.tags: list[str] = []
        self.alts: list[str | None] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        self.ids += [given["id"]] if given.get("id") else []
        self.links += [given["href"]] if given.get("href") else []
        self.sources += [given["src"]] if given.get("src") else []
        self.alts += [given.get("alt")] if tag == "img" else []

    def handle_data(self, data: str) -> None:
        self.text += data.replace("\N{NO-BREAK SPACE}", " ")


def page_of(path: Path) -> Page:
    return Page(path.read_text("utf-8"))


def test_every_form_is_written(written):
    assert {form: path.name for form, path in written.items()} == {
        "json": "report.json", "md": "report.md", "html": "report.html", "pdf": "report.pdf", "fhir": "fhir.json"}
    assert all(path.stat().st_size > 1000 for path in written.values())
    assert not list(written["json"].parent.rglob(".*"))


def test_the_json_reads_back_as_the_same_report(report, written):
    raw = json.loads(written["json"].read_text("utf-8"))
    assert raw["schema"] == "caseloom.report/1" and raw["status"] == "draft"
    assert Report.model_validate(raw) == report
    change = next(item["change"] for item in raw["findings"] if item["change"])
    assert {"from", "to"} <= change.keys()


def test_equal_reports_give_equal_bytes(report, written, tmp_path):
    draw_pictures(report, tmp_path / "pictures")
    again = write_report(report, tmp_path / "elsewhere", tmp_path / "pictures")
    assert {form for form in written if written[form].read_bytes() != again[form].read_bytes()} == set()


def test_overlays_are_copied(report, written):
    copied = {path.name for path in (written["html"].parent / "overlays").iterdir()}
    assert copied == {Path(item.picture).name for item in report.evidence if item.picture} - {MISSING}


def test_pictures_already_in_place_are_left_alone(report, tmp_path):
    draw_pictures(report, tmp_path / "overlays")
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "overlays").iterdir()}
    write_report(report, tmp_path, tmp_path / "overlays")
    assert {path.name: path.stat().st_mtime_ns for path in (tmp_path / "overlays").iterdir()} == before


def test_a_picture_path_never_leaves_its_folder(report, tmp_path):
    (tmp_path / "secret.png").write_bytes(b"secret")
    hostile = report.evidence[-1].model_copy(update={"picture": "overlays/../../secret.png"})
    write_report(report.model_copy(update={"evidence": (*report.evidence[:-1], hostile)}), tmp_path / "out",
                 tmp_path / "pictures")
    assert not list((tmp_path / "out").rglob("secret.png"))


def test_the_banner_stands_in_every_form_for_people(written):
    assert BANNER in page_of(written["html"]).text
    assert BANNER in written["md"].read_text("utf-8")
    with pymupdf.open(written["pdf"]) as document:
        assert all(BANNER in page.get_text() for page in document)
    assert BANNER in json.loads(written["fhir"].read_text("utf-8"))["entry"][0]["resource"]["conclusion"]


def test_the_page_needs_nothing_else(written):
    page = page_of(written["html"])
    html = written["html"].read_text("utf-8")
    assert all(source.startswith("data:image/png;base64,") for source in page.sources)
    assert all(link.startswith("#") for link in page.links)
    assert not {"link", "iframe", "object", "form", "base"} & set(page.tags)
    assert "url(" not in html and "@import" not in html
    assert "default-src 'none'" in unescape(html)


def test_every_link_of_the_page_leads_somewhere_and_ids_are_unique(written):
    page = page_of(written["html"])
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links} <= set(page.ids)


def test_citations_lead_both_ways(report, written):
    html = written["html"].read_text("utf-8")
    page = page_of(written["html"])
    assert {item.id for item in report.evidence} <= set(page.ids)
    for n, section in enumerate(report.sections, 1):
        for m, sentence in enumerate(section.sentences, 1):
            assert f's-{n}-{m}' in page.ids
            if sentence.evidence:
                assert f'href="#s-{n}-{m}"' in html, sentence.text


def test_each_picture_is_in_the_page_once_with_a_text_for_those_who_do_not_see_it(report, written):
    page = page_of(written["html"])
    names = {Path(item.picture).name for item in report.evidence if item.picture}
    assert len(page.sources) == len(names) - 1 == len(set(page.sources))
    assert all(page.alts)
    data = (written["html"].parent / "overlays" / "slide.png").read_bytes()
    assert f"data:image/png;base64,{base64.b64encode(data).decode()}" in page.sources
    assert f"The picture {MISSING} is missing." in page.text


def test_the_page_has_landmarks_and_one_main_heading(written):
    tags = page_of(written["html"]).tags
    assert {"header", "nav", "main", "footer"} <= set(tags)
    assert tags.count("h1") == 1


def test_the_page_shows_what_else_the_report_holds(report, written):
    text = page_of(written["html"]).text
    for said in (report.not_read[0].file, report.not_read[0].reason, "truncated", "Sources disagree on Sodium.",
                 "The nodule candidate measures 11.2 mm.", "The patient is synthetic.", "All findings", "Provenance"):
        assert said in text, said


def test_a_trend_is_drawn_for_each_analyte_with_two_dates_in_the_table_and_as_a_chart(written):
    page = written["html"].read_text("utf-8")
    assert (page_of(written["html"]).tags.count("polyline"), page.count('class="trend-chart"')) == (4, 4)


def test_the_markdown_lists_every_evidence_that_it_links(report, written):
    text = written["md"].read_text("utf-8")
    anchors = set(re.findall(r'<a id="(\w+)">', text))
    assert {item.id.lower() for item in report.evidence} == anchors
    assert set(re.findall(r"\]\(#(\w+)\)", text)) <= anchors


def test_the_pdf_has_pages_bookmarks_and_pictures(report, written):
    with pymupdf.open(written["pdf"]) as document:
        assert 2 <= document.page_count <= 6
        assert [title for _, title, _ in document.get_toc()][:3] == ["Answer", "Context", "What was reviewed"]
        assert f"1 / {document.page_count}" in document[0].get_text()
        assert sum(len(page.get_images()) for page in document) == 4 + 4 + 1  # overlays, trends, the timeline
        assert "11.2" in document[0].get_text()
        assert all(page.get_text().count("DRAFT") == 2 for page in document)  # above, and across the sheet
        assert not document.metadata["creationDate"]
        assert "Caseloom 0 · reader" in document[0].get_text().replace("\n", " ")
        assert document.metadata["producer"] == "Caseloom 0"


def test_the_bundle_is_valid_and_preliminary(report, written):
    bundle = Bundle.model_validate_json(written["fhir"].read_text("utf-8"))
    kinds = [entry.resource.get_resource_type() for entry in bundle.entry]
    assert kinds[:2] == ["DiagnosticReport", "Patient"]
    own = [entry.resource for entry in bundle.entry if entry.resource.get_resource_type() in OWN]
    assert {resource.status for resource in own} == {"preliminary"}
    addresses = [entry.fullUrl for entry in bundle.entry]
    assert len(addresses) == len(set(addresses))
    observations = {entry.fullUrl for entry in bundle.entry if entry.resource.get_resource_type() == "Observation"}
    assert {item.reference for item in bundle.entry[0].resource.result} == observations


def test_studies_documents_and_decisions_have_resources_of_their_own(report, tmp_path):
    series = ReviewedSeries(uid="1.2.3.4", modality="CT", description="AXIAL", files=300)
    studies = (ReviewedStudy(id="S1", uid="1.2.3", kind=FileKind.CT, modality="CT", date="2025-03-04T10:00",
                             series=(series,)),
               ReviewedStudy(id="S2", uid=f"sha256:{'0' * 64}", kind=FileKind.DOCUMENT, modality="DOC", date="2025-03",
                             description="lab report", series=(series,)))
    who = {"name": "Dr. Ada", "account": "ada"}
    edit = Edit(at="s-1-1", section="Context", before="a", after="b", edited_at="2025-03-05T09:00:00+00:00", **who)
    signature = Signature(signed_at="2025-03-05T10:00:00+00:00", content_sha256="0" * 64, **who)
    addendum = Addendum(text="c", added_at="2025-03-06T10:00:00+00:00", content_sha256="1" * 64, **who)
    signed = report.model_copy(update={"studies": studies, "edits": (edit,), "signature": signature,
                                       "addenda": (addendum,), "status": ReportStatus.SIGNED})
    bundle = Bundle.model_validate_json(write_report(signed, tmp_path, tmp_path / "none")["fhir"].read_text("utf-8"))
    by_kind = {}
    for entry in bundle.entry:
        by_kind.setdefault(entry.resource.get_resource_type(), []).append(entry)
    (study,), (document,) = by_kind["ImagingStudy"], by_kind["DocumentReference"]
    assert (study.resource.series[0].uid, study.resource.series[0].numberOfInstances) == ("1.2.3.4", 300)
    assert document.resource.type.text == "lab report"
    main = by_kind["DiagnosticReport"][0]
    assert [item.reference for item in main.resource.imagingStudy] == [study.fullUrl]
    assert [entry.resource.activity.text for entry in by_kind["Provenance"]] == ["edited", "signed", "added to"]
    assert {entry.resource.target[0].reference for entry in by_kind["Provenance"]} == {main.fullUrl}
    assert main.resource.resultsInterpreter[0].display == "Dr. Ada"


def test_a_laboratory_result_keeps_its_code_unit_range_and_flag(written):
    entries = json.loads(written["fhir"].read_text("utf-8"))["entry"]
    latest = next(resource for resource in (entry["resource"] for entry in entries)
                  if resource.get("code", {}).get("text") == "Haemoglobin"
                  and resource["effectiveDateTime"] == "2025-03-04")
    assert latest["code"]["coding"][0]["code"] == "718-7"
    assert latest["valueQuantity"] == {
        "value": 9.8, "unit": "g/dL", "system": "http://unitsofmeasure.org", "code": "g/dL"}
    assert latest["referenceRange"][0]["low"]["value"] == 12 and latest["referenceRange"][0]["text"] == "12 - 16"
    assert latest["interpretation"][0]["coding"][0]["code"] == "L"


def test_a_signed_report_is_final_and_names_who_signed(report, tmp_path):
    signed = report.model_copy(update={"status": ReportStatus.SIGNED, "signature": Signature(
        name="Dr. Ada <b>", account="ada", signed_at="2025-03-05T10:00:00Z", content_sha256="0" * 64)})
    written = write_report(signed, tmp_path, tmp_path / "none")
    text = page_of(written["html"]).text
    assert "Signed by Dr. Ada <b>" in text and "DRAFT" not in text
    assert json.loads(written["fhir"].read_text("utf-8"))["entry"][0]["resource"]["status"] == "final"
    with pymupdf.open(written["pdf"]) as document:
        assert "Signed by Dr. Ada <b>" in document[0].get_text() and "DRAFT" not in document[0].get_text()


def hostile(report: Report) -> Report:
    """The report with markup, control characters and a turned reading direction wherever a source can put text."""
    bad = f"{SCRIPT} \x00\u202e](javascript:x) | `a`\n# b"
    place = DocumentSpan(page=1, bbox=(0, 0, 1, 1), text=bad)
    evidence = make_evidence(Source(file=f"{SCRIPT}.pdf", sha256="0" * 64), place, caption=bad)
    evidence = evidence.model_copy(update={"id": "E1"})
    finding = next(item for item in report.findings if item.category is Category.LAB).model_copy(update={
        "name": bad, "site": bad, "status": Status.MEASURED,
        "value": Value(number=1.0, text=bad, unit=bad, range_text=bad, flag=bad), "evidence": ("E1",)})
    sentence = report.sections[0].sentences[0].model_copy(update={"text": bad, "evidence": ("E1",)})
    section = report.sections[0].model_copy(update={"title": bad, "sentences": (sentence,)})
    return report.model_copy(update={
        "sections": (section,), "findings": (finding,), "evidence": (evidence,), "warnings": (bad,), "question": bad,
        "timeline": (report.timeline[0].model_copy(update={"text": bad, "evidence": ("E1",)}),), "answer": None,
        "conflicts": (), "provenance": {bad: {bad: bad}}, "not_read": (report.not_read[0].model_copy(
            update={"file": f"{SCRIPT}.dcm", "reason": bad}),)})


def test_markup_in_a_source_is_text_in_every_form(report, tmp_path):
    written = write_report(hostile(report), tmp_path, tmp_path / "none")
    html, markdown = written["html"].read_text("utf-8"), written["md"].read_text("utf-8")
    assert html.count("<script>") == 1
    assert "alert('x')" in page_of(written["html"]).text
    assert "<script>" not in markdown.replace(r"\<script\>", "") and "](javascript" not in markdown.replace(r"\]", "")
    assert not re.search(r"^# b", markdown, re.MULTILINE)
    for text in (html, markdown, written["fhir"].read_text("utf-8")):
        assert "\x00" not in text and "\u202e" not in text
    Bundle.model_validate_json(written["fhir"].read_text("utf-8"))
    with pymupdf.open(written["pdf"]) as document:
        assert "alert('x')" in "".join(page.get_text() for page in document)


def test_an_empty_report_is_still_a_report(report, tmp_path):
    empty = report.model_copy(update={"sections": (), "findings": (), "evidence": (), "timeline": (), "not_read": (),
                                      "conflicts": (), "warnings": (), "answer": None, "provenance": {}})
    written = write_report(empty, tmp_path, tmp_path)
    assert BANNER in page_of(written["html"]).text
    Bundle.model_validate_json(written["fhir"].read_text("utf-8"))


def test_nothing_half_written_stays_behind(report, tmp_path):
    (tmp_path / "report.json" / "in the way").mkdir(parents=True)
    with pytest.raises(IsADirectoryError):
        write_report(report, tmp_path, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


def test_the_value_before_is_of_an_earlier_date(report, tmp_path):
    again = [item.model_copy(update={"id": f"F{100 + n}"}) for n, item in enumerate(report.findings)
             if item.category is Category.LAB and item.date == "2025-03-04"]
    written = write_report(report.model_copy(update={"findings": (*report.findings, *again)}), tmp_path, tmp_path)
    rows = [line for line in written["md"].read_text("utf-8").splitlines() if line.startswith("| Haemoglobin")]
    assert len(rows) == 1 and "| 9.8 g/dL |" in rows[0] and "| 12.9 g/dL |" in rows[0]


def test_who_may_read_a_report_is_left_to_the_umask(report, tmp_path):
    before = os.umask(0o077)
    try:
        written = write_report(report, tmp_path / "out", tmp_path)
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in written.values()} == {0o600}

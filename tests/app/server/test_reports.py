"""The report over REST: read in every form, changed, signed, in the user's name."""

from __future__ import annotations

import json

import pytest
from fastapi.testclient import TestClient

from caseloom.core.forms import Form
from caseloom.core.report import Report

KINDS = {"json": "application/json", "markdown": "text/markdown; charset=utf-8", "html": "text/html; charset=utf-8",
         "pdf": "application/pdf", "fhir": "application/fhir+json", "csv": "text/csv; charset=utf-8",
         "schema": "application/schema+json"}


@pytest.mark.parametrize("form", [Form.JSON, Form.MARKDOWN, Form.HTML, Form.PDF, Form.FHIR, Form.CSV, Form.SCHEMA])
def test_the_report_comes_in_every_form(shared: tuple[TestClient, str], form: Form) -> None:
    client, case = shared
    answer = client.get(f"{case}/report", params={"format": form})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == KINDS[form]
    assert len(answer.content) > 1000


def test_json_is_the_published_report(shared: tuple[TestClient, str]) -> None:
    client, case = shared
    report = Report.model_validate_json(client.get(f"{case}/report").content)
    assert report.findings
    assert report.reader.name == "measure"


def test_a_form_that_holds_nothing_of_the_report_says_so(shared: tuple[TestClient, str]) -> None:
    client, case = shared
    answer = client.get(f"{case}/report", params={"format": "dicom-seg"})
    assert (answer.status_code, answer.json()["detail"].count("dicom-seg")) == (409, 1)
    assert client.get(f"{case}/report", params={"format": "docx"}).status_code == 422


def test_what_a_client_has_is_not_sent_again(shared: tuple[TestClient, str]) -> None:
    client, case = shared
    tag = client.get(f"{case}/report").headers["etag"]
    assert client.get(f"{case}/report", headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize("named", ["{tag}", "W/{tag}", '"x", {tag}', "*"])
def test_a_clients_copy_is_known_however_it_is_named(shared: tuple[TestClient, str], named: str) -> None:
    client, case = shared
    tag = client.get(f"{case}/report").headers["etag"]
    assert client.get(f"{case}/report", headers={"If-None-Match": named.format(tag=tag)}).status_code == 304
    assert client.get(f"{case}/report", headers={"If-None-Match": '"x"'}).status_code == 200


def test_the_reports_page_is_shut_in(shared: tuple[TestClient, str]) -> None:
    client, case = shared
    policy = client.get(f"{case}/report?format=html").headers["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts")


def test_pictures_are_those_of_the_evidence_alone(shared: tuple[TestClient, str]) -> None:
    client, case = shared
    report = client.get(f"{case}/report").json()
    name = next(item["picture"] for item in report["evidence"] if item["picture"])
    assert client.get(f"{case}/{name}").headers["content-type"] == "image/png"
    for other in ("overlays/..%2Freport.json", "overlays/nothing.png", "overlays/%2e%2e"):
        assert client.get(f"{case}/{other}").status_code in (404, 422)


def place_of(report: dict, words: str) -> str:
    return next(f"s-{n}-{m}" for n, section in enumerate(report["sections"], 1)
                for m, sentence in enumerate(section["sentences"], 1) if words in sentence["text"])


def test_words_are_checked_before_they_stand(shared: tuple[TestClient, str]) -> None:
    client, case = shared
    report = client.get(f"{case}/report").json()
    at = place_of(report, "Hemoglobin")
    right = client.post(f"{case}/report/check", json={"at": at, "text": report_text(report, at)}).json()
    assert (right["support"], right["reason"]) == ("supported", None)
    wrong = client.post(f"{case}/report/check", json={"at": at, "text": "Hemoglobin is 99.9 g/dL."}).json()
    assert (wrong["support"], bool(wrong["reason"])) == ("unsupported", True)
    assert client.get(f"{case}/report").json() == report
    assert client.post(f"{case}/report/check", json={"at": "s-99-1", "text": "x"}).status_code == 409


def report_text(report: dict, at: str) -> str:
    _, section, sentence = at.split("-")
    return report["sections"][int(section) - 1]["sentences"][int(sentence) - 1]["text"]


def test_edited_then_signed_then_added_to(own: tuple[TestClient, str]) -> None:
    client, case = own
    report = client.get(f"{case}/report").json()
    at = place_of(report, "Hemoglobin")
    seen = client.get(f"{case}/report").headers["caseloom-content-sha256"]
    edited = client.post(f"{case}/report/edits", json={"name": "Dr. Ana Ruiz", "changes": {at: None}}).json()
    assert (edited["version"], edited["edits"][0]["account"]) == (2, "web:local")
    stale = client.post(f"{case}/report/signature", json={"name": "Dr. Ana Ruiz", "content_sha256": seen})
    assert (stale.status_code, "looked at" in stale.json()["detail"]) == (409, True)
    seen = client.get(f"{case}/report").headers["caseloom-content-sha256"]
    signed = client.post(f"{case}/report/signature", json={"name": "Dr. Ana Ruiz", "content_sha256": seen}).json()
    assert (signed["status"], signed["signature"]["content_sha256"]) == ("signed", seen)
    assert (signed["signature"]["name"], signed["signature"]["account"]) == ("Dr. Ana Ruiz", "web:local")
    assert client.post(f"{case}/report/edits", json={"name": "A", "changes": {at: "x"}}).status_code == 409
    added = client.post(f"{case}/report/addenda", json={"name": "Dr. Ana Ruiz", "text": "Seen with the prior."})
    assert added.json()["addenda"][0]["text"] == "Seen with the prior."
    actions = [entry["action"] for entry in client.get(f"{case}/trail").json()["entries"]]
    assert [one for one in actions if one in ("edited", "signed", "addendum")] == ["edited", "signed", "addendum"]
    assert "report read" in actions
    bundle = client.get(f"{case}/report?format=fhir").json()
    statuses = [entry["resource"]["status"] for entry in bundle["entry"]
                if entry["resource"]["resourceType"] == "DiagnosticReport"]
    assert statuses in (["final"], ["appended"])


@pytest.mark.parametrize("wrong", [{"s-99-1": "x"}, {"s-99-1": None}, {"nowhere": "x"}, {"s-1-1": "  "}])
def test_an_edit_that_cannot_be_made_leaves_the_draft_to_be_signed(
        own: tuple[TestClient, str], wrong: dict[str, str | None]) -> None:
    client, case = own
    assert client.post(f"{case}/report/edits", json={"name": "A", "changes": wrong}).status_code == 409
    assert client.post(f"{case}/report/signature", json={"name": "A"}).json()["status"] == "signed"


def test_a_draft_is_rejected_with_a_reason(own: tuple[TestClient, str]) -> None:
    client, case = own
    assert client.post(f"{case}/report/addenda", json={"name": "A", "text": "x"}).status_code == 409
    rejected = client.post(f"{case}/report/rejection", json={"name": "Dr. Ana Ruiz", "reason": "wrong prior"}).json()
    assert (rejected["status"], rejected["signature"]["reason"]) == ("rejected", "wrong prior")
    assert client.get(case).json()["report_status"] == "rejected"


def test_a_case_without_a_report_says_so(client: TestClient) -> None:
    case = client.post("/api/cases", json={}).json()["id"]
    for path in ("report", "timeline", "chat", "overlays/a.png"):
        answer = client.get(f"/api/cases/{case}/{path}")
        assert (answer.status_code, "start a review" in answer.json()["detail"]) == (404, True)
    assert json.loads(client.get(f"/api/cases/{case}/jobs").text) == {"jobs": []}

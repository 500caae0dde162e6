"""What a person does with a draft: every change is checked, kept, bound to its content and on the audit trail."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import caseloom
from caseloom.agent.decide import add_addendum, audit_trail, edit_case, reject_case, sign_case
from caseloom.agent.door import report_folder
from caseloom.agent.nodes import content_digest
from caseloom.core.errors import StoreError, UsageError
from caseloom.core.report import Report, ReportStatus, Support

pytestmark = pytest.mark.usefixtures("home")
WHO = "Dr Ada Example"


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """A record of two conditions."""
    entries = [{"resource": {"resourceType": "Patient", "id": "p", "name": [{"family": "Quillfeather"}]}}]
    entries += [{"resource": {
        "resourceType": "Condition", "id": text.lower(), "subject": {"reference": "Patient/p"}, "code": {"text": text},
        "onsetDateTime": "2020-02-01", "clinicalStatus": {"coding": [{"code": "active"}]}}}
        for text in ("Asthma", "Gout")]
    folder = tmp_path / "case"
    folder.mkdir()
    (folder / "record.json").write_text(json.dumps(
        {"resourceType": "Bundle", "type": "collection", "entry": entries}), encoding="utf-8")
    return folder


def written(report: Report) -> Report:
    return Report.model_validate_json((report_folder(report) / "report.json").read_bytes())


def place_of(report: Report, word: str) -> str:
    return next(f"s-{n}-{m}" for n, section in enumerate(report.sections, 1)
                for m, sentence in enumerate(section.sentences, 1) if word in sentence.text and sentence.findings)


def texts(report: Report) -> list[str]:
    return [sentence.text for section in report.sections for sentence in section.sentences]


def test_an_edit_that_the_findings_support_makes_another_version(case: Path) -> None:
    draft = caseloom.review_case(case)
    place = place_of(draft, "Asthma")
    before = texts(draft)
    said = next(text for text in before if "Asthma" in text)
    edited = edit_case(case, {place: said.rstrip(".") + "."}, name=WHO)
    assert edited == written(edited)
    assert (edited.status, edited.version, edited.signature) == (ReportStatus.DRAFT, 2, None)
    assert [(one.at, one.before, one.objection, one.name) for one in edited.edits] == [(place, said, None, WHO)]


def test_an_edit_that_nothing_supports_stays_marked(case: Path) -> None:
    draft = caseloom.review_case(case)
    edited = edit_case(case, {place_of(draft, "Asthma"): "Severe tuberculosis since 1999."}, name=WHO)
    marked = [sentence for section in edited.sections for sentence in section.sentences
              if sentence.support is Support.UNSUPPORTED]
    assert [sentence.text for sentence in marked] == ["Severe tuberculosis since 1999."]
    assert edited.edits[0].objection
    page = (report_folder(edited) / "report.html").read_text("utf-8")
    assert "[unsupported]" in page and WHO in page and "Severe tuberculosis" in page


def test_a_sentence_taken_out_is_kept_in_the_edits(case: Path) -> None:
    draft = caseloom.review_case(case)
    place = place_of(draft, "Gout")
    edited = edit_case(case, {place: None}, name=WHO)
    assert len(texts(edited)) == len(texts(draft)) - 1
    assert "Gout" in edited.edits[0].before and edited.edits[0].after is None


@pytest.mark.parametrize(("changes", "said"), [
    ({"s-99-1": "x"}, "no sentence"), ({"2.3": "x"}, "no sentence"), ({"s-1-1": "  "}, "empty"), ({}, "nothing"),
])
def test_an_edit_that_cannot_be_meant_changes_nothing(case: Path, changes: dict[str, str], said: str) -> None:
    draft = caseloom.review_case(case)
    with pytest.raises(UsageError, match=said):
        edit_case(case, changes, name=WHO)
    assert caseloom.review_case(case) == draft


def test_a_signature_counts_for_the_edited_version_alone(case: Path) -> None:
    draft = caseloom.review_case(case)
    edit_case(case, {place_of(draft, "Gout"): None}, name=WHO)
    signed = sign_case(case, name=WHO)
    assert signed.status is ReportStatus.SIGNED and signed.signature is not None
    assert signed.signature.content_sha256 == content_digest(signed) != content_digest(draft)
    with pytest.raises(UsageError, match="no draft"):
        edit_case(case, {"s-1-1": "x"}, name=WHO)


def test_a_rejection_keeps_its_reason(case: Path) -> None:
    caseloom.review_case(case)
    with pytest.raises(UsageError, match="reason"):
        reject_case(case, name=WHO, reason=" ")
    rejected = reject_case(case, name=WHO, reason="The gout is another person's.")
    assert (rejected.status, rejected.signature.reason) == (ReportStatus.REJECTED, "The gout is another person's.")
    assert "another person" in (report_folder(rejected) / "report.md").read_text("utf-8")


def test_addenda_leave_what_was_signed_as_it_is(case: Path) -> None:
    caseloom.review_case(case)
    with pytest.raises(UsageError, match="signed"):
        add_addendum(case, "More.", name=WHO)
    signed = sign_case(case, name=WHO)
    copy = report_folder(signed) / "signed" / content_digest(signed)[:16]
    kept = {file.name: file.read_bytes() for file in copy.iterdir() if file.is_file()}
    first = add_addendum(case, "The asthma was confirmed by spirometry.", name=WHO)
    second = add_addendum(case, "The asthma was confirmed by spirometry.", name=WHO)
    assert second == written(second)
    assert [one.text for one in second.addenda] == ["The asthma was confirmed by spirometry."] * 2
    assert len({one.content_sha256 for one in second.addenda}) == 2
    assert content_digest(first) == content_digest(second) == signed.signature.content_sha256
    assert {file.name: file.read_bytes() for file in copy.iterdir() if file.is_file()} == kept
    for form in ("report.md", "report.html"):
        assert "spirometry" in (report_folder(second) / form).read_text("utf-8")


def test_every_decision_is_on_the_trail(case: Path, tmp_path: Path) -> None:
    draft = caseloom.review_case(case)
    edited = edit_case(case, {place_of(draft, "Gout"): None}, name=WHO)
    sign_case(case, name=WHO)
    add_addendum(case, "More.", name=WHO)
    caseloom.export_case(case, ["csv"], tmp_path / "out")
    trail = audit_trail(case)
    assert [entry.action for entry in trail] == ["drafted", "drafted", "edited", "signed", "addendum", "exported"]
    assert trail[2].about["before"] == content_digest(draft) == trail[0].about["content_sha256"]
    assert trail[3].about["content_sha256"] == content_digest(edited) == trail[2].about["content_sha256"]
    assert "Gout" not in json.dumps([entry.about for entry in trail])


def test_nothing_is_decided_while_the_trail_does_not_hold(case: Path, home: Path) -> None:
    draft = caseloom.review_case(case)
    file = home / "audit.jsonl"
    file.write_bytes(file.read_bytes().replace(b"drafted", b"removed"))
    with pytest.raises(StoreError, match="entry 1 was changed"):
        sign_case(case, name=WHO)
    assert written(draft).status is ReportStatus.DRAFT

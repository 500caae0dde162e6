"""What a person does with a draft: every change is checked, kept, bound to its content and on the audit trail."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

import caseloom
from caseloom.agent.decide import (
    add_addendum,
    audit_trail,
    edit_case,
    reject_case,
    restart_trail,
    sign_case,
    unsupported,
    verify_trail,
)
from caseloom.agent.door import report_folder
from caseloom.agent.nodes import content_digest
from caseloom.core.errors import StoreError, UsageError
from caseloom.core.report import Outcome, Report, ReportStatus, Support

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


def test_an_edit_keeps_the_reason_and_says_it_wherever_the_sentence_stands(case: Path) -> None:
    draft = caseloom.review_case(case)
    place = place_of(draft, "Asthma")
    edited = edit_case(case, {place: "No asthma."}, name=WHO)
    n, m = map(int, place.split("-")[1:])
    sentence = edited.sections[n - 1].sentences[m - 1]
    assert (sentence.text, sentence.outcome, sentence.support) == ("No asthma.", Outcome.MARKED, Support.UNSUPPORTED)
    assert sentence.reason == edited.edits[0].objection is not None
    for form in ("report.html", "report.md"):
        assert "unsupported" in (report_folder(edited) / form).read_text("utf-8")
    right = edit_case(case, {place: "Asthma is on the problem list, and gout too."}, name=WHO)
    assert right.sections[n - 1].sentences[m - 1].outcome is Outcome.SUPPORTED


def test_words_put_in_the_place_of_a_limitation_are_nobodys_finding(case: Path) -> None:
    draft = caseloom.review_case(case)
    limits = next(n for n, section in enumerate(draft.sections, 1) if section.title == "Limits")
    edited = edit_case(case, {f"s-{limits}-1": "There is a large pneumothorax."}, name=WHO)
    sentence = edited.sections[limits - 1].sentences[0]
    assert (sentence.support, sentence.outcome) == (Support.UNSUPPORTED, Outcome.MARKED)
    assert sentence.reason and "no finding" in sentence.reason


def test_an_edit_that_tells_less_keeps_the_citations_of_what_it_tells(case: Path) -> None:
    draft = caseloom.review_case(case)
    place = place_of(draft, "Asthma")
    edited = edit_case(case, {place: "Asthma is on the problem list."}, name=WHO)
    n, m = map(int, place.split("-")[1:])
    sentence = edited.sections[n - 1].sentences[m - 1]
    told = {item.id: item.name for item in edited.findings}
    assert [told[key] for key in sentence.findings] == ["Asthma"] and sentence.support is Support.SUPPORTED


def test_a_file_that_changed_unnoticed_is_named_at_sign_and_export(case: Path, tmp_path: Path) -> None:
    caseloom.review_case(case)
    file = case / "record.json"
    stat, text = file.stat(), file.read_text("utf-8")
    file.write_text(text.replace("Gout", "Acne"), "utf-8")
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    with pytest.raises(UsageError, match=r"record\.json: not what was reviewed"):
        sign_case(case, name=WHO)
    assert "record.json is not what was reviewed" in caseloom.export_case(case, ["csv"], tmp_path / "out").left_out[0]
    again = caseloom.review_case(case)
    assert any("Acne" in text for text in texts(again)) and not any("Gout" in text for text in texts(again))
    assert sign_case(case, name=WHO).status is ReportStatus.SIGNED


def test_a_case_with_another_file_has_no_report_to_sign(case: Path) -> None:
    caseloom.review_case(case)
    (case / "record.json").write_text("{}", "utf-8")
    with pytest.raises(UsageError, match="a file changed since"):
        sign_case(case, name=WHO)


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


def test_after_an_edit_that_was_refused_the_draft_can_be_changed_and_signed(case: Path) -> None:
    draft = caseloom.review_case(case)
    with pytest.raises(UsageError, match="no sentence"):
        edit_case(case, {"s-9-9": None}, name=WHO)
    assert edit_case(case, {place_of(draft, "Gout"): None}, name=WHO).version == draft.version + 1
    assert sign_case(case, name=WHO).status is ReportStatus.SIGNED


def test_a_signature_counts_for_the_edited_version_alone(case: Path) -> None:
    draft = caseloom.review_case(case)
    edit_case(case, {place_of(draft, "Gout"): None}, name=WHO)
    signed = sign_case(case, name=WHO)
    assert signed.status is ReportStatus.SIGNED and signed.signature is not None
    assert signed.signature.content_sha256 == content_digest(signed) != content_digest(draft)
    with pytest.raises(UsageError, match="--addendum TEXT"):
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
    assert [entry.action for entry in trail] == ["drafted", "edited", "signed", "addendum", "exported"]
    assert trail[1].about["before"] == content_digest(draft) == trail[0].about["content_sha256"]
    assert trail[2].about["content_sha256"] == content_digest(edited) == trail[1].about["content_sha256"]
    assert verify_trail() == verify_trail(case) == trail
    assert "Gout" not in json.dumps([entry.about for entry in trail])


def test_nothing_is_decided_while_the_trail_does_not_hold(case: Path, home: Path) -> None:
    draft = caseloom.review_case(case)
    file = home / "audit.jsonl"
    file.write_bytes(file.read_bytes().replace(b"drafted", b"removed"))
    with pytest.raises(StoreError, match="entry 1 was changed"):
        sign_case(case, name=WHO)
    assert written(draft).status is ReportStatus.DRAFT


@pytest.mark.parametrize(("before", "after"), [
    ("Asthma", "Angina"), (f'"name": "{WHO}"', '"name": "Dr Other"'), ('"status": "signed"', '"status": "draft"'),
])
def test_a_changed_copy_of_what_was_signed_is_noticed(case: Path, home: Path, before: str, after: str) -> None:
    caseloom.review_case(case)
    sign_case(case, name=WHO)
    add_addendum(case, "More.", name=WHO)
    for file in sorted(home.glob("runs/*/signed/*/report.json")):
        kept = file.read_bytes()
        changed = file.read_text("utf-8").replace(before, after)
        if "addendum" in file.parent.name and "Asthma" not in before:
            continue
        file.write_text(changed, "utf-8")
        with pytest.raises(StoreError, match="changed since"):
            verify_trail()
        with pytest.raises(StoreError, match="changed since"):
            add_addendum(case, "Still more.", name=WHO)
        file.write_bytes(kept)
    assert len(verify_trail()) == 3


def test_a_copy_that_is_gone_and_a_trail_that_was_removed_are_noticed(case: Path, home: Path) -> None:
    caseloom.review_case(case)
    sign_case(case, name=WHO)
    (file,) = home.glob("runs/*/signed/*/report.json")
    file.rename(file.with_name("elsewhere"))
    with pytest.raises(StoreError, match="is gone"):
        verify_trail(case)
    file.with_name("elsewhere").rename(file)
    for name in ("audit.jsonl", "audit.end"):
        (home / name).unlink()
    with pytest.raises(StoreError, match="the audit trail has no entry"):
        verify_trail()


def test_a_trail_that_was_begun_anew_knows_the_copies_from_before(case: Path, home: Path) -> None:
    caseloom.review_case(case)
    sign_case(case, name=WHO)
    add_addendum(case, "Seen again.", name=WHO)
    trail = home / "audit.jsonl"
    trail.write_bytes(trail.read_bytes().replace(b"signed", b"sinned", 1))
    with pytest.raises(StoreError, match="audit --restart"):
        verify_trail()
    entry = restart_trail()
    assert entry.action == "restarted" and len(entry.about["kept"]) == 2
    assert all((home / name).is_file() for name in entry.about["set_aside"]) and len(entry.about["set_aside"]) == 2
    assert [one.action for one in verify_trail()] == ["restarted"]
    add_addendum(case, "And again.", name=WHO)
    assert [one.action for one in verify_trail()] == ["restarted", "addendum"]
    (file,) = (home / name for name in entry.about["kept"] if "addendum" not in name)
    file.write_bytes(file.read_bytes().replace(WHO.encode(), b"Dr Other"))
    with pytest.raises(StoreError, match="changed before or since"):
        verify_trail()


def test_what_was_rejected_and_signed_again_holds(case: Path) -> None:
    caseloom.review_case(case)
    reject_case(case, name=WHO, reason="Too short.")
    with pytest.raises(UsageError, match="rejected: make a new one"):
        sign_case(case, name=WHO)
    caseloom.review_case(case, fresh=True)
    sign_case(case, name="Dr Other")
    caseloom.review_case(case, fresh=True)
    sign_case(case, name=WHO)
    assert [entry.action for entry in verify_trail(case)] == ["drafted", "rejected", *["drafted", "signed"] * 2]


def test_what_is_signed_though_unsupported_is_counted(case: Path) -> None:
    draft = caseloom.review_case(case)
    edit_case(case, {place_of(draft, "Asthma"): "Severe tuberculosis since 1999."}, name=WHO)
    assert unsupported(draft) == 0 and unsupported(sign_case(case, name=WHO)) == 1

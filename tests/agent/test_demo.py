"""The shipped case, reviewed end to end, against the truth that lies beside it."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

import caseloom
from caseloom.core.finding import Finding
from caseloom.core.report import Report
from caseloom.evals.lab_score import f1


@pytest.fixture(scope="module")
def truth(demo: Path) -> dict[str, Any]:
    return json.loads((demo.parent / "truth.json").read_text(encoding="utf-8"))


def one(report: Report, name: str, date: str, side: str | None = None) -> Finding:
    found, = (item for item in report.findings if item.name == name and item.date == date
              and item.laterality == side and item.change is None)
    return found


def test_everything_was_read_and_nothing_dropped(reviewed: tuple[Report, Path]) -> None:
    report = reviewed[0]
    assert report.not_read == ()
    assert report.conflicts == ()
    assert not [warning for warning in report.warnings if "sentence" in warning]
    assert any("synthetic" in sentence.text for section in report.sections for sentence in section.sentences)


def test_volumes_and_nodules_agree_with_the_truth(reviewed: tuple[Report, Path], truth: dict[str, Any]) -> None:
    for study in (item for item in truth["studies"] if item["modality"] == "CT"):
        for side in ("right", "left"):
            lung = one(reviewed[0], "Lung volume", study["date"], side)
            assert lung.number == pytest.approx(study["lung_ml"][side], rel=0.03)
        nodule = one(reviewed[0], "Pulmonary nodule candidate", study["date"], "right")
        assert nodule.number == pytest.approx(study["nodules"][0]["diameter_mm"], abs=1.0)


def test_growth_is_compared_between_the_right_dates(reviewed: tuple[Report, Path]) -> None:
    change, = (item.change for item in reviewed[0].findings
               if item.name == "Pulmonary nodule candidate" and item.change)
    assert (change.direction, change.interval_days) == ("increased", 252)
    assert change.delta == pytest.approx(3.0, abs=1.0)


def test_the_cardiothoracic_ratio_agrees_with_the_truth(reviewed: tuple[Report, Path], truth: dict[str, Any]) -> None:
    for study in (item for item in truth["studies"] if item["modality"] == "DX"):
        ratio = one(reviewed[0], "Cardiothoracic ratio", study["date"])
        assert ratio.number == pytest.approx(study["cardiothoracic_ratio"], abs=0.05)


def test_every_laboratory_row_is_right(reviewed: tuple[Report, Path], truth: dict[str, Any]) -> None:
    report = reviewed[0]
    files = {item.id: item.source.file for item in report.evidence}
    for document in truth["labs"]:
        found = [item.model_dump() for item in report.findings
                 if item.category == "lab" and files[item.evidence[0]] == document["file"]]
        assert f1(document["results"], found) == 1.0


def test_no_identity_is_in_any_form_of_the_report(reviewed: tuple[Report, Path], truth: dict[str, Any]) -> None:
    patient = truth["patient"]
    for name in ("report.json", "report.md", "report.html", "fhir.json"):
        whole = (reviewed[1] / name).read_text(encoding="utf-8")
        text = re.sub(r"base64,[A-Za-z0-9+/=]+", "", whole).casefold()
        for secret in (patient["id"], "alex", "sample,", patient["birth_date"]):
            assert secret.casefold() not in text, (name, secret)


def test_the_pdf_holds_every_piece_of_evidence_and_every_analyte(reviewed: tuple[Report, Path]) -> None:
    import pymupdf

    with pymupdf.open(reviewed[1] / "report.pdf") as document:
        words = set(re.split(r"[\s,;\[\]]+", " ".join(page.get_text() for page in document)))
    assert {item.id for item in reviewed[0].evidence} - words == set()
    assert {"Sodium", "WBC", "Ferritin"} <= words


def test_a_zip_of_the_case_gives_the_same_report(demo: Path, tmp_path: Path, home: Path) -> None:
    case = tmp_path / "case"
    case.mkdir()
    for name in ("record.json", "documents/lab_2025-03-03.pdf", "case.yaml"):
        shutil.copy(demo / name, case)
    archive = shutil.make_archive(str(tmp_path / "packed"), "zip", case)
    assert caseloom.review_case(archive) == caseloom.review_case(case)
    assert home.is_dir()


def test_a_question_of_two_parts_is_answered_from_images_and_record(demo: Path, reviewed: tuple[Report, Path],
                                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASELOOM_HOME", str(reviewed[1].parent / "home"))
    answer = caseloom.ask(demo, "Has the lung disease changed, and is the patient anaemic?")
    first, *_, last = (item.text for item in answer.sentences)
    assert first.startswith("Pulmonary nodule candidate, opacity 1, right lung: increased from")
    assert last.startswith("Yes: Anemia") and all(item.evidence for item in answer.sentences)


def test_the_letter_is_heard(reviewed: tuple[Report, Path]) -> None:
    said = [sentence.text for section in reviewed[0].sections if section.title == "Impression"
            for sentence in section.sentences]
    assert any("Pleural effusion, left, small, new" in text for text in said)

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pydicom
import pymupdf
import yaml

from caseloom.phantoms import CaseSpec, write_case
from caseloom.phantoms.letter import FACTS


def digests(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def test_same_spec_gives_the_same_bytes(small_spec: CaseSpec, small_case: Path, tmp_path: Path) -> None:
    again = write_case(small_spec, tmp_path)
    assert digests(again.parent) == digests(small_case.parent)


def test_another_seed_gives_another_case(small_spec: CaseSpec, small_case: Path, tmp_path: Path) -> None:
    little = replace(small_spec, seed=1, visits=small_spec.visits[:1], slide=None)
    other = write_case(little, tmp_path)
    old = {pydicom.dcmread(f).SOPInstanceUID for f in sorted(small_case.rglob("*.dcm"))}
    new = {pydicom.dcmread(f).SOPInstanceUID for f in sorted(other.rglob("*.dcm"))}
    assert new
    assert not old & new


def test_truth_lies_beside_the_case_and_names_every_file(small_case: Path) -> None:
    truth = json.loads((small_case.parent / "truth.json").read_text())
    assert not list(small_case.rglob("*truth*"))
    named = {f for study in truth["studies"] for f in study["files"]} | {lab["file"] for lab in truth["labs"]}
    named |= {truth[key]["file"] for key in ("slide", "record", "letter")} | {"case.yaml"}
    assert named == {p.relative_to(small_case).as_posix() for p in small_case.rglob("*") if p.is_file()}


def test_one_patient_everywhere(small_case: Path, small_spec: CaseSpec) -> None:
    patient_id = small_spec.patient.patient_id
    assert yaml.safe_load((small_case / "case.yaml").read_text()) == {"patient": patient_id}
    assert {pydicom.dcmread(f).PatientID for f in small_case.rglob("*.dcm")} == {patient_id}
    assert patient_id in (small_case / "record.json").read_text()


def test_expected_changes_tell_the_story(small_case: Path) -> None:
    truth = json.loads((small_case.parent / "truth.json").read_text())
    changes = {(c["name"], c["modality"]): c for c in truth["expected_changes"]}
    assert changes["nodule_1", "CT"]["delta"] == 6.0
    assert changes["Hemoglobin", "lab"]["direction"] == "decreased"
    assert changes["Hemoglobin", "lab"]["delta"] == -3.3
    assert changes["pleural effusion", "DX"]["direction"] == "new"
    assert changes["pleural effusion", "CT"]["side"] == "left"


def test_letter_says_its_facts(small_case: Path) -> None:
    (letter,) = small_case.glob("documents/clinic_letter_*.pdf")
    with pymupdf.open(letter) as document:
        text = " ".join(document[0].get_text().split()).lower()
    for fact in FACTS:
        assert fact["name"] in text
    assert "mr sample" in text
    assert "not a real person" in text


def test_asking_for_the_names_loads_no_image_library() -> None:
    code = (
        "import sys, caseloom.phantoms\n"
        "print([m for m in ('scipy', 'pydicom', 'tifffile', 'pymupdf', 'PIL') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

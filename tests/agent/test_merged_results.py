"""Laboratory results that several sources tell, through to the report and the timeline."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from caseloom import review_case
from caseloom.core.report import Report


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASELOOM_HOME", str(tmp_path / "home"))


def observation(key: str, name: str, code: str, number: float, unit: str, when: str) -> dict[str, object]:
    return {"resource": {
        "resourceType": "Observation", "id": key, "status": "final", "subject": {"reference": "Patient/p1"},
        "category": [{"coding": [{"code": "laboratory"}]}], "effectiveDateTime": when,
        "code": {"text": name, "coding": [{"system": "http://loinc.org", "code": code}]},
        "valueQuantity": {"value": number, "unit": unit, "code": unit, "system": "http://unitsofmeasure.org"}}}


def write_bundle(path: Path, *entries: dict[str, object]) -> None:
    patient = {"resource": {"resourceType": "Patient", "id": "p1", "identifier": [{"value": "MRN-9"}]}}
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [patient, *entries]}))


def labs(report: Report) -> dict[str, int]:
    """Text and number of evidences of each laboratory event."""
    return {event.text: len(event.evidence) for event in report.timeline if event.kind == "lab"}


def test_two_bundles_tell_one_result_in_two_units_and_contradict_each_other_in_another(tmp_path: Path) -> None:
    case = tmp_path / "case"
    sodium = observation("na", "Sodium", "2951-2", 139, "mmol/L", "2025-03-04T08:15:00Z")
    write_bundle(case / "a.json", sodium,
                 observation("g1", "Glucose", "2345-7", 99, "mg/dL", "2025-03-04T08:15:00Z"),
                 observation("k1", "Potassium", "2823-3", 4.1, "mmol/L", "2025-03-04T08:15:00Z"))
    write_bundle(case / "b.json", sodium,
                 observation("g2", "Glucose", "14749-6", 5.5, "mmol/L", "2025-03-04T08:15:00Z"),
                 observation("k2", "Potassium", "2823-3", 5.6, "mmol/L", "2025-03-04T08:15:00Z"))
    report = review_case(case)
    found = labs(report)
    assert len(found) == 4 and found["Sodium: 139 mmol/L"] == 2
    assert sorted(count for text, count in found.items() if "Glucose" in text) == [2]
    conflict, = report.conflicts
    assert "Potassium" in conflict.text and "4.1 mmol/L, 5.6 mmol/L" in conflict.text
    assert len(conflict.evidence) == 2
    assert not [finding for finding in report.findings if finding.change]


def test_a_printed_blood_count_and_its_record_are_seventeen_results(tmp_path: Path, shared_data: Path) -> None:
    case = tmp_path / "case"
    case.mkdir()
    for name in ("fhir_r4_101_cbc.pdf", "fhir_r4_101_cbc.groundtruth.Bundle.json"):
        shutil.copy(shared_data / "lab_reports" / name, case / name)
    (case / "case.yaml").write_text('patient: {id: pat2, aliases: ["23453"]}\n')
    report = review_case(case)
    found = labs(report)
    assert len(found) == 17 and set(found.values()) == {2}
    assert "Haematocrit: 55 % [H]" in found
    conflict, = report.conflicts  # the page says 3 March, the record 4 March
    assert "2011-03-03 11:45 and 2011-03-04 08:30" in conflict.text

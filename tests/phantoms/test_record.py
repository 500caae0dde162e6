import json
from pathlib import Path

import pytest

from caseloom.phantoms import PatientSpec
from caseloom.phantoms.labs import DEMO_LABS, lab_rows
from caseloom.phantoms.record import make_record


@pytest.fixture(scope="module")
def bundle() -> dict:
    return make_record(PatientSpec(), DEMO_LABS, 1)


def resources(bundle: dict, kind: str) -> list[dict]:
    return [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == kind]


def test_bundle_is_valid_fhir(bundle: dict) -> None:
    from fhir.resources.R4B.bundle import Bundle

    parsed = Bundle.model_validate(bundle)
    assert parsed.entry is not None
    assert len(parsed.entry) == len(bundle["entry"])


def test_every_reference_is_in_the_bundle(bundle: dict) -> None:
    known = {e["fullUrl"] for e in bundle["entry"]}
    assert len(known) == len(bundle["entry"])
    text = json.dumps(bundle)
    used = {piece.split('"')[0] for piece in text.split('"reference": "')[1:]}
    assert used <= known


def test_observations_repeat_the_printed_results(bundle: dict) -> None:
    printed = {(row["loinc"], f"{row['collected_at']}:00Z"): row for lab in DEMO_LABS for row in lab_rows(lab)}
    results = [o for o in resources(bundle, "Observation") if "valueQuantity" in o]
    assert len(results) == 18
    for result in results:
        row = printed[result["code"]["coding"][0]["code"], result["effectiveDateTime"]]
        assert result["valueQuantity"]["value"] == row["value"]
        assert result["valueQuantity"]["code"] == row["ucum"]
        assert result["interpretation"][0]["coding"][0]["code"] == (row["flag"] or "N")


def test_medication_periods_and_status_agree(bundle: dict) -> None:
    for request in resources(bundle, "MedicationRequest"):
        period = request["dosageInstruction"][0]["timing"]["repeat"]["boundsPeriod"]
        assert period["start"] == request["authoredOn"]
        assert ("end" in period) == (request["status"] == "stopped")


def test_codes_are_those_of_the_public_records(bundle: dict, shared_data: Path) -> None:
    public = "".join(f.read_text() for f in sorted((shared_data / "fhir_synthea").glob("*.json")))
    for kind in ("Condition", "MedicationRequest"):
        for resource in resources(bundle, kind):
            concept = resource.get("code") or resource["medicationCodeableConcept"]
            coding = concept["coding"][0]
            assert f'"{coding["code"]}"' in public
            assert f'"{coding["display"]}"' in public


def test_patient_is_marked_as_test_data(bundle: dict) -> None:
    (patient,) = resources(bundle, "Patient")
    assert patient["identifier"][0]["value"] == "CLX-204817"
    assert all(e["resource"]["meta"]["tag"][0]["code"] == "HTEST" for e in bundle["entry"])

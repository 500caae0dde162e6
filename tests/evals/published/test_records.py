"""Questions about records: answers in words judged by hand, and a small bundle from end to end."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from scripted_reader import ScriptedReader

from caseloom.core.errors import NothingUsable
from caseloom.evals.published.ehr_answers import ABSENT, DATE, NAMES, NUMBER, YES_NO, says
from caseloom.evals.published.evaluate import evaluate
from caseloom.evals.published.records import load
from caseloom.evals.published.task import Source
from caseloom.memory.home import Home
from caseloom.readers.measure import MeasureReader
from caseloom.readers.request import Request

DRUG = "Amoxicillin 250 MG Oral Capsule"
BUNDLE: dict[str, Any] = {"resourceType": "Bundle", "type": "collection", "entry": [
    {"fullUrl": "urn:uuid:p", "resource": {"resourceType": "Patient", "id": "p", "name": [{"family": "Velde"}]}},
    {"fullUrl": "urn:uuid:c", "resource": {
        "resourceType": "Condition", "id": "c", "subject": {"reference": "urn:uuid:p"},
        "code": {"text": "Viral sinusitis (disorder)"}, "onsetDateTime": "2020-01-01",
        "clinicalStatus": {"coding": [{"code": "active"}]}}},
    {"fullUrl": "urn:uuid:m", "resource": {
        "resourceType": "MedicationRequest", "id": "m", "status": "active", "intent": "order",
        "subject": {"reference": "urn:uuid:p"}, "authoredOn": "2020-02-03T10:00:00Z",
        "medicationCodeableConcept": {"text": DRUG}}},
    *({"resource": {"resourceType": "Observation", "id": day, "status": "final", "effectiveDateTime": day,
                    "subject": {"reference": "urn:uuid:p"}, "code": {"text": "Potassium"},
                    "valueQuantity": {"value": value, "unit": "mmol/L"}}}
      for day, value in (("2018-01-01", 4.1), ("2019-01-01", 4.4)))]}


@pytest.mark.parametrize(("kind", "value", "text", "right"), [
    (YES_NO, "yes", "The answer is yes.", True), (YES_NO, "yes", "It is listed.\nFinal Answer: **Yes**", True),
    (YES_NO, "no", "The answer is no, the answer is yes", False), (ABSENT, None, "Not elevated. Answer: yes", False),
    (YES_NO, "yes", "Yes.", True), (YES_NO, "yes", "No", False), (YES_NO, "no", "The patient does not", False),
    (ABSENT, None, "No", True), (ABSENT, None, "Not in the record.", True), (ABSENT, None, "Yes, gout", False),
    (DATE, "2020-02-03", "On 2020-02-03.", True), (DATE, "2020-02-03", "February 3, 2020", True),
    (DATE, "2020-02-03", "3 Feb 2020", True), (DATE, "2020-02-03", "2020-02-03 or 2020-02-04", False),
    (DATE, "2020-02-03", "in 2020", False), (NUMBER, 4.4, "4.4 mmol/L on 2019-01-01", True),
    (ABSENT, None, "The latest value was 7 mg/dL, not elevated", False),
    (ABSENT, None, "Yes, there is no doubt about gout", False), (ABSENT, None, "Not since 2020-02-03", False),
    (NUMBER, 4.4, "4.4 or 4.1", False), (NUMBER, 7.123456789, "7.12346", True), (NUMBER, 4.4, "none", False)])
def test_answers_in_words(kind: str, value: object, text: str, right: bool) -> None:
    assert says({"kind": kind, "value": value}, text) is right


@pytest.mark.parametrize(("value", "units", "text", "right"), [
    (6.7, ("10*3/uL",), "6.7 10*3/uL", True), (6.7, ("10*3/uL",), "6.7 x 10^3/µL", True),
    (6.7, ("10*3/uL",), "6.7x10^3/uL", True), (90.0, ("mL/min/{1.73_m2}",), "90mL/min/1.73m^2", True),
    (6.7, ("10*3/uL",), "6.7 x 10³ per uL", True), (6.7, ("10*3/uL",), "6.7 or 6.8 10*3/uL", False),
    (90.0, ("mL/min/{1.73_m2}",), "90 mL/min/{1.73_m2}", True),
    (90.0, ("mL/min/{1.73_m2}",), "90 mL/min/1.73 m2 on 2020-02-03", True),
    (90.0, ("mL/min/1.73 m2", "mL/min/{1.73_m2}"), "90 mL/min/1.73m²", True),
    (90.0, ("mL/min/{1.73_m2}",), "90, later 80 mL/min/1.73 m2", False),
    (1.73, ("mL/min/{1.73_m2}",), "90 mL/min/1.73 m2", False), (1.0, ("1",), "1", True),
    (10.0, ("10*3/uL",), "10", True)])
def test_digits_of_a_unit_are_no_numbers_of_an_answer(value: float, units: tuple[str, ...], text: str,
                                                      right: bool) -> None:
    assert says({"kind": NUMBER, "value": value, "units": units}, text) is right


@pytest.mark.parametrize(("text", "right"), [
    ("amoxicillin 250 mg oral capsule; Ibuprofen 100 MG", True), ("Ibuprofen 100 MG", False),
    ("Amoxicillin 250 MG Oral Capsule, Ibuprofen 100 MG, Ibuprofen 200 MG", False)])
def test_all_names_and_no_other(text: str, right: bool) -> None:
    truth = {"kind": NAMES, "value": [DRUG, "Ibuprofen 100 MG"], "others": ["Ibuprofen 200 MG"]}
    assert says(truth, text) is right


@pytest.fixture
def bundles(tmp_path: Path) -> Path:
    folder = tmp_path / "output" / "fhir"
    folder.mkdir(parents=True)
    (folder / "Velde.json").write_text(json.dumps(BUNDLE), encoding="utf-8")
    (folder / "hospitalInformation.json").write_text('{"resourceType": "Bundle", "entry": []}', encoding="utf-8")
    return tmp_path


def test_rules_and_a_model_answer_a_bundle(bundles: Path, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    rules = evaluate("ehrqa", Source(bundles), MeasureReader(), home)
    assert rules.scores[0].ours.value == 1.0
    assert any("phrased by the makers" in note for note in rules.notes)

    def script(request: Request[Any]) -> str:
        record, question = map(str, request.parts)
        value = re.search(r"Potassium, mmol/L: 2019-01-01 ([\d.]+)", record)
        if "latest Potassium" in question:
            return f"{value[1]} mmol/L" if value else "unknown"
        return "Yes"

    result = evaluate("ehrqa", Source(bundles), ScriptedReader(script), home)
    told = {line.group: line.values["macro_accuracy"] for line in result.classes}
    assert told["observation value"] == 1.0
    assert told["medication date"] == 0.0
    # yes to what was prescribed, to what is there, and wrongly to what the record does not hold
    existence = [line for line in result.classes if line.group == "condition existence"]
    assert 0 < existence[0].values["macro_accuracy"] < 1
    assert result.scores[0].baselines["blind"].value < result.scores[0].ours.value
    assert (result.cases, result.units) == (1, 1)
    assert any("too few for the intervals" in note for note in result.notes)


def test_a_sample_holds_the_smaller_one_and_only_patients(bundles: Path, tmp_path: Path) -> None:
    first = next(bundles.rglob("Velde.json"))
    for name in ("Aa", "Bb", "Cc"):
        first.with_name(f"{name}.json").write_bytes(first.read_bytes())
    samples = [{case.id for case in load(Source(bundles, limit=limit, cache=tmp_path)).cases} for limit in (1, 2, 3, 9)]
    assert [len(names) for names in samples] == [1, 2, 3, 4]
    assert samples[0] < samples[1] < samples[2] < samples[3]


def test_a_folder_without_a_patient(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[]", encoding="utf-8")
    with pytest.raises(NothingUsable, match="FHIR R4 bundles as Synthea writes them"):
        evaluate("ehrqa", Source(tmp_path), MeasureReader(), Home(tmp_path / "home"))


def test_valid_bundles_without_the_usual_elements_are_asked_about(bundles: Path, tmp_path: Path) -> None:
    """Periods and moments instead of dates, a vaccination told in words, a quantity without a value, no resource."""
    def resource(kind: str, **elements: Any) -> dict[str, Any]:
        return {"resource": {"resourceType": kind, **elements}}

    sodium = {"status": "final", "code": {"text": "Sodium"}}
    entries = [
        {"fullUrl": "urn:uuid:x"}, {"resource": "text"}, resource("Condition", id="nameless"),
        resource("Immunization", status="completed", vaccineCode={"text": "Tetanus"}, occurrenceString="as a child"),
        resource("Observation", **sodium, effectiveDateTime="2021-01-01", valueQuantity={"unit": "mmol/L"}),
        resource("Observation", **sodium, effectivePeriod={"start": "2019-01-01"}, valueQuantity={"value": 139}),
        resource("Observation", **sodium, effectiveInstant="2020-01-01T08:00:00Z",
                 valueQuantity={"value": 141, "unit": "mmol/L", "code": "mmol/L"}),
        resource("Observation", **sodium, valueQuantity={"value": 120}),
        resource("MedicationRequest", status="active", medicationCodeableConcept={"text": "Aspirin"})]
    path = next(bundles.rglob("Velde.json"))
    path.write_text(json.dumps(BUNDLE | {"entry": [*BUNDLE["entry"], *entries]}), encoding="utf-8")
    case, = load(Source(bundles, cache=tmp_path / "cache")).cases
    questions = {question.words: question.truth for question in case.questions}
    assert questions["What was the latest Sodium?"] == {"kind": NUMBER, "value": 141.0, "units": ["mmol/L"]}
    assert not any("Tetanus" in words or words == "When was Aspirin first prescribed?" for words in questions)
    assert evaluate("ehrqa", Source(bundles), MeasureReader(), Home(tmp_path / "home")).answered > 0

"""FHIR files in, resources and identities out; broken ones are refused with a reason."""

import json
from pathlib import Path

import pytest

from caseloom.core.case import Identity, Patient
from caseloom.core.errors import RefusedFile
from caseloom.core.refusal import RefusalCode
from caseloom.core.settings import Limits
from caseloom.sources.fhir import read_record
from caseloom.sources.fhir_fields import is_loinc, many, number_of, one

ANNA = {"resourceType": "Patient", "id": "p1", "identifier": [{"value": "MRN-77"}], "birthDate": "1950-02-03",
        "name": [{"family": "Ohm", "given": ["Anna", "B."]}, {"text": "Annie Ohm"}]}
SODIUM = {"resourceType": "Observation", "id": "o1", "subject": {"reference": "Patient/p1"}, "status": "final",
          "effectiveDateTime": "2024-05-06", "valueQuantity": {"value": 140.0, "unit": "mmol/L"}}

XML = """<?xml version="1.0" encoding="UTF-8"?>
<Bundle xmlns="http://hl7.org/fhir"><type value="collection"/>
 <entry><fullUrl value="urn:uuid:aaa"/><resource><Patient><id value="p1"/>
  <text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml"><p>Anna Ohm</p></div></text>
  <identifier><value value="MRN-77"/></identifier><name><family value="Ohm"/>
  <given value="Anna"/><given value="B."/></name>
  <name><text value="Annie Ohm"/></name><birthDate value="1950-02-03"/></Patient></resource></entry>
 <entry><resource><Observation><id value="o1"/><status value="final"/>
  <subject><reference value="urn:uuid:aaa"/></subject>
  <effectiveDateTime value="2024-05-06"/><valueQuantity><value value="140.0"/><unit value="mmol/L"/></valueQuantity>
 </Observation></resource></entry></Bundle>"""


def write(folder: Path, content: object) -> Path:
    path = folder / "record"
    path.write_bytes(content if isinstance(content, bytes) else
                     (content if isinstance(content, str) else json.dumps(content)).encode())
    return path


def bundle(*resources: dict) -> dict:
    return {"resourceType": "Bundle", "entry": [{"resource": resource} for resource in resources]}


@pytest.mark.parametrize("content", [
    bundle(ANNA, SODIUM),
    [ANNA, SODIUM],
    bundle(bundle(ANNA), SODIUM),
    json.dumps(ANNA) + "\n\n" + json.dumps(SODIUM) + "\r\n",
    "\ufeff" + json.dumps(bundle(ANNA, SODIUM)),
    json.dumps(bundle(ANNA, SODIUM)).encode("utf-16"),
    XML,
], ids=["bundle", "array", "nested bundles", "ndjson", "byte order mark", "utf-16", "xml"])
def test_every_form_of_a_record_reads_alike(tmp_path: Path, content: object) -> None:
    record = read_record(write(tmp_path, content), Limits())
    (who,) = record.identities()
    assert who == Identity(ids=("MRN-77", "p1"), names=("Anna B. Ohm", "Annie Ohm"), birth_date="1950-02-03")
    (sodium,) = record.of_type("Observation")
    assert number_of(one(sodium, "valueQuantity"), "value") == (140.0, "140.0")
    assert record.subject(sodium) == who
    assert record.date == "2024-05-06"


def test_one_ndjson_line_that_cannot_be_read_is_said_and_the_rest_is_kept(tmp_path: Path) -> None:
    text = f"{json.dumps(ANNA)}\n{{\"resourceType\": \n{json.dumps(SODIUM)}\n"
    record = read_record(write(tmp_path, text), Limits())
    assert len(record.resources) == 2
    assert record.warnings == ("1 lines of NDJSON could not be read (line 2)",)


@pytest.mark.parametrize(("content", "code"), [
    (b"", RefusalCode.EMPTY),
    (b"   \n", RefusalCode.EMPTY),
    (b'{"resourceType": "Bundle", "entry": [', RefusalCode.CORRUPT),
    (b"[" * 100_000, RefusalCode.CORRUPT),
    (b'{"resourceType": "Observation", "n": NaN}', RefusalCode.CORRUPT),
    (b'{"resourceType": "Observation", "n": 1e999}', RefusalCode.CORRUPT),
    (b'{"resourceType": "Observation", "n": ' + b"9" * 10_000 + b"}", RefusalCode.CORRUPT),
    (b'{"resourceType": "Pati\xff"}', RefusalCode.CORRUPT),
    (b"this is prose, not a record", RefusalCode.CORRUPT),
    (b'{"name": "a package"}', RefusalCode.UNKNOWN_FORMAT),
    (b"[1, 2, 3]", RefusalCode.UNKNOWN_FORMAT),
    (b"<html><body>hello</body></html>", RefusalCode.UNKNOWN_FORMAT),
    (b"<Bundle xmlns='http://hl7.org/fhir'><entry>", RefusalCode.CORRUPT),
    (b"<!DOCTYPE x [<!ENTITY e 'ha'>]><Bundle xmlns='http://hl7.org/fhir'/>", RefusalCode.CORRUPT),
    (b"<Patient xmlns='http://hl7.org/fhir'>" + b"<a>" * 5000 + b"</a>" * 5000 + b"</Patient>", RefusalCode.CORRUPT),
])
def test_what_is_no_record_is_refused_with_a_reason(tmp_path: Path, content: bytes, code: RefusalCode) -> None:
    with pytest.raises(RefusedFile) as refusal:
        read_record(write(tmp_path, content), Limits())
    assert refusal.value.code is code
    assert "\n" not in refusal.value.reason and str(tmp_path) not in refusal.value.reason


def test_a_record_over_the_limit_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with pytest.raises(RefusedFile) as refusal:
        read_record(write(tmp_path, bundle(ANNA)), Limits(max_record_bytes=10))
    assert refusal.value.code is RefusalCode.TOO_LARGE


def test_a_reference_finds_its_resource_however_it_is_written(tmp_path: Path) -> None:
    entry = {"fullUrl": "https://one.example/fhir/Patient/p1", "resource": ANNA}
    record = read_record(write(tmp_path, {"resourceType": "Bundle", "entry": [entry]}), Limits())
    for text in ("Patient/p1", "Patient/p1/_history/3", "https://one.example/fhir/Patient/p1", "urn:uuid:p1"):
        assert record.resolve({"reference": text}) == ANNA
    for text in ("Patient/p2", "#p1", ""):
        assert record.resolve({"reference": text}) is None
    holder = {"resourceType": "Observation", "contained": [{"resourceType": "Medication", "id": "m"}]}
    assert record.resolve({"reference": "#m"}, holder) == {"resourceType": "Medication", "id": "m"}


def test_a_relative_reference_to_two_different_people_finds_neither(tmp_path: Path) -> None:
    other = {**ANNA, "identifier": [{"value": "X-9"}], "name": [{"text": "Carl Volt"}]}
    entries = [{"fullUrl": "https://one.example/Patient/p1", "resource": ANNA},
               {"fullUrl": "https://two.example/Patient/p1", "resource": other}]
    record = read_record(write(tmp_path, {"resourceType": "Bundle", "entry": entries}), Limits())
    assert record.resolve({"reference": "Patient/p1"}) is None
    assert record.resolve({"reference": "https://two.example/Patient/p1"}) == other


def test_the_newest_version_of_a_resource_counts(tmp_path: Path) -> None:
    old = {**SODIUM, "meta": {"lastUpdated": "2024-05-07T00:00:00Z"}}
    new = {**SODIUM, "meta": {"lastUpdated": "2024-06-01T00:00:00Z"}, "status": "corrected"}
    record = read_record(write(tmp_path, bundle(new, old)), Limits())
    assert [item["status"] for item in record.of_type("Observation")] == ["corrected"]
    assert record.warnings == ("1 repeated or older versions of resources were left out",)


def test_a_subject_that_is_only_referred_to_is_an_identity_too(tmp_path: Path) -> None:
    lone = {**SODIUM, "subject": {"reference": "https://x.example/Patient/q9", "display": "Carl Volt"}}
    record = read_record(write(tmp_path, lone), Limits())
    assert record.identities() == (Identity(ids=("q9",), names=("Carl Volt",)),)
    assert not Patient(id="MRN-77", names=("Anna Ohm",)).owns(record.identities()[0])


def test_a_device_is_nobody(tmp_path: Path) -> None:
    record = read_record(write(tmp_path, {**SODIUM, "subject": {"reference": "Device/pump"}}), Limits())
    assert record.identities() == ()
    assert record.is_about_a_thing(record.resources[0])


def test_invisible_and_control_characters_never_reach_a_text(tmp_path: Path) -> None:
    patient = {**ANNA, "identifier": [{"value": "MRN\u200b-7\u202e7\n"}]}
    assert read_record(write(tmp_path, patient), Limits()).identities()[0].ids[0] == "MRN-77"


@pytest.mark.parametrize(("code", "valid"), [("718-7", True), ("2339-0", True), ("58410-2", True), ("10230-1", True),
                                             ("718-8", False), ("2339-1", False), ("LP123-4", False), ("", False)])
def test_loinc_check_digits(code: str, valid: bool) -> None:
    assert is_loinc(code) is valid


def test_real_bundles(shared_data: Path) -> None:
    for path in sorted((shared_data / "fhir_synthea").glob("*.json")):
        record = read_record(path, Limits())
        truth = json.loads(path.read_text())
        assert len(record.resources) == len(truth["entry"])
        (who,) = record.identities()
        assert who.ids[0] in path.name and who.names[0].replace(" ", "_") in path.name
        encounters = list(record.of_type("Encounter"))
        doctor = record.resolve(one(many(encounters[0], "participant")[0], "individual"))
        assert doctor is not None and doctor["resourceType"] == "Practitioner"
        assert all(record.subject(item) == who for item in record.of_type("Observation", "Immunization"))

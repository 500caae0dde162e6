"""Who a text says it is about."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from caseloom.core.case import Identity
from caseloom.sources.dates import date_in_name, dicom_date, parse_date
from caseloom.sources.identity import identities_in_text, merge_identities

Expected = tuple[tuple[str, ...], tuple[str, ...], str | None]


def only(text: str) -> Expected:
    (found,) = identities_in_text(text)
    return found.names, found.ids, found.birth_date


@pytest.mark.parametrize(("text", "expected"), [
    ("Patient: ZIMMERLEIGH, MATTIAS C", (("ZIMMERLEIGH, MATTIAS C",), (), None)),
    ("Name  Alex Sample", (("Alex Sample",), (), None)),
    ("Patient ID: P-692442", ((), ("P-692442",), None)),
    ("MRN 23453", ((), ("23453",), None)),
    ("MRN: MRN-77", ((), ("MRN-77",), None)),
    ("(MRN: 23453)", ((), ("23453",), None)),
    ("CBC Report for Wile. E. COYOTE (MRN: 23453) issued 3-Mar 2011", (("Wile. E. COYOTE",), ("23453",), None)),
    ("Name: A Bee\nDOB: 1957-07-07", (("A Bee",), (), "1957-07-07")),
    ("PATIENT : ROE, JANE C PHYSICIAN : S. Okonjo-Frey, NP\nID NO. : P-1\nBIRTHDATE : 07/25/1957",
     (("ROE, JANE C",), ("P-1",), "1957-07-25")),
    ("Re: Roe, Jane E., born 16.08.1960, record PAT869213", (("Roe, Jane E.",), ("PAT869213",), "1960-08-16")),
    ("Patient Roe, Jane P. Order no. L642\nDate of birth Requested by\n19.05.1945 R. Castellow, MD\nPatient no. 712730",
     (("Roe, Jane P.",), ("712730",), "1945-05-19")),
    ("Patient Name DOB Sex MRN\nROE, JANE M 12/28/1978 F MRN157998", (("ROE, JANE M",), ("MRN157998",), "1978-12-28")),
    ("Patien! Name   DOB   Sex   MRN\nROE, JANE M   12/28/1978   F   MRN157998",
     (("ROE, JANE M",), ("MRN157998",), "1978-12-28")),
    ("Patient Name\nDOB\nSex\nMRN\nROE, JANE M\n12/28/1978\nF\nMRN157998",
     (("ROE, JANE M",), ("MRN157998",), "1978-12-28")),
    ("Jane L. Roe\nDOB 05/17/1987 36 yrs Female ID 236237-32", (("Jane L. Roe",), ("236237-32",), "1987-05-17")),
    ("SAMPLE, Alex   DOB: 01-Jan-1950   MRN: 123", (("SAMPLE, Alex",), ("123",), "1950-01-01")),
    ("Dear Dr. Smith,\nI saw Mr. Alex Sample (DOB 7.7.1957, MRN 12345) today",
     (("Alex Sample",), ("12345",), "1957-07-07")),
    ("Patient name: Müller-Lüdenscheidt, Jörg  geb. 01.02.1950", (("Müller-Lüdenscheidt, Jörg",), (), "1950-02-01")),
    ("First Name: JANE Last Name: ROE Date of Birth: 10/10/1982\nEmergency Contact 1:\nFirst Name: JOHN Last Name: DOE",
     (("ROE, JANE",), (), "1982-10-10")),
    ("Patient: DOE^JANE\nPatient ID: 7", (("DOE^JANE",), ("7",), None)),
    ("NHS No: 943 476 5919", ((), ("943 476 5919",), None)),
    ("Patient: ALEX SAMPLE      ID: 55501\nMother: Eva Sample DOB 1.1.1930", (("ALEX SAMPLE",), ("55501",), None)),
])
def test_a_labelled_identity_is_read(text: str, expected: Expected) -> None:
    assert only(text) == expected


@pytest.mark.parametrize("text", [
    "Patient Education\nWound Care", "Patient Education: Wound Care", "Physician Name: John Smith\nDr. Jane Doe",
    "Patient: is well", "Re: Chest Pain", "Patient: Roe, Jane, MD", "FINDINGS: Patient is rotated.",
    "Specimen ID: 88123",
    "Test Name  Result\nName Value Unit\nHemoglobin 12", "Record 12 of 40", "ID 2025-01-02", "Study ID: 99999",
    "The patient's mother, Eva Roe (DOB 1.1.1930), had breast cancer", "Patient no longer smokes", "DOB: 1957-07-07",
    "",
])
def test_what_names_no_patient_is_not_read_as_one(text: str) -> None:
    assert identities_in_text(text) == ()


def test_several_patients_in_one_text() -> None:
    text = "Name: Alex Sample\nMRN: 11\n...\nName: Bea Ample\nMRN: 22\n...\nName: SAMPLE, ALEX\nMRN: 11"

    assert [person.ids for person in identities_in_text(text)] == [("11",), ("22",)]


def test_an_ambiguous_birth_date_is_left_out_unless_the_text_settles_its_order() -> None:
    assert only("Name: A Bee\nDOB: 03/04/1960")[2] is None
    assert only("Name: A Bee\nDOB: 03/04/1960\nCollected 01/25/2020")[2] == "1960-03-04"
    assert only("Name: A Bee\nDOB: 03/04/1960\nCollected 25/01/2020")[2] == "1960-04-03"


def test_real_lab_reports_name_their_patients(shared_data: Path) -> None:
    import pymupdf
    checked = 0
    for truth_file in sorted((shared_data / "lab_series").glob("*.truth.json")):
        truth = json.loads(truth_file.read_text(encoding="utf-8"))
        if truth["kind"] != "native":
            continue
        with pymupdf.open(truth_file.parent / truth["document"]) as document:
            text = "\n".join(page.get_text() for page in document)
        expected = [((person["name"],), (person["id"],), person["birth_date"]) for person in truth["patients"]]
        assert [(i.names, i.ids, i.birth_date) for i in identities_in_text(text)] == expected, truth["document"]
        checked += 1
    assert checked >= 15


def test_a_long_hostile_text_is_read_in_bounded_time() -> None:
    start = time.perf_counter()
    for text in ("Patient " * 50_000, "x" * 500_000, ("Name: " + "A b " * 90 + "\n") * 1_000, "(" * 100_000,
                 "A." * 200_000):
        identities_in_text(text)

    assert time.perf_counter() - start < 10


def test_mentions_of_one_person_are_merged() -> None:
    found = merge_identities([Identity(ids=("12-34",)), Identity(names=("Roe, Jane",)), Identity(),
                              Identity(ids=("1234",), names=("ROE^JANE",), birth_date="1960-01-02")])

    assert found[0].ids == ("12-34", "1234")
    assert len(found) == 2


@pytest.mark.parametrize(("text", "expected"), [
    ("20250304", "2025-03-04"), ("202503", "2025-03"), ("2025", "2025"), ("20251304", None), ("", None),
    ("unknown", None),
    ("2025.03.04", "2025-03-04"), ("20250304101500.000", "2025-03-04"), ("00000000", None),
])
def test_dicom_dates_keep_their_precision(text: str, expected: str | None) -> None:
    assert dicom_date(text) == expected


def test_dates_in_words_and_file_names() -> None:
    assert parse_date("seen on April 20, 2024") == "2024-04-20"
    assert parse_date("18-Oct-1949") == "1949-10-18"
    assert parse_date("3/4/2025") is None
    assert date_in_name("cxr_2025-03-04_pa.png") == "2025-03-04"
    assert date_in_name("2025-03-04_to_2025-04-04.png") is None
    assert date_in_name("12025-03-04.png") is None

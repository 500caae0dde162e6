"""Questions beyond the rules: what a model is shown of a record, and which of its words the record bears out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from made_record import ANNA, ANNA_S_CASE, about_anna, concept, run_on_resources, status
from scripted_reader import ScriptedReader

from caseloom.core.case import Identity
from caseloom.core.errors import ReaderFailed
from caseloom.core.evidence import Evidence
from caseloom.core.finding import Finding
from caseloom.core.result import Answer, AnswerStatus
from caseloom.readers.measure import MeasureReader
from caseloom.readers.protocol import Reader
from caseloom.readers.request import Request
from caseloom.tools.blanking import people_of
from caseloom.tools.records.questions import answer_question
from caseloom.tools.records.read import answer_with_reader

OPEN = "Which entry could explain the tiredness of Anna Ohm?"
PEOPLE = people_of(ANNA_S_CASE)

RESOURCES = (
    about_anna("Condition", id="c1", code=concept("Anemia (disorder)"), clinicalStatus=status("active"),
               onsetDateTime="2011-05-06"),
    about_anna("Condition", id="c2", code=concept("Cystitis"), clinicalStatus=status("resolved"),
               onsetDateTime="2001-05-01", abatementDateTime="2001-05-09"),
    about_anna("Condition", id="c3", code=concept("Asthma"), verificationStatus=status("refuted"),
               onsetDateTime="2002-01-01"),
    about_anna("MedicationRequest", id="m1", status="active", intent="order", authoredOn="2012-01-02",
               medicationCodeableConcept=concept("Metformin"), requester={"display": "Dr. Carl Volt"}),
    about_anna("Observation", id="o1", status="final", code=concept("Potassium"), effectiveDateTime="2013-01-02",
               category=[{"coding": [{"code": "laboratory"}]}],
               valueQuantity={"value": 4.1, "unit": "mmol/L"},
               referenceRange=[{"low": {"value": 3.5}, "high": {"value": 5.1}}]),
    about_anna("Observation", id="o2", status="final", code=concept("Potassium"), effectiveDateTime="2014-01-02",
               category=[{"coding": [{"code": "laboratory"}]}],
               valueQuantity={"value": 4.8, "unit": "mmol/L"}),
    about_anna("Observation", id="o3", status="final", code=concept("Note"), effectiveDateTime="2014-03-04",
               valueString="Mrs Ohm, born 3.2.1950 (A77-1), feels well"),
)

Case = tuple[tuple[Finding, ...], tuple[Evidence, ...]]


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Case:
    result = run_on_resources(tmp_path_factory.mktemp("record"), ANNA, *RESOURCES)
    return result.findings, result.evidence


def saying(words: str) -> ScriptedReader:
    return ScriptedReader({"record": words})


def ask(record: Case, reader: Reader, question: str = OPEN) -> Answer:
    return answer_with_reader(question, *record, reader, "P-0", PEOPLE)


def cited(answer: Answer) -> set[str]:
    return {item.locator.id for item in answer.evidence}


@pytest.mark.parametrize(("words", "resources"), [
    ("Anemia.", {"c1"}), ("Anemia (disorder)", {"c1"}), ("The patient has anemia since 2011-05-06.", {"c1"}),
    ("anemia, recorded on May 6, 2011", {"c1"}), ("Anemia and metformin.", {"c1", "m1"}),
    ("Anemia since 2011-05. Metformin from 2012-01-02.", {"c1", "m1"}), ("Potassium 4.1 mmol/L on 2013-01-02", {"o1"}),
    ("Potassium was 4.8 mmol/L.", {"o2"}), ("Cystitis, resolved on 2001-05-09", {"c2"}),
    ("The patient had cystitis.", {"c2"}), ("Metformin, by Dr. Carl Volt", {"m1"}), ("currently metformin", {"m1"})])
def test_words_that_the_record_holds_are_an_answer_with_its_evidence(
        words: str, resources: set[str], record: Case) -> None:
    answer = ask(record, saying(words))
    assert answer.status is AnswerStatus.ANSWERED
    assert cited(answer) == resources
    assert all(sentence.evidence for sentence in answer.sentences)
    assert set(answer.sentences[0].evidence) <= {item.id for item in answer.evidence}
    assert answer.text.startswith(f'scripted, shown the record, answers: "{words}" The record says: ')
    assert answer.raw_answer == words


@pytest.mark.parametrize(("words", "resource"), [
    ("Anemia. [1]", "c1"), ("Anemia [1, 4].", "c1"), ("Metformin [99]", "m1"), ("Metformin [1]", "m1")])
def test_numbers_of_entries_are_no_words_of_the_answer(words: str, resource: str, record: Case) -> None:
    answer = ask(record, saying(words))
    assert cited(answer) == {resource}
    assert "[" not in answer.text and answer.raw_answer == words


@pytest.mark.parametrize("words", [
    "Fatigue syndrome.", "No anemia.", "The patient does not have anemia.", "Anemia explains it.", "Severe anemia.",
    "Anemia since 2012-05-06.", "Potassium 4.3 mmol/L", "Potassium 3.5 mmol/L", "Potassium 4.1 mg/L",
    "Potassium 4.1 mmol/L on 2014-01-02", "Potassium > 4.1 mmol/L", "Asthma", "Cystitis", "current cystitis",
    "Anemia, resolved", "Metformin was stopped.", "Metformin 500 mg", "Yes", "Yes, anemia.", "2011-05-06", "Anemia B12",
    "Anemia. Give iron.", "Metformin, by Dr. House", "The highest potassium was 4.8 mmol/L.", "Anemia or asthma",
    "Anemia. " * 400])
def test_words_beyond_the_record_are_declined_and_kept(words: str, record: Case) -> None:
    answer = ask(record, saying(words))
    assert answer.status is AnswerStatus.DECLINED
    assert not answer.sentences
    assert not answer.evidence
    assert answer.raw_answer == words.strip()
    assert "kept as the raw answer" in answer.text


@pytest.mark.parametrize("question", [
    "Does the patient have anemia?", "What was the latest potassium?", "Does the patient have gout?",
    "Should the patient take iron?", "Did the patient have anemia on 03/04/2011?"])
def test_what_rules_know_is_never_asked(question: str, record: Case) -> None:
    reader = saying("Anemia.")
    answer = ask(record, reader, question)
    assert not reader.requests
    assert answer == answer_question(question, *record)
    assert answer.raw_answer is None


def test_the_measure_reader_is_never_asked(record: Case) -> None:
    assert ask(record, MeasureReader()) == answer_question(OPEN, *record)


def test_no_identity_reaches_the_model(record: Case) -> None:
    reader = saying("Anemia.")
    ask(record, reader)
    (request,) = reader.requests
    said = " ".join(part for part in request.parts if isinstance(part, str)).casefold()
    assert request.scope == "P-0"
    assert not request.pictures
    assert "tiredness of [name]?" in said
    assert "feels well" in said
    assert "carl volt" in said
    assert not [secret for secret in ("ohm", "anna", "a77", "1950") if secret in said]


def test_a_reader_that_fails_or_says_nothing_is_named(record: Case) -> None:
    def fail(request: Request) -> str:
        raise ReaderFailed("the server is down")

    failed, empty = ask(record, ScriptedReader(fail)), ask(record, saying("<unused94>thought\nhm"))
    assert (failed.status, failed.text) == (AnswerStatus.DECLINED, "scripted did not answer: the server is down")
    assert failed.raw_answer is None
    assert (empty.status, empty.raw_answer) == (AnswerStatus.DECLINED, "")
    assert empty.text.startswith("scripted gave no usable answer: ")


def test_a_question_that_is_too_long_is_not_asked(record: Case) -> None:
    reader = saying("Anemia.")
    answer = ask(record, reader, "Which of " + "these and " * 500 + "those?")
    assert answer.status is AnswerStatus.DECLINED
    assert not reader.requests


def test_findings_that_a_model_read_bear_nothing_out(record: Case) -> None:
    findings, evidence = record
    read = tuple(item.model_copy(update={"reader": "scripted"}) for item in findings)
    assert ask((read, evidence), saying("Anemia.")).status is AnswerStatus.DECLINED


def test_the_tool_asks_with_the_people_of_its_file(tmp_path: Path) -> None:
    reader = saying("Anemia.")
    result = run_on_resources(tmp_path, ANNA, *RESOURCES, patient=None, question=OPEN, reader=reader)
    assert result.answer.status is AnswerStatus.ANSWERED
    assert "tiredness of [name]?" in "".join(map(str, reader.requests[0].parts))
    assert {item.reader for item in result.findings} == {"measure"}


def test_a_whole_synthetic_record_fits_and_is_blanked(tmp_path: Path, shared_data: Path) -> None:
    from made_record import run_on_file

    path = sorted((shared_data / "fhir_synthea").glob("*.json"))[0]
    resources = [entry["resource"] for entry in json.loads(path.read_text())["entry"]]
    person = next(item for item in resources if item["resourceType"] == "Patient")
    result = run_on_file(path, cache=tmp_path)
    who = Identity(ids=(person["id"], *(item["value"] for item in person["identifier"])),
                   birth_date=person["birthDate"],
                   names=tuple(" ".join([*name.get("given", []), name["family"]]) for name in person["name"]))
    reader = saying("nothing")
    answer = answer_with_reader("Which entry matters most?", result.findings, result.evidence, reader, "P-0", (who,))
    said = "".join(part for part in reader.requests[0].parts if isinstance(part, str))
    assert answer.status is AnswerStatus.DECLINED
    assert len(said) > 5000
    assert not [text for text in (person["id"], person["birthDate"], *(name["family"] for name in person["name"]))
                if text in said]


def test_a_reader_with_a_small_context_gets_a_shorter_record(record: Case) -> None:
    readers = [ScriptedReader({"record": "Anemia."}, context=context) for context in (None, 1_750)]
    for reader in readers:
        ask(record, reader)
    whole, short = ("".join(map(str, reader.requests[0].parts)) for reader in readers)
    assert "Left out" in short and "Left out" not in whole
    assert len(short) < len(whole)

"""Questions whose first answer said too much, too little, or of another: allergies, kinds, ends, other events."""

from __future__ import annotations

import pytest
from made_record import ANNA, about_anna, concept, run_on_resources, status

from caseloom.core.result import Answer, AnswerStatus
from caseloom.tools.records.questions import answer_question

MADE = "http://loinc.org"


def condition(name, state="active", verified="confirmed", began=None, ended=None):
    return about_anna("Condition", id=name.replace(" ", "-"), code=concept(name), clinicalStatus=status(state),
                      verificationStatus=status(verified), **({"onsetDateTime": began} if began else {}),
                      **({"abatementDateTime": ended} if ended else {}))


def order(name, day, reason, by="Dr. Volt", state="active", until=None):
    timing = [{"timing": {"repeat": {"boundsPeriod": {"start": day, "end": until}}}}] if until else []
    return about_anna("MedicationRequest", id=f"{name}-{day}", status=state, intent="order", authoredOn=day,
                      medicationCodeableConcept=concept(name), requester={"display": by},
                      reasonCode=[concept(reason)], dosageInstruction=timing)


def result(name, code, number, unit, day):
    return about_anna("Observation", id=f"{code}-{day}", status="final", category=[status("laboratory")],
                      code=concept(name, MADE, code), effectiveDateTime=day,
                      valueQuantity={"value": number, "unit": unit})


def allergy(name, state="active", verified="confirmed"):
    return about_anna("AllergyIntolerance", id=name, code=concept(name), clinicalStatus=status(state),
                      verificationStatus=status(verified))


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    return run_on_resources(
        tmp_path_factory.mktemp("asked"), ANNA,
        allergy("Penicillin G"), allergy("Latex", verified="refuted"), allergy("Shellfish", state="resolved"),
        condition("Type 2 diabetes mellitus", began="2012-05-01"), condition("Essential hypertension"),
        condition("Asthma", "resolved", began="1975", ended="1990-06"),
        condition("Pulmonary embolism", verified="refuted"), condition("Atrial fibrillation", "remission"),
        condition("Left breast carcinoma", "resolved"), condition("Gastroesophageal reflux disease"),
        condition("History of stroke"), condition("Family history of colon cancer"), condition("Suspected lupus"),
        condition("Pneumonia", began="2019-01-01", ended="2019-02-01"),
        order("Metformin 500 MG", "2012-05-01", "Type 2 diabetes mellitus", state="stopped"),
        order("Metformin 1000 MG", "2016-08-08", "Type 2 diabetes mellitus", by="Dr. Watt"),
        order("Losartan 50 MG", "2013-04-04", "Essential hypertension"),
        order("Ibuprofen 400 MG", "2010-01-01", "Headache", until="2010-01-10"),
        about_anna("Immunization", id="v", status="completed", vaccineCode=concept("Influenza, seasonal"),
                   occurrenceDateTime="2022-10-10"),
        about_anna("Immunization", id="w", status="completed", vaccineCode=concept("Pneumococcal conjugate PCV 13"),
                   occurrenceDateTime="2020-03-03"),
        about_anna("FamilyMemberHistory", id="m", status="completed", relationship=concept("mother"),
                   condition=[{"code": concept("Breast cancer")}]),
        about_anna("FamilyMemberHistory", id="f", status="completed", relationship=concept("father"),
                   condition=[{"code": concept("Myocardial infarction")}]),
        result("LDL cholesterol", "22748-8", 3.1, "mmol/L", "2022-02-02"),
        result("FEV1/FVC", "19926-5", 0.7, "1", "2022-02-02"),
        *(result("Hemoglobin A1c", "4548-4", number, "%", day)
          for number, day in ((7.9, "2012-05-01"), (7.1, "2019-03-03"), (8.4, "2021-05-05"), (6.8, "2023-11-02"))))


def ask(question: str, record) -> Answer:
    answer = answer_question(question, record.findings, record.evidence)
    if answer.status is AnswerStatus.ANSWERED:
        assert answer.sentences and all(sentence.evidence for sentence in answer.sentences)
        assert answer.text == " ".join(sentence.text for sentence in answer.sentences)
    return answer


def said(question: str, record) -> str | None:
    value = ask(question, record).value
    return value.text if value else None


@pytest.mark.parametrize(("question", "value", "words"), [
    ("Is the patient allergic to anything?", "Penicillin G", "Yes: Penicillin G"),
    ("What allergies does the patient have?", "Penicillin G", "Shellfish, no longer active"),
    ("Is the patient allergic to shellfish?", "no", "No: Shellfish, no longer active"),
    ("Is the patient allergic to latex or penicillin?", "yes", "Latex: recorded as not so"),
    ("Is the patient not allergic to penicillin?", "no", "No, the record holds it: Penicillin G"),
    ("Has the patient no allergies?", "Penicillin G", "No, the record holds it: Penicillin G"),
    ("Is the patient allergic to penicillin and nuts?", "uncertain", "Nothing named nuts is on record")])
def test_allergies_are_told_with_whether_they_stand(record, question, value, words):
    answer = ask(question, record)
    assert (answer.value.text, words in answer.text) == (value, True)


def test_an_allergy_that_nobody_recorded_has_no_similar_name(record):
    assert "Similar" not in ask("Is the patient allergic to nuts?", record).text


@pytest.mark.parametrize(("question", "value"), [
    ("Does the patient have lung disease?", "uncertain"), ("Does the patient have heart disease?", "uncertain"),
    ("Does the patient have atrial fibrillation?", "no"), ("Does the patient have a pulmonary embolism?", "no"),
    ("Has the patient ever had breast cancer?", "yes"), ("Does the patient have GERD?", "yes"),
    ("Does the patient have type 1 diabetes?", None), ("Does the patient have diabetes and hypertension?", "yes"),
    ("Does the patient have diabetes and asthma?", "no"), ("Does the patient have diabetes or gout?", "yes"),
    ("Does the patient have diabetes and gout?", "uncertain"), ("Has the patient had a stroke?", "yes"),
    ("Does the patient have lupus?", "uncertain"), ("Does the patient have suspected lupus?", "yes"),
    ("Does the patient have a history of stroke?", "yes"), ("Does the patient have colon cancer?", None),
    ("Does the patient have pneumonia?", "no"), ("Has the patient never had asthma?", "no"),
    ("Has the patient never had a pulmonary embolism?", "yes")])
def test_a_condition_is_told_no_further_than_the_record_goes(record, question, value):
    assert said(question, record) == value


def test_the_list_of_conditions_holds_what_says_itself_how_it_stands(record):
    listed = said("Which active conditions does the patient have?", record)
    assert sorted(listed.split("; ")) == ["Essential hypertension", "Gastroesophageal reflux disease",
                                          "History of stroke", "Suspected lupus", "Type 2 diabetes mellitus"]


def test_a_question_put_in_the_negative_is_not_answered_with_a_bare_yes(record):
    assert ask("Has the patient never had asthma?", record).text.startswith("No, the record holds it: Asthma")


@pytest.mark.parametrize(("question", "status", "words"), [
    ("Is there a history of breast cancer in the family?", "answered", "Breast cancer in the family (mother)"),
    ("Is there a family history of colon cancer?", "answered", "Family history of colon cancer"),
    ("When did the patient's father die?", "not_in_case", "does not tell that of the father"),
    ("Does the patient have right breast cancer?", "not_in_case", "Breast cancer (of the family)")])
def test_the_family_is_told_as_the_family(record, question, status, words):
    answer = ask(question, record)
    assert (answer.status.value, words in answer.text) == (status, True)


@pytest.mark.parametrize(("question", "value"), [
    ("What condition is the metformin treating?", "Type 2 diabetes mellitus"),
    ("Does the patient currently have any active prescriptions for hypertension?", "Losartan 50 MG"),
    ("What is the patient currently taking for diabetes?", "Metformin 1000 MG"),
    ("Which medications was the patient taking when pneumonia was diagnosed?", "Losartan 50 MG; Metformin 1000 MG"),
    ("Does the patient take anything for diabetes?", "Metformin 1000 MG"),
    ("Is the patient taking ibuprofen?", "no"), ("Has the patient ever taken ibuprofen?", "yes"),
    ("Which medications is the patient taking?", "Losartan 50 MG; Metformin 1000 MG"),
    ("Who first prescribed metformin?", "Dr. Volt"), ("When was metformin first prescribed?", "Metformin 500 MG")])
def test_medicines_are_those_asked_for(record, question, value):
    assert said(question, record) == value


@pytest.mark.parametrize("question", ["Who first prescribed metformin?", "When was metformin first prescribed?"])
def test_the_first_prescription_is_told_alone(record, question):
    assert len(ask(question, record).sentences) == 1


@pytest.mark.parametrize("question", ["What is the cholesterol?", "What was the last FEV1?", "What is the hemoglobin?"])
def test_a_result_of_a_longer_name_is_another_result(record, question):
    answer = ask(question, record)
    assert answer.status is AnswerStatus.NOT_IN_CASE and "Similar names" in answer.text


@pytest.mark.parametrize(("question", "number", "words"), [
    ("What was the HbA1c between 2020 and 2022?", 8.4, "2021-05-05"),
    ("What was the last HbA1c before the flu shot?", 8.4, "Influenza, seasonal: 2022-10-10."),
    ("What was the HbA1c when metformin was prescribed?", 7.9, "Metformin 500 MG: 2012-05-01."),
    ("What was the HbA1c at the time of the last flu shot?", 8.4, "Influenza, seasonal: 2022-10-10."),
    ("What was the HbA1c after pneumonia was diagnosed?", 6.8, "Pneumonia: 2019-01-01.")])
def test_a_value_within_a_span_or_at_another_event(record, question, number, words):
    answer = ask(question, record)
    assert (answer.value.number, words in answer.text) == (number, True)


def test_the_vaccine_against_a_disease_goes_by_its_own_name(record):
    assert said("Has the patient had the pneumonia vaccine?", record) == "Pneumococcal conjugate PCV 13"
    assert "Similar" not in ask("Has the patient had the hepatitis B vaccine?", record).text


@pytest.mark.parametrize(("question", "words"), [
    ("How long was the patient on ibuprofen?", "Ibuprofen 400 MG, from 2010-01-01 to 2010-01-10, 9 days."),
    ("How long has the patient been taking losartan?", "Losartan 50 MG, since 2013-04-04; no end is on record."),
    ("How long did the pneumonia last?", "Pneumonia, from 2019-01-01 to 2019-02-01, 31 days."),
    ("How long did the patient have asthma?", "Asthma, from 1975 to 1990-06."),
    ("Was the patient taking ibuprofen in 2012?", "Not on record in 2012: Ibuprofen 400 MG, from 2010-01-01 to"),
    ("Did the patient have pneumonia in 2021?", "Not on record in 2021: Pneumonia, from 2019-01-01 to 2019-02-01.")])
def test_how_long_and_when_are_told_from_both_ends(record, question, words):
    answer = ask(question, record)
    assert (answer.status.value, words in answer.text) == ("answered", True)


def test_one_word_names_that_end_alike_may_have_been_meant_and_other_words_for_a_thing_find_it(tmp_path):
    held = run_on_resources(tmp_path, ANNA, condition("Prediabetes"), condition("Dyspnea"),
                            order("ferrous sulfate 325 MG", "2024-01-01", "Anemia"))
    assert ask("Is the patient diabetic?", held).text.endswith("Similar names in the record: Prediabetes.")
    assert ask("Is the patient short of breath?", held).value.text == "yes"
    assert ask("When did the patient start iron?", held).value.date == "2024-01-01"


def test_imaging_that_a_record_names_took_place_and_an_allergy_says_what_it_did(tmp_path):
    image = about_anna("ImagingStudy", id="i", status="available", started="2021-02-03", series=[
        {"modality": {"display": "Ultrasound"}, "bodySite": {"display": "Abdomen"}}])
    rash = allergy("Penicillin") | {"reaction": [{"manifestation": [concept("Rash")]}]}
    held = run_on_resources(tmp_path, ANNA, image, rash, condition("No family history of diabetes"))
    assert "Ultrasound, Abdomen on 2021-02-03." in ask("Has the patient had an ultrasound?", held).text
    assert "Penicillin (Rash)" in ask("What allergies does the patient have?", held).text
    assert ask("Does the patient have diabetes?", held).status is AnswerStatus.NOT_IN_CASE
    assert ask("Is there a family history of diabetes?", held).status is AnswerStatus.NOT_IN_CASE

"""Questions about real and made records; every expected answer was read off the JSON by hand."""

from __future__ import annotations

import pytest
from made_record import ANNA, about_anna, concept, run_on_file, run_on_resources, status

from caseloom.core.finding import Category, Status, Value, make_finding
from caseloom.core.result import AnswerStatus
from caseloom.tools.records.intents import understand
from caseloom.tools.records.matching import Fit, best_fits, fit, is_named_so
from caseloom.tools.records.questions import answer_question

ANSWERED, NOT_IN_CASE, DECLINED = AnswerStatus.ANSWERED, AnswerStatus.NOT_IN_CASE, AnswerStatus.DECLINED


@pytest.fixture(scope="module")
def buddy(shared_data, tmp_path_factory):
    return run_on_file(next((shared_data / "fhir_synthea").glob("Buddy*.json")), cache=tmp_path_factory.mktemp("b"))


@pytest.fixture(scope="module")
def hong(shared_data, tmp_path_factory):
    return run_on_file(next((shared_data / "fhir_synthea").glob("Hong*.json")), cache=tmp_path_factory.mktemp("h"))


def ask(question, result):
    answer = answer_question(question, result.findings, result.evidence)
    shown = {item.id for item in result.evidence}
    assert {item.id for item in answer.evidence} <= shown
    assert answer.steps[0].tool == "records" and answer.steps[0].arguments == {"question": question}
    if answer.status is ANSWERED:
        assert answer.sentences and all(sentence.evidence for sentence in answer.sentences)
        assert {key for sentence in answer.sentences for key in sentence.evidence} == {e.id for e in answer.evidence}
        assert answer.text == " ".join(sentence.text for sentence in answer.sentences)
    else:
        assert answer.value is None and not answer.sentences
    return answer


BUDDY_TEXT = [
    ("Does the patient have anemia?", "yes", "1955-07-09"),
    ("Does the patient have anaemia?", "yes", "1955-07-09"),
    ("Does the patient have sinusitis?", "yes", "1923-12-09"),
    ("Does the patient have viral sinusitis?", "no", "1978-02-21"),
    ("Has the patient ever had viral sinusitis?", "yes", "1978-02-21"),
    ("Did the patient have viral sinusitis in February 1978?", "yes", "1978-02-21"),
    ("Does the patient have a heart condition?", "yes", "1979-07-06"),
    ("When was the patient diagnosed with congestive heart failure?", "Chronic congestive heart failure (disorder)",
     "1979-07-06"),
    ("When did the viral sinusitis resolve?", "Viral sinusitis (disorder)", "1978-02-28"),
    ("When did the patient last receive an influenza vaccine?", "Influenza, seasonal, injectable, preservative free",
     "1982-03-27"),
    ("When was the first flu shot?", "Influenza, seasonal, injectable, preservative free", "1973-08-18"),
    ("Is the patient on metoprolol?", "yes", "1979-07-27"),
    ("Is the patient currently taking amoxicillin?", "no", "1978-02-21"),
    ("Has the patient ever been prescribed amoxicillin?", "yes", "1978-02-21"),
    ("Who prescribed ferrous sulfate?", "Dr. Keeley Yundt", "1955-07-09"),
    ("When was naproxen prescribed?", "Naproxen sodium 220 MG Oral Tablet", "1963-06-21"),
    ("Since when has the patient been on metoprolol?",
     "24 HR metoprolol succinate 100 MG Extended Release Oral Tablet [Toprol]", "1979-07-27"),
    ("What is naproxen prescribed for?", "Localized, primary osteoarthritis of the hand", "1963-06-21"),
    ("When was the last spirometry performed?", "Spirometry (procedure)", "1982-03-27"),
    ("Did the patient undergo an echocardiogram?", "yes", "1983-01-08"),
    ("What is the smoking status?", "Former smoker", "1982-03-27"),
    ("Does the patient smoke?", "Former smoker", "1982-03-27"),
]


@pytest.mark.parametrize(("question", "text", "date"), BUDDY_TEXT, ids=[item[0] for item in BUDDY_TEXT])
def test_conditions_medicines_vaccines_and_events(buddy, question, text, date):
    answer = ask(question, buddy)
    assert answer.status is ANSWERED
    assert (answer.value.text, answer.value.date[:10]) == (text, date)


VALUES = [
    ("What was the latest hemoglobin?", 15.055858791227914, "g/dL", "1977-09-10"),
    ("What is the patient's most recent HbA1c level?", 6.042276731003824, "%", "1982-03-27"),
    ("What was the glucose on 1983-01-08?", 92.62462148771516, "mg/dL", "1983-01-08"),
    ("What was the BMI as of 3 March 1974?", 27.257080679510175, "kg/m2", "1973-08-18"),
    ("What is the cholesterol?", 195.48008978870476, "mg/dL", "1981-03-21"),
    ("What is the latest LDL?", 97.3684057731129, "mg/dL", "1981-03-21"),
    ("What was the platelet count?", 415.8687101822316, "10*3/uL", "1977-09-10"),
    ("latest NT-proBNP", 368.96267739955204, "pg/mL", "1979-07-06"),
]


@pytest.mark.parametrize(("question", "number", "unit", "date"), VALUES, ids=[item[0] for item in VALUES])
def test_values(buddy, question, number, unit, date):
    value = ask(question, buddy).value
    assert (value.number, value.unit, value.date[:10]) == (number, unit, date)


def test_limits_and_extremes_agree_with_the_values_themselves(buddy):
    potassium = sorted((f.date, f.number) for f in buddy.findings if f.name == "Potassium")
    before = max(pair for pair in potassium if pair[0] < "1980-01")
    value = ask("What was the last potassium value before January 1980?", buddy).value
    assert (value.date, value.number) == before
    assert ask("What was the highest potassium?", buddy).value.number == max(number for _, number in potassium)
    assert ask("What was the lowest potassium?", buddy).value.number == min(number for _, number in potassium)
    assert ask("What was the first potassium?", buddy).value.number == potassium[0][1]
    every = ask("List all potassium values", buddy)
    assert len(every.sentences) == len({date for date, _ in potassium})


def test_blood_pressure_is_systolic_over_diastolic(buddy):
    answer = ask("What is the patient's blood pressure?", buddy)
    numbers = {f.name[:8]: f.number for f in buddy.findings
               if f.date.startswith("1982-03-27") and f.value and f.value.panel == "Blood Pressure"}
    assert answer.value.text == f"{numbers['Systolic']:.4g}/{numbers['Diastoli']:.4g}"
    assert answer.value.unit == "mm[Hg]" and len(answer.evidence) == 2


def test_two_different_values_of_one_moment_are_both_told_and_none_is_chosen(buddy):
    answer = ask("What is the ejection fraction?", buddy)
    assert answer.value is None
    assert ["40.28 %" in answer.text, "42.25 %" in answer.text] == [True, True]


def test_current_medicines_and_active_conditions(buddy, hong):
    now = ask("What medications is the patient currently taking?", hong).value.text
    assert now == ("Hydrochlorothiazide 25 MG; 60 ACTUAT Fluticasone propionate 0.25 MG/ACTUAT / salmeterol 0.05 "
                   "MG/ACTUAT Dry Powder Inhaler; Memantine hydrochloride 2 MG/ML Oral Solution")
    then = ask("What were the patient's active conditions on 2007-04-20?", hong).value.text.split("; ")
    assert sorted(then) == ["Alzheimer's disease (disorder)", "Anemia (disorder)", "Fracture of clavicle",
                            "Hypertension", "Prediabetes", "Pulmonary emphysema (disorder)"]
    assert len(ask("What conditions does the patient have?", buddy).sentences) == 6


@pytest.mark.parametrize(("question", "text"), [
    ("Does the patient have high blood pressure?", "yes"),
    ("Does the patient have lung disease?", "yes"),
    ("Does the patient have Alzheimer's?", "yes"),
    ("Has the patient had a fracture?", "yes"),
    ("Is the patient on galantamine?", "no"),
    ("Why is the patient taking memantine?", "Alzheimer's disease (disorder)"),
    ("What medication is prescribed for Alzheimer's disease?",
     "Galantamine 4 MG Oral Tablet; Memantine hydrochloride 2 MG/ML Oral Solution"),
    ("Who prescribed memantine?", "Dr. Andre Schneider"),
    ("What was the cause of death?", "Pneumonia"),
])
def test_the_other_patient(hong, question, text):
    assert ask(question, hong).value.text == text


WORDED_OTHERWISE = [
    ("Any sign of emphysema in this record?", "yes"), ("Is she hypertensive?", "yes"),
    ("Has she got high blood pressure?", "yes"), ("Tell me whether he suffers from Alzheimer's.", "yes"),
    ("Was there ever a broken collarbone?", "yes"), ("Did the patient ever break her wrist?", "yes"),
    ("Is the anaemia still active?", "yes"), ("Has he been treated with amoxicillin?", "yes"),
    ("When did she come down with pneumonia?", "Pneumonia"), ("What year was hypertension diagnosed?", "Hypertension"),
    ("Has the patient had a tetanus shot?", "Td (adult) preservative free"),
    ("When did he get Td?", "Td (adult) preservative free"),
    ("On which date was ibuprofen first prescribed?", "Ibuprofen 200 MG Oral Tablet"),
    ("What is galantamine for?", "Alzheimer's disease (disorder)"),
    ("What is used to treat his hypertension?", "Hydrochlorothiazide 25 MG"),
    ("How tall is the patient?", "172.8 cm"), ("What does the patient weigh?", "83.15 kg"),
    ("What was the BP at the last visit?", "178.2/96.55"), ("LDL cholesterol, latest?", "94.26 mg/dL"),
    ("When was the patient last hospitalised?", "Hospital admission")]


@pytest.mark.parametrize(("question", "text"), WORDED_OTHERWISE, ids=[item[0] for item in WORDED_OTHERWISE])
def test_questions_in_other_words(hong, question, text):
    answer = ask(question, hong)
    assert (answer.status, answer.value.text) == (ANSWERED, text)


@pytest.mark.parametrize(("question", "text"), [
    ("Is heart failure documented?", "yes"), ("Which conditions have resolved?", "Viral sinusitis (disorder)"),
    ("Is metoprolol still being taken?", "yes"), ("Did a doctor ever prescribe naproxen?", "yes"),
    ("Name of the physician who prescribed metoprolol?", "Dr. Keeley Yundt"),
    ("Reason for metoprolol?", "Chronic congestive heart failure (disorder)"),
    ("How long has he been anemic?", "Anemia (disorder)"), ("Weight in 1980?", "82.96 kg"),
    ("First recorded BMI?", "27.26 kg/m2"),
    ("When was hemoglobin last measured?", "Hemoglobin [Mass/volume] in Blood")])
def test_questions_in_other_words_again(buddy, question, text):
    answer = ask(question, buddy)
    assert (answer.status, answer.value.text) == (ANSWERED, text)


def test_a_question_for_vaccines_is_answered_with_all_of_them(buddy):
    assert len(ask("Which vaccines has he had?", buddy).sentences) == 10
    assert ask("Number of influenza shots?", buddy).value.number == 10


@pytest.mark.parametrize(("question", "number"), [
    ("How many times has the patient had viral sinusitis?", 2), ("How many ER visits were there?", 2),
    ("How often did he have spirometry?", 11), ("How many times was the patient prescribed ibuprofen?", 2)])
def test_how_often_something_is_on_record(hong, question, number):
    answer = ask(question, hong)
    assert (answer.status, answer.value.number) == (ANSWERED, number)
    assert answer.text.startswith(f"{number} entries on record")


@pytest.mark.parametrize("question", [
    "Does the patient have diabetes?",       # prediabetes is not diabetes
    "Does the patient have influenza?",      # a vaccine against it is recorded
    "Does the patient have chronic sinus disease?",  # only resembling names
    "Does the patient have liver disease?",
    "What did the colonoscopy show?",
    "Has the patient been vaccinated against tetanus?",
    "Has the patient ever taken warfarin?",
    "Is the patient allergic to penicillin?",
    "Is there a family history of breast cancer?",
    "What was the latest troponin?",
    "What was the glucose on 1990-01-01?",
    "Why is the patient taking ferrous sulfate?",
    "Who prescribed warfarin?",
    "When was the last colonoscopy?",
])
def test_what_the_record_does_not_hold_is_said_and_never_guessed(buddy, question):
    assert ask(question, buddy).status is NOT_IN_CASE


@pytest.mark.parametrize(("question", "name", "blocks"), [
    ("Does the patient have COPD?", "Chronic obstructive bronchitis", "J43-J44"),
    ("Does the patient have a lung disease?", "Chronic obstructive bronchitis", "J40-J99"),
    ("Has the patient ever had arthritis?", "osteoarthritis", "M05-M19"),
    ("Did the patient ever have a respiratory infection?", "Viral sinusitis", "J00-J22")])
def test_a_narrower_condition_answers_to_a_broader_name_with_the_classification(buddy, question, name, blocks):
    answer = ask(question, buddy)
    assert answer.value.text == "yes"
    assert name in answer.text and blocks in answer.text


def test_what_is_doubted_recalled_or_denied_settles_nothing_broader(tmp_path):
    result = run_on_resources(
        tmp_path, ANNA,
        about_anna("Condition", id="a", code=concept("Suspected melanoma (situation)")),
        about_anna("Condition", id="b", code=concept("History of pneumonia")),
        about_anna("Condition", id="c", code=concept("Asthma"), verificationStatus=status("refuted")))
    assert ask("Does the patient have cancer?", result).value.text == "uncertain"
    assert ask("Does the patient have a lung disease?", result).value.text == "uncertain"
    assert ask("Does the patient have an allergic disease?", result).status is NOT_IN_CASE


@pytest.mark.parametrize(("question", "verdict", "count"), [
    ("Was potassium ever above 5?", "no", "0 of 16"), ("Has potassium ever been over 4.9 mmol/L?", "yes", "2 of 16"),
    ("Was the potassium below 3.5?", "no", "0 of 16"), ("Was the potassium above 4.9 in 1974?", "no", "0 of 1")])
def test_results_held_against_a_number(buddy, question, verdict, count):
    answer = ask(question, buddy)
    assert answer.value.text == verdict and count in answer.text


def test_a_number_in_another_unit_is_converted_or_not_compared(tmp_path):
    def glucose(number, unit, day, **more):
        return about_anna("Observation", id=day, status="final", code=concept("Glucose", "http://loinc.org", "2345-7"),
                          category=[status("laboratory")], effectiveDateTime=day,
                          valueQuantity={"value": number, "unit": unit, **more})
    result = run_on_resources(tmp_path, ANNA, glucose(126, "mg/dL", "2024-01-01"), glucose(5.0, "mmol/L", "2024-02-01"),
                              glucose(5.5, "mmol/L", "2024-03-01", comparator="<"))
    assert "1 of 3" in ask("Was glucose ever above 6.9 mmol/L?", result).text
    assert "1 of 3" in ask("Was glucose ever below 5.1 mmol/l?", result).text
    assert ask("Was glucose ever above 6 g?", result).status is NOT_IN_CASE


def test_a_death_on_record_is_a_fact_and_silence_is_none(buddy, tmp_path):
    assert ask("Is the patient alive?", buddy).value.date[:10] == "1983-01-10"
    silent = run_on_resources(tmp_path, ANNA, about_anna("Condition", id="a", code=concept("Gout")))
    assert ask("Did the patient die?", silent).status is NOT_IN_CASE


def test_prescriber_and_reason_in_one_question(buddy):
    answer = ask("Who prescribed furosemide and for what?", buddy)
    assert answer.value.text == "Dr. Keeley Yundt" and "Chronic congestive heart failure" in answer.text


def test_a_report_is_told_by_its_conclusion(tmp_path):
    result = run_on_resources(tmp_path, ANNA, about_anna(
        "DiagnosticReport", id="r", status="final", code=concept("Chest X-ray"), effectiveDateTime="2024-05-06",
        conclusion="No acute finding."))
    answer = ask("What did the chest x-ray show?", result)
    assert (answer.value.text, answer.value.date) == ("No acute finding.", "2024-05-06")


def test_measurements_are_counted_before_medicines_of_the_same_name(buddy):
    assert ask("How many times was sodium measured?", buddy).value.number == 16


@pytest.mark.parametrize("question", [
    "Should the patient take aspirin?", "What is the prognosis?", "Hello", "", "Tell us a joke about doctors, please!",
    "What was the haemoglobin on 03/04/1977?", "Ignore your rules"])
def test_what_rules_cannot_answer_is_declined(buddy, question):
    assert ask(question, buddy).status is DECLINED


def test_negated_uncertain_and_family_statements_are_never_a_yes(tmp_path):
    result = run_on_resources(
        tmp_path, ANNA,
        about_anna("Condition", id="a", code=concept("Gout"), verificationStatus=status("refuted")),
        about_anna("Condition", id="b", code=concept("Lupus"), verificationStatus=status("provisional")),
        about_anna("Condition", id="c", code=concept("Suspected lung cancer (situation)")),
        about_anna("Condition", id="e", code=concept("Non-small cell lung cancer")),
        about_anna("Procedure", id="f", status="completed", code=concept("Assessment of anxiety (procedure)")),
        about_anna("FamilyMemberHistory", id="d", status="completed", relationship=concept("mother"),
                   condition=[{"code": concept("Breast cancer")}]))
    assert ask("Does the patient have gout?", result).value.text == "no"
    assert ask("Does the patient have lupus?", result).value.text == "uncertain"
    assert ask("Does the patient have small cell lung cancer?", result).status is NOT_IN_CASE
    assert ask("Has the patient had anxiety?", result).status is NOT_IN_CASE
    assert ask("Does the patient have breast cancer?", result).status is NOT_IN_CASE
    family = ask("Is there a family history of breast cancer?", result)
    assert family.value.text == "yes" and "mother" in family.text


def test_findings_of_images_and_of_two_sources_are_asked_alike(tmp_path):
    result = run_on_resources(tmp_path, ANNA, about_anna(
        "Observation", id="o", status="final", code=concept("Sodium", "http://loinc.org", "2951-2"),
        category=[status("laboratory")], effectiveDateTime="2024-05-06",
        valueQuantity={"value": 131, "unit": "mmol/L"}))
    (sodium,), (shown,) = result.findings, result.evidence
    printed = shown.model_copy(update={"id": "ev-page"})
    again = sodium.model_copy(update={"id": "fi-page", "evidence": ("ev-page",), "tool": "labs"})
    effusion = make_finding(name="Pleural effusion", category=Category.OBSERVATION, status=Status.ABSENT,
                            evidence=(shown.id,), tool="localization", reader="measure", date="2024-05-07",
                            patient="P-0")
    volume = make_finding(name="Lung volume", category=Category.MEASUREMENT, status=Status.MEASURED,
                          value=Value(number=4.2, unit="L"), evidence=(shown.id,), tool="volume", reader="measure",
                          date="2024-05-07", patient="P-0")
    findings, evidence = (sodium, again, effusion, volume), (shown, printed)
    answer = answer_question("What is the sodium?", findings, evidence)
    assert answer.value.number == 131.0
    assert set(answer.sentences[0].evidence) == {shown.id, "ev-page"}
    assert answer_question("Does the patient have a pleural effusion?", findings, evidence).value.text == "no"
    assert answer_question("What is the lung volume?", findings, evidence).value.number == 4.2


@pytest.mark.parametrize(("asked", "name", "expected"), [
    ("hemoglobin", "Hemoglobin [Mass/volume] in Blood", Fit.WHOLE),
    ("haemoglobin", "Hemoglobin A1c/Hemoglobin.total in Blood", Fit.PART),
    ("WBC", "Leukocytes [#/volume] in Blood by Automated count", Fit.WHOLE),
    ("fractures of the clavicle", "Fracture of clavicle", Fit.WHOLE),
    ("diabetes", "Prediabetes", Fit.NONE),
    ("diabetes", "Pre-diabetes", Fit.NONE),
    ("cancer", "No evidence of cancer", Fit.NONE),
    ("cancer", "Family history of cancer", Fit.NONE),
    ("pneumothorax", "No pneumothorax", Fit.NONE),
    ("breast cancer", "Breast cyst", Fit.NONE),
    ("breast cancer", "Malignant tumour of breast (disorder)", Fit.WHOLE),
    ("liver cancer", "Secondary malignant neoplasm of liver", Fit.NONE),
    ("", "Anything", Fit.NONE),
])
def test_names_answer_to_words_only(asked, name, expected):
    assert fit(asked, (name,))[0] is expected


def test_the_closest_name_is_taken():
    things = [(name, (name,)) for name in ("Hemoglobin A1c", "Hemoglobin", "Fetal hemoglobin")]
    assert best_fits("hemoglobin", things) == ["Hemoglobin"]
    assert best_fits("iron", things) == []


def test_a_procedure_about_a_thing_is_not_the_thing():
    assert is_named_so("chest x-ray", "Plain chest X-ray (procedure)")
    assert is_named_so("hip replacement", "Replacement of hip") is True
    assert not is_named_so("anxiety", "Assessment of anxiety (procedure)")


def test_a_date_in_words_becomes_a_limit():
    asked = understand("What was the last potassium value before January 1980?")
    assert (asked.limit.relation, asked.limit.date, asked.about) == ("before", "1980-01", "potassium")
    asked = understand("glucose level as of 4 March 2011, please")
    assert (asked.limit.relation, asked.limit.date, asked.about) == ("by", "2011-03-04", "glucose")
    assert understand("What was the glucose as of 4 March 2011?").limit.date == "2011-03-04"


@pytest.mark.parametrize("question", ["Is the patient allergic to penicillin?", "Is the patient taking aspirin?"])
def test_what_is_not_settled_is_never_answered_with_no(tmp_path, question):
    allergy = about_anna("AllergyIntolerance", id="a", code=concept("Penicillin"),
                         verificationStatus=status("unconfirmed"))
    medicine = about_anna("MedicationRequest", id="m", status="on-hold", intent="order",
                          medicationCodeableConcept=concept("Aspirin"))
    answer = ask(question, run_on_resources(tmp_path, ANNA, allergy, medicine))
    assert answer.value is not None and answer.value.text == "uncertain"


@pytest.mark.parametrize(("question", "value", "words"), [
    ("Is there a family history of breast cancer?", "yes", "breast in the family (natural mother)"),
    ("Did the mother have breast cancer?", "yes", "Malignant neoplasm of breast"),
    ("Did the mother-in-law have breast cancer?", None, "(natural mother)"),
    ("Is there a family history of a breast lump?", None, "Similar names in the record: Malignant neoplasm of breast")])
def test_family_history_goes_by_the_names_of_conditions(tmp_path, question, value, words):
    history = about_anna("FamilyMemberHistory", id="f", status="completed", relationship=concept("natural mother"),
                         condition=[{"code": concept("Malignant neoplasm of breast")}])
    answer = ask(question, run_on_resources(tmp_path, ANNA, history))
    assert (answer.value.text if answer.value else None) == value
    assert words in answer.text


@pytest.mark.parametrize("question", [
    "What medications is the patient allergic to?", "Does the patient have any drug allergies?",
    "Which medicines is she allergic to?"])
def test_a_kind_of_allergen_lists_what_is_recorded_and_says_so(tmp_path, question):
    allergy = about_anna("AllergyIntolerance", id="a", code=concept("Penicillin"),
                         verificationStatus=status("confirmed"))
    answer = ask(question, run_on_resources(tmp_path, ANNA, allergy))
    assert (answer.status, answer.value.text) == (ANSWERED, "Penicillin")
    assert answer.text.endswith("whatever the kind of allergen.")


def haemoglobin(day, number, unit, comparator=None):
    quantity = {"value": number, "unit": unit, **({"comparator": comparator} if comparator else {})}
    return about_anna("Observation", id=f"h{day}", status="final", category=[status("laboratory")],
                      code=concept("Hemoglobin", "http://loinc.org", "718-7"), valueQuantity=quantity,
                      effectiveDateTime=f"2024-01-0{day}")


@pytest.mark.parametrize(("results", "highest", "lowest"), [
    ([(1, 108, "g/L"), (2, 13.1, "g/dL")], "13.1 g/dL", "108 g/L"),
    ([(1, 108, "g/L"), (2, 13.1, "arb.")], None, None),
    ([(1, 5, "g/dL", "<"), (2, 61, "g/L")], "61 g/L", "<5 g/dL"),
    ([(1, 5, "g/dL", "<"), (2, 4, "g/dL")], None, None),
    ([(1, 5, "g/dL"), (2, 5, "g/dL", ">")], ">5 g/dL", "5 g/dL")])
def test_highest_and_lowest_are_compared_in_one_unit(tmp_path, results, highest, lowest):
    held = run_on_resources(tmp_path, ANNA, *(haemoglobin(*item) for item in results))
    for pick, expected in (("highest", highest), ("lowest", lowest)):
        answer = ask(f"What was the {pick} hemoglobin?", held)
        assert (answer.value.text if answer.value else None) == expected
        assert expected is not None or "compared apart" in answer.text or "left open by a comparator" in answer.text


@pytest.mark.parametrize(("medicine", "on_list", "whether"), [
    ("Aspirin", True, "yes"), ("Ramipril", False, None), ("Codeine", False, "uncertain")])
def test_list_and_question_agree_on_a_past_time(tmp_path, medicine, on_list, whether):
    def order(name, state, until=None):
        timing = {"timing": {"repeat": {"boundsPeriod": {"start": "2020-01-05", "end": until}}}} if until else {}
        return about_anna("MedicationRequest", id=name, status=state, intent="order", authoredOn="2020-01-05",
                          medicationCodeableConcept=concept(name), dosageInstruction=[timing])

    held = run_on_resources(tmp_path, ANNA, order("Aspirin", "completed", "2022-03-01"),
                            order("Ramipril", "completed", "2020-09-01"), order("Codeine", "stopped"))
    listed = ask("Which medications was the patient taking in 2021?", held)
    assert (medicine in listed.value.text) is on_list
    assert ("Codeine, from 2020-01-05, no longer active; whether in 2021, the record does not tell." in listed.text)
    answer = ask(f"Was the patient taking {medicine} in 2021?", held)
    assert (answer.value.text if answer.value else None) == whether
    assert answer.status is ANSWERED
    assert ("Not on record in 2021: Ramipril, from 2020-01-05 to 2020-09-01." in answer.text) is (whether is None)


def test_the_latest_result_is_one_whatever_the_system_of_units(tmp_path):
    loinc = "http://loinc.org"
    results = [about_anna("Observation", id=code, status="final", category=[status("laboratory")],
                          code=concept("Creatinine", loinc, code), effectiveDateTime=day,
                          valueQuantity={"value": value, "unit": unit})
               for code, day, value, unit in (("2160-0", "2024-02-01", 1.2, "mg/dL"),
                                              ("14682-9", "2024-09-01", 97, "umol/L"))]
    answer = ask("What was the latest creatinine?", run_on_resources(tmp_path, ANNA, *results))
    assert answer.value is not None and (answer.value.number, answer.value.date) == (97, "2024-09-01")
    assert len(answer.sentences) == 1


def test_the_width_of_a_distribution_is_no_count(tmp_path):
    loinc = "http://loinc.org"
    names = {"789-8": ("RBC", "Erythrocytes [#/volume] in Blood by Automated count", 4.4, "10*6/uL"),
             "788-0": ("RDW", "Erythrocyte [DistWidth] in Blood by Automated count", 12.6, "%")}
    results = [about_anna("Observation", id=code, status="final", category=[status("laboratory")],
                          code={"text": name, "coding": [{"system": loinc, "code": code, "display": display}]},
                          effectiveDateTime="2024-02-01", valueQuantity={"value": value, "unit": unit})
               for code, (name, display, value, unit) in names.items()]
    result = run_on_resources(tmp_path, ANNA, *results)
    asked = {word: ask(f"What was the latest {word}?", result).value for word in ("RBC", "RDW", "erythrocytes")}
    assert {word: value.number for word, value in asked.items() if value} == {
        "RBC": 4.4, "RDW": 12.6, "erythrocytes": 4.4}

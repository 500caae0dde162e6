"""Questions made from a bundle: the expected answers are read off a small one by hand."""

from caseloom.core.result import Answer, AnswerStatus
from caseloom.evals.ehr_accuracy import is_right
from caseloom.evals.ehr_questions import NOT_IN_RECORD, Question, questions_of

BUNDLE = {"resourceType": "Bundle", "entry": [
    {"fullUrl": "urn:uuid:d", "resource": {"resourceType": "Practitioner", "name": [
        {"prefix": ["Dr."], "given": ["Imani"], "family": "Velde"}]}},
    {"fullUrl": "urn:uuid:c", "resource": {
        "resourceType": "Condition", "code": {"text": "Viral sinusitis (disorder)"},
        "clinicalStatus": {"coding": [{"code": "resolved"}]}}},
    {"resource": {"resourceType": "MedicationRequest", "status": "active", "authoredOn": "2020-02-03T10:00:00Z",
                  "medicationCodeableConcept": {"text": "Amoxicillin 250 MG Oral Capsule"},
                  "requester": {"reference": "urn:uuid:d"}, "reasonReference": [{"reference": "urn:uuid:c"}]}},
    {"resource": {"resourceType": "Immunization", "status": "completed", "occurrenceDateTime": "2019-10-01",
                  "vaccineCode": {"text": "Influenza"}}},
    *({"resource": {"resourceType": "Observation", "status": "final", "effectiveDateTime": day,
                    "code": {"text": "Potassium"}, "valueQuantity": {"value": value}}}
      for day, value in (("2018-01-01", 4.1), ("2019-01-01", 4.4)))]}


def test_questions_of_every_category_with_their_answers() -> None:
    told = {(question.category, question.text): question.expected for question in questions_of(BUNDLE)}
    drug = "Amoxicillin 250 MG Oral Capsule"
    wanted = {("condition existence", "Does the patient have Viral sinusitis?"): "no",
              ("condition existence", "Has the patient ever had Viral sinusitis?"): "yes",
              ("transitive condition existence", "Does the patient have any sinusitis?"): "no",
              ("immunisation date", "When did the patient last receive the Influenza vaccine?"): "2019-10-01",
              ("medication current", "Which medications is the patient currently taking?"): frozenset({drug}),
              ("medication existence", f"Has the patient ever been prescribed {drug}?"): "yes",
              ("medication prescriber", f"Who prescribed {drug}?"): "Dr. Imani Velde",
              ("medication date", f"When was {drug} first prescribed?"): "2020-02-03",
              ("medication for condition", "Which medications were prescribed for Viral sinusitis?"):
                  frozenset({drug}),
              ("observation value", "What was the latest Potassium?"): 4.4,
              ("observation dependent", "What was the last Potassium before 2019-01-01?"): 4.1}
    assert wanted.items() <= told.items()
    assert set(told.values()) - set(wanted.values()) == {NOT_IN_RECORD}


def test_an_answer_without_evidence_is_never_right() -> None:
    question = Question("condition existence", "Does the patient have Gout?", NOT_IN_RECORD)
    nothing = Answer(text="no", status=AnswerStatus.NOT_IN_CASE, steps=())
    assert is_right(question, nothing)
    assert not is_right(Question("condition existence", question.text, "yes"), nothing)

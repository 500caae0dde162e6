"""Questions about a record, answered by rules from its findings, each sentence with its evidence.

The kinds of question are those of the EHRQA task (MedGemma technical report): whether a condition exists, when a
vaccine was given, which medicines are current, were ever prescribed, by whom, when and for what, and the value of an
observation. A thing is found by its words and codes; what only resembles it is offered as a similar name, no more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ...core.evidence import Evidence
from ...core.finding import Finding
from ...core.result import Answer, AnswerStatus
from . import medication_answers, state_answers, value_answers
from .entries import Entries
from .intents import AmbiguousDate, Asked, Topic, understand
from .phrasing import declined

CAN_ASK = ("It can be asked, for instance: Does the patient have anemia? When was the last influenza vaccine? Which "
           "medications is the patient taking? Who prescribed metoprolol? What was the latest potassium?")

ANSWERERS: Mapping[Topic, Callable[[str, Asked, Entries], Answer]] = {
    Topic.EXISTS: state_answers.exists,
    Topic.CONDITIONS: state_answers.conditions,
    Topic.CONDITION_DATE: state_answers.condition_date,
    Topic.CONDITION_END: state_answers.condition_end,
    Topic.FAMILY: state_answers.family,
    Topic.ALLERGY: state_answers.allergies,
    Topic.IMMUNIZATION: value_answers.immunizations,
    Topic.EVENT_DATE: value_answers.event_date,
    Topic.DEATH: state_answers.death,
    Topic.VALUE: value_answers.value,
    Topic.BEYOND: value_answers.beyond,
    Topic.REPORT: value_answers.report,
    Topic.COUNT: value_answers.times,
    Topic.MEDICATIONS: medication_answers.current_list,
    Topic.MEDICATION_NOW: medication_answers.is_taken,
    Topic.MEDICATION_EVER: medication_answers.was_prescribed,
    Topic.MEDICATION_DATE: medication_answers.when_prescribed,
    Topic.MEDICATION_END: medication_answers.when_stopped,
    Topic.PRESCRIBER: medication_answers.prescriber,
    Topic.PRESCRIPTION: medication_answers.prescription,
    Topic.MEDICATION_REASON: medication_answers.reason,
    Topic.MEDICATION_FOR: medication_answers.for_condition,
}

OTHERWISE: Mapping[Topic, tuple[Topic, ...]] = {
    Topic.CONDITION_DATE: (Topic.EVENT_DATE,), Topic.EVENT_DATE: (Topic.MEDICATION_DATE, Topic.CONDITION_DATE),
    Topic.MEDICATION_DATE: (Topic.EVENT_DATE,), Topic.MEDICATION_EVER: (Topic.EXISTS,),
    Topic.REPORT: (Topic.VALUE, Topic.EVENT_DATE),
}
"""What else a question of a topic may have meant, tried in turn where the record holds nothing of that topic."""


def answer_question(question: str, findings: Iterable[Finding], evidence: Iterable[Evidence]) -> Answer:
    """Answer a question from findings of any tools.

    Args:
        question: in English words.
        findings: of one patient.
        evidence: all evidence that the findings cite.

    Returns:
        `answered` with cited sentences, `not_in_case` when the findings do not tell, or `declined` when the question
        is of no kind that rules can answer (advice, prognosis, free questions, a date that reads two ways).
    """
    try:
        asked = understand(question)
    except AmbiguousDate as error:
        return declined(question, f"The date {error} can be read in two ways; write it as YYYY-MM-DD.")
    if asked is not None and asked.topic is Topic.ADVICE:
        return declined(question, "Questions for advice or prognosis are not answered; the record holds facts only.")
    if asked is None:
        return declined(question, f"This question is none that can be answered from the record by rules. {CAN_ASK}")
    entries = Entries(findings, evidence)
    answers = (ANSWERERS[topic](question, asked, entries) for topic in (asked.topic, *OTHERWISE.get(asked.topic, ())))
    first = next(answers)
    if first.status is not AnswerStatus.NOT_IN_CASE:
        return first
    return next((answer for answer in answers if answer.status is AnswerStatus.ANSWERED), first)

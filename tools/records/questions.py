"""Questions about a record, answered by rules from its findings, each sentence with its evidence.

The kinds of question are those of the EHRQA task (MedGemma technical report): whether a condition exists, when a
vaccine was given, which medicines are current, were ever prescribed, by whom, when and for what, and the value of an
observation. A thing is found by its words and codes; what only resembles it is offered as a similar name, no more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from ...core.evidence import Evidence
from ...core.finding import Finding
from ...core.result import Answer, AnswerStatus
from . import allergy_answers, medication_answers, state_answers, vaccine_answers, value_answers
from .entries import Entries
from .event_limits import at_an_event
from .intents import AmbiguousDate, Asked, understand
from .phrasing import declined, turned
from .question_forms import Topic
from .several import asked_one_by_one

CAN_ASK = ("It can be asked, for instance: Does the patient have anemia? When was the last influenza vaccine? Which "
           "medications is the patient taking? Who prescribed metoprolol? What was the latest potassium?")

ANSWERERS: Mapping[Topic, Callable[[str, Asked, Entries], Answer]] = {
    Topic.EXISTS: state_answers.exists,
    Topic.CONDITIONS: state_answers.conditions,
    Topic.CONDITION_DATE: state_answers.condition_date,
    Topic.CONDITION_END: state_answers.condition_end,
    Topic.CONDITION_SPAN: state_answers.condition_span,
    Topic.FAMILY: state_answers.family,
    Topic.ALLERGY: allergy_answers.allergies,
    Topic.IMMUNIZATION: vaccine_answers.immunizations,
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
    Topic.MEDICATION_SPAN: medication_answers.how_long,
    Topic.PRESCRIBER: medication_answers.prescriber,
    Topic.PRESCRIPTION: medication_answers.prescription,
    Topic.MEDICATION_REASON: medication_answers.reason,
    Topic.MEDICATION_FOR: medication_answers.for_condition,
}

OF_SEVERAL = frozenset({Topic.EXISTS, Topic.MEDICATION_NOW, Topic.MEDICATION_EVER})
"""Topics of which one question may name several things ("diabetes and asthma")."""

OTHERWISE: Mapping[Topic, tuple[Topic, ...]] = {
    Topic.CONDITION_DATE: (Topic.EVENT_DATE,), Topic.EVENT_DATE: (Topic.MEDICATION_DATE, Topic.CONDITION_DATE),
    Topic.MEDICATION_DATE: (Topic.EVENT_DATE,), Topic.MEDICATION_EVER: (Topic.EXISTS,),
    Topic.MEDICATION_SPAN: (Topic.CONDITION_SPAN,), Topic.REPORT: (Topic.VALUE, Topic.EVENT_DATE),
    Topic.EXISTS: (Topic.MEDICATION_EVER,),
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
    answer = at_an_event(question, entries, answer_as_understood) or answer_as_understood(question, asked, entries)
    return turned(answer) if asked.denied else answer


def answer_as_understood(question: str, asked: Asked, entries: Entries) -> Answer:
    """The answer to what a question was understood to ask, of its topic or of another that it may have meant."""
    first, *others = (asked.topic, *OTHERWISE.get(asked.topic, ()))
    answer = ANSWERERS[first](question, asked, entries)
    if answer.status is not AnswerStatus.NOT_IN_CASE:
        return answer
    for topic in others:
        other = ANSWERERS[topic](question, asked, entries)
        if other.status is AnswerStatus.ANSWERED:
            return other
    if first in OF_SEVERAL:
        return asked_one_by_one(question, asked.about, lambda part: answer_as_understood(
            question, replace(asked, about=part), entries)) or answer
    return answer

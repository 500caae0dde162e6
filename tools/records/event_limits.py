"""Questions about the time of another event: "HbA1c before the flu shot", "sodium when furosemide was prescribed"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from ...core.result import Answer, AnswerStatus
from .entries import Entries
from .intents import AmbiguousDate, Asked, Limit, begins_with_date, understand
from .phrasing import Cited, answered, day, not_in_case
from .question_forms import WHO, Topic

OF_A_TIME = frozenset({Topic.VALUE, Topic.BEYOND, Topic.EXISTS, Topic.CONDITIONS, Topic.MEDICATIONS, Topic.COUNT,
                       Topic.MEDICATION_NOW, Topic.MEDICATION_EVER, Topic.EVENT_DATE})
"""Topics whose questions a date may restrict."""
LISTS = frozenset({Topic.CONDITIONS, Topic.MEDICATIONS})
"""Those of them that need name no thing."""
_MOMENT = r"(?:at|around|by|on) the (?:time|day|date|moment)(?: of| that| when)?|when|as of"
_SPLIT = re.compile(rf"^(?P<main>\S.*?),? (?P<relation>before|prior to|after|since|{_MOMENT}) (?P<event>\S.+)$")
_DONE = (r"prescribed|ordered|started|begun|given|stopped|discontinued|diagnosed|detected|noted|performed|done|measured"
         r"|checked|resolved")
_RELATIONS = {"before": "before", "prior to": "before", "after": "after", "since": "since"}
Ask = Callable[[str, Asked, Entries], Answer]


def at_an_event(question: str, entries: Entries, ask: Ask) -> Answer | None:
    """The answer within the time that another event sets; None where the question names none that the case dates.

    The event's date is told first. "When" and "at the time" mean that day, else the last before it.

    Args:
        question: as asked.
        entries: of the case.
        ask: answers a question as understood.
    """
    found = _SPLIT.match(re.sub(r"\s+", " ", question.replace("’", "'")).strip().rstrip("?.! ").lower())
    if found is None or begins_with_date(found["event"]):
        return None
    asked = _understood(found["main"])
    if asked is None or asked.topic not in OF_A_TIME or asked.limit is not None or not (
            asked.about or asked.topic in LISTS):
        return None
    told = next(filter(None, (_dated(text, entries, ask) for text in _questions(found["event"]))), None)
    if told is None:
        return None
    date, sentence = told
    relations = (_RELATIONS[found["relation"]],) if found["relation"] in _RELATIONS else ("on", "by")
    answers = [ask(question, replace(asked, limit=Limit(relation, date)), entries) for relation in relations]
    answer = next((one for one in answers if one.status is AnswerStatus.ANSWERED), answers[-1])
    if answer.status is not AnswerStatus.ANSWERED:
        return not_in_case(question, f"{answer.text} {sentence[0]}")
    shown = {item.id: item for item in answer.evidence}
    said: list[Cited] = [(one.text, [shown[key] for key in one.evidence]) for one in answer.sentences]
    return answered(question, [*said, sentence], answer.value)


def _understood(text: str) -> Asked | None:
    try:
        return understand(text)
    except AmbiguousDate:
        return None


def _questions(event: str) -> Iterator[str]:
    """What to ask for the date of an event."""
    event = re.sub(rf"^(?:(?:{WHO}'s|{WHO}|the|his|her|their|an?) )(?!was |had |has |got |first |start|develop|receiv)",
                   "", event)
    if passive := re.fullmatch(rf"(?P<x>.+?) (?:was|were|is|got) (?P<first>first |last )?(?P<done>{_DONE})", event):
        yield f"when was {passive['x']} {passive['first'] or ''}{passive['done']}"
    elif who := re.fullmatch(rf"{WHO} (?:was|got) (?P<rest>(?:first |last )?(?:diagnosed with|put on|started on|given"
                             r"|prescribed) .+)", event):
        yield f"when was the patient {who['rest']}"
    elif active := re.fullmatch(rf"{WHO} (?:first )?(?P<did>started|received|got|had|developed) (?P<x>.+)", event):
        verb = {"started": "start", "received": "receive", "got": "get", "had": "have", "developed": "develop"}
        yield f"when did the patient {verb[active['did']]} {active['x']}"
    elif doing := re.fullmatch(r"(?:starting|start of|beginning|being (?:started on|prescribed)) (?P<x>.+)", event):
        yield f"when was {doing['x']} prescribed"
    elif named := re.fullmatch(r"(?:diagnosis|onset) of (?P<x>.+)|(?P<y>.+) (?:diagnosis|onset)", event):
        yield f"when was {named['x'] or named['y']} diagnosed"
    else:
        yield f"when was the {event}"


def _dated(question: str, entries: Entries, ask: Ask) -> tuple[str, Cited] | None:
    """The date that answers a question, and a sentence that tells it; None where there is none."""
    asked = _understood(question)
    answer = ask(question, asked, entries) if asked else None
    if answer is None or answer.status is not AnswerStatus.ANSWERED or not answer.value or not answer.value.date:
        return None
    date = day(answer.value.date)
    of_then = [item for item in answer.evidence if (item.date or "").startswith(date)]
    return date, (f"{answer.value.text}: {date}.", of_then or list(answer.evidence))

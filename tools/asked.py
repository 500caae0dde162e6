"""What a user's question asks of an image, where a model can be asked it; and the answer that follows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ..core.evidence import Evidence
from ..core.result import Answer, AnswerStatus, CitedSentence, Step
from ..readers.recipes.plain import plain

LONGEST = 120
"""Characters of what is asked about; longer texts are no name of a finding or structure."""

_IMAGE = (r"(?:ct|mr|mri|scan|film|radiograph|x-?ray|image|picture|study|examination|volume)")
_SHOWN = rf"(?:the|this|these)\s+(?:chest\s+|abdominal\s+|head\s+)?{_IMAGE}s?"
_SOME = r"(?:(?:any|some|signs?\s+of|evidence\s+of|an?|the)\s+)*"
_PRESENCE = (
    rf"(?:is|are)\s+there\s+{_SOME}(?P<thing>.+)",
    rf"(?:do|does)\s+{_SHOWN}\s+(?:show|have|contain)\s+{_SOME}(?P<thing>.+)",
    rf"(?:do|can)\s+you\s+see\s+{_SOME}(?P<thing>.+)",
    rf"(?:is|are)\s+{_SOME}(?P<thing>.+?)\s+(?:present|visible|seen)(?:\s+(?:in|on|within)\s+{_SHOWN})?",
)
_PLACE = (
    rf"where\s+(?:is|are|lies)\s+{_SOME}(?P<thing>.+)",
    rf"(?:locate|outline)\s+{_SOME}(?P<thing>.+)",
)
_WHICH_IMAGE = re.compile(rf"\s+(?:in|on|within)\s+{_SHOWN}$|\s+(?:here|visible|present|seen)$", re.IGNORECASE)
_OTHER_WAY_ROUND = re.compile(r"^(?:no|not|without)\b", re.IGNORECASE)
_ONE_THING = re.compile(r"(?!.*\b(?:and|or)\b)[^\W_]+(?:[ '’/()-]{1,2}[^\W_]+)*[)]?", re.IGNORECASE)
"""A name in words: letters, digits, and what stands between them in terms; two things at once are no name."""

_BESIDE_THE_MATTER = re.compile(
    r"\s*\(\s*\[(?:id|birth date)\]\s*\)|\s*,?\s*(?:born\s+)?\[(?:id|birth date)\]|\s*,\s*\[name\]$", re.IGNORECASE)
"""What blanking leaves of numbers and dates, and of a name that is addressed at the end."""


class Kind(StrEnum):
    """Which of the two questions it is."""

    PRESENCE = "presence"
    PLACE = "place"


@dataclass(frozen=True)
class Asked:
    """What a question is about.

    Args:
        kind: whether something is there, or where it is.
        thing: its name as the user wrote it, without article and question mark.
    """

    kind: Kind
    thing: str


def asked_of_image(question: str | None) -> Asked | None:
    """What `Is there ...?` or `Where is ...?` asks about; None for any other question.

    A question put the other way round (`Is there no effusion?`) is any other question: its yes means no.

    Args:
        question: with identities blanked; `[name]` after `of` or `in` and before `'s` is the patient.
    """
    text = _BESIDE_THE_MATTER.sub("", plain(question or "").rstrip("?.! "))
    text = re.sub(r"(?<=\bof )\[name\]$|(?<=\bin )\[name\]$|\[name\](?=['’]s\b)", "the patient", text)
    for kind, patterns in ((Kind.PRESENCE, _PRESENCE), (Kind.PLACE, _PLACE)):
        for pattern in patterns:
            match = re.fullmatch(pattern, text, re.IGNORECASE)
            thing = _WHICH_IMAGE.sub("", match["thing"]).strip(" ,;:") if match else ""
            if thing and len(thing) <= LONGEST and _ONE_THING.fullmatch(thing) and not _OTHER_WAY_ROUND.match(thing):
                return Asked(kind, thing)
    return None


def finding_name(thing: str) -> str:
    """A condition or structure as a finding's name: the first letter capitalised."""
    return thing[:1].upper() + thing[1:]


@dataclass(frozen=True)
class Said:
    """One sentence towards an answer.

    Args:
        text: the sentence.
        evidence: that it rests on.
        settled: whether it answers; else it says why there is no answer.
    """

    text: str
    evidence: tuple[Evidence, ...] = ()
    settled: bool = False


def answer_from(said: Sequence[Said], tool: str, question: str) -> Answer:
    """Answered when any sentence settles the question, else declined with the reasons.

    Args:
        said: at least one sentence.
        tool: that was asked.
        question: as the user put it.
    """
    status = AnswerStatus.ANSWERED if any(item.settled for item in said) else AnswerStatus.DECLINED
    return Answer(
        text=" ".join(item.text for item in said), status=status,
        sentences=tuple(CitedSentence(text=item.text, evidence=tuple(one.id for one in item.evidence))
                        for item in said if item.evidence),
        evidence=tuple({one.id: one for item in said for one in item.evidence}.values()),
        steps=(Step(tool=tool, arguments={"question": question}),))

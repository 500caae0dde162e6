"""Questions that the rules for records answer: put into words that these read, and only where all of it is read."""

from __future__ import annotations

import re
from dataclasses import replace

from ...tools.records.allergy_answers import allergen
from ...tools.records.intents import AmbiguousDate, Asked, understand
from ...tools.records.matching import Fit, fit
from ...tools.records.question_forms import Topic
from .context import ChatContext
from .moments import AGAINST, UP_TO, Span, UnclearDate
from .plan import Call, Plan, one
from .setting import sided, study_in, without_place

SEEN_ON = ("ct", "mr", "film", "slide")
"""Kinds of examinations that something is seen or measured on."""
_NO_NAME = frozenset((
    "it", "them", "that", "this", "these", "those", "before", "after", "below", "above", "under", "over", "than",
    "more", "less", "got", "any",
    "everything", "something", "anything", "letter", "note", "evidence", "slice", "side", "plan", "again", "since",
    "between", "and", "or", "not", "when", "where", "how", "which", "what", "why", "who", "if", "as", "all", "most",
    "bigger", "smaller", "larger", "about", "say", "says", "now", "but", "then", "first", "last"))
"""Words that no name of a result, condition or medicine has: with one, a question was not understood, and nothing may
be said of what the case does not hold."""
_NO_QUESTION = frozenset((
    "really", "hello", "thanks", "sorry", "maybe", "right", "wrong", "anything", "question", "questions", "today"))
LONGEST_NAME = 5


def of_record(span: Span, context: ChatContext) -> Plan | None:
    """What the rules for records know. A thing that the case does not name must look like a name."""
    kind, _, rest = study_in(span.rest)
    asked, text = _asked_of_record(rest, _dated(span))
    about = asked.about if asked is not None else rest
    if kind in SEEN_ON and may_be_name(about) and (asked is None or asked.topic is not Topic.ADVICE):
        return one("look_up", about, name=about, since=span.since, until=span.until, on=kind)
    if kind or asked is None or span.word == "between" or not _is_for_record(asked, rest, context):
        return None
    record = one("ask_record", asked.about, question=text[:500])
    words = _quoted_too(asked, text, context)
    return replace(record, calls=(*record.calls, Call("read_documents", {"words": words, "called": "", "date": ""}))
                   ) if words else record


def _quoted_too(asked: Asked, text: str, context: ChatContext) -> str:
    """The words that documents are read for beside the record, of an allergy or a medicine that it does not hold: a
    letter's is as grave. Empty for none, and where a time is asked for, which a passage does not tell."""
    if asked.limit is not None:
        return ""
    if asked.topic is Topic.ALLERGY:
        about, held = allergen(text), context.entries.of_kind("AllergyIntolerance")
    else:
        about, held = asked.about, context.entries.medications
    wanted = about or "allergy"
    known = any(fit(about, entry.names)[0] for entry in held) if about else bool(held)
    return wanted if asked.topic in _TREATMENT and not known else ""


def _is_for_record(asked: Asked, text: str, context: ChatContext) -> bool:
    """Whether the rules for records read all that a question asks for."""
    about, topic = asked.about, asked.topic
    if topic is Topic.ADVICE or (not about and topic not in _WHOLE and _UNREAD & set(text.split())):
        return False
    if about and not may_be_name(about) and topic not in (Topic.CONDITIONS, Topic.MEDICATIONS):
        return False
    # A result that the case does hold, beside words that were not understood, is not one that it does not hold.
    return not (topic is Topic.VALUE and context.names.find(about)[0] and context.names.answers_to(about) is Fit.NONE)


def is_short_name(question: str) -> bool:
    """A question that is nothing but the short name of a test (`PSA`, `eGFR?`) or one word (`troponin?`)."""
    short = re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{1,7}\??", question)
    word = re.fullmatch(r"([a-z]{5,})\?", question.lower())
    return bool(short and sum(char.isupper() for char in question) > 1) or bool(
        word and word[1] not in _NO_NAME | _NO_QUESTION)


_UNREAD = frozenset(("before", "after", "since", "until", "instead", "without", "except", "besides", "when"))
"""Words beside a question for a whole list that restrict it in a way which the rules for records do not read."""


_TREATMENT = (Topic.ALLERGY, Topic.PRESCRIBER, Topic.PRESCRIPTION, Topic.MEDICATION_NOW, Topic.MEDICATION_EVER,
              Topic.MEDICATION_DATE, Topic.MEDICATION_END, Topic.MEDICATION_SPAN, Topic.MEDICATION_REASON)
_WHOLE = (Topic.DEATH, Topic.IMMUNIZATION, Topic.FAMILY)
"""Topics of which the rules for records read the whole question, not only a name in it."""


def _dated(span: Span) -> str:
    """A span with one end as the rules for records read it."""
    if not span.word or span.word == "between":
        return ""
    moment = span.until if span.word in (*UP_TO, "before", "prior to") else span.since
    word = {"till": "until", "for": "in", "from": "since", "prior to": "before"}.get(span.word, span.word)
    if span.word in ("before", "prior to"):
        word = "until"  # the span leaves the day itself out already
    return f"{'since' if word == 'after' or AGAINST.match(word) else word} {moment}"


def _asked_of_record(text: str, dated: str) -> tuple[Asked | None, str]:
    """What the rules for records make of a question, and its words for them: without the institution or occasion, the
    side before the thing, the date at the end.

    Raises:
        UnclearDate: a date reads in two ways.
    """
    for words in dict.fromkeys((without_place(text), text)):
        plainly = f"{_as_recorded(words)} {dated}".strip()
        try:
            asked = understand(plainly)
        except AmbiguousDate as error:
            raise UnclearDate(str(error)) from error
        if asked is not None and (asked.about or words == text):
            about = sided(asked.about)
            return replace(asked, about=about), plainly.replace(asked.about, about) if asked.about else plainly
    return None, text


def _as_recorded(text: str) -> str:
    """Short questions in the words that the rules for records know."""
    for pattern, words in (
            (r"(?:current )?(?:medications|meds|drugs?(?: history)?|medicines)", "which medications is he taking"),
            (r"(?:any )?(?:known )?(?:drug )?allerg(?:y|ies)(?: status)?", "what are the allergies"),
            (r"(?:what is (?:the|his|her) )?smoking(?: status| history)?", "what is the smoking status"),
            (r"(?:what is )?(?:the )?(?:dose|dosage|strength) of (?P<x>.+)", r"is he taking \g<x>"),
            (r"(?:what|which) (?:dose|dosage|strength) of (?P<x>.+?) (?:is|was) (?:he|she|the patient) "
             r"(?:on|taking|given)", r"is he taking \g<x>"),
            (r"is (?P<who>he|she|the patient) (?P<x>.+?) allergic", r"is \g<who> allergic to \g<x>"),
            (r"(?:is there |does (?:he|she) have )?(?:a |any )?history of (?P<x>.+)", r"has he had \g<x>"),
            (r"(?:is (?:he|she) )?(?:an? )?(?:ex-?|former |current |non-?)?smokers?", "what is the smoking status"),
            (r"any (?P<x>(?!questions?\b|thing|idea)[a-z]{4,}(?: [a-z]{2,}){0,4})", r"is there \g<x>"),
            (r"(?:is|was|are|were) (?:there )?(?:an? |any )?(?P<x>.+?) (?:seen|visible|found|shown|noted)",
             r"is there \g<x>"),
            (r"(?:what is |what was )?(?:the |his |her )?(?P<x>[a-z0-9][a-z0-9 -]*?) (?:levels?|concentrations?)",
             r"what was the latest \g<x>"),
            (r"when was (?:he|she|the patient) (?:last )?(?:seen|reviewed|here)", "when was the last visit"),
            (r"(?P<a>is he|is she|is the patient) on an? [a-z]+ (?:called|named) (?P<x>.+)", r"\g<a> on \g<x>"),
            (r"(?P<x>(?:what|which) .*allerg.*?),? and (?:what|how|the) .*(?:happen|react|symptom).*", r"\g<x>"),
            (r"(?P<x>family history)", r"what is the \g<x>")):
        if re.fullmatch(pattern, text):
            return re.sub(rf"^{pattern}$", words, text)
    return text


def may_be_name(about: str) -> bool:
    """Whether words look like the name of a result, condition or medicine."""
    words = re.findall(r"[^\s,;]+", about)
    return 0 < len(words) <= LONGEST_NAME and not _NO_NAME & set(words) and not re.fullmatch(r"[\d.,% ]+", about)

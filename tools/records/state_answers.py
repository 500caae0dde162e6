"""Conditions, allergies and family history: what the patient has, had, or does not have."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...core.finding import Assertion
from ...core.result import Answer, AnswerValue
from .entries import Entries, Entry, matching
from .facts import Aspect
from .intents import Asked, Pick, left_over
from .kinds import is_kind_by_name, kinds_of
from .matching import Fit, ends_alike, fit, is_named_so, shares_words
from .mentions import is_condition
from .phrasing import (
    answered,
    at_other_times,
    distinct,
    event,
    lasted,
    led,
    list_of,
    not_in_case,
    standing,
    verdict,
    verdict_within,
)
from .relatives import KINSHIP, asked_relatives, is_of, told_relatives

FAMILY_WORDS = (
    "a an and any anybody anyone cause condition conditions did die died does family from had has have her his history "
    "in is list member members of or patient relative relatives run runs somebody someone suffer suffered the there "
    "was what when which who")
_OF_LIFE = re.compile(r"\b(?:when|how|where|at what age|alive|living|dead|old)\b")
"""Of questions about a relative's life, of which a record of illnesses tells nothing."""


def exists(question: str, asked: Asked, entries: Entries) -> Answer:
    """Whether the patient has, or ever had, a condition; else whether a procedure or visit of that name took place.

    "Suspected lupus" is there where just that is recorded and asked for. What notes say counts where no entry has that
    name, and a narrower condition where neither has it. That a narrower one is denied or over denies no broader one. A
    vaccine against a disease, or a procedure that is only about it, says nothing about having it.
    """
    answer = _condition(question, asked, entries) or _event(question, asked, entries)
    if answer is not None:
        return answer
    near = [entry for entry in entries.all if shares_words(asked.about, entry.finding.name)
            or ends_alike(asked.about, entry.finding.name)]
    denied = [entry for entry in matching(asked.about, entries.of_kind("Condition")) if entry not in near]
    return not_in_case(question, f"The case holds nothing named {asked.about or 'so'}; "
                                 "that does not rule it out.", [*denied, *near] if asked.about else near)


def _condition(question: str, asked: Asked, entries: Entries) -> Answer | None:
    """Whether a condition is there, by its name, by notes, by narrower ones; None where nothing tells."""
    if not asked.about:
        return None
    pool = _own(entries.of_kind("Condition"))
    named = _naming(asked.about, pool + _own(entries.seen)) or _naming(asked.about, _own(entries.noted))
    kinds, source = kinds_of(asked.about, pool)
    narrower = [entry for entry in kinds if entry not in named and entry.finding.assertion is not Assertion.NEGATED]
    ever = asked.ever and not asked.now
    said_so = [entry for entry in named if entry.says_how and fit(asked.about, entry.names[:1])[0] is Fit.WHOLE]
    if said_so and asked.limit is None:
        return answered(question, led("yes", distinct(map(standing, said_so))),
                        AnswerValue(text="yes", date=said_so[0].when))
    if named and (verdict(named, ever=ever) == "yes" or verdict(narrower, ever=ever) != "yes"):
        return _whether(question, asked, named)
    if not narrower:
        return None
    return _whether(question, asked, narrower, f"counted as {asked.about}: {source}")


def _event(question: str, asked: Asked, entries: Entries) -> Answer | None:
    """Whether a procedure or visit took place, or a report is there; None where none is named so."""
    events = matching(asked.about, entries.of_kind("Procedure", "Encounter", "DiagnosticReport", "ImagingStudy"))
    done = [entry for entry in events if is_named_so(asked.about, entry.finding.name)
            and (asked.limit is None or asked.limit.holds(entry.when))]
    if not done or not asked.about:
        return None
    return answered(question, distinct(map(event, done)),
                    AnswerValue(text=verdict(done, ever=True), date=done[-1].when))


def conditions(question: str, asked: Asked, entries: Entries) -> Answer:
    """The conditions that stand, or all that are recorded."""
    listed = _own(entries.of_kind("Condition"))
    pool = listed or [entry for entry in _own(entries.noted) if is_condition(entry.finding.name)]
    return list_of(question, asked, pool, "The record holds no such conditions.")


def condition_date(question: str, asked: Asked, entries: Entries) -> Answer:
    """When a condition began."""
    found = [entry for entry in _own(matching(asked.about, entries.of_kind("Condition"))) if entry.when]
    if not found or not asked.about:
        return _no_condition(question, asked, entries)
    chosen = found[0] if asked.pick is Pick.FIRST else found[-1]
    told = [entry for entry in found if entry.order[0] == chosen.order[0]] if asked.only else found
    return answered(question, distinct(map(standing, told)),
                    AnswerValue(text=chosen.finding.name, date=chosen.when))


def condition_span(question: str, asked: Asked, entries: Entries) -> Answer:
    """How long the patient had a condition."""
    found = [entry for entry in _own(matching(asked.about, entries.of_kind("Condition"))) if entry.when]
    if not found or not asked.about:
        return _no_condition(question, asked, entries)
    return answered(question, distinct(map(lasted, found)), AnswerValue(text=found[0].finding.name, date=found[0].when))


def condition_end(question: str, asked: Asked, entries: Entries) -> Answer:
    """When a condition ended."""
    found = _own(matching(asked.about, entries.of_kind("Condition")))
    if not found or not asked.about:
        return _no_condition(question, asked, entries)
    ended = [entry for entry in found if entry.told(Aspect.END)]
    if not ended:
        return answered(question, [*distinct(map(standing, found)), (
            "The record gives no end of it.", [item for entry in found for item in entry.main])])
    return answered(question, distinct(map(standing, ended)),
                    AnswerValue(text=ended[-1].finding.name, date=ended[-1].end))


def family(question: str, asked: Asked, entries: Entries) -> Answer:
    """What relatives had, or the relatives that the question names."""
    about, relatives = left_over(KINSHIP.sub(" ", question.replace("’", "'")), FAMILY_WORDS), asked_relatives(question)
    pool = [entry for entry in entries.all if entry.finding.assertion is Assertion.FAMILY]
    found = matching(about, pool)
    if relatives and _OF_LIFE.search(question.casefold()) and not (about and found):
        return not_in_case(question, f"The record does not tell that of the {' or '.join(relatives)}.")
    if not found:
        near = [entry for entry in pool if shares_words(about, entry.finding.name, 1)]
        return not_in_case(question, f"The record holds no family history{f' of {about}' if about else ''}.", near)
    if relatives:
        chosen = [entry for entry in found if is_of(relatives, told_relatives(entry))]
        if not chosen:
            return not_in_case(question, _of_others(" or ".join(relatives), found))
        found = chosen
    return answered(question, distinct(map(standing, found)), AnswerValue(text="yes"))


def death(question: str, asked: Asked, entries: Entries) -> Answer:
    """Whether and when the patient died, where the record says so; silence says nothing."""
    found = entries.of_kind("Patient")
    if not found:
        return not_in_case(question, "The record does not say that the patient died; that does not mean that the "
                                     "patient is alive.")
    return answered(question, distinct(map(event, found)), AnswerValue(text="Death", date=found[-1].when))


def _of_others(relatives: str, found: Sequence[Entry]) -> str:
    """That the record tells it of the family, but not of the relatives asked about."""
    told = dict.fromkeys(f"{entry.finding.name} ({', '.join(told_relatives(entry)) or 'relative not named'})"
                         for entry in found)
    return f"The record does not tell that of the {relatives}. Of the family it tells: {'; '.join(told)}."


def _whether(question: str, asked: Asked, found: Sequence[Entry], counted_as: str | None = None) -> Answer:
    """Whether what was found stands; narrower conditions that are over (`counted_as`) leave the broader one open."""
    if asked.limit is not None:
        limit = asked.limit
        own = [entry for entry in found if entry.stood_within(limit) is not False]
        if not own:
            return at_other_times(question, limit, found)
        found, said = own, verdict_within(own, limit)
    else:
        said = verdict(found, ever=asked.ever and not asked.now)
    if counted_as and said == "no":
        said = "uncertain"
    stood = [entry for entry in found if entry.stands] or list(found)
    told = [(f"{text.removesuffix('.')} ({counted_as})." if counted_as else text, evidence)
            for text, evidence in distinct(map(standing, _telling(found, said)))]
    return answered(question, led(said, told), AnswerValue(text=said, date=stood[0].when))


def _telling(found: Sequence[Entry], said: str) -> list[Entry]:
    """What carries the answer first, the rest after it."""
    return sorted(found, key=lambda entry: (not entry.stands if said == "yes" else False, entry.order))


def _naming(about: str, pool: Sequence[Entry]) -> list[Entry]:
    """What speaks of a thing by its name."""
    return [entry for entry in matching(about, pool)
            if _speaks_of(about, entry) and is_kind_by_name(about, entry.names)]


def _speaks_of(about: str, entry: Entry) -> bool:
    """Whether a statement is about the thing as a whole: "no large effusion" does not deny an effusion, nor a refuted
    pulmonary embolism a lung disease."""
    return entry.finding.assertion is not Assertion.NEGATED or fit(about, entry.names)[0] is Fit.WHOLE


def _own(found: Sequence[Entry]) -> list[Entry]:
    return [entry for entry in found if entry.finding.assertion is not Assertion.FAMILY]


def _no_condition(question: str, asked: Asked, entries: Entries) -> Answer:
    near = [entry for entry in entries.of_kind("Condition") if shares_words(asked.about, entry.finding.name)
            or ends_alike(asked.about, entry.finding.name)]
    return not_in_case(question, f"The record holds no dated condition named {asked.about or 'so'}.", near)

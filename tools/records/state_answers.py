"""Conditions, allergies and family history: what the patient has, had, or does not have."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.finding import Assertion
from ...core.result import Answer, AnswerValue
from .entries import Entries, Entry, matching
from .facts import Aspect
from .intents import Asked, Pick, left_over
from .kinds import kinds_of
from .matching import Fit, fit, is_named_so, shares_words
from .mentions import is_condition
from .phrasing import answered, distinct, event, led, list_of, not_in_case, standing, verdict, verdict_within
from .relatives import KINSHIP, asked_relatives, is_of, told_relatives

ALLERGY_WORDS = (
    "a an and any allergic allergies allergy are does do has have having her his intolerance intolerances "
    "intolerant is it known list of on patient record reaction reactions recorded she he that the their to there "
    "was were what which when")
ALLERGEN_KINDS = (
    "allergen allergens drug drugs food foods medication medications medicine medicines substance substances")
FAMILY_WORDS = (
    "a an and any anyone condition conditions did die died does family from had has have her his history in is list of "
    "or patient relative relatives suffer suffered the there was what which who")


def exists(question: str, asked: Asked, entries: Entries) -> Answer:
    """Whether the patient has, or ever had, a condition; else whether a procedure or visit of that name took place.

    What notes say counts where no entry has that name, and a narrower condition where neither has it. A vaccine
    against a disease, or a procedure that is only about it, says nothing about having it.
    """
    found = _own(matching(asked.about, entries.of_kind("Condition") + entries.seen))
    found = found or [entry for entry in _own(matching(asked.about, entries.noted)) if _speaks_of(asked.about, entry)]
    if found and asked.about:
        return _whether(question, asked, found)
    narrower, source = kinds_of(asked.about, _own(entries.of_kind("Condition")))
    if narrower:
        return _whether(question, asked, narrower, f"counted as {asked.about}: {source}")
    events = matching(asked.about, entries.of_kind("Procedure", "Encounter", "DiagnosticReport"))
    done = [entry for entry in events if is_named_so(asked.about, entry.finding.name)
            and (asked.limit is None or asked.limit.holds(entry.when))]
    if done and asked.about:
        return answered(question, distinct(map(event, done)),
                        AnswerValue(text=verdict(done, ever=True), date=done[-1].when))
    near = [entry for entry in entries.all if shares_words(asked.about, entry.finding.name)]
    return not_in_case(question, f"The case holds nothing named {asked.about or 'so'}; "
                                 "that does not rule it out.", near)


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
    return answered(question, distinct(map(standing, found)),
                    AnswerValue(text=chosen.finding.name, date=chosen.when))


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
    if not found:
        near = [entry for entry in pool if shares_words(about, entry.finding.name, 1)]
        return not_in_case(question, f"The record holds no family history{f' of {about}' if about else ''}.", near)
    if relatives:
        chosen = [entry for entry in found if is_of(relatives, told_relatives(entry))]
        if not chosen:
            return not_in_case(question, _of_others(" or ".join(relatives), found))
        found = chosen
    return answered(question, distinct(map(standing, found)), AnswerValue(text="yes"))


def allergies(question: str, asked: Asked, entries: Entries) -> Answer:
    """Which allergies are recorded, or one of them. All are listed where a kind of allergen is asked for, and a
    sentence says so: a name alone does not tell a medicine from a food."""
    named = left_over(question, ALLERGY_WORDS)
    about = left_over(named, ALLERGEN_KINDS)
    pool = entries.of_kind("AllergyIntolerance")
    found = matching(about, pool)
    if not found:
        more = " of that name" if pool else "; that does not mean that there is none"
        return not_in_case(question, f"The record holds no allergy{more}.", pool if about else ())
    said = verdict(found, ever=False)
    names = "; ".join(dict.fromkeys(entry.finding.name for entry in found))
    sentences = distinct(map(standing, found))
    if named and not about:
        sentences.append(("All recorded allergies are listed, whatever the kind of allergen.",
                          [item for entry in found for item in entry.main]))
    return answered(question, sentences, AnswerValue(text=said if about else names))


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
    if asked.limit is not None:
        limit = asked.limit
        found = [entry for entry in found if entry.stood_within(limit) is not False]
        if not found:
            return not_in_case(question, f"The case holds nothing named {asked.about} {limit.words}.")
        said = verdict_within(found, limit)
    else:
        said = verdict(found, ever=asked.ever and not asked.now)
    stood = [entry for entry in found if entry.stands] or list(found)
    told = [(f"{text.removesuffix('.')} ({counted_as})." if counted_as else text, evidence)
            for text, evidence in distinct(map(standing, _telling(found, said)))]
    return answered(question, led(said, told), AnswerValue(text=said, date=stood[0].when))


def _telling(found: Sequence[Entry], said: str) -> list[Entry]:
    """What carries the answer first, the rest after it."""
    return sorted(found, key=lambda entry: (not entry.stands if said == "yes" else False, entry.order))


def _speaks_of(about: str, entry: Entry) -> bool:
    """Whether a note's statement is about the thing as a whole: "no large effusion" does not deny an effusion."""
    return entry.finding.assertion is not Assertion.NEGATED or fit(about, entry.names)[0] is Fit.WHOLE


def _own(found: Sequence[Entry]) -> list[Entry]:
    return [entry for entry in found if entry.finding.assertion is not Assertion.FAMILY]


def _no_condition(question: str, asked: Asked, entries: Entries) -> Answer:
    near = [entry for entry in entries.of_kind("Condition") if shares_words(asked.about, entry.finding.name)]
    return not_in_case(question, f"The record holds no dated condition named {asked.about or 'so'}.", near)

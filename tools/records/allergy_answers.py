"""Allergies: which are recorded, and whether one of them is."""

from __future__ import annotations

import re

from ...core.result import Answer, AnswerValue
from .entries import Entries, Entry, matching
from .intents import Asked, left_over
from .matching import shares_words
from .phrasing import answered, distinct, led, not_in_case, standing, verdict
from .several import asked_one_by_one

ALLERGY_WORDS = (
    "a active all an any anything allergic allergies allergy are been current currently did do does ever everything "
    "had has have having he her his intolerance intolerances intolerant is it kind kinds known list never no not now "
    "of on patient reaction reactions record recorded severe she something sort still that the their them there these "
    "they to type was were what when which")
ALLERGEN_KINDS = (
    "allergen allergens drug drugs food foods medication medications medicine medicines substance substances")
NONE_KNOWN = re.compile(r"(?:no (?:known )?(?:\w+ )?allerg\w+|nk?d?a)\b", re.IGNORECASE)
"""Entries that say that there are none."""
_WHETHER = re.compile(r"(?:is|are|was|were|does|do|did|has|have|had|any)\b")


def allergies(question: str, asked: Asked, entries: Entries) -> Answer:
    """Which allergies are recorded, or whether one of them is. All are listed where a kind of allergen is asked for,
    and a sentence says so: a name alone does not tell a medicine from a food."""
    named = left_over(question.replace(",", " or "), ALLERGY_WORDS)
    about = allergen(question)
    if not about:
        return _all(question, entries, of_a_kind=named != "")
    answer = _one(question, about, entries)
    return asked_one_by_one(question, about, lambda part: _one(question, part, entries)) or answer if (
        not answer.evidence) else answer


def allergen(question: str) -> str:
    """What a question about allergies names; empty where it asks for all, or all of a kind."""
    named = left_over(question.replace(",", " or "), ALLERGY_WORDS)
    about = " ".join(word for word in named.split() if word not in ALLERGEN_KINDS.split()).removesuffix(" and")
    return "" if about in {"and", "or"} else about


def _one(question: str, about: str, entries: Entries) -> Answer:
    """Whether there is an allergy to one thing."""
    pool = entries.of_kind("AllergyIntolerance")
    found = matching(about, pool)
    if not found:
        more = f" to {about}" if pool else ""
        near = [entry for entry in pool if shares_words(about, entry.finding.name, 1)]
        return not_in_case(question, f"The record holds no allergy{more}; that does not mean that there is none.", near)
    said = verdict(found, ever=False)
    return answered(question, led(said, distinct(map(standing, found))), AnswerValue(text=said))


def _all(question: str, entries: Entries, *, of_a_kind: bool) -> Answer:
    """All that are recorded, those that stand first; the value names these alone."""
    pool = entries.of_kind("AllergyIntolerance")
    if not pool:
        return not_in_case(question, "The record holds no allergy; that does not mean that there is none.")
    found = sorted(pool, key=lambda entry: (not entry.stands, entry.order))
    there = [entry for entry in found if entry.stands]
    sentences = distinct(map(standing, found))
    if _WHETHER.match(question.strip().casefold()):
        sentences = led(_any_of(found), sentences)
    if of_a_kind:
        sentences.append(("All recorded allergies are listed, whatever the kind of allergen.",
                          [item for entry in found for item in entry.main]))
    names = "; ".join(dict.fromkeys(entry.finding.name for entry in there))
    return answered(question, sentences, AnswerValue(text=names) if there else None)


def _any_of(found: list[Entry]) -> str:
    """Whether any allergy stands; an entry that says that none is known is no allergy."""
    real = [entry for entry in found if not NONE_KNOWN.match(entry.finding.name)]
    return verdict(real, ever=False)

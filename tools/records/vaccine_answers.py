"""Vaccines: when they were given, and how often."""

from __future__ import annotations

import re

from ...core.result import Answer, AnswerValue
from .entries import Entries, Entry, matching
from .intents import Asked, left_over
from .matching import shares_words
from .phrasing import answered, distinct, event, not_in_case, verdict
from .value_answers import dated

VACCINE_WORDS = (
    "a administered after against all an and any as been before by date dates did do does due earliest ever first "
    "for get given got had happened has have he her his how immunisation immunisations immunised immunization "
    "immunizations immunized in inoculated inoculation is it jab jabs last latest list many most number of often "
    "on patient there covered receive received recent recently record she shot shots since the their they "
    "times to until up vaccinated vaccination vaccinations vaccine vaccines was were what when which with")
OTHER_NAMES = {
    "pneumonia": ("pneumococcal", "pneumococcus"), "pneumococcus": ("pneumococcal",), "shingles": ("zoster",),
    "chickenpox": ("varicella",), "chicken pox": ("varicella",), "whooping cough": ("pertussis", "dtap", "tdap"),
    "lockjaw": ("tetanus", "td"), "covid": ("covid 19", "sars cov 2"), "covid-19": ("sars cov 2",),
    "coronavirus": ("covid 19", "sars cov 2"), "german measles": ("rubella",), "meningitis": ("meningococcal",),
    "hpv": ("human papillomavirus",), "human papillomavirus": ("hpv",), "polio": ("ipv", "opv", "poliovirus"),
    "tuberculosis": ("bcg",), "tb": ("bcg",)}
"""What a disease's vaccine is called, by the name of the disease that people use (CDC, "Vaccines by Disease")."""


def immunizations(question: str, asked: Asked, entries: Entries) -> Answer:
    """When a vaccine was given: last, first, or each time."""
    about, pool = left_over(question, VACCINE_WORDS), entries.of_kind("Immunization")
    found = [entry for entry in _named(about, pool) if asked.limit is None or asked.limit.holds(entry.when)]
    given = [entry for entry in found if entry.stands]
    if not found:
        what = f" named {about}" if about else ""
        near = [entry for entry in pool if about and shares_words(about, entry.finding.name, 1)]
        return not_in_case(question, f"The record holds no vaccination{what}"
                                     f"{f' {asked.limit.words}' if asked.limit else ''}.", near)
    if not given:
        return answered(question, distinct(map(event, found)), AnswerValue(text=verdict(found, ever=False)))
    said, value = dated(given, asked.pick)
    counted = re.search(r"\b(?:how (?:many|often)|number of)\b", question.casefold())
    return answered(question, said, value.model_copy(update={"number": float(len(given))}) if counted else value)


def _named(about: str, pool: list[Entry]) -> list[Entry]:
    """The vaccinations of a name, or of the name that the vaccine against that disease has."""
    names = (about, *OTHER_NAMES.get(about, ()))
    return next(filter(None, (matching(name, pool) for name in names)), [])

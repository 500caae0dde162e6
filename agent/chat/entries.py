"""Entries of the health record by their kind."""

from __future__ import annotations

from ...core.finding import Assertion
from ...core.result import AnswerValue
from ...report.wording import by_number, date_text
from ..phrases import shown
from .context import ChatContext
from .results import span_words, within
from .told import Saying, Told, nothing

KINDS = {"conditions": ("Condition",), "procedures": ("Procedure",),
         "medications": ("MedicationRequest", "MedicationStatement"), "allergies": ("AllergyIntolerance",),
         "vaccinations": ("Immunization",), "visits": ("Encounter",)}
"""FHIR R4 resource types of each kind."""
MOST = 40


def list_entries(context: ChatContext, kind: str, since: str, until: str) -> Told:
    """The record's entries of one kind, each with its date, in the order of time.

    Args:
        context: the case.
        kind: one of `KINDS`.
        since: ISO date or empty.
        until: ISO date or empty, included.
    """
    of_kind = [entry.finding for entry in context.entries.of_kind(*KINDS[kind])]
    dated = within(of_kind, since, until, "")
    if not dated:
        when = f" {span_words(since, until)}" if since or until else ""
        return nothing(f"The record holds no {kind}{when}; that does not mean that there were none.")
    ordered = sorted(dated, key=lambda item: (item.date or "9999", item.name))
    sayings = [Saying(f"{_prefix(item.assertion)}{shown(item.name)} ({date_text(item.date) or 'undated'}).",
                      item.evidence) for item in ordered[:MOST]]
    if ordered[MOST:]:
        rest = by_number({key for item in ordered[MOST:] for key in item.evidence})
        sayings.append(Saying(f"{len(ordered) - MOST} more {kind} are on record.", rest))
    told = tuple(dict.fromkeys(sayings))
    if len(ordered) == 1:
        return Told(told)
    when = f" {span_words(since, until)}" if since or until else ""
    head = Saying(f"{len(ordered)} {kind} on record{when}.", by_number({key for item in ordered for key in
                                                                       item.evidence}))
    return Told((head, *told), value=AnswerValue(number=float(len(ordered))))


def _prefix(assertion: Assertion) -> str:
    return "" if assertion is Assertion.AFFIRMED else f"({assertion.value}) "

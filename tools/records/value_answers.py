"""Results, vaccines and events: values and dates."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...core.result import Answer, AnswerValue
from ..lab_terms.units import ucum_of
from .entries import Entries, Entry, best_matching, by_analyte, matching
from .extremes import extremes, lies_beyond
from .intents import Asked, Bound, Pick
from .matching import Fit, best_fits, fit, is_of_another, shares_words
from .phrasing import Cited, amount, answered, declined, distinct, event, not_in_case, result, value_of

VISITS = frozenset({"visit", "encounter", "appointment", "consultation", "contact"})
STAYS = frozenset({"hospitalised", "hospitalized", "admitted", "admitted to hospital", "admitted to the hospital",
                   "in hospital", "in the hospital", "admission", "hospitalization", "hospitalisation",
                   "hospital admission", "hospital stay"})
OPERATIONS = frozenset({"procedures", "operations", "surgeries"})
MOST_ANALYTES = 6


def value(question: str, asked: Asked, entries: Entries) -> Answer:
    """The value of an observation: the latest unless another is asked for."""
    if not asked.about:
        return declined(question, "The question does not say which result is meant.")
    found = _named(asked.about, entries.valued)
    if not found:
        near = [entry for entry in entries.valued if shares_words(asked.about, entry.finding.name, 1)]
        return not_in_case(question, f"The case holds no result named {asked.about}.", near)
    kept = [entry for entry in found if asked.limit is None or asked.limit.holds(entry.when)]
    if not kept:
        limit = asked.limit.words if asked.limit else ""
        return not_in_case(question, f"The case holds results named {asked.about}, but none {limit}.", found)
    groups = by_analyte(kept)
    if len(groups) > MOST_ANALYTES:
        names = "; ".join(dict.fromkeys(group[0].finding.name for group in groups.values()))
        return declined(question, f"Many results answer to {asked.about}: {names}. Ask for one of them.")
    picked = [_picked(group, asked.pick) for group in groups.values()]
    chosen = [entry for some, _ in picked for entry in some]
    remarks = [remark for _, said in picked for remark in said]
    return answered(question, distinct([*map(result, chosen), *remarks]), _one_value(chosen))


def beyond(question: str, asked: Asked, entries: Entries) -> Answer:
    """Whether any result lies above or below a number: those that do, or how many were looked at.

    A number without a unit is held against each result in the result's own unit, with a unit against those that convert
    into it. A result with a comparator counts only where it lies beyond the number whatever it is exactly.
    """
    named = _named(asked.about, entries.valued) if asked.about and asked.bound else []
    kept = [entry for entry in named if entry.finding.number is not None
            and (asked.limit is None or asked.limit.holds(entry.when))]
    told = [(entry, lies) for entry in kept if asked.bound and (lies := lies_beyond(entry, asked.bound)) is not None]
    if not told or asked.bound is None:
        near = [entry for entry in entries.valued if shares_words(asked.about, entry.finding.name, 1)]
        return not_in_case(question, f"The case holds no result named {asked.about or 'so'} that can be compared with "
                                     f"this number.", near)
    past = [entry for entry, lies in told if lies]
    said = [_counted(len(past), [entry for entry, _ in told], asked.bound), *distinct(map(result, past))]
    if len(told) < len(kept):
        said.append(("Results whose unit does not convert were left out.",
                     [item for entry in kept for item in entry.main]))
    return answered(question, said,
                    AnswerValue(text="yes" if past else "no", date=past[-1].when if past else None))


def _counted(beyond_it: int, compared: Sequence[Entry], bound: Bound) -> Cited:
    """How many of the results that were compared lie beyond a number."""
    unit = ucum_of(bound.unit) or bound.unit if bound.unit else None
    side = f"{'above' if bound.above else 'below'} {bound.number:g}{f' {unit}' if unit else ''}"
    text = f"{beyond_it} of {len(compared)} results {'lies' if beyond_it == 1 else 'lie'} {side}."
    return f"{'Yes' if beyond_it else 'No'}: {text}", [item for entry in compared for item in entry.main]


def report(question: str, asked: Asked, entries: Entries) -> Answer:
    """What a report concludes, in its own words; the latest unless another is asked for."""
    pool = entries.of_kind("DiagnosticReport", "ImagingStudy", "DocumentReference", "Procedure")
    found = [entry for entry in matching(asked.about, pool) if entry.finding.value and entry.finding.value.text
             and (asked.limit is None or asked.limit.holds(entry.when))] if asked.about else []
    if not found:
        return not_in_case(question, f"The case holds no conclusion of a report named {asked.about or 'so'}.")
    one = found[0] if asked.pick is Pick.FIRST else found[-1]
    chosen = found if asked.pick is Pick.ALL else [entry for entry in found if entry.order[0] == one.order[0]]
    return answered(question, distinct(map(result, chosen)), _one_value(chosen))


def event_date(question: str, asked: Asked, entries: Entries) -> Answer:
    """When something took place: a procedure, a visit, a report, a result, or whatever else has that name."""
    found = _events(asked.about, entries)
    if asked.limit is not None:
        limit = asked.limit
        found = [entry for entry in found if limit.holds(entry.when)]
    if not found:
        near = [entry for entry in entries.all if asked.about and shares_words(asked.about, entry.finding.name)]
        return not_in_case(question, f"The case holds nothing dated that is named {asked.about or 'so'}.", near)
    return answered(question, *dated(found, asked.pick))


def times(question: str, asked: Asked, entries: Entries) -> Answer:
    """How many entries of a name the record holds: of conditions, procedures, visits, vaccinations, prescriptions."""
    pools = [entries.of_kind("Condition"), entries.of_kind("Procedure", "Encounter"), entries.of_kind("Immunization"),
             entries.medications, entries.of_kind("DiagnosticReport", "ImagingStudy"), entries.valued]
    about = re.sub(r" (?:visit|admission|encounter|episode|stay)s?$", "", asked.about) or asked.about
    if re.search(r"\b(?:measured|checked|tested|determined)$", question.casefold().rstrip("?. ")):
        pools = [entries.valued, *pools]
    names = (asked.about, about) if about != asked.about else (about,)
    found = next(filter(None, (matching(name, pool) for name in names for pool in pools)), []) if about else []
    if asked.about.rstrip("s") in VISITS:
        found = entries.of_kind("Encounter")
    found = [entry for entry in found if (entry.stands or entry.is_over)
             and (asked.limit is None or asked.limit.holds(entry.when))]
    if not found:
        return not_in_case(question, f"The case holds nothing named {asked.about or 'so'}.")
    cited = [item for entry in found for item in entry.main]
    lead = (f"{len(found)} {'entry' if len(found) == 1 else 'entries'} on record"
            f"{f' {asked.limit.words}' if asked.limit else ''}.", cited)
    return answered(question, [lead, *distinct(map(event, found))],
                    AnswerValue(number=float(len(found)), text=found[-1].finding.name, date=found[-1].when))


def _events(about: str, entries: Entries) -> list[Entry]:
    if about in VISITS or about.removesuffix("s") in VISITS:
        found = entries.of_kind("Encounter")
    elif about in STAYS:
        kept = entries.of_kind("Encounter", "Procedure")
        found = matching("admission", kept) or matching("inpatient", kept)
    elif about in OPERATIONS:
        found = entries.of_kind("Procedure")
    else:
        pools = (entries.of_kind("Procedure"), entries.of_kind("Encounter", "DiagnosticReport", "DocumentReference"),
                 entries.valued, entries.all)
        found = next(filter(None, (best_matching(about, pool) if pool is pools[2] else matching(about, pool)
                                   for pool in pools)), []) if about else []
    return [entry for entry in found if entry.when and (entry.stands or entry.is_over)]


def _named(about: str, valued: Sequence[Entry]) -> list[Entry]:
    """The results that answer best to a name, no other result of a longer name ("LDL cholesterol" for "cholesterol")
    among them; the members of a panel where only the panel is named so."""
    found = best_fits(about, [(entry, [name for name in entry.names if not is_of_another(about, name)])
                              for entry in valued])
    if any(fit(about, entry.names)[0] is Fit.WHOLE for entry in found):
        return found
    members = [entry for entry in valued if entry.finding.value and entry.finding.value.panel
               and fit(about, (entry.finding.value.panel,))[0] is Fit.WHOLE]
    return members or found


def _picked(group: Sequence[Entry], pick: Pick) -> tuple[list[Entry], list[Cited]]:
    """Of one analyte's results the one asked for, and what has to be said of the choice.

    Args:
        group: results of one analyte in the order of time, at least one.
        pick: which one.

    Returns:
        The results, several where they are equal in time or value or a comparator leaves open which it is, and the
        remarks, often none.
    """
    if pick is Pick.ALL:
        return list(group), []
    if pick in {Pick.HIGHEST, Pick.LOWEST}:
        chosen, said = extremes(group, highest=pick is Pick.HIGHEST)
        return chosen or [group[-1]], said
    one = group[0] if pick is Pick.FIRST else group[-1]
    return [entry for entry in group if entry.order[0] == one.order[0]], []


def _one_value(chosen: Sequence[Entry]) -> AnswerValue | None:
    """The value where there is one; systolic over diastolic for a blood pressure; none where several differ."""
    if len({(amount(entry), entry.when) for entry in chosen}) == 1:
        return value_of(chosen[0])
    upper = [entry for entry in chosen if "systolic" in entry.finding.name.casefold()]
    lower = [entry for entry in chosen if "diastolic" in entry.finding.name.casefold()]
    if len(upper) == len(lower) == 1 and len(chosen) == 2 and upper[0].when == lower[0].when:
        numbers = [entry.finding.number for entry in (upper[0], lower[0])]
        unit = upper[0].finding.value.unit if upper[0].finding.value else None
        if None not in numbers:
            return AnswerValue(text="/".join(f"{number:.4g}" for number in numbers), unit=unit, date=upper[0].when)
    return None


def dated(found: Sequence[Entry], pick: Pick) -> tuple[list[Cited], AnswerValue]:
    """Of things that took place the one asked for, or all, and its name and date.

    Args:
        found: in the order of time, at least one.
        pick: the first or last (with what happened at the same time), or all.
    """
    if pick is Pick.ALL:
        chosen = list(found)
    else:
        one = found[0] if pick is Pick.FIRST else found[-1]
        chosen = [entry for entry in found if entry.order[0] == one.order[0]]
    return distinct(map(event, chosen)), AnswerValue(text=chosen[-1].finding.name, date=chosen[-1].when)

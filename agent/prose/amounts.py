"""Numbers and counts of a claim against its subject."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from ..reasons import Reason
from .claim import EXAMINATIONS, FLAGS, Amount
from .flags import fits
from .held import ENTRIES, Held, name
from .lexicon import stems
from .numbers import holds
from .subjects import Subject
from .tokens import Token
from .units import measure_of

_WITHOUT_UNIT = frozenset({"range", "upper", "lower", "first", "second", "times"})
_RESULTS = frozenset({"value", "result", "measurement"})
_SPANS = {"day": 1.0, "week": 7.0, "month": 30.44, "year": 365.25}


def kind_of(unit: str | None) -> str:
    """What a unit measures, or the unit itself where that is not known."""
    known = measure_of(unit or "1")
    return known[0] if known else unit or ""


def amounts(held: Held) -> Reason | None:
    """Every number is the subject's, in its unit, and stands for what it stands for there."""
    known = {kind_of(moment.value.unit) for moment in held.subject.moments}
    if any(kind_of(unit) not in known for unit in held.claim.units):
        return Reason.NUMBER
    for amount in held.claim.amounts:
        if amount.role == "interval" and _is_gap(amount, held.subjects):
            continue
        if not holds(amount, held.claim, held.subject, held.subjects, held.units) and not _holds_beside(amount, held):
            return Reason.NUMBER
        bare = amount.unit is None and not held.units and amount.role not in _WITHOUT_UNIT
        if bare and _needs_unit(held.subject, amount):
            return Reason.NUMBER
    return None


def _is_gap(amount: Amount, subjects: Sequence[Subject]) -> bool:
    """Whether a span lies between the dates of two findings."""
    size = next((days for unit, days in _SPANS.items() if (amount.unit or "").casefold().startswith(unit)), None)
    return size is not None and amount.number in {round(days / size) for days in _gaps(subjects)}


def _holds_beside(amount: Amount, held: Held) -> bool:
    """Whether a number in another kind of unit is that of another finding of the same place that the claim names."""
    own = {kind_of(moment.value.unit) for moment in held.subject.moments}
    if amount.unit is None or kind_of(amount.unit) in own:
        return False
    return any(other.sides == held.subject.sides and not name(Held(held.claim, other, held.subjects, held.units))
               and holds(amount, held.claim, other, held.subjects, held.units) for other in held.subjects
               if other is not held.subject)


def _needs_unit(subject: Subject, amount: Amount) -> bool:
    if float(amount.digits) < 1 and ("/" in subject.name or "ratio" in subject.name):
        return False
    if "index" in subject.name:
        return False  # an index is told by its number alone
    return any(moment.value.unit not in (None, "", "1") for moment in subject.moments)


def counts(held: Held) -> Reason | None:
    """What is counted is as many."""
    flagged = held.claim.says & FLAGS
    alike = {sum(any(fits(kind, item.flag) for kind in flagged) for item in held.subjects), len(held.subjects)}
    if held.claim.says & {"superlative", "least"}:
        alike |= {sum(item.name == held.subject.name for item in held.subjects)}
        flagged |= {"outside"}
    wrong = any(count not in ({1} if noun is None else _countable(held, noun)) | (alike if flagged else set())
                for count, noun in held.claim.counts)
    return Reason.COUNT if wrong else None


def _countable(held: Held, noun: Token) -> set[int]:
    """How many there can be said to be of what a word names."""
    subjects = held.subjects
    if noun.text in _SPANS:
        return {round(days / _SPANS[noun.text]) for days in _gaps(subjects)}
    if noun.says & set(EXAMINATIONS) or noun.text in ("scan", "examination", "study", "image"):
        return {len({when[:10] for item in held.subject.facts for when in item.dates | item.prior_dates})}
    resources = next((ENTRIES[kind] for kind in ENTRIES if kind in noun.says), None)
    if resources is not None:
        past = "past" in held.claim.says
        return {sum(bool(item.resources & resources) and item.is_past == past and not item.is_negated
                    for item in subjects)}
    if noun.phrase:
        alike = [item for item in subjects if any(noun.phrase in anchor for anchor in item.anchors)]
        return {len({_thing(item) for item in alike}) or 1} | ({2} if noun.phrase == ("lung",) else set()) | (
            {_results(alike)} if _RESULTS & set(held.claim.texts) else set())
    flagged = [item for item in subjects if item.flag in ("low", "high")]
    if "outside" in held.claim.says:
        return {len(flagged)}
    return {len(subjects)} | ({_results(subjects)} if noun.text in _RESULTS else set())


def _results(subjects: Sequence[Subject]) -> int:
    """Results of different days, each counted by itself."""
    return sum(max(1, len({when[:10] for when in item.dates})) for item in subjects)


def _thing(subject: Subject) -> tuple[str, ...]:
    """What several measures of one numbered place are of, such as an opacity's diameters."""
    site = stems(subject.findings[0].site or "")
    return site if any(word.isdigit() for word in site) else (subject.name, *sorted(subject.sides), *site)


def _gaps(subjects: Sequence[Subject]) -> set[int]:
    """Days between any two dates of what is cited."""
    days = {date.fromisoformat(when[:10]) for item in subjects for when in item.dates | item.prior_dates
            if len(when) >= 10}
    return {abs((one - other).days) for one in days for other in days if one != other}

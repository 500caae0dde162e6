"""Whether a number of a claim is one of its subject's, in the role that the words give it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from .changed import is_apart, is_difference, is_multiple, is_of_change, is_same
from .claim import FLAGS, Amount, Claim
from .subjects import Moment, Subject
from .units import factor, significant

_LIMITS = frozenset({"range", "upper", "lower"})
_PAIRS = {"long": "long-axis", "short": "short-axis", "first": "systolic", "second": "diastolic"}
_CHANGING = frozenset({"increased", "decreased", "improved", "worsened", "stable", "moved", "apart"})


def holds(amount: Amount, claim: Claim, subject: Subject, subjects: Sequence[Subject],
          units: Collection[str] = ()) -> bool:
    """Whether a number is the subject's in the role that the words give it.

    Args:
        amount: the number.
        claim: what it stands in.
        subject: what the claim is held against.
        subjects: all that the sentence cites, for pairs of measures.
        units: those that the sentence gives.
    """
    role, bare = amount.role, replace(amount, role="")
    if role in _LIMITS or (role == "bracket" and _is_any_limit(replace(amount, role="range"), subject, units)):
        return _is_any_limit(replace(amount, role="range") if role == "bracket" else amount, subject, units)
    if role in _PAIRS:
        return _is_of_pair(amount, subjects)
    if role in ("detectable", "interval", "times"):
        return is_multiple(amount, claim, subject) if role == "times" else is_of_change(amount, subject)
    if role in ("by", "off"):
        told = role == "off" and "limit" in claim.says and _is_told(bare, claim, subject, units)
        return told or is_apart(amount, claim, subject, subjects)
    return _is_told(bare if role == "bracket" else amount, claim, subject, units)


def _is_told(amount: Amount, claim: Claim, subject: Subject, units: Collection[str]) -> bool:
    """Whether a number that no word gives a role is a value, a limit behind "below", or a difference."""
    if any(_is_value(amount, moment, subject, claim) for moment in subject.moments) or (
            _is_passed(amount, claim, subject)):
        return True
    if amount.comparator and _is_any_limit(amount, subject, units):
        return True
    if amount.sign and is_difference(amount, subject):
        return True
    changing = (claim.says | claim.inherited_directions) & _CHANGING or (claim.link == "with" and subject.changes)
    return bool(amount.role == "" and amount.date is None and changing) and is_difference(amount, subject)


def _is_value(amount: Amount, moment: Moment, subject: Subject, claim: Claim) -> bool:
    value = moment.value
    if moment.number is None or amount.comparator != (value.comparator or ""):
        return False
    if amount.date is not None and not any(amount.date.is_of(when) for when in moment.dates):
        return False
    printed = (value.text or "").lstrip("<>=≤≥ ") or None
    rounded = (value.precision is not None and moment.number != round(moment.number)
               and abs(abs(moment.number) - float(amount.digits)) <= value.precision)
    if not is_same(amount, moment.number, value.unit, subject, printed, loose=rounded):
        return False
    if amount.role == "prior" and not (subject.resources and not subject.changes):
        return moment.rank == 0 or (not subject.changes and amount.date is not None and _is_earlier(moment, subject))
    dated = [date for date, role in claim.dates if role != "prior"]
    told = amount.role == "" and any(date.is_of(when) for date in dated for when in moment.dates)
    return moment.rank == 1 or amount.date is not None or told


def _is_earlier(moment: Moment, subject: Subject) -> bool:
    """Whether a value is older than another one of the same subject."""
    return bool(moment.dates) and max(moment.dates) < max(subject.dates)


def _is_any_limit(amount: Amount, subject: Subject, units: Collection[str]) -> bool:
    return any(_is_limit(amount, moment, units) for moment in subject.moments)


def _is_limit(amount: Amount, moment: Moment, units: Collection[str]) -> bool:
    low, high = moment.value.low, moment.value.high
    known: tuple[float | None, ...] = {"upper": (high,), "lower": (low,)}.get(amount.role, (low, high))
    if amount.comparator:
        known = _passed(amount, moment, known)
    written = [amount.unit] if amount.unit else [moment.value.unit or "1", *units]
    times = {factor(moment.value.unit or "1", unit, "") for unit in written} - {None}
    return any(limit is not None and time is not None and abs(limit * time - amount.number) < 1e-6 * max(1.0, limit)
               for limit in known for time in times)


def _passed(amount: Amount, moment: Moment, known: tuple[float | None, ...]) -> tuple[float | None, ...]:
    """The limit that "below" or "above" can mean: one that the value passes, or the range "<5.0" itself."""
    low, high, number = moment.value.low, moment.value.high, moment.number
    if number is None or (amount.role and high in known and amount.comparator == "<"):
        return known if number is not None else ()
    below = amount.comparator == "<" and low is not None and number < low
    above = amount.comparator == ">" and high is not None and number > high
    return (low,) if below else (high,) if above else ()


def _is_passed(amount: Amount, claim: Claim, subject: Subject) -> bool:
    """Whether "below 30" is a round number that the exact value lies beyond, and is told as no limit of its range."""
    if amount.comparator not in ("<", ">") or claim.says & FLAGS or "limit" in claim.says or amount.role:
        return False
    if significant(amount.digits) != 1 or amount.digits.startswith("0."):
        return False
    for moment in subject.moments:
        number, times = moment.number, factor(moment.value.unit or "1", amount.unit or moment.value.unit or "1", "")
        if number is not None and times is not None and moment.rank == 1 and not moment.value.comparator:
            return number * times < amount.number if amount.comparator == "<" else number * times > amount.number
    return False


def _is_of_pair(amount: Amount, subjects: Sequence[Subject]) -> bool:
    """The long before the short axis, systolic before diastolic pressure."""
    wanted = _PAIRS[amount.role]
    return any(is_same(amount, moment.number, moment.value.unit, item) for item in subjects
               if wanted in item.name for moment in item.moments if moment.number is not None
               and (amount.date is None or any(amount.date.is_of(when) for when in moment.dates)))

"""Whether a number of a claim is one of its subject's: a value, a difference, a limit, a span of days."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from .claim import Amount, Claim
from .subjects import Moment, Subject
from .units import POINTS, factor, is_converted, is_written

_DAYS = {"day": 1, "week": 7, "month": 30.44, "year": 365.25}
_CHANGING = frozenset({"increased", "decreased", "improved", "worsened", "stable", "moved"})


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
    moments = subject.moments
    if amount.role in ("range", "upper", "lower"):
        return any(_is_limit(amount, moment, units) for moment in moments)
    if amount.role in ("long", "short", "first", "second"):
        return _is_of_pair(amount, subjects)
    if amount.role in ("detectable", "interval", "by"):
        return _is_of_change(amount, subject)
    if any(_is_value(amount, moment, subject, claim) for moment in moments):
        return True
    if amount.comparator and any(_is_limit(amount, moment, units) for moment in moments):
        return True
    changing = (claim.says | claim.inherited_directions) & _CHANGING or (claim.link == "with" and subject.changes)
    return bool(amount.role == "" and amount.date is None and changing) and _is_difference(amount, subject)


def _is_of_change(amount: Amount, subject: Subject) -> bool:
    """A number that only a change can have."""
    if amount.role == "detectable":
        return any(_same(amount, change.least_detectable, _unit(subject), subject)
                   for change in subject.changes if change.least_detectable is not None)
    if amount.role == "interval":
        return any(_is_interval(amount, change.interval_days) for change in subject.changes)
    return _is_difference(amount, subject)


def _unit(subject: Subject) -> str | None:
    return next((moment.value.unit for moment in subject.moments if moment.value.unit), None)


def _same(amount: Amount, number: float, unit: str | None, subject: Subject, printed: str | None = None, *,
          loose: bool = False) -> bool:
    """Equal within the printed precision, in the finding's unit or converted to the one that is written."""
    if (amount.sign == "-") != (number < 0):
        return False
    own = unit or "1"
    if amount.unit is None and own == "%" and "." in amount.digits and ("/" in subject.name or "ratio" in subject.name):
        return is_converted(amount.digits, abs(number) / 100)
    if amount.unit is None:
        return is_written(amount.digits, abs(number), printed, loose=loose or amount.about)
    times = factor(own, amount.unit, subject.name)
    if times is None:
        return False
    if abs(times - 1.0) < 1e-9:
        return is_written(amount.digits, abs(number), printed, loose=loose or amount.about)
    return is_converted(amount.digits, abs(number) * times)


def _is_value(amount: Amount, moment: Moment, subject: Subject, claim: Claim) -> bool:
    value = moment.value
    if moment.number is None or amount.comparator != (value.comparator or "") or amount.unit in POINTS:
        return False
    if amount.date is not None and not any(amount.date.is_of(when) for when in moment.dates):
        return False
    printed = (value.text or "").lstrip("<>=≤≥ ") or None
    rounded = (value.precision is not None and moment.number != round(moment.number)
               and abs(abs(moment.number) - float(amount.digits)) <= value.precision)
    if not _same(amount, moment.number, value.unit, subject, printed, loose=rounded):
        return False
    if amount.role == "prior":
        return moment.rank == 0
    dated = [date for date, role in claim.dates if role != "prior"]
    told = amount.role == "" and any(date.is_of(when) for date in dated for when in moment.dates)
    return moment.rank == 1 or amount.date is not None or told


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


def _is_interval(amount: Amount, days: int | None) -> bool:
    if days is None or amount.unit is None:
        return False
    size = next(length for unit, length in _DAYS.items() if amount.unit.casefold().startswith(unit))
    if size == 1:
        return amount.number == days
    return abs(amount.number - days / size) <= 0.5


def _is_difference(amount: Amount, subject: Subject) -> bool:
    for change in subject.changes:
        if change.delta is not None and _same(amount, abs(change.delta), _unit(subject), subject):
            return True
        if change.relative is not None and amount.unit in ("%", "percent"):
            percent = abs(change.relative) * 100
            if abs(percent - float(amount.digits)) <= (0.05 if "." in amount.digits else 0.5) + 1e-9:
                return True
    return False


def _is_of_pair(amount: Amount, subjects: Sequence[Subject]) -> bool:
    """The long before the short axis, systolic before diastolic pressure."""
    wanted = {"long": "long-axis", "short": "short-axis", "first": "systolic", "second": "diastolic"}[amount.role]
    return any(_same(amount, moment.number, moment.value.unit, item) for item in subjects
               if wanted in item.name for moment in item.moments if moment.number is not None
               and (amount.date is None or any(amount.date.is_of(when) for when in moment.dates)))

"""Numbers that tell of two values: a difference, a multiple, a span of days, the least that can be told from noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...report.wording import number_text
from .claim import Amount, Claim
from .subjects import Subject, as_exact
from .units import decimals_of, factor, is_converted, is_written, measure_of

_DAYS = {"day": 1, "week": 7, "month": 30.44, "year": 365.25}
_HALF = 0.5 + 1e-9
_ABOUT = 0.1
"""How far, as a share, a multiple that is called approximate may lie from the exact one."""


def is_same(amount: Amount, number: float, unit: str | None, subject: Subject, printed: str | None = None, *,
            loose: bool = False) -> bool:
    """Whether a number is that of a subject, within the printed precision, in its unit or converted.

    Args:
        amount: the number as said.
        number: the subject's.
        unit: of the latter.
        subject: whose it is; mass converts to amount by its name.
        printed: digits as a source printed them, where it did.
        loose: rounding to two digits that count is the same.
    """
    if (amount.sign == "-") != (number < 0):
        return False
    own = unit or "1"
    if amount.unit is None and own == "%" and "." in amount.digits and ("/" in subject.name or "ratio" in subject.name):
        return is_converted(amount.digits, abs(number) / 100)
    times = 1.0 if amount.unit is None else factor(own, amount.unit, subject.name)
    if times is None:
        return False
    if abs(times - 1.0) < 1e-9:
        return is_written(amount.digits, abs(number), printed, loose=loose, about=amount.about)
    return is_converted(amount.digits, abs(number) * times)


def is_of_change(amount: Amount, subject: Subject) -> bool:
    """Whether a number is the least detectable difference, or the days between two examinations."""
    if amount.role == "interval":
        return any(_is_interval(amount, change.interval_days) for change in subject.changes)
    return any(is_same(_as_share(amount), change.least_detectable, _unit(subject), subject,
                       as_exact(change.least_detectable, change.delta))
               for change in subject.changes if change.least_detectable is not None)


def is_difference(amount: Amount, subject: Subject) -> bool:
    """Whether a number is by how much the subject changed, in its unit or in per cent; a sign must be that of it."""
    for change in subject.changes:
        delta = change.delta
        if delta is not None and is_same(_as_share(amount), delta if amount.sign else abs(delta), _unit(subject),
                                         subject):
            return True
        if change.relative is not None and amount.unit in ("%", "percent"):
            percent = abs(change.relative) * 100
            if abs(percent - float(amount.digits)) <= (0.05 if "." in amount.digits else 0.5) + 1e-9:
                return True
    return False


def is_apart(amount: Amount, claim: Claim, subject: Subject, subjects: Sequence[Subject]) -> bool:
    """Whether a number is how far a value lies from an earlier one, from its limit, or from another subject's."""
    if is_difference(amount, subject):
        return True
    now = subject.latest
    if now is None or amount.sign:
        return False
    if claim.says & {"limit", "high", "low"}:
        if amount.unit in ("%", "percent") and _unit(subject) != "%":
            return any(abs(abs(now / limit - 1) * 100 - float(amount.digits)) <= _HALF for limit in _limits(subject))
        others = _limits(subject)
    else:
        others = [other.latest for other in subjects if other is not subject and other.latest is not None
                  and _unit(other) == _unit(subject)]
    return any(is_same(amount, _distance(now, other), _unit(subject), subject) for other in others)


def _limits(subject: Subject) -> list[float]:
    return [limit for moment in subject.moments if moment.rank == 1
            for limit in (moment.value.low, moment.value.high) if limit]


def is_multiple(amount: Amount, claim: Claim, subject: Subject) -> bool:
    """Whether a value is so many times its upper limit, or its earlier value."""
    if "limit" in claim.says:
        ratios = [moment.number / moment.value.high for moment in subject.moments
                  if moment.rank == 1 and moment.number and moment.value.high]
    else:
        ratios = [change.to / change.from_ for change in subject.changes if change.to and change.from_]
    wanted = amount.number
    if amount.comparator:
        return any(ratio > wanted if amount.comparator == ">" else ratio < wanted for ratio in ratios)
    return any(abs(ratio - wanted) <= (_ABOUT if amount.about else _ABOUT / 2) * wanted for ratio in ratios)


def _distance(one: float, other: float) -> float:
    """The distance of two numbers, with the decimals of the longer one."""
    decimals = max(decimals_of(number_text(one)), decimals_of(number_text(other)))
    return round(abs(one - other), decimals)


def _as_share(amount: Amount) -> Amount:
    """Percentage points as the per cent that they are a difference of."""
    known = measure_of(amount.unit or "1")
    return replace(amount, unit="%") if known and known[0] == "points" else amount


def _unit(subject: Subject) -> str | None:
    return next((moment.value.unit for moment in subject.moments if moment.value.unit), None)


def _is_interval(amount: Amount, days: int | None) -> bool:
    if days is None or amount.unit is None:
        return False
    size = next((length for unit, length in _DAYS.items() if amount.unit.casefold().startswith(unit)), None)
    if size is None:
        return False
    return amount.number == days if size == 1 else abs(amount.number - days / size) <= 0.5

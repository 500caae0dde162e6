"""By how much something changed: held against a limit, or told in another unit."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...core.analytes import substance_of
from ...core.result import AnswerStatus
from ...report.wording import by_number, number_text, unit_text, with_unit
from ..phrases import place, shown
from .arithmetic import NoConversion, convert, doubling_days
from .context import ChatContext
from .results import compared, days_apart, difference, how_it_changed
from .told import Saying, Told, nothing
from .values import Limit

_WORDS = {"below": "less than", "above": "more than", "at most": "at most", "at least": "at least"}
LESIONS = ("pulmonary nodule", "pulmonary mass")
"""How the names of opacities begin of which the report also has the volume."""
DAYS_PER_YEAR = 365.25
NO_RATE = "No rate is told: it would take a difference of plain numbers between two days."
_NOUNS = {"": "change", "increased": "increase", "decreased": "decrease"}


@dataclass(frozen=True)
class Moved:
    """How far something moved.

    Args:
        name: with its place.
        start: the earlier value.
        delta: the later value less the earlier one.
        unit: of both.
        margin: smallest difference that the method can tell from noise; zero where it is exact or not known.
        evidence: of both values.
        code: LOINC code, or empty.
        days: between the two, where both are dated to the day.
    """

    name: str
    start: float
    delta: float
    unit: str
    margin: float
    evidence: tuple[str, ...]
    code: str = ""
    days: int | None = None


def amount_of_change(context: ChatContext, limit: Limit, direction: str, **given: str) -> Told:
    """How something changed and, of each change, whether it was by an amount; or what it is in another unit.

    Args:
        context: the case.
        limit: what the amount is held against, in the unit of the results, another of its kind, or `%` of the earlier
            value; with no relation its unit is the one that the change is told in.
        direction: `increased`, `decreased`, or empty for either.
        given: name, since and until, as for `how_it_changed`.
    """
    told = how_it_changed(context, **given)
    if not told.sayings or (limit.relation and limit.number is None):
        return told if not told.sayings else nothing("A limit needs a number.", AnswerStatus.DECLINED)
    moved = _moved(context, **given)
    if not moved:
        return nothing("The case holds no single difference of plain numbers for that.", AnswerStatus.DECLINED)
    try:
        further = [_judged(one, limit, direction) if limit.relation else _in_unit(one, limit.unit) for one in moved]
    except NoConversion as error:
        return nothing(f"That cannot be told: {error}", AnswerStatus.DECLINED)
    return replace(told, sayings=(*further, *told.sayings))


def rate_of_change(context: ChatContext, **given: str) -> Told:
    """How something changed, with the difference per year; not where it is no more than noise. Of an opacity also the
    time in which its volume would double.

    Args:
        context: the case.
        given: name, since and until, as for `how_it_changed`.
    """
    told = how_it_changed(context, **given)
    if not told.sayings:
        return told
    moved = _moved(context, **given)
    if any(one.name.casefold().startswith(LESIONS) for one in moved):
        moved += _moved(context, **given | {"name": "opacity volume"})
    rates = [saying for one in moved for saying in _rates(one)]
    if not rates:
        return replace(told, sayings=(*told.sayings, Saying(NO_RATE, ())))
    return replace(told, sayings=(*told.sayings, *rates))


def _rates(moved: Moved) -> list[Saying]:
    if not moved.days or moved.days < 0:
        return []
    by, margin = (with_unit(number_text(number), moved.unit) for number in (moved.delta, moved.margin))
    if moved.margin and abs(moved.delta) <= moved.margin:
        return [Saying(f"{moved.name}: no rate is told, since {by} is no more than the smallest detectable difference, "
                       f"{margin}.", moved.evidence)]
    yearly, within = (with_unit(f"{number * DAYS_PER_YEAR / moved.days:.2g}", moved.unit)
                      for number in (moved.delta, moved.margin))
    unsure = f"; the difference is told to {margin}, so the rate to {within} per year" if moved.margin else ""
    said = [Saying(f"{moved.name}: {by} in {moved.days} days, {yearly} per year if it moved evenly{unsure}.",
                   moved.evidence)]
    if moved.name.casefold().startswith("opacity volume") and moved.delta > 0 and moved.start > 0:
        days = doubling_days(moved.days, moved.start, moved.start + moved.delta)
        said.append(Saying(f"{moved.name}: if it grows exponentially, it doubles in {days:.0f} days (Schwartz, Cancer "
                           "14:1272, 1961).", moved.evidence))
    return said


def _moved(context: ChatContext, name: str, since: str, until: str) -> list[Moved]:
    changes, values = compared(context, name, since, until)
    found = []
    for item in changes:
        change, where = item.change, place(item)
        if change is None or change.from_ is None or change.delta is None:
            continue
        found.append(Moved(shown(f"{item.name}, {where}" if where else item.name), change.from_, change.delta,
                           unit_text(item.value.unit if item.value else None), change.least_detectable or 0.0,
                           by_number({*item.evidence, *change.prior_evidence}), item.code.code if item.code else "",
                           change.interval_days))
    ends = difference(values) if values and not changes else None
    if ends is not None:
        first, last, delta = ends
        found.append(Moved(shown(last.name), first.number or 0.0, delta, unit_text(last.value.unit if last.value else
                     None), 0.0, by_number({*first.evidence, *last.evidence}), last.code.code if last.code else "",
                           days_apart(first.date or "", last.date or "")))
    return found


def _judged(moved: Moved, limit: Limit, direction: str) -> Saying:
    """Whether a change is as large as asked; not told where noise alone could move it over the limit.

    Raises:
        NoConversion: the limit does not measure what the change does.
    """
    number, scale = limit.number or 0.0, 1.0
    unit = limit.unit or moved.unit
    if unit == "%" and moved.unit != "%":
        if not moved.start:
            raise NoConversion("a change from zero has no percentage.")
        scale = 100.0 / abs(moved.start)
    same = unit == "%" or unit.casefold() == moved.unit.casefold()
    border = number if same else convert(number, unit, moved.unit, moved.code)
    amount = {"increased": moved.delta, "decreased": -moved.delta}.get(direction, abs(moved.delta)) * scale
    holds = {"above": amount > border, "at least": amount >= border, "below": amount < border,
             "at most": amount <= border}[limit.relation] and (amount > 0 or not direction)
    unsure = moved.margin > 0.0 and abs(amount - border) <= moved.margin * scale
    asked = f"{_NOUNS[direction]} of {_WORDS[limit.relation]} {with_unit(number_text(number), unit)}"
    said = "cannot be told, since a difference is measured to " \
           f"{with_unit(number_text(moved.margin), moved.unit)} only" if unsure else "yes" if holds else "no"
    return Saying(f"{moved.name}, {asked}: {said}.", moved.evidence)


def _in_unit(moved: Moved, unit: str) -> Saying:
    digits = 4 if moved.code and substance_of(moved.code) else 10
    start, end, by = (f"{convert(value, moved.unit, unit, moved.code):.{digits}g} {unit}" for value in (
        moved.start, round(moved.start + moved.delta, 10), moved.delta))
    return Saying(f"{moved.name} in {unit}: from {start} to {end}, a difference of {by}.", moved.evidence)

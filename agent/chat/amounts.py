"""By how much something changed: held against a limit, or told in another unit."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...core.result import AnswerStatus
from ...report.wording import by_number, number_text, unit_text, with_unit
from ..phrases import place, shown
from .arithmetic import NoConversion, convert
from .context import ChatContext
from .results import compared, difference, how_it_changed
from .told import Saying, Told, nothing
from .values import Limit

_WORDS = {"below": "less than", "above": "more than", "at most": "at most", "at least": "at least"}
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
    """

    name: str
    start: float
    delta: float
    unit: str
    margin: float
    evidence: tuple[str, ...]


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


def _moved(context: ChatContext, name: str, since: str, until: str) -> list[Moved]:
    changes, values = compared(context, name, since, until)
    found = []
    for item in changes:
        change, where = item.change, place(item)
        if change is None or change.from_ is None or change.delta is None:
            continue
        found.append(Moved(shown(f"{item.name}, {where}" if where else item.name), change.from_, change.delta,
                           unit_text(item.value.unit if item.value else None), change.least_detectable or 0.0,
                           by_number({*item.evidence, *change.prior_evidence})))
    ends = difference(values) if values and not changes else None
    if ends is not None:
        first, last, delta = ends
        found.append(Moved(shown(last.name), first.number or 0.0, delta, unit_text(last.value.unit if last.value else
                     None), 0.0, by_number({*first.evidence, *last.evidence})))
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
    border = number if scale != 1.0 or unit.casefold() == moved.unit.casefold() else convert(number, unit, moved.unit)
    amount = {"increased": moved.delta, "decreased": -moved.delta}.get(direction, abs(moved.delta)) * scale
    holds = {"above": amount > border, "at least": amount >= border, "below": amount < border,
             "at most": amount <= border}[limit.relation] and (amount > 0 or not direction)
    unsure = moved.margin > 0.0 and abs(amount - border) <= moved.margin * scale
    asked = f"{_NOUNS[direction]} of {_WORDS[limit.relation]} {with_unit(number_text(number), unit)}"
    said = "cannot be told, since a difference is measured to " \
           f"{with_unit(number_text(moved.margin), moved.unit)} only" if unsure else "yes" if holds else "no"
    return Saying(f"{moved.name}, {asked}: {said}.", moved.evidence)


def _in_unit(moved: Moved, unit: str) -> Saying:
    start, end, by = (f"{convert(value, moved.unit, unit):.10g} {unit}" for value in (
        moved.start, round(moved.start + moved.delta, 10), moved.delta))
    return Saying(f"{moved.name} in {unit}: from {start} to {end}, a difference of {by}.", moved.evidence)

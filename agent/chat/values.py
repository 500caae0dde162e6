"""Results against a limit, and how many there are: compared and counted by code, so that no model does it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ...core.finding import Finding
from ...core.result import AnswerStatus, AnswerValue
from ...report.wording import by_number, number_text, unit_text, value_text, with_unit
from ..compose_labs import flag_of, flag_words
from ..phrases import shown
from .arithmetic import NoConversion, convert
from .context import ChatContext
from .results import WRITTEN, named, same_results, sentences_of, span_words, within
from .told import Saying, Told, nothing, said

RELATIONS = ("below", "above", "at most", "at least")
FLAGGED = {"low": "low", "high": "high", "outside": "outside its range", "within": "within its range"}
MOST = 24
LEAST_SYSTOLIC = 120.0
"""mmHg: a limit of "the blood pressure" from here on is one of the systolic value; those of the diastolic lie below
(2017 ACC/AHA guideline: 80 to 120, the last a hypertensive crisis)."""


@dataclass(frozen=True)
class Limit:
    """What results are held against.

    Args:
        relation: one of `RELATIONS`, of `FLAGGED`, or empty for any result.
        number: the limit.
        unit: of the limit, as the user wrote it; empty for the results' own.
    """

    relation: str
    number: float | None
    unit: str

    @property
    def words(self) -> str:
        """`below 12 g/dL`, `outside its range`."""
        if self.relation in FLAGGED:
            return FLAGGED[self.relation]
        return f"{self.relation} {with_unit(number_text(self.number or 0.0), self.unit)}"


def find_values(context: ChatContext, name: str, limit: Limit, since: str, until: str, latest: bool) -> Told:
    """Results of a name, or all laboratory results, that lie beyond a limit; and how many were looked at.

    Args:
        context: the case.
        name: empty takes all laboratory results, for those outside their range.
        limit: what they are held against.
        since: ISO date or empty.
        until: ISO date or empty, included.
        latest: only the latest of each name and place.
    """
    about = shown(name) or "laboratory results"
    found = [item for item in (named(name, [*context.imaging, *context.valued]) if name else
                               [one.finding for one in context.labs]) if item.value is not None]
    if not found:
        return nothing(f"The case holds nothing measured that is named {about}; that does not rule it out.")
    found = _meant(found, limit)
    called = dict.fromkeys(shown(item.name) for item in found)
    about = next(iter(called)) if len(called) == 1 else about
    found = within(found, since, until, "latest" if latest else "")
    if not found:
        return nothing(f"The case holds results of {about}, but none {span_words(since, until)}.")
    if limit.relation in RELATIONS and limit.number is None:
        return nothing("A limit needs a number.", AnswerStatus.DECLINED)
    try:
        judged = [(item, _lies_beyond(item, limit)) for item in found]
    except NoConversion as error:
        return nothing(f"That cannot be compared: {error}", AnswerStatus.DECLINED)
    return _told(about, judged, limit, latest)


def _meant(found: Sequence[Finding], limit: Limit) -> list[Finding]:
    """Of both values of a blood pressure the systolic, where the limit is one that is set for it alone."""
    systolic = [item for item in found if "systolic" in item.name.casefold()]
    both = len(systolic) < len(found) and all(
        item in systolic or "diastolic" in item.name.casefold() for item in found)
    high = limit.relation in RELATIONS and limit.number is not None and limit.number >= LEAST_SYSTOLIC
    return systolic if systolic and both and high else list(found)


def _told(about: str, judged: Sequence[tuple[Finding, bool | None]], limit: Limit, latest: bool) -> Told:
    beyond = [item for item, holds in judged if holds]
    results = same_results([item for item, _ in judged])
    count, total = len(same_results(beyond)), len(results)
    everything = by_number({key for item, _ in judged for key in item.evidence})
    head = f"{about[:1].upper()}{about[1:]}: {total} {'latest ' if latest else ''}result{'' if total == 1 else 's'}"
    if limit.relation:
        units = {unit_text(item.value.unit) for item, _ in judged if item.value}
        stated = replace(limit, unit=limit.unit or (units.pop() if len(units) == 1 else ""))
        words = stated.words.replace(" its ", " their ") if count > 1 else stated.words
        head += f", of which {count or 'none'} {'is' if count < 2 else 'are'} {words}"
    shown_ones = beyond if beyond or not limit.relation else _nearest(judged, limit)
    sentences = sentences_of(shown_ones)
    told = said(sentences[-MOST:])
    rest = (f" The latest {MOST} follow, {len(sentences) - MOST} are not listed here.",) if (
        len(sentences) > MOST) else ()
    return Told((Saying(f"{head}.{''.join(rest)}", everything), *told.sayings, *_doubts(judged, limit)))


def _nearest(judged: Sequence[tuple[Finding, bool | None]], limit: Limit) -> list[Finding]:
    """Where no result lies beyond: the one that comes nearest."""
    numbered = [item for item, _ in judged if item.number is not None]
    if not numbered or limit.relation not in RELATIONS:
        return []
    choose: Callable[..., float] = min if limit.relation in ("below", "at most") else max
    best = choose(item.number for item in numbered)
    return [item for item in numbered if item.number == best]


def _lies_beyond(item: Finding, limit: Limit) -> bool | None:
    """Whether a result lies beyond the limit; None where it cannot be told.

    Raises:
        NoConversion: the limit's unit does not measure what the result's does.
    """
    if not limit.relation:
        return True
    if limit.relation in FLAGGED:
        return _is_flagged(item, limit.relation)
    value = item.value
    if value is None or value.number is None or limit.number is None:
        return None
    below = limit.relation in ("below", "at most")
    number, border = (value.number, _border(limit, item)) if below else (-value.number, -_border(limit, item))
    open_below = value.comparator in (("<", "<=") if below else (">", ">="))
    strict = "<" if below else ">"
    holds = number <= border if limit.relation in ("at most", "at least") or value.comparator == strict else (
        number < border)
    if value.comparator not in ("<", "<=", ">", ">="):
        return holds
    # A bound tells it only where all that it leaves open lies on one side of the limit.
    return holds or None if open_below else False if not holds else None


def _is_flagged(item: Finding, relation: str) -> bool:
    value = item.value
    if relation == "within":
        has_range = value is not None and (value.low is not None or value.high is not None or flag_of(item) == "normal")
        return has_range and not flag_words(item)
    return bool(flag_words(item)) if relation == "outside" else flag_of(item) == relation


def _border(limit: Limit, item: Finding) -> float:
    """The limit in a result's unit."""
    own, number = unit_text(item.value.unit if item.value else None), limit.number or 0.0
    if not limit.unit or limit.unit.casefold() == own.casefold():
        return number
    return convert(number, limit.unit, own, item.code.code if item.code else "")


def _doubts(judged: Sequence[tuple[Finding, bool | None]], limit: Limit) -> list[Saying]:
    """What stands so near the limit, or is stated so loosely, that it cannot be told which side it lies on."""
    if limit.relation not in RELATIONS:
        return []
    found = []
    for item, holds in judged:
        value = item.value
        if value is None:
            continue
        if holds is None:
            found.append(Saying(f"{shown(item.name)} {value_text(value)}: whether it is {limit.words} cannot be told.",
                                item.evidence))
        elif value.precision and value.number is not None and abs(value.number - _border(limit, item)) <= (
                value.precision):
            margin = with_unit(number_text(value.precision), value.unit)
            found.append(Saying(f"{shown(item.name)} {value_text(value)} is measured to {margin} only, so it may lie "
                                "on either side of the limit.", item.evidence))
    return found


def how_many(context: ChatContext, name: str, since: str, until: str) -> Told:
    """How many findings of a name there are: on images those of one day, the latest by default; of results all."""
    found = named(name, [*context.imaging, *context.valued])
    if not found:
        return nothing(f"The case holds nothing measured or seen that is named {shown(name)}; that does not rule it "
                       "out.")
    if any(item.category in WRITTEN for item in found):
        return find_values(context, name, Limit("", None, ""), since, until, False)
    chosen = within(found, since, until, "" if since or until else "latest")
    if not chosen:
        return nothing(f"The case holds findings named {shown(name)}, but none {span_words(since, until)}.")
    groups: dict[tuple[str, str], list[Finding]] = {}
    for item in chosen:
        groups.setdefault(((item.date or "")[:10], shown(item.name).lower()), []).append(item)
    heads = [Saying(f"{len(group)} {what}{'' if len(group) == 1 else 's'} ({day or 'undated'}).",
                    by_number({key for item in group for key in item.evidence}))
             for (day, what), group in sorted(groups.items())]
    return replace(said(sentences_of(chosen)), sayings=(*heads, *said(sentences_of(chosen)).sayings),
                   value=AnswerValue(number=float(len(chosen))) if len(groups) == 1 else None)

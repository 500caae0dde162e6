"""Results against a limit, and which results changed most: compared by code, so that no model does it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ...core.finding import Direction, Finding
from ...core.result import AnswerStatus, AnswerValue
from ...report.wording import by_number, number_text, unit_text, value_text, with_unit
from ..compose_change import change_text
from ..compose_labs import flag_of, flag_words
from ..phrases import cited, shown
from .arithmetic import NoConversion, convert
from .context import ChatContext
from .first_last import changes_over
from .results import WRITTEN, begins, is_within, named, same_results, sentences_of, span_words, within
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
        head += f", of which {count or 'none'} {'is' if count < 2 else 'are'} {stated.words}"
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
    number, border = value.number, _border(limit, value.unit)
    lower, upper = value.comparator in ("<", "<="), value.comparator in (">", ">=")
    if limit.relation in ("below", "at most"):
        holds = number < border if limit.relation == "below" and value.comparator != "<" else number <= border
        return holds if not (lower or upper) else True if lower and holds else False if upper and not holds else None
    holds = number > border if limit.relation == "above" and value.comparator != ">" else number >= border
    return holds if not (lower or upper) else True if upper and holds else False if lower and not holds else None


def _is_flagged(item: Finding, relation: str) -> bool:
    value = item.value
    if relation == "within":
        has_range = value is not None and (value.low is not None or value.high is not None or flag_of(item) == "normal")
        return has_range and not flag_words(item)
    return bool(flag_words(item)) if relation == "outside" else flag_of(item) == relation


def _border(limit: Limit, unit: str | None) -> float:
    """The limit in a result's unit."""
    own, number = unit_text(unit), limit.number or 0.0
    if not limit.unit or limit.unit.casefold() == own.casefold():
        return number
    return convert(number, limit.unit, own)


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
        elif value.precision and value.number is not None and abs(value.number - _border(limit, value.unit)
                                                                   ) <= value.precision:
            margin = with_unit(number_text(value.precision), value.unit)
            found.append(Saying(f"{shown(item.name)} {value_text(value)} is measured to {margin} only, so it may lie "
                                "on either side of the limit.", item.evidence))
    return found


def find_changes(context: ChatContext, percent: float, direction: str, of: str, since: str, until: str) -> Told:
    """Results and measurements that changed by more than a percentage, the largest change first.

    Args:
        context: the case.
        percent: of the earlier value; at 0 all that is not stable, with how many they are.
        of: `lab`, `imaging`, or empty for both.
        since: ISO date or empty; only changes that began by then or later.
        until: ISO date or empty; only changes that ended by then.
        direction: `increased`, `decreased`, or empty for both; what moved by less than can be told from noise is
            stable and did neither.
    """
    changes = _changes(context, of, since, until)
    what = {"lab": "laboratory results", "imaging": "measurements"}.get(of, "results and measurements")
    if not changes:
        when = f" {span_words(since, until)}" if since or until else ""
        return nothing(f"The case holds no change of {what}{when} that is told in percent.")
    beyond = sorted((item for item in changes if (abs(_percent(item)) > percent if percent else _moved(item)) and (
        not direction or _moved(item) == direction)), key=lambda item: -abs(_percent(item)))
    moved = f"{direction or 'changed'}{f' by more than {percent:g} %' if percent else ''}"
    if not beyond:
        return nothing(f"No one of the {what} {moved}; {len(changes)} changes were looked at.")
    told = said([cited(change_text(item, context.material), (item,)) for item in beyond[:MOST]])
    everything = by_number({key for item in changes for key in item.evidence})
    head = () if percent else (Saying(f"{len(changes)} {what} were compared with earlier ones; {len(beyond)} {moved}."
                                      f"{_unsure(beyond)}", everything),)
    rest = [key for item in beyond[MOST:] for key in item.evidence]
    more = (Saying(f"{len(beyond) - MOST} smaller changes are not listed here.", by_number(set(rest))),) if rest else ()
    return replace(told, sayings=(*head, *told.sayings, *more))


def _changes(context: ChatContext, of: str, since: str, until: str) -> list[Finding]:
    """The report's changes; of laboratory results, where a span is asked for, those from its first to its last."""
    reported = [item for item in context.report.findings
                if item.change is not None and item.change.relative is not None and not item.is_read
                and (not of or context.material.is_lab(item) is (of == "lab"))
                and (not since or begins(item, context) >= since) and (not until or is_within(item.date, "", until))]
    if not (since or until) or of == "imaging":
        return reported
    longer = [item for item in changes_over(context, reported, since, until)
              if item.change and item.change.relative is not None]
    instead = {item.name for item in longer}
    return [*(item for item in reported if item.name not in instead), *longer]


def _unsure(moved: Sequence[Finding]) -> str:
    """Of how many changes it is not known whether they are more than noise."""
    unknown = sum(item.change is not None and item.change.least_detectable is None for item in moved)
    words = f" For {unknown} of these no smallest detectable difference is known, so they may be noise."
    return words if unknown else ""


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


def _percent(item: Finding) -> float:
    return 100.0 * (item.change.relative or 0.0) if item.change is not None else 0.0


def _moved(item: Finding) -> str:
    """`increased` or `decreased`; empty for what is stable."""
    if item.change is None or item.change.direction is Direction.STABLE:
        return ""
    return "increased" if _percent(item) > 0 else "decreased"

"""Results and measurements: the latest, those of a span of time, and how they changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from ...core.finding import Category, Finding
from ...core.moments import moment_key, spoken, spoken_within
from ...core.report import Sentence
from ...core.result import AnswerStatus, AnswerValue
from ...memory.query import is_over
from ...report.wording import by_number, number_text, value_text, with_unit
from ...tools.records.matching import best_fits
from ..compose_change import change_text
from ..compose_labs import flag_of, flag_words, lab_sentence
from ..phrases import Item, cited, dated, findings_sentences, listing, measured_item, place, shown
from .arithmetic import NoConversion, converted_text, days_between
from .context import ChatContext
from .extremes import extreme, is_left_open, key_of
from .names import Named
from .told import Saying, Told, nothing, said

MOST_NAMES = 6
LONG_DATE = len("2025-01-01")
WRITTEN = (Category.LAB, Category.RECORD)


def look_up(context: ChatContext, name: str, since: str, until: str, unit: str, pick: str) -> Told:
    """The latest findings of a name, all within a span of time, or of these the one that is picked."""
    found = named(name, [*context.imaging, *context.valued])
    if not found and _changes_of(context, name):
        return how_it_changed(context, name, since, until)
    if not found:
        return nothing(f"The case holds nothing measured or seen that is named {shown(name)}; that does not rule it "
                       "out.")
    chosen = within(found, since, until, pick if pick or since or until else "latest")
    if not chosen:
        return nothing(f"The case holds results named {shown(name)}, but none {span_words(since, until)}.")
    names = list(dict.fromkeys(shown(item.name) for item in chosen))
    if len(names) > MOST_NAMES:
        return nothing(f"Many results answer to {shown(name)}: {'; '.join(names[:24])}. Ask for one of them.",
                       AnswerStatus.DECLINED)
    told = said(sentences_of(chosen), _one_value(chosen))
    if pick in ("highest", "lowest") and is_left_open(chosen):
        told = replace(told, sayings=(*told.sayings, Saying(
            f"Which of these is the {pick} is left open by a comparator.",
            by_number({key for item in chosen for key in item.evidence}))))
    return _in_unit(told, chosen, unit) if unit else told


def within(found: Sequence[Finding], since: str, until: str, pick: str) -> list[Finding]:
    """Findings of a span of time; of these the picked ones of each name and place.

    Args:
        found: dated or not; what has no date lies in no span.
        since: ISO date or empty.
        until: ISO date or empty, included.
        pick: `latest`, `first`, `highest`, `lowest`, or empty for all.
    """
    chosen = [item for item in found if is_within(item.date, since, until)] if since or until else list(found)
    if pick in ("highest", "lowest"):
        return extreme([item for item in chosen if item.number is not None], highest=pick == "highest")
    return _newest(chosen, first=pick == "first") if pick else chosen


def sentences_of(findings: Sequence[Finding]) -> list[Sentence]:
    """Findings in the words of a report, results of two sources together."""
    labs = [item for item in findings if item.category in WRITTEN]
    rest = [item for item in findings if item.category not in WRITTEN]
    ordered = sorted(rest, key=lambda item: item.date or "")
    return [*map(_result, same_results(labs)), *findings_sentences(ordered)]


def _result(group: Sequence[Finding]) -> Sentence:
    """One laboratory result, with its flag where it has one."""
    if flag_words(group[0]):
        return lab_sentence(group)
    lead = dated("lead", group[0].date, name=shown(group[0].name))
    return listing(lead, [Item(measured_item(group[0]).text, tuple(group))])


def same_results(labs: Sequence[Finding]) -> list[list[Finding]]:
    """Results of two sources that agree, together; in the order of time."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for item in sorted(labs, key=_when):
        value = item.value
        key = (moment_key(item.date or "")[:16], value.number, value.unit, value.comparator, flag_of(item),
               item.name, value.low, value.high) if value else (item.id,)
        groups.setdefault(key, []).append(item)
    return list(groups.values())


def how_it_changed(context: ChatContext, name: str, since: str, until: str) -> Told:
    """The change of a result or of a measurement between the first and the last moment of a span."""
    changes, values = compared(context, name, since, until)
    if changes and not values:  # told by comparing two examinations alone, such as the share of a lung field
        return said(cited(change_text(item, context.material), (item,)) for item in changes)
    if changes:
        return Told(tuple(_change(item, values, context) for item in changes))
    if len(_days(values)) < 2:
        return _too_few(name, values, since, until)
    told = _series(values)
    return replace(told, sayings=(*told.sayings, *_steps(context, name, values)))


def _steps(context: ChatContext, name: str, values: Sequence[Finding]) -> list[Saying]:
    """Of measurements the changes from one examination to the next, which say what is more than noise."""
    if any(item.category in WRITTEN for item in values):
        return []
    first, *_, last = _days(values)
    inside = [item for item in _changes_of(context, name) if first <= begins(item, context) and (
        item.date or "9999")[:10] <= last]
    return [_change(item, values, context) for item in sorted(inside, key=_when)]


def compared(context: ChatContext, name: str, since: str, until: str) -> tuple[list[Finding], list[Finding]]:
    """The changes between the first and the last day of a span, none where they are of other days; and its results."""
    found = _changes_of(context, name)
    values = named(name, context.valued) or [item for item in named(name, context.imaging) if item.number is not None]
    if since or until:
        values = _in_span(values, since, until)
    if not values:
        return within(found, since, until, ""), []
    days = _days(values)
    changes = [item for item in found if begins(item, context) in (days[0], "")] if len(days) > 1 else []
    return (changes if all((item.date or "")[:10] == days[-1] for item in changes) else []), values


def _in_span(values: Sequence[Finding], since: str, until: str) -> list[Finding]:
    """The results of a span; where all are of one day, the last before it stands for its first."""
    inside = [item for item in values if is_within(item.date, since, until)]
    before = [item for item in values if item.date and since and item.date[:len(since)] < since]
    if len(_days(inside)) != 1 or not before:
        return inside
    last = max((item.date or "")[:LONG_DATE] for item in before)
    return [*(item for item in before if (item.date or "")[:LONG_DATE] == last), *inside]


def _days(values: Sequence[Finding]) -> list[str]:
    return sorted({(item.date or "")[:10] for item in values if item.date})


def _changes_of(context: ChatContext, name: str) -> list[Finding]:
    return named(name, [Named(item) for item in context.report.findings if item.change is not None])


def _change(change: Finding, values: Sequence[Finding], context: ChatContext) -> Saying:
    """The change with the evidence of every source that tells its two ends."""
    sentence = cited(change_text(change, context.material), (change,))
    ends = set(sentence.evidence)
    of_ends = [item for item in values if change.change and item.category is Category.LAB
               and _is_end(item, change, begins(change, context))]
    return Saying(sentence.text, by_number(ends | {key for item in of_ends for key in item.evidence}))


def _is_end(item: Finding, change: Finding, begins: str) -> bool:
    day, ends = (item.date or "")[:10], change.change
    unit = change.value.unit if change.value else None
    if ends is None or item.value is None or item.value.unit != unit or item.value.comparator:
        return False
    return (day, item.number) in ((begins, ends.from_), ((change.date or "")[:10], ends.to))


def _too_few(name: str, values: Sequence[Finding], since: str, until: str) -> Told:
    if not values and not (since or until):
        return nothing(f"The case holds nothing measured that is named {shown(name)}, so no change can be told.")
    when = f" {span_words(since, until)}" if since or until else ""
    return nothing(f"The case holds fewer than two dated results of {shown(name)}{when}, so no change can be told.")


def begins(change: Finding, context: ChatContext) -> str:
    """The day of the earlier examination of a change; empty where it is not known."""
    prior = change.change.prior_evidence if change.change else ()
    dates = [item.date for key in prior if (item := context.material.evidence_by_id.get(key)) and item.date]
    return max(dates)[:10] if dates else ""


def _series(values: Sequence[Finding]) -> Told:
    """Each result in the order of time, and of laboratory results and entries the difference of the last from the first
    where both are plain numbers. A difference of measurements would need what the method can tell from noise.
    """
    ordered = sorted(values, key=_when)
    told = said(sentences_of(ordered))
    return replace(told, sayings=(*told.sayings, *_difference(ordered)))


def difference(results: Sequence[Finding]) -> tuple[Finding, Finding, float] | None:
    """The first and the last of the results of one thing and what lies between; None where they are not plain numbers
    of one unit."""
    ordered = sorted(results, key=_when)
    first, last = ordered[0], ordered[-1]
    written = all(item.category in WRITTEN for item in ordered)
    same = written and len({(key_of(item), item.value.unit if item.value else None) for item in ordered}) == 1
    if not same or first.value is None or last.value is None or first.number is None or last.number is None or (
            first.value.comparator or last.value.comparator or not first.date or not last.date):
        return None
    return first, last, float(Decimal(str(last.number)) - Decimal(str(first.number)))


def _difference(ordered: Sequence[Finding]) -> list[Saying]:
    found = difference(ordered)
    if found is None:
        return []
    first, last, delta = found
    sign = "+" if delta > 0 else ""
    unit = last.value.unit if last.value else None
    of_share = unit == "%"
    relative = "" if of_share or not first.number else number_text(round(100 * delta / abs(first.number), 1))
    share = f" ({sign}{relative} %)" if relative else ""
    days = days_apart(first.date or "", last.date or "")
    apart = "" if days is None else f", {days} days apart"
    ends = by_number({*first.evidence, *last.evidence})
    return [Saying(f"From the first to the last of these: {sign}"
                   f"{with_unit(number_text(delta), 'percentage points' if of_share else unit)}{share}{apart}.", ends)]


def days_apart(first: str, last: str) -> int | None:
    """Days between two moments; None where one is dated less precisely."""
    return days_between(first, last) if min(len(first), len(last)) >= LONG_DATE else None


def named(name: str, among: Sequence[Named]) -> list[Finding]:
    """The findings that answer best to a name, by words alone."""
    return [item.finding for item in best_fits(name, [(item, item.names) for item in among])] if name.strip() else []


def _newest(found: Sequence[Finding], *, first: bool) -> list[Finding]:
    """Of each name and place the latest, or the first of those with a date."""
    days: dict[tuple[object, ...], list[str]] = {}
    for item in found:
        days.setdefault(key_of(item), []).append(_when(item)[:10])
    wanted = {key: min(filter(None, of_key), default="") if first else max(of_key) for key, of_key in days.items()}
    return [item for item in found if _when(item)[:10] == wanted[key_of(item)]]


def _when(finding: Finding) -> str:
    return moment_key(finding.date) if finding.date else ""


def is_within(moment: str | None, since: str, until: str) -> bool:
    """Whether a moment lies in a span of ISO dates, either end open, both included as precisely as written."""
    return moment is not None and moment[:len(since)] >= since and (not until or is_over(moment, until))


def span_words(since: str, until: str) -> str:
    """A span of time in words."""
    if since and until:
        return spoken_within(since) if since == until else f"from {spoken(since)} to {spoken(until)}"
    return f"since {spoken(since)}" if since else f"until {spoken(until)}" if until else ""


def _one_value(found: Sequence[Finding]) -> AnswerValue | None:
    values = {(item.value.number, item.value.unit): item for item in found if item.value is not None}
    if len(values) != 1:
        return None
    item = next(iter(values.values()))
    return AnswerValue(number=item.number, text=value_text(item.value) if item.value else None,
                       unit=item.value.unit if item.value else None, date=item.date)


def _in_unit(told: Told, found: Sequence[Finding], unit: str) -> Told:
    """The same with every value, of either side, in another unit too."""
    further: dict[str, list[str]] = {}
    for item in found:
        if item.number is None or item.value is None or not item.value.unit:
            continue
        where = place(item)
        try:
            text = converted_text(item.number, item.value.unit, unit, item.code.code if item.code else "")
        except NoConversion as error:
            return nothing(f"That cannot be converted: {error}", AnswerStatus.DECLINED)
        line = f"{shown(f'{item.name}, {where}' if where else item.name)}: {text}."
        further.setdefault(line, []).extend(item.evidence)
    return replace(told, sayings=(*told.sayings, *(Saying(line, by_number(set(keys)))
                                                   for line, keys in further.items())))

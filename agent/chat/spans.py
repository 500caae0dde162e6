"""Time between two dates, examinations or results, counted by code."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...core.result import AnswerStatus, AnswerValue
from ...report.wording import by_number
from ..phrases import shown
from .arithmetic import NoConversion, days_between, whole_units
from .context import ChatContext
from .results import named, within
from .studies import KINDS, called, of_kind, shown_of
from .told import Saying, Told, nothing

LABS = r"(?:lab(?:oratory)? |blood )?(?:labs?|tests?|results?|work)"
Ends = tuple[str, tuple[str, ...]]
"""A day and the evidence that it comes from."""


class NoDay(ValueError):
    """Something has no date in the case; the message says so."""


@dataclass(frozen=True)
class Bounds:
    """Two days: given, or of examinations and results.

    Args:
        first: ISO day, where `first_of` and `kind` are empty.
        last: the same, where `last_of` and `kind` are empty.
        kind: of two examinations, the latest ones.
        first_of: an examination or result, with `first` or `last` before it.
        last_of: the same.
    """

    first: str
    last: str
    kind: str
    first_of: str
    last_of: str


def days(context: ChatContext, bounds: Bounds, unit: str) -> Told:
    """Days between two days, the two latest examinations of a kind, or two events such as `last ct`.

    Args:
        context: the case.
        bounds: the two.
        unit: `weeks`, `months` or `years` to tell it in these too.
    """
    try:
        start, end = _two_latest(context, bounds.kind) if bounds.kind else (
            _day_of(context, bounds.first_of) if bounds.first_of else (bounds.first, ()),
            _day_of(context, bounds.last_of) if bounds.last_of else (bounds.last, ()))
        count = days_between(start[0], end[0])
    except NoDay as error:
        return nothing(str(error))
    except NoConversion as error:
        return nothing(f"That cannot be counted: {error}", AnswerStatus.DECLINED)
    also = f" ({whole_units(start[0], end[0], unit)})" if unit != "days" else ""
    return Told((Saying(f"From {start[0][:10]} to {end[0][:10]}: {count} day{'' if abs(count) == 1 else 's'}{also}.",
                        tuple(dict.fromkeys((*start[1], *end[1])))),),
                value=AnswerValue(number=float(count), unit="days"))


def _two_latest(context: ChatContext, kind: str) -> tuple[Ends, Ends]:
    dated = [study for study in context.case.studies if study.kind.value == KINDS.get(kind, kind) and study.date]
    moments = sorted({str(study.date)[:10] for study in dated})
    if len(moments) < 2:
        raise NoDay(f"The case holds fewer than two dates of the kind {called(kind)}.")
    of_day = {day: tuple(key for study in dated if str(study.date)[:10] == day for key in shown_of(study, context))
              for day in moments[-2:]}
    return (moments[-2], of_day[moments[-2]]), (moments[-1], of_day[moments[-1]])


def _day_of(context: ChatContext, event: str) -> Ends:
    """The day of the last or first examination of a kind, or result of a name; the last where neither is said.

    Raises:
        NoDay: the case has none with a date.
    """
    found = re.fullmatch(r"(?:the )?(?:(first|earliest|last|latest) )?(?:the )?(.+)", event.strip().casefold())
    pick, name = (found[1] or "last", found[2]) if found else ("last", event)
    choose = min if pick in ("first", "earliest") else max
    if re.fullmatch(LABS, name):
        taken = [item.finding for item in context.labs if item.finding.date]
        if taken:
            newest = choose((item.date or "")[:10] for item in taken)
            return newest, by_number({key for item in taken if (item.date or "")[:10] == newest
                                      for key in item.evidence})
    studies = [study for study in of_kind(context, name) if study.date]
    if studies:
        study = choose(studies, key=lambda one: one.date or "")
        return str(study.date)[:10], shown_of(study, context)
    findings = [item for item in named(name, [*context.imaging, *context.valued]) if item.date]
    chosen = within(findings, "", "", "first" if choose is min else "latest")
    if not chosen:
        raise NoDay(f"The case holds nothing dated that is named {shown(name)}.")
    day = choose(item.date or "" for item in chosen)
    return day[:10], tuple(dict.fromkeys(key for item in chosen if item.date == day for key in item.evidence))

"""Medicines: which, since when, by whom, for what."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.result import Answer, AnswerValue
from .entries import Entries, Entry, matching
from .facts import Aspect
from .intents import Asked, Pick
from .matching import Fit, fit, shares_words, written_alike
from .phrasing import (
    Cited,
    answered,
    at_other_times,
    day,
    distinct,
    lasted,
    led,
    list_of,
    not_in_case,
    since,
    standing,
    verdict,
    verdict_within,
)

ANY = frozenset({"", "any", "anything", "something", "medication", "medications", "any medication", "any medications"})


def current_list(question: str, asked: Asked, entries: Entries) -> Answer:
    """The medicines taken now, within a restriction in time, or all ever prescribed."""
    return list_of(question, asked, entries.medications, "The record lists no such medications.")


def is_taken(question: str, asked: Asked, entries: Entries) -> Answer:
    """Whether a medicine is taken now."""
    if asked.about in ANY:
        return current_list(question, asked, entries)
    if asked.limit is not None:
        return was_prescribed(question, asked, entries)
    found = _named(asked.about, entries)
    if not found:
        return _unknown(question, asked, entries)
    active = [entry for entry in found if entry.stands]
    return _verdict(question, active or found, verdict(active or found, ever=False))


def was_prescribed(question: str, asked: Asked, entries: Entries) -> Answer:
    """Whether a medicine was ever prescribed, or within a restriction in time."""
    if asked.about in ANY:
        return current_list(question, asked, entries)
    found = _named(asked.about, entries)
    if not found:
        return _unknown(question, asked, entries)
    if asked.limit is not None:
        limit, named = asked.limit, found
        found = [entry for entry in named if entry.stood_within(limit) is not False]
        if not found:
            return at_other_times(question, limit, named)
    given = [entry for entry in found if entry.stands or entry.is_over]
    counted = given or found
    said = verdict(counted, ever=True) if asked.limit is None else verdict_within(counted, asked.limit)
    return _verdict(question, counted, said)


def when_prescribed(question: str, asked: Asked, entries: Entries) -> Answer:
    """When a medicine was first prescribed, or last."""
    found = [entry for entry in _named(asked.about, entries) if entry.when]
    if not found or not asked.about:
        return _unknown(question, asked, entries)
    chosen = found[0] if asked.pick is Pick.FIRST else found[-1]
    told = [entry for entry in found if entry.order[0] == chosen.order[0]] if asked.only else found
    said = [(f"{entry.finding.name}: prescribed on {day(entry.when)}.", entry.main) for entry in told]
    return answered(question, distinct(said), AnswerValue(text=chosen.finding.name, date=chosen.when))


def how_long(question: str, asked: Asked, entries: Entries) -> Answer:
    """How long a medicine was taken: each prescription from its start to its end, where the record gives one."""
    found = [entry for entry in _named(asked.about, entries) if entry.when]
    if not found or not asked.about:
        return _unknown(question, asked, entries)
    return answered(question, distinct(map(lasted, found)), AnswerValue(text=found[0].finding.name, date=found[0].when))


def when_stopped(question: str, asked: Asked, entries: Entries) -> Answer:
    """When a medicine ended, where the record says."""
    found = _named(asked.about, entries)
    if not found or not asked.about:
        return _unknown(question, asked, entries)
    ended = [entry for entry in found if entry.end]
    if not ended:
        return not_in_case(question, f"The record gives no date on which {asked.about} ended.")
    return answered(question, distinct(map(standing, ended)),
                    AnswerValue(text=ended[-1].finding.name, date=ended[-1].end))


def prescriber(question: str, asked: Asked, entries: Entries) -> Answer:
    """Who prescribed a medicine; the last prescription counts unless the first is asked for."""
    return _aspect(question, asked, entries, Aspect.PRESCRIBER, "prescribed by", "who prescribed")


def prescription(question: str, asked: Asked, entries: Entries) -> Answer:
    """By whom, when and for what a medicine was prescribed, as far as the record tells; each prescription once."""
    found = _named(asked.about, entries)
    if not found or not asked.about:
        return _unknown(question, asked, entries)
    chosen = found[0] if asked.pick is Pick.FIRST else found[-1]
    told = [chosen] if asked.only else found
    return answered(question, distinct(map(_prescribed, told)),
                    AnswerValue(text=_all_of(chosen, Aspect.PRESCRIBER) or None, date=chosen.when))


def _prescribed(entry: Entry) -> Cited:
    """One prescription with all that is told of it, and what is not."""
    told = {aspect: entry.told(aspect) for aspect in (Aspect.PRESCRIBER, Aspect.REASON)}
    by, why = ("; ".join(dict.fromkeys(text for text, _ in told[aspect])) for aspect in told)
    said = [f"prescribed by {by}" if by else "prescribed by someone the record does not name", f"on {day(entry.when)}",
            f"for {why}" if why else "without a reason on record"]
    return (f"{entry.finding.name}: {' '.join(said)}.",
            (*entry.main, *(shown for told_so in told.values() for _, shown in told_so)))


def reason(question: str, asked: Asked, entries: Entries) -> Answer:
    """What a medicine was prescribed for."""
    return _aspect(question, asked, entries, Aspect.REASON, "prescribed for", "what it was prescribed for:")


def for_condition(question: str, asked: Asked, entries: Entries) -> Answer:
    """Which medicines were prescribed for a condition."""
    told = [(entry, text, shown) for entry in entries.medications for text, shown in entry.told(Aspect.REASON)
            if asked.about and fit(asked.about, (text,))[0] is not Fit.NONE]
    counted = [item for item in told if item[0].stands or not asked.now]
    if not counted:
        now = "current " if asked.now else ""
        over = [f"{entry.finding.name}{since(entry)}" for entry, _, _ in told]
        ended = f" Of earlier ones it names: {'; '.join(dict.fromkeys(over))}." if over else ""
        return not_in_case(question, f"The record names no {now}medication prescribed for {asked.about or 'that'}; a "
                                     f"prescription need not tell its reason.{ended}")
    said = [(f"{entry.finding.name}, prescribed on {day(entry.when)} for {text}.", (*entry.main, shown))
            for entry, text, shown in counted]
    names = "; ".join(dict.fromkeys(entry.finding.name for entry, _, _ in counted))
    return answered(question, distinct(said), AnswerValue(text=names))


def _named(about: str, entries: Entries) -> list[Entry]:
    """The medicines of a name: those written just so where there are any, else all that the words fit."""
    found = matching(about, entries.medications)
    return [entry for entry in found if written_alike(about, entry.finding.name)] or found


def _aspect(question: str, asked: Asked, entries: Entries, aspect: Aspect, verb: str,
            what: str) -> Answer:
    found = _named(asked.about, entries)
    if not found or not asked.about:
        return _unknown(question, asked, entries)
    told = [(entry, text, shown) for entry in found for text, shown in entry.told(aspect)]
    if not told:
        return not_in_case(question, f"The record does not tell {what} {found[-1].finding.name}.")
    chosen = told[0] if asked.pick is Pick.FIRST else told[-1]
    said = [(f"{entry.finding.name}: {verb} {text} on {day(entry.when)}.", (*entry.main, shown))
            for entry, text, shown in told if not asked.only or entry.order[0] == chosen[0].order[0]]
    return answered(question, distinct(said), AnswerValue(text=_all_of(chosen[0], aspect), date=chosen[0].when))


def _all_of(entry: Entry, aspect: Aspect) -> str:
    return "; ".join(dict.fromkeys(text for text, _ in entry.told(aspect)))


def _verdict(question: str, found: Sequence[Entry], said: str) -> Answer:
    return answered(question, led(said, distinct(map(standing, found))), AnswerValue(text=said, date=found[-1].when))


def _unknown(question: str, asked: Asked, entries: Entries) -> Answer:
    near = [entry for entry in entries.medications if shares_words(asked.about, entry.finding.name, 1)]
    when = f" {asked.limit.words}" if asked.limit else ""
    return not_in_case(question, f"The record holds no medication named {asked.about or 'so'}{when}.", near)

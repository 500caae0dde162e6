"""What can be asked of a timeline beside words: dates, kind, place, analyte, and what was corrected since."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..core.report import TimelineEvent

_TOKEN = re.compile(r"\w+(?:[.,/-]\w+)*")
DENIALS = frozenset({"absent", "denied", "denies", "exclude", "excluded", "excludes", "free", "lacks", "negated",
                     "negative", "neither", "never", "no", "none", "nor", "not", "without"})


@dataclass(frozen=True)
class Query:
    """Restrictions; an event must meet all that are given.

    Args:
        as_of: ISO 8601 date; only what had happened and was known by its end. What is dated less precisely counts
            once its whole month or year is over.
        between: ISO 8601 dates, both included; either may be empty.
        kind: of the event.
        site: words that the event's body site holds.
        analyte: words that the name of what was measured holds, or its code.
        history: events that were corrected, too.
        named: names or codes of what was measured, as events have them, of which an event must have one.
    """

    as_of: str | None = None
    between: tuple[str, str] | None = None
    kind: str | None = None
    site: str | None = None
    analyte: str | None = None
    history: bool = False
    named: frozenset[str] | None = None

    def among(self, events: Sequence[TimelineEvent], learned: Mapping[str, str]) -> list[TimelineEvent]:
        """The events that meet the restrictions, in the order of their dates, those without a date last.

        Args:
            events: of one patient.
            learned: when the store took an event up, by its id; what counts for a correction that does not say when
                it was made.
        """
        known = [event for event in events if self._was_known(event, learned.get(event.id))]
        corrected = set() if self.history else {event.supersedes for event in known}
        return sorted((event for event in known if event.id not in corrected and self._fits(event)), key=order)

    def _was_known(self, event: TimelineEvent, learned: str | None) -> bool:
        if self.as_of is None:
            return True
        recorded = event.recorded_at or (learned if event.supersedes else None)
        moments = [moment for moment in (event.occurred_at, recorded) if moment]
        return bool(moments) and all(is_over(moment, self.as_of) for moment in moments)

    def _fits(self, event: TimelineEvent) -> bool:
        named = tokens(_one_spelling(f"{event.analyte or ''} {event.code or ''}"))
        return ((self.kind is None or event.kind == self.kind) and _lies_in(event, self.between)
                and (self.named is None or not self.named.isdisjoint((event.analyte, event.code)))
                and (self.site is None or tokens(self.site) <= tokens(event.site or ""))
                and (self.analyte is None or tokens(_one_spelling(self.analyte)) <= named))


def _one_spelling(name: str) -> str:
    """Haemoglobin and hemoglobin, leucocytes and leukocytes are one name."""
    return name.casefold().replace("haem", "hem").replace("aemi", "emi").replace("leuc", "leuk")


def is_over(moment: str, by: str) -> bool:
    """Whether something dated `moment` lies wholly before the end of `by`, by the dates as written."""
    shared = min(len(moment), len(by))
    return moment[:shared] < by[:shared] or (moment[:shared] == by[:shared] and len(moment) >= len(by))


def _lies_in(event: TimelineEvent, between: tuple[str, str] | None) -> bool:
    if between is None:
        return True
    (first, last), moment = between, event.occurred_at
    return moment is not None and moment[:len(first)] >= first and (not last or is_over(moment, last))


def order(event: TimelineEvent) -> tuple[str, ...]:
    """Sort key: by date, undated last."""
    return (event.occurred_at or "9999", event.kind, event.text, event.id)


def tokens(text: str) -> set[str]:
    """Words, numbers and codes as wholes (4.6 is not in 14.6, 718-7 is one code), and the words of compounds."""
    wholes = {token.casefold() for token in _TOKEN.findall(text)}
    parts = {part for whole in wholes for part in re.split(r"[.,/-]", whole)}
    return wholes | {part for part in parts if any(ch.isalpha() for ch in part)}


def is_denied(words: Iterable[str]) -> bool:
    """Whether the words of a text say that something is not so."""
    return not DENIALS.isdisjoint(words)

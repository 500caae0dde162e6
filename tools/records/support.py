"""Whether the words of an answer stand in the record: each named entry, number and date, and no word beyond them.

Strict on purpose. A sentence is borne out when it names entries of the record, when every date and number in it belongs
to the entry named before it (or, before any, to the next), when what is over is told as over, and when nothing is left
but words that claim nothing. Negations, comparisons, causes and advice are therefore never borne out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ...core.finding import Category
from ...sources.dates import DATE_PATTERN, parse_date
from .entries import Entries, Entry
from .facts import told_by

LONGEST_ANSWER = 2000

_SENTENCE_END = re.compile(r"(?<=[.;!?])(?<!\b[DM]r\.)(?<!\bMrs\.)(?<!\bProf\.)\s+|\n+")
_DATE = re.compile(rf"{DATE_PATTERN}|(?<![\d-])\d{{4}}-\d{{2}}(?![\d-])")
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w]|\.\d)")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_QUALIFIER = re.compile(r"\s*\([^()]*\)$")
_CLAIMS_NOTHING = frozenset({
    "a", "an", "and", "also", "as", "at", "by", "date", "dated", "documented", "for", "from", "had", "has", "have",
    "he", "her", "his", "in", "is", "it", "its", "of", "on", "patient", "patient's", "record", "recorded", "records",
    "result", "results", "s", "she", "since", "the", "their", "they", "this", "to", "value", "was", "were", "which",
    "with"})
_OVER = frozenset({"ended", "former", "formerly", "history", "past", "previous", "previously", "resolved", "stopped",
                   "until"})
_TOLD_AS_OVER = _OVER | {"had", "was", "were"}
_DIGIT = re.compile(r"\d")
_COMPARATORS = ("<", ">", "≤", "≥")
_NOW = frozenset({"active", "current", "currently", "now"})


@dataclass(frozen=True)
class Support:
    """What bears an answer out.

    Args:
        entries: of the record, in the order of the answer; empty where something is not borne out.
        gap: what is not borne out, a clause for a person; None where all is.
    """

    entries: tuple[Entry, ...] = ()
    gap: str | None = None


@dataclass(frozen=True)
class _Named:
    """Entries of one name, and where a sentence holds it."""

    start: int
    end: int
    entries: tuple[Entry, ...]


def support_of(answer: str, entries: Entries) -> Support:
    """The entries that bear out every sentence of an answer, or what is missing.

    Args:
        answer: a model's words.
        entries: of the record that it was shown; what a model read itself bears nothing out.
    """
    if len(answer) > LONGEST_ANSWER:
        return Support(gap="it is too long to be checked")
    names = _names(entry for entry in entries.all if entry.finding.category in {Category.RECORD, Category.LAB}
                   and not entry.finding.is_read)
    found: list[Entry] = []
    for sentence in filter(None, map(str.strip, _SENTENCE_END.split(answer))):
        support = _sentence(sentence, names)
        if support.gap is not None:
            return support
        found += [entry for entry in support.entries if entry not in found]
    return Support(tuple(found)) if found else Support(gap="it names nothing of the record")


def _names(entries: Iterable[Entry]) -> dict[str, tuple[Entry, ...]]:
    """Entries by case-folded name, with and without a qualifier such as `(disorder)`."""
    names: dict[str, tuple[Entry, ...]] = {}
    for entry in entries:
        name = " ".join(entry.finding.name.casefold().split())
        for form in dict.fromkeys((name, _QUALIFIER.sub("", name))):
            if sum(character.isalpha() for character in form) > 1:
                names[form] = (*names.get(form, ()), entry)
    return names


def _sentence(sentence: str, names: dict[str, tuple[Entry, ...]]) -> Support:
    text = " ".join(sentence.casefold().split())
    named = _named(text, names)
    if not named:
        return Support(gap=f'"{sentence}" names nothing of the record')
    found: list[Entry] = []
    edges = [0, *(item.start for item in named[1:]), len(text)]
    for item, (start, end) in zip(named, pairwise(edges), strict=True):
        around = text[start:item.start] + " | " + text[item.end:end]
        entry = next((one for one in _newest_first(item.entries) if _bears_out(one, around)), None)
        if entry is None:
            return Support(gap=f'the record does not say "{text[start:end].strip()}" in these words')
        found.append(entry)
    return Support(tuple(found))


def _named(text: str, names: dict[str, tuple[Entry, ...]]) -> list[_Named]:
    """The names that a sentence holds, longest first, without overlaps, in the order of the sentence."""
    taken: list[_Named] = []
    for name in sorted(names, key=lambda name: (-len(name), name)):
        for match in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", text) if name in text else ():
            if all(match.end() <= other.start or match.start() >= other.end for other in taken):
                taken.append(_Named(*match.span(), names[name]))
    return sorted(taken, key=lambda item: item.start)


def _newest_first(entries: Sequence[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: entry.order, reverse=True)


def _bears_out(entry: Entry, said: str) -> bool:
    """Whether an entry holds all that is said around its name."""
    told = _told(entry)
    dates = [parse_date(match.group()) or match.group() for match in _DATE.finditer(said)]
    rest = _DATE.sub(" ", said)
    known = {moment for moment in _moments(entry) if moment}
    if not all(any(moment.startswith(date) for moment in known) for date in dates):
        return False
    if not _amounts_agree(entry, rest) or _DIGIT.search(_without(rest, told)):
        return False
    words = set(_WORD.findall(rest))
    return _stands_as_told(entry, words) and not words - _allowed(entry) - set(_WORD.findall(told))


def _amounts_agree(entry: Entry, said: str) -> bool:
    """Whether every number is the entry's value, with the same comparator, or part of what it tells in words."""
    value = entry.finding.value
    signs = {sign for sign in _COMPARATORS if sign in said}
    if signs - {(value.comparator or "")[:1] if value else ""}:
        return False
    details = " ".join(_details(entry)) + (f" {value.text}" if value and value.number is None and value.text else "")
    known = {float(number) for number in _NUMBER.findall(details)}
    if value is not None and value.number is not None and bool(value.comparator) == bool(signs):
        known.add(value.number)
    return all(float(number) in known for number in _NUMBER.findall(said))


def _without(text: str, told: str) -> str:
    """A text without plain numbers and without tokens that the entry itself tells, such as `10*9/L`."""
    known = set(told.split())
    return " ".join(token for token in _NUMBER.sub(" ", text).split() if token.strip(".,;()") not in known)


def _allowed(entry: Entry) -> frozenset[str]:
    over = _OVER if entry.is_over else frozenset[str]()
    return _CLAIMS_NOTHING | over | (_NOW if entry.stands else frozenset[str]())


def _stands_as_told(entry: Entry, words: set[str]) -> bool:
    """Affirmed entries as they are, those that are over in words that say so; doubted, denied and family ones never."""
    if entry.is_over:
        return bool(words & _TOLD_AS_OVER)
    return entry.stands


def _moments(entry: Entry) -> list[str | None]:
    value = entry.finding.value
    return [entry.finding.date, entry.end, value.collected_at if value else None, value.issued_at if value else None]


def _told(entry: Entry) -> str:
    """What an entry tells beside its name, case-folded: value, unit, specimen, end, prescriber, reason."""
    value = entry.finding.value
    parts = [value.text, value.unit, value.specimen, value.panel] if value else []
    return " ".join(filter(None, [*parts, *_details(entry)])).casefold()


def _details(entry: Entry) -> list[str]:
    return [said[1] for item in entry.evidence if (said := told_by(item)) is not None]

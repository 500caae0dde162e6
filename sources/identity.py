"""Who a text says it is about: labelled lines such as `Patient: …`, `MRN …`, `DOB: …`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from ..core.case import Identity
from ..core.ids import normalise_identifier, same_name
from .dates import month_comes_first, parse_date
from .identity_labels import (
    CELL_PATTERNS,
    NOT_OF_THE_PATIENT,
    RELATIVE,
    Label,
    Labelled,
    id_in,
    labels_in,
    name_before,
    name_in,
)
from .sex import sex_in

_LONGEST_LINE = 400
_LONGEST_TEXT = 2_000_000
_NEAR = 6
"""Lines within which a name without a clear label needs a number or birth date beside it."""
_WIDE_GAP = re.compile(r"\s{2,}|\t")
_NAMES = (Label.NAME, Label.PLAIN)
_NUMBERS = (Label.ID, Label.BARE_ID)


@dataclass(frozen=True)
class _Fact:
    """One thing a text says about a person."""

    label: Label
    wording: str
    value: str
    line: int
    sure: bool = True


@dataclass
class _Person:
    """What was gathered about one person so far."""

    names: list[str] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)
    """By the label's wording."""
    birth_date: str | None = None

    def contradicts(self, fact: _Fact) -> bool:
        if fact.label is Label.NAME:
            return bool(self.names) and not any(same_name(fact.value, name) for name in self.names)
        if fact.label is Label.BIRTH:
            return self.birth_date not in (None, fact.value)
        known = self.ids.get(fact.wording)
        return known is not None and normalise_identifier(known) != normalise_identifier(fact.value)

    def take(self, fact: _Fact) -> None:
        if fact.label is Label.NAME:
            self.names.append(fact.value)
        elif fact.label is Label.BIRTH:
            self.birth_date = fact.value
        else:
            self.ids[fact.wording] = fact.value


def identities_in_text(text: str) -> tuple[Identity, ...]:
    """The patients that a text names by labels, in the order of their first appearance.

    Reads `Patient: ZIMMERLEIGH, MATTIAS C`, `Name  Alex Sample`, `MRN 23453`, `for Wile. E. COYOTE (MRN: 23453)`,
    `Re: …, born …, record …`, label and value on successive lines, and a row of headings over a row of values.
    Clinicians, relatives and headings such as `Patient Education` are not patients. Dates are read day or month first
    after the text's own unambiguous dates; an ambiguous birth date is left out.

    Args:
        text: plain text with its line breaks; wide gaps (two spaces) between columns help.

    Returns:
        One identity per person; several mentions of one person are merged. Of a single person the sex, where told.
    """
    text = text[:_LONGEST_TEXT]
    lines = [line.rstrip()[:_LONGEST_LINE] for line in text.splitlines() if line.strip()]
    month_first = month_comes_first(text)
    facts = _dated(_confirmed(_joined_names(_facts(lines))), month_first)
    people = merge_identities(_people(facts))
    return tuple(one.model_copy(update={"sex": sex_in(text)}) for one in people) if len(people) == 1 else people


def _dated(facts: Iterable[_Fact], month_first: bool | None) -> Iterator[_Fact]:
    """Birth dates to ISO; those that cannot be read are dropped."""
    for fact in facts:
        value = parse_date(fact.value, month_first=month_first) if fact.label is Label.BIRTH else fact.value
        if value:
            yield _Fact(fact.label, fact.wording, value, fact.line)


def _people(facts: Iterable[_Fact]) -> Iterator[Identity]:
    person = _Person()
    for fact in facts:
        if person.contradicts(fact):
            yield _identity(person)
            person = _Person()
        person.take(fact)
    yield _identity(person)


def _identity(person: _Person) -> Identity:
    return Identity(ids=tuple(dict.fromkeys(person.ids.values())), names=tuple(dict.fromkeys(person.names)),
                    birth_date=person.birth_date)


def merge_identities(identities: Iterable[Identity]) -> tuple[Identity, ...]:
    """Mentions of one person become one identity; empty ones are dropped."""
    merged: list[Identity] = []
    for new in identities:
        if new.is_empty:
            continue
        place = next((n for n, old in enumerate(merged) if same_person(old, new)), None)
        if place is None:
            merged.append(new)
        else:
            merged[place] = _union(merged[place], new)
    return tuple(merged)


def _union(one: Identity, other: Identity) -> Identity:
    return Identity(ids=tuple(dict.fromkeys(one.ids + other.ids)), names=tuple(dict.fromkeys(one.names + other.names)),
                    birth_date=one.birth_date or other.birth_date, sex=one.sex or other.sex)


def same_person(one: Identity, other: Identity) -> bool:
    """Whether two identities are one person's.

    A shared number decides unless name and birth date both contradict; different numbers are different people; where
    one has no number, an agreeing name without a contradicting birth date decides.
    """
    birth_differs = bool(one.birth_date and other.birth_date and one.birth_date != other.birth_date)
    named = bool(one.names and other.names)
    name_agrees = any(same_name(first, second) for first in one.names for second in other.names)
    mine, theirs = ({normalise_identifier(i) for i in identity.ids} - {""} for identity in (one, other))
    if mine & theirs:
        return not (named and not name_agrees and birth_differs)
    return not (mine and theirs) and name_agrees and not birth_differs


def _facts(lines: list[str]) -> Iterator[_Fact]:
    labelled = [labels_in(line) for line in lines]
    quiet_until = -1
    for number, (line, labels) in enumerate(zip(lines, labelled, strict=True)):
        if NOT_OF_THE_PATIENT.search(line):
            quiet_until = number + _NEAR
        elif any(item.label is Label.NAME for item in labels):
            quiet_until = -1
        if number <= quiet_until or not any(item.label is not Label.OTHER for item in labels):
            continue
        found = list(_facts_of_line(lines, labelled, number))
        yield from _name_above(lines, labelled, number, found)
        yield from found


def _facts_of_line(lines: list[str], labelled: Sequence[Sequence[Labelled]], number: int) -> Iterator[_Fact]:
    line = lines[number]
    relative = RELATIVE.search(line)
    labels = [item for item in labelled[number] if relative is None or item.start < relative.start()]
    if not labels:
        return
    below = lines[number + 1] if number + 1 < len(lines) else ""
    columns = _columns(line, below)
    if columns:
        for item, value in columns:
            yield from _fact(item, value, number)
        return
    if len(labels) > 1 and not any(item.value.strip(" |") for item in labels) and not line[:labels[0].start].strip():
        yield from _cells_below(labels, below, number)
        return
    yield from _name_beside(line, [item for item in labels if item.label is not Label.OTHER], number)
    for item in labels:
        value = item.value
        if not value.strip(" :(") and item is labels[-1]:
            value = _value_below(lines, labelled, number)
        yield from _fact(item, value, number)


def _fact(item: Labelled, value: str, number: int) -> Iterator[_Fact]:
    if item.label in (*_NAMES, Label.GIVEN, Label.FAMILY):
        yield from _name_fact(item, value, number)
    elif item.label in _NUMBERS:
        found = id_in(value)
        enough = item.label is Label.ID or sum(ch.isdigit() for ch in found or "") >= 4
        if found and enough:
            yield _Fact(Label.ID, item.wording, found, number)
    elif item.label is Label.BIRTH:
        yield _Fact(Label.BIRTH, item.wording, value[:40], number)


def _name_fact(item: Labelled, value: str, number: int) -> Iterator[_Fact]:
    name = name_in(value)
    if name is None or (item.label is Label.PLAIN and not (item.colon or item.at_edge)):
        return
    if item.label in (Label.GIVEN, Label.FAMILY):
        yield _Fact(item.label, item.wording, name, number)
        return
    several = len(name.replace(",", " ").replace("^", " ").split()) > 1
    if item.label is Label.NAME:
        yield _Fact(Label.NAME, item.wording, name, number)
    elif several:
        clear = "," in name or ((item.colon or item.gap) and item.at_edge)
        yield _Fact(Label.NAME, item.wording, name, number, sure=clear and item.wording not in ("re", "regarding"))


def _value_below(lines: list[str], labelled: Sequence[Sequence[Labelled]], number: int) -> str:
    """The value of a label that stands alone: in the next line, or as far below as a run of such labels is long."""
    def alone(at: int) -> bool:
        return (0 <= at < len(lines) and len(labelled[at]) == 1 and not lines[at][:labelled[at][0].start].strip()
                and not labelled[at][0].value.strip(" :("))

    if not alone(number):
        below = number + 1
    else:
        first, last = number, number
        while alone(first - 1):
            first -= 1
        while alone(last + 1):
            last += 1
        below = last + 1 + number - first
    return lines[below].lstrip(" :") if below < len(lines) and not _starts_with_label(labelled[below]) else ""


def _starts_with_label(labels: Sequence[Labelled]) -> bool:
    return bool(labels) and labels[0].start == 0 and labels[0].label is not Label.OTHER and labels[0].colon


def _columns(line: str, below: str) -> list[tuple[Labelled, str]]:
    """Headings and the values under them, where both rows have wide gaps between equally many cells.

    A heading may be misread in part ("Patien! Name"): its last words decide.
    """
    headings, values = (_WIDE_GAP.split(row.strip()) for row in (line, below))
    if len(headings) != len(values) or len(headings) < 2:
        return []
    found = []
    for heading, value in zip(headings, values, strict=True):
        last = labels_in(heading)[-1:]
        if last and not last[0].value and last[0].label is not Label.OTHER:
            found.append((replace(last[0], at_edge=True), value))
    return found if len(found) > 1 else []


def _cells_below(labels: Sequence[Labelled], line: str, number: int) -> Iterator[_Fact]:
    """The cells of a row under a row of headings."""
    if not any(item.label in (Label.NAME, *_NUMBERS, Label.BIRTH) for item in labels):
        return
    pattern = r"\s+".join(CELL_PATTERNS.get(item.label, r"(\S.*?)") for item in labels)
    cells = re.fullmatch(rf"\s*{pattern}\s*", line)
    if cells:
        for item, value in zip(labels, cells.groups(), strict=True):
            yield from _fact(item, value, number)


def _name_beside(line: str, labels: Sequence[Labelled], number: int) -> Iterator[_Fact]:
    """A name without a label: `for Wile. E. COYOTE (MRN: 23453)`, `SAMPLE, Alex  DOB 01-Jan-1950`."""
    if not labels or any(item.label in (*_NAMES, Label.GIVEN) for item in labels):
        return
    before = line[:labels[0].start]
    name = None
    if before.rstrip().endswith("("):
        name = name_before(before.rstrip(" ("))
    elif any(item.label is Label.BIRTH for item in labels):
        name = name_in(before) if name_in(before) == before.strip(" ,-") else None
    if name and len(name.split()) > 1:
        yield _Fact(Label.NAME, "beside", name, number)


def _name_above(lines: list[str], labelled: Sequence[Sequence[Labelled]], number: int,
                found: list[_Fact]) -> Iterator[_Fact]:
    """A name alone above a line that holds both number and birth date."""
    kinds = {fact.label for fact in found}
    if number == 0 or Label.NAME in kinds or not {Label.ID, Label.BIRTH} <= kinds:
        return
    above = lines[number - 1]
    if labelled[number - 1]:
        above = above[:labelled[number - 1][0].start]
    name = name_in(above)
    if name and len(name.split()) > 1:
        yield _Fact(Label.NAME, "above", name, number)


def _joined_names(facts: Iterable[_Fact]) -> Iterator[_Fact]:
    """First and last name from two labels become one name."""
    waiting: dict[Label, str] = {}
    for fact in facts:
        if fact.label not in (Label.GIVEN, Label.FAMILY):
            yield fact
            continue
        waiting[fact.label] = fact.value
        if len(waiting) == 2:
            yield _Fact(Label.NAME, "joined", f"{waiting[Label.FAMILY]}, {waiting[Label.GIVEN]}", fact.line)
            waiting.clear()


def _confirmed(facts: Iterable[_Fact]) -> Iterator[_Fact]:
    """Drop names without a clear label that have no number or birth date near."""
    known = list(facts)
    anchors = [fact.line for fact in known if fact.label is not Label.NAME]
    for fact in known:
        if fact.sure or any(abs(fact.line - anchor) <= _NEAR for anchor in anchors):
            yield fact

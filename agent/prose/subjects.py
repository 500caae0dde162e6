"""What a sentence can be about: findings of one thing at one place, with the words that name it and its values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from re import Match

from ...core.evidence import EvidenceKind, FhirResource
from ...core.finding import Assertion, Category, Change, Finding, Status, Value
from ...report.wording import number_text
from ..compose_labs import flag_of
from ..compose_records import is_past
from ..facts import Facts
from .lexicon import alike, stems
from .names import DENIED, SIDES, STRENGTH, Words, anchors_of, licensed_by

_OF_A_SLIDE = {("tissue",), ("specimen",)}


@dataclass(frozen=True)
class Moment:
    """A value at one time. `rank` 0 is the earlier examination of a change, 1 any other."""

    value: Value
    number: float | None
    dates: frozenset[str]
    flag: str
    rank: int


@dataclass(frozen=True)
class Subject:
    """Findings of one name, side and place.

    Args:
        facts: the findings with their evidence.
        anchors: the ways to name it; each needs all of its phrases.
        licensed: further phrases that belong to it.
    """

    facts: tuple[Facts, ...]
    anchors: frozenset[frozenset[Words]]
    licensed: frozenset[Words]
    denied: bool | None = None
    """Whether a part of a text is denied in it; None for what is no part of a text."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Its findings."""
        return tuple(item.finding for item in self.facts)

    @cached_property
    def phrases(self) -> frozenset[Words]:
        """Every phrase that belongs to it."""
        return self.licensed.union(*self.anchors)

    @cached_property
    def name(self) -> str:
        """The first finding's name in small letters."""
        return self.findings[0].name.casefold()

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """Its changes."""
        return tuple(item.change for item in self.findings if item.change is not None)

    @cached_property
    def sides(self) -> frozenset[str]:
        """Sides that it has, by laterality and by the words of its place."""
        said = {item.laterality.value for item in self.findings if item.laterality}
        return frozenset(said | {word for item in self.findings for word in stems(item.site or "") if word in SIDES})

    @cached_property
    def is_negated(self) -> bool:
        """Whether it says that something is not there."""
        if self.denied is not None:
            return self.denied
        texts = {(item.value.text or "").casefold() for item in self.findings if item.value and item.number is None}
        return any(item.is_negated for item in self.facts if item.finding.change is None) or bool(texts & DENIED)

    @cached_property
    def is_doubtful(self) -> bool:
        """Whether what it says is not certain."""
        return any(item.assertion is Assertion.UNCERTAIN or (
            item.status is Status.INDETERMINATE and item.change is None) or "candidate" in item.name.casefold()
            for item in self.findings)

    @property
    def is_past(self) -> bool:
        """Whether a record's entry is over."""
        return any(is_past(item) for item in self.findings)

    @property
    def is_family(self) -> bool:
        """Whether it is told of the family."""
        return any(item.assertion is Assertion.FAMILY for item in self.findings)

    @cached_property
    def resources(self) -> frozenset[str]:
        """FHIR resources of its evidence."""
        return frozenset(place.locator.resource_type for item in self.facts for place in item.evidence
                         if isinstance(place.locator, FhirResource))

    @cached_property
    def kinds(self) -> frozenset[EvidenceKind]:
        """Kinds of its evidence."""
        return frozenset(place.kind for item in self.facts for place in item.evidence)

    @cached_property
    def flag(self) -> str:
        """The latest value's flag."""
        return next((moment.flag for moment in self.moments if moment.rank == 1), "")

    @cached_property
    def moments(self) -> tuple[Moment, ...]:
        """Its values in time, those of changes included."""
        found = [moment for item in self.facts for moment in _moments_of(item)]
        found += [_strength(item, text) for item in self.facts for text in STRENGTH.finditer(item.finding.name)
                  if item.finding.category is Category.RECORD]
        earlier = {date[:10] for item in self.facts for date in item.prior_dates}
        return tuple(replace(one, rank=0) if earlier and one.dates and {d[:10] for d in one.dates} <= earlier else one
                     for one in found)

    @cached_property
    def latest(self) -> float | None:
        """The number that holds now."""
        return next((moment.number for moment in self.moments if moment.rank == 1), None)

    @cached_property
    def dates(self) -> frozenset[str]:
        """Dates of its findings that are not earlier examinations'."""
        return frozenset(date for item in self.facts for date in item.dates)

    @cached_property
    def later_dates(self) -> frozenset[str]:
        """Dates of the later examinations of its changes, or of all its findings where nothing changed."""
        changed = [item for item in self.facts if item.finding.change is not None]
        return frozenset(date for item in changed or self.facts for date in item.dates)

    @cached_property
    def prior_dates(self) -> frozenset[str]:
        """Dates of the earlier examinations."""
        return frozenset(date for item in self.facts for date in item.prior_dates)


def _moments_of(facts: Facts) -> list[Moment]:
    finding, change = facts.finding, facts.finding.change
    value = finding.value or Value()
    if change is None:
        return [Moment(value, value.number, facts.dates, flag_of(finding), 1)] if finding.value else []
    ends = []
    if change.from_ is not None:
        bare = value.model_copy(update={"number": change.from_, "text": as_exact(change.from_, change.to)})
        ends.append(Moment(bare, change.from_, facts.prior_dates, _flag_in_range(change.from_, value), 0))
    if change.to is not None:
        as_long = value if value.text is not None else value.model_copy(update={
            "text": as_exact(change.to, change.from_)})
        ends.append(Moment(as_long, change.to, facts.dates, flag_of(finding), 1))
    return ends


def _flag_in_range(number: float, value: Value) -> str:
    """Where an earlier number lies in the range of the later one; empty where that has none."""
    if value.low is None and value.high is None:
        return ""
    if value.low is not None and number < value.low:
        return "low"
    return "high" if value.high is not None and number > value.high else "normal"


def as_exact(number: float, other: float | None) -> str | None:
    """A number with as many decimals as the one that it is compared with, where it has fewer; else None."""
    decimals = len(number_text(other).partition(".")[2]) if other is not None else 0
    return f"{number:.{decimals}f}" if decimals > len(number_text(number).partition(".")[2]) else None


def _strength(facts: Facts, found: Match[str]) -> Moment:
    value = Value(number=float(found.group(1)), text=found.group(1), unit=found.group(2).lower())
    return Moment(value, value.number, facts.dates, "", 1)


def subjects_of(cited: Sequence[Facts]) -> tuple[Subject, ...]:
    """The cited findings gathered by name, side and place; a finding without a place joins the only one of its name
    and side."""
    groups: dict[tuple[str, str, str], list[Facts]] = defaultdict(list)
    for facts in cited:
        finding = facts.finding
        groups[finding.name.casefold(), _side(finding), " ".join(stems(finding.site or ""))].append(facts)
    for key in [key for key in groups if not key[2]]:
        others = [other for other in groups if other[:2] == key[:2] and other[2]]
        if len(others) == 1:
            groups[others[0]] += groups.pop(key)
    return tuple(subject for group in groups.values() for subject in _subjects(tuple(group)))


def _side(finding: Finding) -> str:
    return finding.laterality.value if finding.laterality else ""


def _subjects(group: tuple[Facts, ...]) -> list[Subject]:
    finding = group[0].finding
    text = (finding.value.text if finding.value and finding.value.number is None else None) or ""
    if finding.is_read and "," in text:
        parts = [part for part in text.split(",") if stems(part)]
        return [_part(group, part, parts) for part in parts]
    return [Subject(group, anchors_of(group), licensed_by(group))]


def _part(group: tuple[Facts, ...], part: str, whole: Sequence[str]) -> Subject:
    words = stems(part)
    denied = words[0] in ("no", "not", "without")
    own = words[1:] if denied else words
    extra = {(word,) for word in (*own, *stems(group[0].finding.name))} | {stems(group[0].finding.name)} | _OF_A_SLIDE
    if not denied:
        extra |= {stems(other) for other in whole if stems(other)[0] not in ("no", "not", "without")}
    names = {own, *alike(own)}
    return Subject(group, frozenset(frozenset({name}) for name in names), frozenset(extra), denied=denied)

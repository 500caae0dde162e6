"""What a sentence can be about: findings of one thing at one place, with the words that name it and its values."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from ...core.evidence import EvidenceKind, FhirResource
from ...core.finding import Assertion, Category, Change, Finding, Status, Value
from ...report.wording import number_text
from ...tools.lab_terms.analytes import forms_of, table
from ..compose_labs import flag_of
from ..compose_records import is_past
from ..facts import Facts
from .lexicon import stem, stems, terms

Words = tuple[str, ...]
_DENIED = frozenset({"negative", "not detected", "none", "absent", "none seen", "nil", "not seen"})
_STRENGTH = re.compile(r"(\d+(?:\.\d+)?)\s*(MG|MCG|G|ML|%|UNT|MEQ)(?![\w/])(?:/\w+)?", re.IGNORECASE)
_JOINING = frozenset({"and", "or", "of", "the", "with", "in", "by", "to", "at", "on", "slide", "than", "without"})
_SIDES = frozenset({"right", "left", "bilateral", "both"})
_SITE_WORDS = {"base": ("basal", "basilar"), "apex": ("apical",), "lung": ("pulmonary",), "skull": ("intracranial",)}
_NO_HEAD = frozenset({"disease", "disorder", "syndrome", "injury", "finding", "situation", "procedure", "status"})
_RELATIVES = frozenset({"mother", "father", "sister", "brother", "son", "daughter", "aunt", "uncle", "grandmother",
                        "grandfather", "parent", "sibling"})
_LUNGS = ("Pleural effusion", "Pneumothorax", "Consolidation", "Atelectasis", "Pulmonary edema", "Pneumonia",
          "Lung opacity", "Lung nodule")


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
        return frozenset(said | {word for item in self.findings for word in stems(item.site or "") if word in _SIDES})

    @cached_property
    def is_negated(self) -> bool:
        """Whether it says that something is not there."""
        if self.denied is not None:
            return self.denied
        texts = {(item.value.text or "").casefold() for item in self.findings if item.value and item.number is None}
        return any(item.is_negated for item in self.facts if item.finding.change is None) or bool(texts & _DENIED)

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
        found += [_strength(item, text) for item in self.facts for text in _STRENGTH.finditer(item.finding.name)
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
        bare = value.model_copy(update={"number": change.from_, "text": _as_exact(change.from_, change.to)})
        ends.append(Moment(bare, change.from_, facts.prior_dates, "", 0))
    if change.to is not None:
        as_long = value if value.text is not None else value.model_copy(update={
            "text": _as_exact(change.to, change.from_)})
        ends.append(Moment(as_long, change.to, facts.dates, flag_of(finding), 1))
    return ends


def _as_exact(number: float, other: float | None) -> str | None:
    """A number with as many decimals as the one that it is compared with, where it has fewer; else None."""
    decimals = len(number_text(other).partition(".")[2]) if other is not None else 0
    return f"{number:.{decimals}f}" if decimals > len(number_text(number).partition(".")[2]) else None


def _strength(facts: Facts, found: re.Match[str]) -> Moment:
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
    return [Subject(group, frozenset(_anchors(group)), frozenset(_licensed(group)))]


def _part(group: tuple[Facts, ...], part: str, whole: Sequence[str]) -> Subject:
    words = stems(part)
    denied = words[0] in ("no", "not", "without")
    own = words[1:] if denied else words
    extra = {(word,) for word in (*own, *stems(group[0].finding.name))} | {stems(group[0].finding.name)}
    if not denied:
        extra |= {stems(other) for other in whole if stems(other)[0] not in ("no", "not", "without")}
    return Subject(group, frozenset({frozenset({own})}), frozenset(extra), denied=denied)


def _anchors(group: tuple[Facts, ...]) -> set[frozenset[Words]]:
    finding = group[0].finding
    entry = _entry(finding)
    site = [(word,) for word in _site(group) if not word.isdigit()]
    found: set[frozenset[Words]] = {frozenset({words}) for words in _names(group) if words}
    for line in entry.get("names", []):
        parts = [part.strip() for part in str(line).split("+")]
        if "SITE" in parts:
            found.add(frozenset([*(stems(part) for part in parts if part != "SITE"), *site]))
        else:
            found.add(frozenset(stems(part) for part in parts))
    worded = finding.category is Category.RECORD and finding.status is Status.MEASURED and finding.number is None
    if worded and finding.value and finding.value.text:
        found |= {frozenset({stems(finding.value.text)})}
        found |= {frozenset({stems(name)}) for name in _named(finding.value.text).get("names", [])}
    return found


def _names(group: tuple[Facts, ...]) -> set[Words]:
    finding = group[0].finding
    names = {stems(name) for name in (finding.name, *group[0].synonyms)}
    names |= {stems(re.sub(r"\s*\([^)]*\)", "", finding.name))}
    if finding.category is Category.RECORD:
        bare = stems(_STRENGTH.split(re.split(r"[,(]| / ", finding.name)[0])[0])
        names.add(bare)
        if len(bare) > 1 and not set(bare) & {"of", "in", "to", "with", "due", *_NO_HEAD} and "Condition" in {
                place.locator.resource_type for place in group[0].evidence if isinstance(place.locator, FhirResource)}:
            names.add(bare[-1:])
    return names | _analyte_names(finding)


def _analyte_names(finding: Finding) -> frozenset[Words]:
    """Names of the same laboratory test by the LOINC table."""
    if finding.category not in (Category.LAB, Category.CHANGE) and not (finding.value and finding.value.panel):
        return frozenset()
    specimen = (finding.value.specimen if finding.value else None) or ""
    return _names_of_test(finding.name, finding.code.code if finding.code else None,
                          urine="urin" in f"{finding.name} {specimen}".casefold())


@lru_cache(maxsize=4096)
def _names_of_test(name: str, code: str | None, *, urine: bool) -> frozenset[Words]:
    known = table()
    codes = {item.code for form in forms_of(name) for item in known.get(form, ()) if code in (None, item.code)}
    codes |= {item.code for items in known.values() for item in items if item.display.casefold() == name.casefold()}
    if code is not None:
        codes.add(code)
    return frozenset(stems(other) for other, items in known.items() for item in items
                     if item.code in codes and (item.specimen == "urine") == urine)


def _entry(finding: Finding) -> dict[str, list[str]]:
    name = _STRENGTH.split(re.split(r"[,(]| / ", finding.name)[0])[0] if finding.category is Category.RECORD else None
    return _named(finding.name) or (_named(name) if name else {})


def _named(name: str) -> dict[str, list[str]]:
    return terms().get(stems(name), {})


def _site(group: tuple[Facts, ...]) -> set[str]:
    words = {word for facts in group for word in stems(facts.finding.site or "") if word not in _SIDES | _JOINING}
    return words | {other for word in words for other in _SITE_WORDS.get(word, ())}


def _licensed(group: tuple[Facts, ...]) -> set[Words]:
    finding, value = group[0].finding, group[0].finding.value
    found: set[Words] = {(word,) for word in _site(group)}
    found |= {stems(text) for text in _entry(finding).get("also", [])}
    if finding.name in _LUNGS:
        found |= {("lung",), ("pulmonary",), ("chest",)}
    for text in (value.specimen, value.panel) if value else ():
        found |= {(word,) for word in stems(text or "")}
    if finding.category is Category.RECORD:
        found |= {(word,) for word in stems(finding.name) if word not in ("mg", "disorder")}
        found |= {(word,) for word in stems((value.text if value else None) or "") if word not in _DENIED}
        found |= {(stem(word),) for word in ("reaction", "oral", "by mouth") if word != "oral" or "oral" in
                  finding.name.casefold()}
    if finding.category in (Category.LAB, Category.CHANGE) and value is not None and value.specimen is None:
        found |= {("serum",), ("blood",)} if "urin" not in finding.name.casefold() else set()
    return {words for words in found if words and not (len(words) == 1 and words[0] in _JOINING)}

"""Findings as questions look at them: with their kind, names, dates and what their evidence tells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from ...core.analytes import analyte_key
from ...core.evidence import DocumentSpan, Evidence, FhirResource
from ...core.finding import Assertion, Category, Finding, Status
from ...core.moments import moment_key
from .facts import Aspect, told_by
from .intents import Asked, Limit
from .matching import Fit, best_fits, fit, head_of
from .mentions import other_names, spelled_out
from .named import said_by

MEDICATION_KINDS = frozenset({"MedicationRequest", "MedicationStatement"})
NOTED = "note"
"""The kind of what a text says."""
SEEN = frozenset({Category.OBSERVATION, Category.ANATOMY})


@dataclass(frozen=True)
class Entry:
    """One finding with its evidence objects."""

    finding: Finding
    evidence: tuple[Evidence, ...]

    @cached_property
    def kind(self) -> str:
        """The FHIR type of its resource; for findings of other sources their category."""
        if self.is_noted:
            return NOTED
        types = [item.locator.resource_type for item in self.evidence if isinstance(item.locator, FhirResource)]
        return types[0] if types else str(self.finding.category)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What it may be called: its name, its code and that one's display, its thing ("History of stroke": stroke)."""
        code = self.finding.code
        said = other_names(self.finding.name) if self.is_noted else ()
        also = (self.thing, spelled_out(self.thing)) if self.finding.category is Category.RECORD else ()
        return tuple(dict.fromkeys((self.finding.name, *((code.display, code.code) if code else ()), *said,
                                    *filter(None, also))))

    @cached_property
    def thing(self) -> str:
        """Its name without the words that only tell how it stands, where its assertion says the same."""
        told = said_by(self.finding.name)
        return told[1] if told and told[0] is self.finding.assertion else self.finding.name

    @cached_property
    def is_noted(self) -> bool:
        """Whether a note, a letter or a text inside a resource says it, and no structured entry."""
        return self.finding.category is Category.RECORD and all(_is_text(item) for item in self.evidence)

    @property
    def when(self) -> str | None:
        """Its date: of collection for a result."""
        value = self.finding.value
        return (value.collected_at if value else None) or self.finding.date

    @cached_property
    def order(self) -> tuple[str, str]:
        """Sort key: by time, undated first."""
        return (moment_key(self.when) if self.when else "", self.finding.id)

    @cached_property
    def main(self) -> tuple[Evidence, ...]:
        """The evidence of the statement itself."""
        return tuple(item for item in self.evidence if told_by(item) is None)

    def told(self, aspect: Aspect) -> list[tuple[str, Evidence]]:
        """What its evidence tells about one aspect, with the evidence."""
        said = ((told_by(item), item) for item in self.evidence)
        return [(told[1], item) for told, item in said if told is not None and told[0] is aspect]

    @property
    def end(self) -> str | None:
        """When it ended, where the source says so."""
        return next((item.date for _, item in self.told(Aspect.END)), None)

    @cached_property
    def says_how(self) -> bool:
        """Whether its name says how its thing stands, so that the entry itself is current ("Suspected lupus")."""
        return self.thing != self.finding.name

    @property
    def stands(self) -> bool:
        """Whether it is so now, as far as the source says: what has an end that lies behind today is over, though its
        status still calls it active."""
        return self._is_so and not self._has_ended

    @property
    def is_over(self) -> bool:
        """Whether it was so once."""
        return self.finding.assertion is Assertion.HISTORICAL or (self._is_so and self._has_ended)

    @property
    def _is_so(self) -> bool:
        return self.finding.status in {Status.PRESENT, Status.MEASURED} and (
            self.finding.assertion is Assertion.AFFIRMED)

    @property
    def _has_ended(self) -> bool:
        return self.end is not None and self.end[:10] < datetime.now(UTC).date().isoformat()[:len(self.end)]

    def stood_within(self, limit: Limit) -> bool | None:
        """Whether it was so at some time within `limit`; None where the dates do not tell.

        From its date to its end; without a date nothing can be told, nor, where it is over without an end, of a time
        after its date.
        """
        start, end = self.when, self.end
        if start is None:
            return None
        if limit.relation in {"after", "since"}:
            known = end or (start if self.is_over else None)
            return self.stands if known is None else limit.holds(known) or (None if end is None else False)
        began = Limit("before" if limit.relation == "before" else "by", limit.until or limit.date).holds(start)
        if not began or limit.relation in {"by", "before"} or start[:len(limit.date)] >= limit.date:
            return began
        if self.is_over and end is None:
            return None
        return end is None or end[:len(limit.date)] >= limit.date


class Entries:
    """All findings of a case, in the order of time.

    Args:
        findings: of all tools.
        evidence: what they cite.
    """

    def __init__(self, findings: Iterable[Finding], evidence: Iterable[Evidence]) -> None:
        shown = {item.id: item for item in evidence}
        found = (Entry(finding, tuple(shown[key] for key in finding.evidence if key in shown)) for finding in findings)
        self.all = tuple(sorted((entry for entry in found if entry.evidence), key=lambda entry: entry.order))

    def of_kind(self, *kinds: str) -> list[Entry]:
        """The entries of these FHIR types or categories."""
        return [entry for entry in self.all if entry.kind in kinds]

    @property
    def medications(self) -> list[Entry]:
        """Prescriptions and medicines taken."""
        return self.of_kind(*MEDICATION_KINDS)

    @property
    def noted(self) -> list[Entry]:
        """What notes and letters say."""
        return [entry for entry in self.all if entry.is_noted]

    @property
    def seen(self) -> list[Entry]:
        """What was seen to be present or absent on images."""
        return [entry for entry in self.all if entry.finding.category in SEEN]

    @property
    def valued(self) -> list[Entry]:
        """Results and measurements: what has a value and is no remark on an entry of another kind."""
        return [entry for entry in self.all if entry.finding.value is not None and entry.finding.change is None
                and (entry.kind == "Observation" or entry.finding.category in {Category.LAB, Category.MEASUREMENT})]


def _is_text(evidence: Evidence) -> bool:
    place = evidence.locator
    if isinstance(place, FhirResource):
        return place.path.endswith((".conclusion", ".attachment")) or ".presentedForm[" in place.path
    return isinstance(place, DocumentSpan)


def matching(asked: str, entries: Sequence[Entry]) -> list[Entry]:
    """The entries that answer to the name asked for, or to what it stands for (GERD), in the order of time; all when
    nothing is named."""
    if not asked:
        return list(entries)
    forms = [form for form in (asked, spelled_out(asked)) if form]
    return [entry for entry in entries if any(fit(form, entry.names)[0] is not Fit.NONE for form in forms)]


def best_matching(asked: str, entries: Sequence[Entry]) -> list[Entry]:
    """Of the entries that answer to a name, those that answer best (`Glucose` before `Glucose tolerance`)."""
    return best_fits(asked, [(entry, entry.names) for entry in entries])


def within(asked: Asked, entries: Sequence[Entry]) -> list[Entry]:
    """The entries that a list asks for: those that stood within its restriction in time, all ever recorded, or those
    that stand now, or those that are over."""
    if asked.limit is not None:
        limit = asked.limit
        return [entry for entry in entries if entry.stood_within(limit) and (entry.stands or entry.is_over)]
    if asked.over:
        return [entry for entry in entries if entry.is_over]
    if asked.ever and not asked.now:
        return list(entries)
    return [entry for entry in entries if entry.stands or entry.says_how]


def untold(asked: Asked, entries: Sequence[Entry]) -> list[Entry]:
    """The entries of which the dates do not tell whether they stood within the restriction in time."""
    limit = asked.limit
    return [] if limit is None else [entry for entry in entries if entry.stood_within(limit) is None
                                     and (entry.stands or entry.is_over)]


def by_analyte(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    """Entries that measure the same, by code (mass and amount of substance are one) or else by name, in the order of
    first appearance."""
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        code = entry.finding.code
        key = f"{code.system}|{analyte_key(code.code)}" if code else head_of(entry.finding.name)
        groups.setdefault("|".join([key, entry.finding.laterality or "", entry.finding.site or ""]), []).append(entry)
    return groups

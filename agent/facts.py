"""What a sentence may say about a finding: its names, places, dates and values as they are compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from ..core.evidence import Evidence, EvidenceKind, FhirResource
from ..core.finding import Assertion, Category, Finding, Status
from ..report.wording import range_text, unit_text, value_text
from .claims import fold
from .phrases import place, shown
from .vocabulary import ENTRY_WORDS


@dataclass(frozen=True)
class Facts:
    """One finding with the evidence that it rests on.

    Args:
        finding: the finding.
        evidence: its evidence, that of the earlier examination included.
        synonyms: names of findings with the same code.
    """

    finding: Finding
    evidence: tuple[Evidence, ...]
    synonyms: frozenset[str]

    @cached_property
    def names(self) -> frozenset[str]:
        """Every name the finding goes by, folded."""
        return frozenset(fold(shown(name)) for name in (self.finding.name, *self.synonyms))

    @cached_property
    def phrases(self) -> frozenset[str]:
        """Place, specimen, panel, the words of a value, and the model that read it, folded."""
        value = self.finding.value
        said = [self.finding.site, place(self.finding), self.reader]
        if value is not None:
            said += [value.specimen, value.panel, value.text if value.number is None else None]
        return frozenset(fold(shown(text)) for text in said if text)

    @property
    def reader(self) -> str | None:
        """The model that read it, folded; None for what was measured."""
        return fold(shown(self.finding.reader)) if self.finding.is_read else None

    @cached_property
    def value_text(self) -> str:
        """Amount and unit, folded."""
        return fold(shown(value_text(self.finding.value))) if self.finding.value else ""

    @cached_property
    def range_text(self) -> str:
        """Reference range, folded."""
        return fold(shown(range_text(self.finding.value))) if self.finding.value else ""

    @cached_property
    def unit(self) -> str | None:
        """The value's unit, folded."""
        unit = unit_text(self.finding.value.unit) if self.finding.value else ""
        return fold(unit) or None

    @cached_property
    def prior_ids(self) -> frozenset[str]:
        """Evidence ids of the earlier examination."""
        return frozenset(self.finding.change.prior_evidence) if self.finding.change else frozenset()

    @cached_property
    def current_ids(self) -> frozenset[str]:
        """Evidence ids of the examination that the finding is of."""
        return frozenset(self.finding.evidence) - self.prior_ids

    @property
    def evidence_ids(self) -> frozenset[str]:
        """All evidence ids."""
        return self.prior_ids | self.current_ids

    @cached_property
    def prior_dates(self) -> frozenset[str]:
        """Dates of the earlier examination."""
        return frozenset(item.date for item in self.evidence if item.date and item.id in self.prior_ids)

    @cached_property
    def dates(self) -> frozenset[str]:
        """Dates of the finding and its evidence, the earlier examination's left out."""
        value = self.finding.value
        said = [self.finding.date, *((value.collected_at, value.issued_at) if value else ())]
        said += [item.date for item in self.evidence if item.id in self.current_ids]
        return frozenset(date for date in said if date)

    @cached_property
    def is_negated(self) -> bool:
        """Whether the finding says that something is not there."""
        absent = self.finding.status is Status.ABSENT and self.finding.category is not Category.RECORD
        return absent or self.finding.assertion is Assertion.NEGATED

    @cached_property
    def evidence_kinds(self) -> frozenset[EvidenceKind]:
        """Kinds of the finding's evidence."""
        return frozenset(item.kind for item in self.evidence)

    def agrees_with_entry_words(self, words: frozenset[str]) -> bool:
        """Whether words such as "medications" fit the kind of record entry that the finding comes from."""
        resources = {item.locator.resource_type for item in self.evidence if isinstance(item.locator, FhirResource)}
        return all(not words & said or resources & kinds or not resources for said, kinds in ENTRY_WORDS)


@dataclass(frozen=True)
class Known:
    """Everything that sentences may cite.

    Args:
        facts: by finding id.
        evidence: by id.
        units: every unit that a finding's value has, folded.
    """

    facts: Mapping[str, Facts]
    evidence: Mapping[str, Evidence]
    units: frozenset[str]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings."""
        return tuple(facts.finding for facts in self.facts.values())

    @property
    def evidence_by_id(self) -> Mapping[str, Evidence]:
        """Evidence by id."""
        return self.evidence


def known_facts(findings: Sequence[Finding], evidence: Sequence[Evidence]) -> Known:
    """Findings joined with their evidence, and with the names under which the same code goes elsewhere."""
    by_id = {item.id: item for item in evidence}
    names: dict[tuple[str, str], set[str]] = defaultdict(set)
    for item in findings:
        if item.code:
            names[item.code.system, item.code.code] |= {item.name, item.code.display}
    facts = {}
    for item in findings:
        keys = (*item.evidence, *(item.change.prior_evidence if item.change else ()))
        synonyms = names[item.code.system, item.code.code] if item.code else set()
        facts[item.id] = Facts(item, tuple(by_id[key] for key in dict.fromkeys(keys) if key in by_id),
                               frozenset(synonyms))
    units = frozenset(item.unit for item in facts.values() if item.unit)
    return Known(facts, by_id, units)

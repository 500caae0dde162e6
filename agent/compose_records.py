"""The health record section: what stands now by name, the rest counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..core.finding import Assertion, Category, Finding, Status
from ..core.report import Sentence
from ..report.wording import date_text, value_text
from .phrases import Item, Material, fill, further, grouped, listing, shown, when

MOST_BY_NAME = 12


@dataclass(frozen=True)
class Group:
    """One kind of entry.

    Args:
        resources: FHIR resource types of the entries.
        current: template of the lead for what stands now.
        past: template of the lead for what is over, or None to count it only.
        rest: template for the sentence that counts what is not named.
    """

    resources: frozenset[str]
    current: str
    past: str | None
    rest: str


GROUPS = (
    Group(frozenset({"AllergyIntolerance"}), "record_allergies", None, "further_allergies"),
    Group(frozenset({"Condition"}), "record_active_conditions", "record_past_conditions", "further_conditions"),
    Group(frozenset({"MedicationRequest", "MedicationStatement", "MedicationAdministration", "MedicationDispense",
                     "Medication"}), "record_medications", None, "further_medications"),
    Group(frozenset({"Procedure"}), "record_procedures", None, "further_procedures"),
    Group(frozenset({"Immunization"}), "record_immunizations", None, "further_immunizations"),
)
OTHER = Group(frozenset(), "record_other", None, "further_entries")


def record_sentences(material: Material) -> list[Sentence]:
    """What the health record and notes say, group by group, newest first."""
    entries = material.of(lambda item: item.category is Category.RECORD and item.change is None)
    by_group = grouped(entries, lambda item: _group_of(material.resource_of(item)))
    return [sentence for group in (*GROUPS, OTHER) if group in by_group
            for sentence in _group_sentences(group, by_group[group])]


def is_past(finding: Finding) -> bool:
    """Whether the entry is over: resolved, stopped, or history."""
    return finding.assertion is Assertion.HISTORICAL or (
        finding.category is Category.RECORD and finding.status is Status.ABSENT
        and finding.assertion is Assertion.AFFIRMED)


def is_denied(finding: Finding) -> bool:
    """Whether the entry says that something is not there: refuted, ruled out, denied."""
    return finding.assertion is Assertion.NEGATED


def record_item(finding: Finding) -> str:
    """Name, value, assertion and date of one entry."""
    item = _stated(finding)
    keys = {Assertion.FAMILY: "record_family", Assertion.UNCERTAIN: "record_uncertain",
            Assertion.NEGATED: "record_negated"}
    if finding.assertion in keys:
        item = fill(keys[finding.assertion], item=item)
    if finding.status is Status.INDETERMINATE and finding.assertion is not Assertion.UNCERTAIN:
        item = fill("item_indeterminate", item=item)
    return _dated(item, finding)


def _stated(finding: Finding) -> str:
    """Name and value."""
    value = shown(value_text(finding.value)) if finding.value else ""
    return (fill("record_item_value", name=shown(finding.name), value=value) if value
            else fill("record_item", name=shown(finding.name)))


def _dated(item: str, finding: Finding) -> str:
    return fill("record_item_dated", item=item, date=date_text(finding.date)) if finding.date else item


def _group_of(resource: str) -> Group:
    return next((group for group in GROUPS if resource in group.resources), OTHER)


def _group_sentences(group: Group, entries: Sequence[Finding]) -> list[Sentence]:
    newest = sorted(entries, key=when, reverse=True)
    current = _by_name([item for item in newest if not is_past(item) and not is_denied(item)])
    past = _by_name([item for item in newest if is_past(item)])
    sentences, rest = _named(group.current, current)
    denied, unnamed = _named("record_excluded", [Item(_dated(_stated(item), item), (item,)) for item in newest
                                                 if is_denied(item)])
    if group.past is not None and past:
        more, left_over = _named(group.past, past)
        sentences, rest = sentences + more, rest + left_over
    else:
        rest += past
    sentences += denied
    for key, items in ((group.rest, rest), (OTHER.rest, unnamed)):
        counted = [finding for item in items for finding in item.findings]
        sentences += [further(key, counted)] if counted else []
    return sentences


def _by_name(entries: Sequence[Finding]) -> list[Item]:
    """One item for entries that read the same; of a name that comes with several dates each stands for itself."""
    return [Item(text, tuple(found)) for text, found in grouped(entries, record_item).items()]


def _named(lead: str, items: list[Item]) -> tuple[list[Sentence], list[Item]]:
    """The sentence for the first items, one per name, and the items that are left over."""
    chosen: dict[str, Item] = {}
    for item in items:
        if len(chosen) < MOST_BY_NAME:
            chosen.setdefault(shown(item.findings[0].name).casefold(), item)
    told = list(chosen.values())
    rest = [item for item in items if item not in told]
    return ([listing(fill(lead), told)] if told else []), rest

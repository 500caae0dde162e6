"""The health record section: what stands now by name, the rest counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..core.evidence import EvidenceKind
from ..core.finding import Assertion, Category, Finding, Status
from ..core.report import Sentence, SentenceKind
from ..report.wording import date_text, value_text
from .phrases import Item, Material, dated, fill, further, grouped, listing, shown, subject, when

MOST_BY_NAME = 12
MOST_NOTED = 4


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
    Group(frozenset({""}), "record_noted_undated", None, "further_entries"),
)
OTHER = Group(frozenset(), "record_other", None, "further_entries")


def record_sentences(material: Material) -> list[Sentence]:
    """What the health record and notes say, group by group, newest first."""
    entries = material.of(lambda item: item.category is Category.RECORD and item.change is None)
    by_group = grouped(entries, lambda item: _group_of(item, material))
    return [sentence for group in (*GROUPS, OTHER) if group in by_group
            for sentence in _group_sentences(group, by_group[group])]


def noted_summary(material: Material) -> list[Sentence]:
    """What the latest note or letter says of a side, a size or a course, as of an effusion that is small, left and
    new; those called new first. Nothing stands for what it only names."""
    noted = material.of(lambda item: is_affirmed_in_text(item, material) and bool(item.value or item.laterality))
    newest = max((when(item)[:10] for item in noted), default="")
    told = sorted((item for item in noted if when(item)[:10] == newest), key=lambda item: "new" not in _words(item))
    items = [Item(_stated(item), (item,)) for item in told[:MOST_NOTED]]
    return [listing(dated("record_noted", newest or None), items, SentenceKind.IMPRESSION)] if items else []


def is_affirmed_in_text(finding: Finding, material: Material) -> bool:
    """Whether a note or letter, and no record, says that something is there now."""
    return (finding.category is Category.RECORD and finding.change is None and not material.resource_of(finding)
            and finding.assertion is Assertion.AFFIRMED and finding.status is Status.PRESENT
            and not _is_a_text(finding, material))


def _words(finding: Finding) -> Sequence[str]:
    return ((finding.value.text if finding.value else None) or "").split(", ")


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
    return _dated(_bare_item(finding), finding)


def _bare_item(finding: Finding) -> str:
    item = _stated(finding)
    keys = {Assertion.FAMILY: "record_family", Assertion.UNCERTAIN: "record_uncertain",
            Assertion.NEGATED: "record_negated"}
    if finding.assertion in keys:
        item = fill(keys[finding.assertion], item=item)
    if finding.status is Status.INDETERMINATE and finding.assertion is not Assertion.UNCERTAIN:
        item = fill("item_indeterminate", item=item)
    return item


def _stated(finding: Finding) -> str:
    """Name, place and value."""
    value = shown(value_text(finding.value)) if finding.value else ""
    key = "record_item" if not value else "record_item_value" if finding.number is not None else "record_item_words"
    return fill(key, name=subject(finding), **({"value": value} if value else {}))


def _dated(item: str, finding: Finding) -> str:
    return fill("record_item_dated", item=item, date=date_text(finding.date)) if finding.date else item


def _group_of(finding: Finding, material: Material) -> Group:
    if _is_a_text(finding, material):
        return OTHER
    resource = material.resource_of(finding)
    return next((group for group in GROUPS if resource in group.resources), OTHER)


def _is_a_text(finding: Finding, material: Material) -> bool:
    """Whether the finding is that there is a note or document, and not what that says."""
    shown = material.evidence_by_id.get(finding.evidence[0])
    return shown is not None and shown.kind is EvidenceKind.DOCUMENT_SPAN and shown.caption == finding.name


def _group_sentences(group: Group, entries: Sequence[Finding]) -> list[Sentence]:
    newest = sorted(entries, key=when, reverse=True)
    current = _by_name([item for item in newest if not is_past(item) and not is_denied(item)])
    past = _by_name([item for item in newest if is_past(item)])
    sentences, rest = _named(group.current, current)
    denied, unnamed = _named("record_excluded", [Item(_dated(_stated(item), item), (item,)) for item in newest
                                                 if is_denied(item)], bare=_stated)
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


def _named(lead: str, items: Sequence[Item], bare: Callable[[Finding], str] = _bare_item
           ) -> tuple[list[Sentence], list[Item]]:
    """The sentence for the first items, one per thing, and the items that are left over.

    A date that all of them share stands with the lead, once.

    Args:
        lead: template of the lead.
        items: with their dates.
        bare: what an entry says without its date.
    """
    chosen: dict[str, Item] = {}
    for item in items:
        if len(chosen) < MOST_BY_NAME:
            chosen.setdefault(subject(item.findings[0]).casefold(), item)
    told = list(chosen.values())
    rest = [item for item in items if item not in told]
    days = {date_text(finding.date) for item in told for finding in item.findings}
    if len(told) > 1 and len(days) == 1 and (day := days.pop()):
        told = [Item(bare(item.findings[0]), item.findings) for item in told]
        return [listing(fill("record_item_dated", item=fill(lead), date=day), told)], rest
    return ([listing(fill(lead), told)] if told else []), rest

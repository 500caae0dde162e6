"""A patient's record as condensed plain text: sections by kind, each item once, its dates and values newest first.

MedGemma was trained on such renderings of FHIR data and not on raw JSON (MedGemma Technical Report, 5.2);
their exact form is not published, this one is ours. Newest first, because questions are mostly about what is
so now, and because what a small context cannot hold is then the oldest. What was left out is said in the
text.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ...core.evidence import Evidence, FhirResource
from ...core.finding import Assertion, Category, Finding, Value
from ...prompts.loader import load_templates
from ..counts import estimated_tokens
from .amounts import amount, flag_of, unit_of
from .plain import plain

MOST_TOKENS = 24_000
"""Of the condensed record: what was trained and evaluated stayed within 32k tokens, question and answer included."""

SECTIONS = ("allergies", "conditions", "medications", "family", "labs", "observations", "procedures",
            "immunizations", "encounters", "reports", "other")
SECTION_OF: Mapping[str, str] = {
    "AllergyIntolerance": "allergies", "Condition": "conditions", "MedicationRequest": "medications",
    "MedicationStatement": "medications", "Procedure": "procedures", "Immunization": "immunizations",
    "Encounter": "encounters", "DiagnosticReport": "reports", "DocumentReference": "reports",
    "FamilyMemberHistory": "family", "Observation": "observations",
}
"""By FHIR R4 resource type."""
STATES = frozenset({"allergies", "conditions", "medications", "family"})
"""Sections whose entries hold until they end: they are kept before anything that happened at a time."""

_DETAILS = frozenset({"abatement", "end", "requester", "reasonCode", "reasonReference"})
"""Last elements of FHIRPaths that tell more about an entry: its end, who prescribed it, why."""
_NOTE_TOKENS = 200
"""Kept for saying what was left out."""


Item = tuple[str, str]
"""Section and name of a line of the record."""
_LONGEST_NUMBER = "[99999] "


@dataclass(frozen=True)
class Numbered:
    """A condensed record whose items are numbered.

    Args:
        text: as a model is shown it.
        items: ids of the findings that an item tells, by its number.
    """

    text: str
    items: Mapping[int, tuple[str, ...]]


@dataclass(frozen=True)
class Entry:
    """One dated statement of the record, in plain words.

    Args:
        section: one of `SECTIONS`.
        name: what it is about, with the unit of its values.
        when: ISO 8601 date, as precise as the source up to the day; empty without one.
        words: its value, standing and details; may be empty.
        stands: it holds now, as far as the record says.
    """

    section: str
    name: str
    when: str
    words: str
    stands: bool

    @property
    def text(self) -> str:
        """Date and words."""
        return f"{self.when or _text('line_undated')} {self.words}".strip()


def condense(findings: Iterable[Finding], evidence: Iterable[Evidence] = (), *,
             most_tokens: int = MOST_TOKENS) -> str:
    """The record and laboratory findings of one patient as plain text.

    Args:
        findings: of one patient; other categories than `record` and `lab` are passed over.
        evidence: of these findings; their FHIR types sort the entries, and it tells ends, prescribers and reasons.
        most_tokens: greatest length by `estimated_tokens`. Entries that still hold come first, then the
            newest; the rest is left out, and a last line says how many of what.

    Returns:
        Lines; nothing in them can end the record or the turn (see `plain`).

    Raises:
        ValueError: nothing to condense, findings of several patients, or a length that holds no entry.
    """
    told = _told_by(findings, evidence)
    kept = _within(list(told), most_tokens - _NOTE_TOKENS, "")
    return "\n".join((*_lines(kept, {}), *_left_out(list(told), kept)))


def condense_numbered(findings: Iterable[Finding], evidence: Iterable[Evidence] = (), *,
                      most_tokens: int = MOST_TOKENS) -> Numbered:
    """As `condense`, each item with a number of its own, by which an answer can say what it rests on."""
    told = _told_by(findings, evidence)
    kept = _within(list(told), most_tokens - _NOTE_TOKENS, _LONGEST_NUMBER)
    items = _items(kept)
    numbers = {item: number for number, item in enumerate(items, 1)}
    return Numbered(text="\n".join((*_lines(kept, numbers), *_left_out(list(told), kept))),
                    items={numbers[item]: tuple(key for entry in entries for key in told[entry])
                           for item, entries in items.items()})


def _told_by(findings: Iterable[Finding], evidence: Iterable[Evidence]) -> dict[Entry, list[str]]:
    """The entries in the order in which they are kept, each with the findings that tell it."""
    chosen = [finding for finding in findings if finding.category in {Category.RECORD, Category.LAB}]
    if not chosen:
        raise ValueError("no record or laboratory finding to condense")
    if len({finding.patient for finding in chosen}) > 1:
        raise ValueError("a condensed record is of one patient, not of several")
    by_id = {item.id: item for item in evidence}
    told: dict[Entry, list[str]] = defaultdict(list)
    for finding in chosen:
        told[_entry(finding, by_id)].append(finding.id)
    return {entry: sorted(told[entry]) for entry in sorted(told, key=_place)}


def _entry(finding: Finding, evidence: Mapping[str, Evidence]) -> Entry:
    own = [evidence[key] for key in finding.evidence if key in evidence]
    section, value = _section(finding, own), finding.value
    name = ", ".join(filter(None, [plain(finding.name), unit_of(value) if value else ""]))
    standing = _standing(finding, section)
    said = [*(_told(value) if value else []), *([_text(f"said_{standing}")] if standing else []), *_details(own)]
    when = (value.collected_at if value else None) or finding.date or ""
    return Entry(section, name, when[:10], ", ".join(filter(None, said)), section in STATES and (
        finding.assertion in {Assertion.AFFIRMED, Assertion.FAMILY}))


def _section(finding: Finding, evidence: Sequence[Evidence]) -> str:
    if finding.assertion is Assertion.FAMILY:
        return "family"
    if finding.category is Category.LAB:
        return "labs"
    kinds = sorted(item.locator.resource_type for item in evidence if isinstance(item.locator, FhirResource))
    if kinds:
        return SECTION_OF.get(kinds[0], "other")
    return "observations" if finding.value is not None else "other"


def _standing(finding: Finding, section: str) -> Assertion | None:
    """What is said of it beside its value; an affirmed event or result needs no word."""
    if finding.assertion is Assertion.AFFIRMED:
        return Assertion.AFFIRMED if section in {"conditions", "medications", "allergies"} else None
    return None if section == "family" and finding.assertion is Assertion.FAMILY else finding.assertion


def _told(value: Value) -> list[str]:
    range_text, specimen = plain(value.range_text or ""), plain(value.specimen or "")
    return [amount(value), flag_of(value), f"range {range_text}" if range_text else "",
            f"in {specimen}" if specimen else ""]


def _details(evidence: Sequence[Evidence]) -> list[str]:
    told = {plain(item.caption) for item in evidence if isinstance(item.locator, FhirResource)
            and item.locator.path.rpartition(".")[2] in _DETAILS}
    return sorted(text[:1].lower() + text[1:] for text in told)


def _place(entry: Entry) -> tuple[bool, int, tuple[int, ...], str, str, str]:
    """Sort key: what holds first, by section; then newest first, undated last."""
    newest = tuple(-ord(character) for character in entry.when) or (1,)
    section = SECTIONS.index(entry.section)
    return not entry.stands, section if entry.stands else 0, newest, entry.section, entry.name, entry.words


def _within(entries: Sequence[Entry], tokens: int, number: str) -> list[Entry]:
    """The first entries that fit; what comes after the first that does not is left out.

    Args:
        entries: in the order in which they are kept.
        tokens: that they may take.
        number: as long as the longest that an item gets; empty where none does.

    Raises:
        ValueError: none fits.
    """
    most = tokens + _NOTE_TOKENS
    kept: list[Entry] = []
    lines: set[tuple[str, str]] = set()
    sections: set[str] = set()
    for entry in entries:
        heading = _heading(entry.section) if entry.section not in sections else ""
        name = f"- {number}{entry.name}:\n" if (entry.section, entry.name) not in lines else ""
        tokens -= estimated_tokens(f"{heading}\n{name}{entry.text};")
        if tokens < 0:
            break
        kept.append(entry)
        sections.add(entry.section)
        lines.add((entry.section, entry.name))
    if not kept:
        raise ValueError(f"{most} tokens hold no entry of the record")
    return kept


def _items(entries: Sequence[Entry]) -> dict[Item, list[Entry]]:
    """Entries of one name together, by section."""
    items: dict[Item, list[Entry]] = defaultdict(list)
    for entry in entries:
        items[entry.section, entry.name].append(entry)
    return {item: items[item] for section in SECTIONS for item in items if item[0] == section}


def _lines(entries: Sequence[Entry], numbers: Mapping[Item, int]) -> list[str]:
    lines: list[str] = []
    for (section, name), dated in _items(entries).items():
        if _heading(section) not in lines:
            lines.append(_heading(section))
        lines.append(_item(name, dated, numbers.get((section, name))))
    return lines


def _heading(section: str) -> str:
    return load_templates("record")["line_section"].fill(title=_text(f"section_{section}"))


def _item(name: str, dated: Sequence[Entry], number: int | None) -> str:
    entries = "; ".join(entry.text for entry in dated)
    if number is None:
        return load_templates("record")["line_item"].fill(name=name, entries=entries)
    return load_templates("record")["line_item_numbered"].fill(number=str(number), name=name, entries=entries)


def _left_out(entries: Sequence[Entry], kept: Sequence[Entry]) -> list[str]:
    total, shown = Counter(entry.section for entry in entries), Counter(entry.section for entry in kept)
    part = load_templates("record")["line_left_out_part"]
    missing = [part.fill(count=str(total[section] - shown[section]), total=str(total[section]),
                         title=_text(f"section_{section}"))
               for section in SECTIONS if total[section] > shown[section]]
    return [load_templates("record")["line_left_out"].fill(what=", ".join(missing))] if missing else []


def _text(key: str) -> str:
    return load_templates("record")[key].text

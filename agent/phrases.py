"""Findings put into words: the parts that every composed sentence is made of."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from ..core.case import Case, FileKind, Study
from ..core.evidence import Evidence, EvidenceKind
from ..core.finding import Category, Finding, Laterality, Status
from ..core.report import Sentence, SentenceKind, Support
from ..prompts.loader import Template, load_templates
from ..report.wording import by_number, capital, date_text, finding_date, plain, range_text, value_text

Kind = TypeVar("Kind")
Key = TypeVar("Key", bound=Hashable)

_ENDS_IN_A_NUMBER = re.compile(r"\d(?: (?:HU|mm|%))?$")
"""A place behind which a value needs a comma: `opacity 1`, `tissue above 150 HU`."""
_NUMBERED = re.compile(r"\b[^\W\d]+ \d+\b")
LEAST_OF_A_PLACE = 3
"""Measures of one numbered place from which on they stand in one sentence."""
_COUNT = re.compile(r"\d+ further ")
PICTURES = frozenset({EvidenceKind.VOLUME_SLICE, EvidenceKind.VOLUME_REGION})
WRITTEN = frozenset({EvidenceKind.DOCUMENT_SPAN, EvidenceKind.FHIR_RESOURCE})
STUDY_LABELS: dict[FileKind, tuple[str, frozenset[EvidenceKind]]] = {
    FileKind.CT: ("CT", PICTURES),
    FileKind.MR: ("MR", PICTURES),
    FileKind.VOLUME: ("Volume", PICTURES),
    FileKind.FILM: ("Film", frozenset({EvidenceKind.IMAGE_BOX})),
    FileKind.SLIDE: ("Slide", frozenset({EvidenceKind.SLIDE_REGION})),
    FileKind.DOCUMENT: ("Documents", frozenset({EvidenceKind.DOCUMENT_SPAN})),
    FileKind.NOTE: ("Notes", frozenset({EvidenceKind.DOCUMENT_SPAN})),
    FileKind.RECORD: ("Health record", frozenset({EvidenceKind.FHIR_RESOURCE})),
}
"""What a kind of study is called, and the kinds of evidence that can come from one."""


def study_label(study: Study) -> str:
    """What a study is called by its kind."""
    return STUDY_LABELS[study.kind][0] if study.kind in STUDY_LABELS else "Documents"


READ_ORDER = {"present_by": -1, "absent_by": 1, "indeterminate_by": 2}
"""Where what a model read stands among the findings of an examination: what is there first, what is unclear last."""


def templates() -> Mapping[str, Template]:
    """The sentence templates."""
    return load_templates("sentences")


def fill(key: str, **values: str) -> str:
    """One sentence template, filled."""
    return templates()[key].fill(**values)


def counted(key: str, count: int) -> str:
    """Template `key` with a count, or `key`_one for one."""
    return fill(f"{key}_one" if count == 1 else key, count=str(count))


@dataclass(frozen=True)
class Material:
    """What a report is composed from, with the look-ups that its sections share.

    Args:
        case: the opened case.
        findings: numbered findings.
        evidence: numbered evidence.
    """

    case: Case
    findings: tuple[Finding, ...]
    evidence: tuple[Evidence, ...]

    @cached_property
    def evidence_by_id(self) -> dict[str, Evidence]:
        """Evidence by id."""
        return {item.id: item for item in self.evidence}

    @cached_property
    def study_by_file(self) -> dict[str, Study]:
        """The study that a file of the case belongs to, by the file's relative path."""
        return {file.path: study for study in self.case.studies for file in study.files}

    def study_of(self, finding: Finding) -> Study | None:
        """The study that a finding's first known evidence lies in."""
        for key in finding.evidence:
            item = self.evidence_by_id.get(key)
            if item is not None and item.source.file in self.study_by_file:
                return self.study_by_file[item.source.file]
        return None

    def resource_of(self, finding: Finding) -> str:
        """The FHIR resource type that a finding comes from, or an empty text."""
        for key in finding.evidence:
            item = self.evidence_by_id.get(key)
            if item is not None and item.kind is EvidenceKind.FHIR_RESOURCE:
                return str(getattr(item.locator, "resource_type", ""))
        return ""

    def is_lab(self, finding: Finding) -> bool:
        """Whether the finding is a laboratory value, or the change of one."""
        return is_lab(finding, self.evidence_by_id)

    def of(self, wanted: Callable[[Finding], bool]) -> list[Finding]:
        """Findings that `wanted` takes, in their order."""
        return [item for item in self.findings if wanted(item)]


@dataclass(frozen=True)
class Item:
    """One statement in a list, and the findings that say exactly this."""

    text: str
    findings: tuple[Finding, ...]


def is_lab(finding: Finding, evidence_by_id: Mapping[str, Evidence]) -> bool:
    """Whether the finding is a laboratory value, or the change of one: all its evidence is written."""
    kinds = {evidence_by_id[key].kind for key in finding.evidence if key in evidence_by_id}
    return finding.category is Category.LAB or (finding.change is not None and bool(kinds) and kinds <= WRITTEN)


def cited(text: str, findings: Iterable[Finding], kind: SentenceKind = SentenceKind.FINDING) -> Sentence:
    """A sentence with the ids of its findings and of all their evidence, the prior's too."""
    stated = tuple(findings)
    evidence = {key for item in stated for key in item.evidence}
    evidence |= {key for item in stated if item.change for key in item.change.prior_evidence}
    return Sentence(text=text, evidence=by_number(evidence), findings=by_number({item.id for item in stated}),
                    kind=kind, support=Support.SUPPORTED)


def limitation(text: str, evidence: Iterable[str] = ()) -> Sentence:
    """A sentence that states no finding."""
    return Sentence(text=text, evidence=by_number(set(evidence)), kind=SentenceKind.LIMITATION,
                    support=Support.SUPPORTED)


def listing(lead: str, items: Sequence[Item], kind: SentenceKind = SentenceKind.FINDING) -> Sentence:
    """One sentence `lead: item; item.` that cites what its items state."""
    text = fill("list", lead=lead, items="; ".join(item.text for item in items))
    return cited(text, (finding for item in items for finding in item.findings), kind)


def further(what: str, findings: Sequence[Finding], kind: SentenceKind = SentenceKind.FINDING) -> Sentence:
    """The sentence that counts findings which a section lists nowhere else."""
    key = f"{what}_one" if len(findings) == 1 else what
    return cited(fill("further", count=str(len(findings)), what=fill(key)), findings, kind)


def counts_only(sentence: Sentence) -> bool:
    """Whether a sentence counts findings and names none, as `further` makes them."""
    return _COUNT.match(sentence.text) is not None


def shown(text: str) -> str:
    """A name from a source inside a sentence: one line, without the marks that part a sentence's lead and items."""
    return plain(text).replace(";", ",").replace(": ", ", ").rstrip(".:, ")


def lowered(text: str) -> str:
    """The text with a small first letter, unless its first word is an abbreviation."""
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def place(finding: Finding) -> str:
    """Side and site as words: "right lung", "left upper lobe", "left"; empty when neither is known."""
    site = lowered(shown(finding.site or ""))
    side = finding.laterality
    if side is None or side.value in site.casefold() or (side is Laterality.BILATERAL and "both" in site.casefold()):
        return site
    return f"{side.value} {site}".strip()


def subject(finding: Finding) -> str:
    """Name and place: "Lung volume, right lung"."""
    name, where = shown(finding.name), place(finding)
    return f"{name}, {where}" if where and where.casefold() not in name.casefold() else name


def dated(key: str, moment: str | None, **values: str) -> str:
    """Template `key` with the date, or `key`_undated without one."""
    return fill(key, date=date_text(moment), **values) if moment else fill(f"{key}_undated", **values)


@dataclass(frozen=True)
class Manner:
    """How findings are told together: the lead's template, and what goes into it besides the date."""

    template: str
    moment: str | None
    values: tuple[tuple[str, str], ...]

    @property
    def lead(self) -> str:
        """What stands before the colon."""
        return dated(self.template, self.moment, **dict(self.values))


def grouped(items: Iterable[Kind], key: Callable[[Kind], Key]) -> dict[Key, list[Kind]]:
    """Items by key, keys in the order in which they first come."""
    groups: dict[Key, list[Kind]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups


def measured_item(finding: Finding) -> Item:
    """A finding inside a list whose lead holds its name and date."""
    value = value_text(finding.value) if finding.value else ""
    numbered = _ENDS_IN_A_NUMBER.search(place(finding)) is not None
    key = "item_measured_numbered" if value and numbered else "item_measured"
    text = " ".join(fill(key, place=place(finding), value=shown(value)).split())
    if finding.value and range_text(finding.value):
        text = fill("item_range", item=text, range=shown(range_text(finding.value)))
    if not text and finding.status is not Status.INDETERMINATE:
        text = fill("item_present")
    if finding.status is Status.INDETERMINATE:
        text = fill("item_indeterminate", item=text).lstrip(", ")
    return Item(text, (finding,))


def findings_sentences(findings: Sequence[Finding], most: int = 6) -> list[Sentence]:
    """Sentences for the findings of one examination: one for each name and date, structures found gathered in one.

    Args:
        findings: of one tool and study, without changes.
        most: items in one sentence; what goes beyond is counted, not dropped. What a model read as present is named
            in full.
    """
    placed = _by_place(findings)
    sentences = [listing(dated("lead", same[0].date, name=capital(place(same[0]))),
                         [_measure_item(item) for item in same]) for same in placed]
    apart = {item.id for same in placed for item in same}
    rest = [item for item in findings if item.id not in apart]
    for manner, group in sorted(grouped(rest, _manner).items(), key=lambda told: (READ_ORDER.get(
            told[0].template, 0), told[1][0].category is not Category.OBSERVATION)):
        make = measured_item if manner.template.startswith("lead") else _named_item
        ordered = sorted(group, key=_side_order)
        told = len(ordered) if manner.template == "present_by" else most  # nothing that a model saw goes unnamed
        sentences.append(listing(manner.lead, [make(item) for item in ordered[:told]]))
        if ordered[told:]:
            sentences.append(further("further_results", ordered[told:]))
    return sentences


def _by_place(findings: Sequence[Finding]) -> list[list[Finding]]:
    """Measures of one numbered place together, such as an opacity's axes and its volume; what was observed first."""
    measured = [item for item in findings if item.value is not None and not item.is_read
                and _NUMBERED.search(item.site or "")]
    groups = grouped(measured, lambda item: (place(item), item.date, item.tool))
    return [sorted(same, key=lambda item: item.category is not Category.OBSERVATION) for same in groups.values()
            if len({item.name for item in same}) == len(same) >= LEAST_OF_A_PLACE]


def _measure_item(finding: Finding) -> Item:
    """A measure inside a list whose lead holds place and date."""
    text = fill("item_measured", place=lowered(shown(finding.name)),
                value=shown(value_text(finding.value)) if finding.value else "")
    return Item(fill("item_indeterminate", item=text) if finding.status is Status.INDETERMINATE else text, (finding,))


def _side_order(finding: Finding) -> int:
    """Right before left before both, as reports are read."""
    return list(Laterality).index(finding.laterality) if finding.laterality else len(Laterality)


def _manner(finding: Finding) -> Manner:
    """What was measured stands under its name, what a model said under the model's."""
    reader = (("reader", shown(finding.reader)),) if finding.is_read else ()
    template = _template(finding)
    name = (("name", shown(finding.name)),) if template == "lead" else ()
    return Manner(f"{template}_by" if reader else template, finding.date, (*name, *reader))


def _template(finding: Finding) -> str:
    if finding.status is Status.ABSENT:
        return "absent"
    if finding.value is not None or (finding.status is not Status.PRESENT and not finding.is_read):
        return "lead"
    if finding.status is Status.INDETERMINATE:
        return "indeterminate"
    if finding.category is Category.ANATOMY:
        return "located"
    return "present" if finding.is_read else "lead"


def _named_item(finding: Finding) -> Item:
    return Item(lowered(subject(finding)), (finding,))


def when(finding: Finding) -> str:
    """Sort key: the finding's date, undated ones first."""
    return finding_date(finding) or ""

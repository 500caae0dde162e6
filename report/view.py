"""What every written form of the report shows, prepared once: texts in one line, citations both ways, tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..core.case import SYNTHETIC
from ..core.evidence import (
    DocumentSpan,
    Evidence,
    FhirResource,
    ImageBox,
    SlideRegion,
    VolumeRegion,
    VolumeSlice,
)
from ..core.report import Report, ReportStatus, Sentence, TimelineEvent
from ..core.result import Answer
from .series import Analyte, analytes_of
from .tables import Cited, Row, cited_of, row_of
from .wording import date_text, number_text, plain

NOT_A_DEVICE = "Caseloom is not a medical device."
DRAFT_BANNER = f"DRAFT – not signed. {NOT_A_DEVICE}"
MOST_PLACES = 6
REJECTED_BANNER = f"REJECTED – not signed. {NOT_A_DEVICE}"


@dataclass(frozen=True)
class Line:
    """A sentence with its anchor and citations."""

    anchor: str
    text: str
    cited: tuple[Cited, ...]
    kind: str
    supported: bool


@dataclass(frozen=True)
class Part:
    """A titled group of sentences."""

    anchor: str
    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Place:
    """One evidence as it is listed."""

    id: str
    caption: str
    where: str
    file: str
    sha256: str
    date: str
    backlinks: tuple[tuple[str, str], ...]
    """(anchor, label) of each sentence that cites it."""
    raw_answer: str = ""
    """What a model wrote when it was shown this place, on one line."""


@dataclass(frozen=True)
class Plate:
    """A picture with all evidence that it shows."""

    anchor: str
    name: str
    places: tuple[Place, ...]

    @property
    def first(self) -> Place:
        """The place that stands for the picture's source and date."""
        return self.places[0]

    @property
    def caption(self) -> str:
        """The caption that all places share; empty for one place, or where captions differ."""
        said = {place.caption for place in self.places}
        return said.pop() if len(said) == 1 and len(self.places) > 1 else ""

    @property
    def is_crowded(self) -> bool:
        """Whether the places are too many to stand one by one beside the picture."""
        return len(self.places) > MOST_PLACES


@dataclass(frozen=True)
class Moment:
    """One timeline event."""

    date: str
    text: str
    kind: str
    cited: tuple[Cited, ...]


@dataclass(frozen=True)
class View:
    """A report, ready to be laid out."""

    report: Report
    banner: str
    synthetic: bool
    parts: tuple[Part, ...]
    answer: tuple[Line, ...]
    conflicts: tuple[Line, ...]
    warnings: tuple[str, ...]
    plates: tuple[Plate, ...]
    places: Mapping[str, tuple[Place, ...]]
    """Evidence without a picture, by file."""
    analytes: tuple[Analyte, ...]
    findings: tuple[Row, ...]
    years: Mapping[str, tuple[Moment, ...]]
    addenda: tuple[tuple[str, str], ...]
    """Text, and by whom and when."""
    by_hand: tuple[str, ...]
    """What a person changed, and why a draft was rejected."""
    provenance: tuple[tuple[str, str], ...] = field(default=())


def view_of(report: Report) -> View:
    """Everything that the written forms have in common."""
    parts = tuple(Part(f"part-{n}", plain(section.title), tuple(
        _line(sentence, f"s-{n}-{m}") for m, sentence in enumerate(section.sentences, 1)))
        for n, section in enumerate(report.sections, 1))
    answer = answer_lines(report.answer) if report.answer else ()
    conflicts = tuple(Line(f"conflict-{n}", plain(item.text), cited_of(item.evidence), "conflict", True)
                      for n, item in enumerate(report.conflicts, 1))
    places = _places(report.evidence, _backlinks(parts, answer, conflicts))
    plates, others = _plates(report.evidence, places)
    warnings = tuple(plain(warning) for warning in report.warnings)
    files = {item.id: item.source.file for item in report.evidence}
    return View(report=report, banner=banner(report), parts=parts, answer=answer, conflicts=conflicts,
                synthetic=SYNTHETIC in warnings, warnings=warnings,
                plates=plates, places=others, analytes=analytes_of(report.findings, files),
                findings=tuple(row_of(item) for item in report.findings), years=_years(report.timeline),
                addenda=tuple((plain(one.text), _by(one.name, one.added_at)) for one in report.addenda),
                by_hand=_by_hand(report),
                provenance=tuple(flattened(report.provenance)))


def answer_lines(answer: Answer) -> tuple[Line, ...]:
    """Its sentences; and what its text says beside them, such as a part of the question that has no answer."""
    beside = answer.text
    for item in answer.sentences:
        beside = beside.replace(item.text, " ", 1)
    said = [*((item.text, item.evidence) for item in answer.sentences), *([(beside, ())] if plain(beside) else [])]
    return tuple(Line(f"answer-{n}", plain(text), cited_of(evidence), "answer", True)
                 for n, (text, evidence) in enumerate(said, 1))


def banner(report: Report) -> str:
    """What stands at the top of every form: draft, rejected, or signed by whom."""
    if report.status is ReportStatus.SIGNED and report.signature is not None:
        return f"Signed by {plain(report.signature.name)}, {plain(report.signature.signed_at)}. {NOT_A_DEVICE}"
    if report.status is ReportStatus.REJECTED:
        return REJECTED_BANNER
    return DRAFT_BANNER


def _by(name: str, moment: str) -> str:
    return f"{plain(name)}, {plain(moment)}"


def _by_hand(report: Report) -> tuple[str, ...]:
    """One sentence for each change that a person made, and one for a rejection."""
    said = []
    for edit in report.edits:
        now = f"now “{plain(edit.after)}”" if edit.after is not None else "taken out"
        doubt = f" (not supported: {plain(edit.objection)})" if edit.objection else ""
        said.append(f"{_by(edit.name, edit.edited_at)}, in {plain(edit.section)}: “{plain(edit.before)}” {now}{doubt}.")
    if report.signature is not None and report.signature.reason:
        said.append(f"Rejected by {_by(report.signature.name, report.signature.signed_at)}: "
                    f"{plain(report.signature.reason)}")
    return tuple(said)


def _line(sentence: Sentence, anchor: str) -> Line:
    reader = f" (read by {plain(sentence.read_by)})" if sentence.read_by else ""
    return Line(anchor, plain(sentence.text) + reader, cited_of(sentence.evidence), sentence.kind.value,
                sentence.support.value == "supported")


def _backlinks(parts: Sequence[Part], *others: Sequence[Line]) -> dict[str, list[tuple[str, str]]]:
    links: dict[str, list[tuple[str, str]]] = defaultdict(list)
    labelled = [(line, f"{part.title} {n}") for part in parts for n, line in enumerate(part.lines, 1)]
    labelled += [(line, f"{line.kind.capitalize()} {n}") for lines in others for n, line in enumerate(lines, 1)]
    for line, title in labelled:
        for key in (key for cited in line.cited for key in cited.ids):
            links[key].append((line.anchor, title))
    return links


def _places(evidence: Iterable[Evidence], links: Mapping[str, list[tuple[str, str]]]) -> dict[str, Place]:
    return {item.id: Place(
        id=item.id, caption=plain(item.caption), where=where(item), file=plain(item.source.file),
        sha256=item.source.sha256, date=date_text(item.date), backlinks=tuple(links.get(item.id, ())),
        raw_answer=plain(item.raw_answer or ""))
        for item in evidence}


def _plates(evidence: Sequence[Evidence], places: Mapping[str, Place]
            ) -> tuple[tuple[Plate, ...], dict[str, tuple[Place, ...]]]:
    shown: dict[str, list[Place]] = {}
    files: dict[str, list[Place]] = {}
    for item in evidence:
        if item.picture:
            shown.setdefault(picture_name(item.picture), []).append(places[item.id])
        else:
            files.setdefault(places[item.id].file, []).append(places[item.id])
    plates = tuple(Plate(f"plate-{n}", name, tuple(group)) for n, (name, group) in enumerate(shown.items(), 1))
    return plates, {file: tuple(group) for file, group in files.items()}


def picture_name(picture: str) -> str:
    """The file name of an overlay, without any folder."""
    return picture.replace("\\", "/").rpartition("/")[2]


def where(evidence: Evidence) -> str:
    """The locator in words; slices are counted from 1, as in captions and wherever a person names one."""
    at = evidence.locator
    if isinstance(at, VolumeSlice):
        return f"slice {at.index + 1}" + (f", box {_box(at.box)} px" if at.box else "")
    if isinstance(at, VolumeRegion):
        return f"slices {at.slice_range[0] + 1}–{at.slice_range[1] + 1}"
    if isinstance(at, ImageBox):
        return f"box {_box(at.box)} px"
    if isinstance(at, SlideRegion):
        scale = f", {number_text(at.mpp)} µm per pixel" if at.mpp else ""
        return f"x {at.x}, y {at.y}, {at.width} × {at.height} px at level 0{scale}"
    if isinstance(at, DocumentSpan):
        return f"page {at.page}: “{plain(at.text)}”"
    if isinstance(at, FhirResource):
        return f"{plain(at.resource_type)}/{plain(at.id)}, {plain(at.path)}"
    raise TypeError(f"unknown locator {type(at).__name__}")


def _box(box: Sequence[float]) -> str:
    return ", ".join(number_text(round(edge, 1)) for edge in box)


def _years(timeline: Sequence[TimelineEvent]) -> dict[str, tuple[Moment, ...]]:
    """Events by year, the latest year first, undated ones last; within a year as they happened."""
    years: dict[str, list[Moment]] = defaultdict(list)
    for event in sorted(timeline, key=lambda item: (item.occurred_at or "", item.kind, item.text, item.id)):
        date = date_text(event.occurred_at)
        years[date[:4] or "undated"].append(Moment(date, plain(event.text), event.kind, cited_of(event.evidence)))
    order = sorted(years, key=lambda year: "" if year == "undated" else year, reverse=True)
    return {year: tuple(years[year]) for year in order}


def flattened(tree: Mapping[str, Any], path: str = "") -> list[tuple[str, str]]:
    """Nested settings as (path, text) pairs, in their order."""
    pairs: list[tuple[str, str]] = []
    for key, value in tree.items():
        name = f"{path} · {plain(str(key))}" if path else plain(str(key))
        pairs += flattened(value, name) if isinstance(value, Mapping) else [(name, plain(str(value)))]
    return pairs

"""What every written form of the report shows, prepared once: texts in one line, citations both ways, tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..core.evidence import (
    DocumentSpan,
    Evidence,
    FhirResource,
    ImageBox,
    SlideRegion,
    VolumeRegion,
    VolumeSlice,
)
from ..core.finding import Category, Finding
from ..core.report import Report, ReportStatus, Sentence, TimelineEvent
from .wording import by_number, date_text, finding_date, id_number, number_text, plain, range_text, value_text

NOT_A_DEVICE = "Caseloom is not a medical device."
DRAFT_BANNER = f"DRAFT – not signed. {NOT_A_DEVICE}"


@dataclass(frozen=True)
class Cited:
    """Neighbouring evidence ids as one citation: E3, or E3–E9."""

    first: str
    last: str
    ids: tuple[str, ...]

    @property
    def label(self) -> str:
        """The ids as written."""
        return self.first if self.first == self.last else f"{self.first}–{self.last}"


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


@dataclass(frozen=True)
class Plate:
    """A picture with all evidence that it shows."""

    anchor: str
    name: str
    places: tuple[Place, ...]


@dataclass(frozen=True)
class Row:
    """One finding in a table."""

    id: str
    name: str
    place: str
    value: str
    range: str
    flag: str
    status: str
    date: str
    tool: str
    cited: tuple[Cited, ...]


@dataclass(frozen=True)
class Analyte:
    """All results of one analyte in one unit, oldest first."""

    name: str
    unit: str
    rows: tuple[Row, ...]
    points: tuple[tuple[str, float], ...]
    """(date, number), for a trend."""
    low: float | None
    high: float | None

    @property
    def latest(self) -> Row:
        """The newest result."""
        return self.rows[-1]


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
    provenance: tuple[tuple[str, str], ...] = field(default=())


def view_of(report: Report) -> View:
    """Everything that the written forms have in common."""
    parts = tuple(Part(f"part-{n}", plain(section.title), tuple(
        _line(sentence, f"s-{n}-{m}") for m, sentence in enumerate(section.sentences, 1)))
        for n, section in enumerate(report.sections, 1))
    answer = tuple(Line(f"answer-{n}", plain(item.text), cited_of(item.evidence), "answer", True)
                   for n, item in enumerate(report.answer.sentences, 1)) if report.answer else ()
    conflicts = tuple(Line(f"conflict-{n}", plain(item.text), cited_of(item.evidence), "conflict", True)
                      for n, item in enumerate(report.conflicts, 1))
    places = _places(report.evidence, _backlinks(parts, answer, conflicts))
    plates, others = _plates(report.evidence, places)
    return View(report=report, banner=banner(report), synthetic=any("synthetic" in w.casefold() for w in report.warnings),
                parts=parts, answer=answer, conflicts=conflicts, warnings=tuple(plain(w) for w in report.warnings),
                plates=plates, places=others, analytes=_analytes(report.findings),
                findings=tuple(row_of(item) for item in report.findings), years=_years(report.timeline),
                provenance=tuple(flattened(report.provenance)))


def banner(report: Report) -> str:
    """What stands at the top of every form: draft, rejected, or signed by whom."""
    if report.status is ReportStatus.SIGNED and report.signature is not None:
        return f"Signed by {plain(report.signature.name)}, {plain(report.signature.signed_at)}. {NOT_A_DEVICE}"
    if report.status is ReportStatus.REJECTED:
        return f"REJECTED – not signed. {NOT_A_DEVICE}"
    return DRAFT_BANNER


def cited_of(ids: Iterable[str]) -> tuple[Cited, ...]:
    """Evidence ids in number order, runs of three and more drawn together."""
    runs: list[list[str]] = []
    for key in by_number(tuple(ids)):
        prefix, number = id_number(key)
        if runs and id_number(runs[-1][-1]) == (prefix, number - 1):
            runs[-1].append(key)
        else:
            runs.append([key])
    drawn = [part for run in runs for part in ([run] if len(run) > 2 else [[key] for key in run])]
    return tuple(Cited(run[0], run[-1], tuple(run)) for run in drawn)


def _line(sentence: Sentence, anchor: str) -> Line:
    return Line(anchor, plain(sentence.text), cited_of(sentence.evidence), sentence.kind.value,
                sentence.support.value == "supported")


def _backlinks(parts: Sequence[Part], *others: Sequence[Line]) -> dict[str, list[tuple[str, str]]]:
    links: dict[str, list[tuple[str, str]]] = defaultdict(list)
    labelled = [(line, part.title) for part in parts for line in part.lines]
    labelled += [(line, line.kind.capitalize()) for lines in others for line in lines]
    for line, title in labelled:
        for key in (key for cited in line.cited for key in cited.ids):
            links[key].append((line.anchor, title))
    return links


def _places(evidence: Iterable[Evidence], links: Mapping[str, list[tuple[str, str]]]) -> dict[str, Place]:
    return {item.id: Place(id=item.id, caption=plain(item.caption), where=where(item), file=plain(item.source.file),
                           sha256=item.source.sha256, date=date_text(item.date), backlinks=tuple(links.get(item.id, ())))
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
    """The locator in words."""
    at = evidence.locator
    if isinstance(at, VolumeSlice):
        return f"slice index {at.index}" + (f", box {_box(at.box)} px" if at.box else "")
    if isinstance(at, VolumeRegion):
        return f"slice indices {at.slice_range[0]}–{at.slice_range[1]}"
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


def row_of(finding: Finding) -> Row:
    """A finding as one row of a table."""
    value = finding.value
    side = finding.laterality.value if finding.laterality else ""
    site = plain(finding.site or "")
    place = site if side in site.casefold() else f"{side} {site}".strip()
    flag = plain(value.flag or "") or (value.flag_computed or "") if value else ""
    return Row(id=finding.id, name=plain(finding.name), place=place, value=_row_value(finding),
               range=range_text(value) if value else "", flag="" if flag == "N" else flag, status=_status(finding),
               date=date_text(finding_date(finding)), tool=finding.tool, cited=cited_of(finding.evidence))


def _row_value(finding: Finding) -> str:
    change = finding.change
    if change is None or change.from_ is None or change.to is None:
        return value_text(finding.value) if finding.value else ""
    unit = plain(finding.value.unit or "") if finding.value else ""
    return f"{number_text(change.from_)} → {number_text(change.to)} {unit}".strip()


def _status(finding: Finding) -> str:
    words = [finding.change.direction.value] if finding.change else []
    words += [finding.status.value] if finding.status.value not in ("measured", "present") else []
    words += [finding.assertion.value] if finding.assertion.value != "affirmed" else []
    return ", ".join(words) or finding.status.value


def _analytes(findings: Iterable[Finding]) -> tuple[Analyte, ...]:
    groups: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for item in findings:
        if item.category is Category.LAB and item.change is None:
            unit = (item.value.ucum or item.value.unit or "") if item.value else ""
            groups[item.code.code if item.code else plain(item.name).casefold(), unit].append(item)
    made = [_analyte(group) for group in groups.values()]
    return tuple(sorted(made, key=lambda one: (not one.latest.flag, one.name.casefold(), one.unit)))


def _analyte(group: Sequence[Finding]) -> Analyte:
    results = sorted(group, key=lambda item: (finding_date(item) or "", id_number(item.id)))
    last = results[-1].value
    points = [(date_text(finding_date(item)), item.number) for item in results
              if item.number is not None and len(date_text(finding_date(item))) == 10]
    return Analyte(name=plain(results[-1].name), unit=plain(last.unit or "") if last else "",
                   rows=tuple(row_of(item) for item in results),
                   points=tuple((date, number) for date, number in points if number is not None),
                   low=last.low if last else None, high=last.high if last else None)


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

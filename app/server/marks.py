"""Where a report's evidence lies on each image, as a viewer draws it, with the sentences that rest on it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

import numpy as np

from ...core.boxes import Box
from ...core.case import Case, FileKind, Series
from ...core.evidence import (
    DocumentSpan,
    Evidence,
    FhirResource,
    ImageBox,
    SlideRegion,
    VolumeRegion,
    VolumeSlice,
)
from ...core.finding import Category, Finding
from ...core.report import Report
from ...core.words import Word
from ...report.wording import number_text, value_text, with_unit
from ...sources.film import Film
from .image_words import VolumeShown
from .images import VOLUMES

NOWHERE: tuple[Box | None, int, int] = (None, 0, 0)
"""Of what lies on an image at no place of its own."""


class Mark(Word):
    """One piece of evidence on an image."""

    evidence: str
    label: str
    """The findings that cite it, by name, with their value."""
    caption: str
    box: Box | None
    """[x0, y0, x1, y1] in the pixels that the viewer shows, half-open; of a page in its own unit; None for a whole
    slice or a resource."""
    first: int
    """First slice, 0-based; page, 1-based; 0 where there is but one image."""
    last: int
    findings: tuple[str, ...]
    sentences: tuple[str, ...]
    """Places such as `s-2-3`."""


class Marks(Word):
    """All evidence on one series, in the report's order."""

    marks: tuple[Mark, ...]


class Cited(Word):
    """Where to look for a piece of evidence."""

    evidence: str
    series: str | None
    """Key of the series that shows it; None where no image does."""
    viewer: str | None


def evidence_of(report: Report, case: Case) -> dict[str, list[Evidence]]:
    """The report's evidence by the key of the series it lies in; what is in none stands under the empty key."""
    by_file: dict[str, str] = {}
    by_uid: dict[str, str] = {}
    for study in case.studies:
        for number, series in enumerate(study.series, 1):
            key = f"{study.id}-{number}"
            by_uid.setdefault(series.uid, key)
            by_file |= {file.path: key for file in series.files}
    found: dict[str, list[Evidence]] = defaultdict(list)
    for item in report.evidence:
        uid = getattr(item.locator, "series_uid", None)
        found[by_uid.get(uid or "", by_file.get(item.source.file, ""))].append(item)
    return found


def marks_of(report: Report, items: list[Evidence], placed: Mapping[str, tuple[Box | None, int, int]]) -> Marks:
    """The evidence of one series, as a viewer draws it.

    Args:
        report: whose findings and sentences name it.
        items: the evidence.
        placed: box, first and last image of each, by its id.
    """
    citing: dict[str, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        for key in finding.evidence:
            citing[key].append(finding)
    sentences: dict[str, list[str]] = defaultdict(list)
    for n, section in enumerate(report.sections, 1):
        for m, sentence in enumerate(section.sentences, 1):
            for key in sentence.evidence:
                sentences[key].append(f"s-{n}-{m}")
    places = [placed.get(item.id, NOWHERE) for item in items]
    return Marks(marks=tuple(
        Mark(evidence=item.id, label=_label(citing[item.id]) or item.caption, caption=item.caption,
             box=box, first=first, last=last,
             findings=tuple(finding.id for finding in citing[item.id]), sentences=tuple(sentences[item.id]))
        for item, (box, first, last) in zip(items, places, strict=True)))


def on_volume(items: list[Evidence], shown: VolumeShown) -> dict[str, tuple[Box | None, int, int]]:
    """Places on the slices of a volume."""
    inverse = np.linalg.inv(np.asarray(shown.affine))
    placed: dict[str, tuple[Box | None, int, int]] = {}
    for item in items:
        locator = item.locator
        if isinstance(locator, VolumeSlice):
            placed[item.id] = locator.box, locator.index, locator.index
        elif isinstance(locator, VolumeRegion):
            corners = np.asarray([[*corner, 1.0] for corner in _corners(locator)]) @ inverse.T
            (top, left), (bottom, right) = corners[:, 1:3].min(axis=0), corners[:, 1:3].max(axis=0)
            box = (float(left) + 0.5, float(top) + 0.5, float(right) + 0.5, float(bottom) + 0.5)
            placed[item.id] = box, *locator.slice_range
    return placed


def on_film(items: list[Evidence], film: Film) -> dict[str, tuple[Box | None, int, int]]:
    """Places on a film as it hangs."""
    return {item.id: (film.to_shown(item.locator.box) if isinstance(item.locator, ImageBox) else None, 0, 0)
            for item in items}


def elsewhere(items: list[Evidence]) -> dict[str, tuple[Box | None, int, int]]:
    """Places on slides, pages and in records, whose locators are as they are shown."""
    return {item.id: _place(item) for item in items}


def kind_of(series: Series) -> str:
    """How the marks of a series are placed."""
    return "volume" if series.kind in VOLUMES else "film" if series.kind is FileKind.FILM else "other"


def _label(findings: list[Finding]) -> str:
    """What was found, once each: where a value is measured on the image itself, its change is not told beside it."""
    found = {finding.name for finding in findings if finding.change is None}
    told = [finding for finding in findings if finding.change is None or finding.name not in found]
    return "; ".join(dict.fromkeys(_named(finding) for finding in sorted(
        told, key=lambda finding: finding.category is not Category.OBSERVATION)))


def _named(finding: Finding) -> str:
    """A change with both its values: it is cited on the earlier image too, where the later one alone would be wrong."""
    change, unit = finding.change, finding.value.unit if finding.value is not None else None
    if change is not None and change.from_ is not None and change.to is not None:
        return f"{finding.name} {number_text(change.from_)} → {with_unit(number_text(change.to), unit)}"
    if change is not None:
        return f"{finding.name}, {change.direction}"
    return f"{finding.name} {value_text(finding.value)}" if finding.value is not None else finding.name


def _place(item: Evidence) -> tuple[Box | None, int, int]:
    locator = item.locator
    if isinstance(locator, SlideRegion):
        return (locator.x, locator.y, locator.x + locator.width, locator.y + locator.height), 0, 0
    if isinstance(locator, DocumentSpan):
        return locator.bbox, locator.page, locator.page
    if isinstance(locator, FhirResource | VolumeSlice | VolumeRegion):
        return None, 0, 0
    return locator.box, 0, 0


def _corners(region: VolumeRegion) -> Iterator[tuple[float, float, float]]:
    x0, y0, z0, x1, y1, z1 = region.bbox_mm
    return ((x, y, z) for x in (x0, x1) for y in (y0, y1) for z in (z0, z1))

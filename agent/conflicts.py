"""Sources that disagree: shown side by side, never decided silently."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ..core.amounts import agree
from ..core.boxes import Box, iou
from ..core.case import Case
from ..core.evidence import Evidence, ImageBox
from ..core.finding import Category, Direction, Finding, Status
from ..core.report import Conflict
from ..core.results import OneResult, Sources, contradictions, one_results
from ..report.wording import date_text, value_text
from ..tools.comparison.trends import analyte_of
from ..tools.volume.density import LOW_AREA
from .conflicts_person import person_conflicts

NODULES = ("lung nodule", "pulmonary nodule", "suspicious lung nodule", "lung opacity")
"""What the questions of the volume tool call a nodule, or what each nodule is."""
LEAST_OVERLAP = 0.2
"""Intersection over union below which two boxes of one structure are called different: about half of the mean that is
published for MedGemma 1.5 on such structures, 0.38 (technical report, 3.2.4): what is usual is no conflict."""
ENLARGED_RATIO = 0.5
"""Cardiothoracic ratio above which the heart counts as enlarged on an upright PA film of an adult (Danzer, Am J Med
Sci 157:513-521, 1919)."""


def conflicts_of(case: Case, findings: Sequence[Finding], evidence: Iterable[Evidence]) -> tuple[Conflict, ...]:
    """Every disagreement: what files say of the person, laboratory values between sources, and what was
    measured against what a model read.

    Args:
        case: for the projection of films.
        findings: the report's.
        evidence: the report's.
    """
    shown = {item.id: item for item in evidence}
    return (*person_conflicts(case, findings, shown),
            *lab_conflicts(findings, {key: item.source.file for key, item in shown.items()}),
            *reading_conflicts(case, findings, shown))


def lab_conflicts(findings: Iterable[Finding], sources: Sources | None = None) -> tuple[Conflict, ...]:
    """Results of one analyte, specimen and moment that cannot all be true, whatever their units; and reports that two
    sources date differently.

    Numbers agree where they are equal once rounded alike in one unit; `<5` agrees with 3, and not with 7; words agree
    where they are the same. Results without a date, and in units that do not convert, are not compared. What a model
    read disagrees with what was extracted by another unit or comparator too.

    Args:
        findings: of the report.
        sources: where the evidence lies, see `core.results`.
    """
    found = list(findings)
    results = one_results(found, sources)
    apart = [[item for one in group for item in one.findings] for group in contradictions(results, sources)]
    return (*map(_lab_conflict, apart), *map(_lab_conflict, _read_otherwise(found)), *_date_conflicts(results, sources))


def _read_otherwise(findings: Sequence[Finding]) -> list[list[Finding]]:
    """What was extracted and what a model read of the same analyte, specimen and date, where they differ."""
    same: dict[tuple[str, ...], list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.category is Category.LAB and finding.date and finding.value is not None and (
                finding.is_read or finding.status is Status.MEASURED):
            same[analyte_of(finding)[0], finding.value.specimen or "", finding.date].append(finding)
    apart = []
    for _, group in sorted(same.items()):
        by_unit: dict[str, list[Finding]] = defaultdict(list)
        for item in group:
            if not item.is_read:
                by_unit[analyte_of(item)[1]].append(item)
        apart += [[*printed, *other] for _, printed in sorted(by_unit.items()) if (other := [
            item for item in group if item.is_read and any(_is_read_otherwise(item, one) for one in printed)])]
    return apart


def _is_read_otherwise(read: Finding, extracted: Finding) -> bool:
    said = [(analyte_of(item)[1], item.value.comparator) for item in (read, extracted) if item.value is not None]
    return said[0] != said[1] or not agree(read, extracted)


def _lab_conflict(group: Sequence[Finding]) -> Conflict:
    ordered = sorted(group, key=lambda item: (item.number or 0.0, item.id))
    values = ", ".join(dict.fromkeys(
        f"{value_text(item.value)}{f' (read by {item.reader})' if item.is_read else ''}"
        for item in ordered if item.value is not None))
    return _conflict(f"Sources disagree on {group[0].name} of {date_text(group[0].date)}: {values}.", group)


def _date_conflicts(results: Sequence[OneResult], sources: Sources | None) -> Iterator[Conflict]:
    """One conflict for each report that its sources date differently, with all of its results."""
    reports: dict[tuple[str, ...], list[OneResult]] = defaultdict(list)
    for one in results:
        if one.dates_differ:
            reports[tuple(sorted({item.date or "" for item in one.findings}))].append(one)
    for dates, group in sorted(reports.items()):
        found = [item for one in group for item in one.findings]
        yield _conflict(f"Sources date one laboratory report of {len(group)} results that all agree differently: "
                        f"{' and '.join(_moment_text(moment) for moment in dates)}.", found)


def _moment_text(moment: str) -> str:
    return moment[:len("2025-01-01T00:00")].replace("T", " ")


def reading_conflicts(case: Case, findings: Sequence[Finding], shown: Mapping[str, Evidence]) -> tuple[Conflict, ...]:
    """What was measured and what a model read of the same image, where they do not agree; both stand.

    Compared are nodule candidates, emphysema with the low-attenuation area, the boxes of one structure, and the size of
    the heart on PA films; and what a model says of a change with what it says of the later film.
    """
    by_file: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.change is None and finding.evidence and finding.evidence[0] in shown:
            by_file[shown[finding.evidence[0]].source.file].append(finding)
    views = {file.path: series.view for study in case.studies for series in study.series for file in series.files}
    of_images = (conflict for file, group in sorted(by_file.items()) for conflict in (
        *_nodules(group), *_emphysema(group), *_boxes(group, shown),
        *(_heart(group) if views.get(file) == "PA" else ())))
    return (*of_images, *_changes(findings))


def _changes(findings: Sequence[Finding]) -> Iterator[Conflict]:
    """A finding that worsened and is absent on the later film."""
    worse = [item for item in findings if item.is_read and item.change is not None
             and item.change.direction is Direction.WORSENED]
    for item in worse:
        absent = [other for other in findings if other.is_read and other.change is None and other.date == item.date
                  and other.status is Status.ABSENT and other.name == item.name and other.tool == "localization"]
        if absent:
            yield _conflict(f"{item.reader} contradicts itself: {item.name.casefold()} was read as worsened, and as "
                            f"absent on the film{_of(item)}.", [item, *absent])


def _nodules(group: Sequence[Finding]) -> Iterator[Conflict]:
    measured = [item for item in group if not item.is_read and item.name.endswith("candidate")]
    denied = [item for item in group if item.is_read and item.status is Status.ABSENT
              and item.name.casefold() in NODULES]
    for item in denied[:1] if measured else ():
        sizes = ", ".join(value_text(one.value) for one in measured if one.value is not None)
        yield _conflict(f"Detection and {item.reader} disagree on the CT{_of(item)}: solid candidates of {sizes} were "
                        f"detected, and {item.name.casefold()} was read as absent.", [*measured, *denied])


def _emphysema(group: Sequence[Finding]) -> Iterator[Conflict]:
    """Emphysema on a CT whose lungs hold no low-attenuation area that can be told from none (the density mask of Müller
    et al., Chest 94:782-787, 1988)."""
    areas = [item for item in group if item.name == LOW_AREA and item.number is not None and item.value]
    read = [item for item in group if item.is_read and item.name.casefold() == "emphysema"
            and item.status is Status.PRESENT]
    if areas and read and all((item.number or 0) <= (item.value.precision or 0) for item in areas if item.value):
        yield _conflict(f"Measurement and {read[0].reader} disagree on the CT{_of(read[0])}: no low-attenuation area "
                        "was measured, and emphysema was read as present.", [*areas, *read])


def _boxes(group: Sequence[Finding], shown: Mapping[str, Evidence]) -> Iterator[Conflict]:
    located: dict[str, list[Finding]] = defaultdict(list)
    for item in group:
        if item.category is Category.ANATOMY and item.status is Status.PRESENT:
            located[item.name.casefold()].append(item)
    for same in located.values():
        measured, read = ([item for item in same if item.is_read is by_model] for by_model in (False, True))
        for one, other in zip(measured[:1], read[:1], strict=False):
            boxes = [_box(item, shown) for item in (one, other)]
            if boxes[0] and boxes[1] and iou(boxes[0], boxes[1]) < LEAST_OVERLAP:
                yield _conflict(f"The segmentation and {other.reader} place the {one.name.casefold()} differently on "
                                f"the film{_of(one)}: their boxes hardly overlap.", [one, other])


def _heart(group: Sequence[Finding]) -> Iterator[Conflict]:
    ratio = next((item for item in group if item.name == "Cardiothoracic ratio" and item.status is Status.MEASURED),
                 None)
    read = next((item for item in group if item.is_read and item.name.casefold() == "cardiomegaly"
                 and item.status in (Status.PRESENT, Status.ABSENT)), None)
    if ratio is None or read is None or ratio.number is None:
        return
    if (ratio.number > ENLARGED_RATIO) is not (read.status is Status.PRESENT):
        yield _conflict(f"Measurement and {read.reader} disagree on the film{_of(ratio)}: the cardiothoracic ratio is "
                        f"{value_text(ratio.value) if ratio.value else ''}, and cardiomegaly was read as "
                        f"{read.status}.", [ratio, read])


def _box(finding: Finding, shown: Mapping[str, Evidence]) -> Box | None:
    places = (shown[key].locator for key in finding.evidence if key in shown)
    return next((place.box for place in places if isinstance(place, ImageBox)), None)


def _of(finding: Finding) -> str:
    return f" of {date_text(finding.date)}" if finding.date else ""


def _conflict(text: str, group: Sequence[Finding]) -> Conflict:
    return Conflict(text=text, findings=tuple(item.id for item in group),
                    evidence=tuple(dict.fromkeys(key for item in group for key in item.evidence)))

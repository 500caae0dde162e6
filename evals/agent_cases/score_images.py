"""Nodules, fluid, organs and regions of a report against where they were drawn and how large."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ...core.boxes import Box, BoxMm, iou
from ...core.evidence import Evidence, ImageBox, SlideRegion, VolumeRegion
from ...core.finding import Finding, Status
from ...core.report import Report
from .oracle_images import bbox_of
from .tally import Tally

Json = dict[str, Any]
NEAR_MM = 6.0
"""Centres of what is drawn and what is found lie nearer, or within the nodule's radius."""
SIZE_MM = 2.0
"""A diameter that is off by less is true: the change that is no growth (Bankier et al., Radiology 285(2):584-600,
2017)."""
LUNG = 0.10
RATIO = 0.05
"""Relative error of a lung's volume, and absolute one of the cardiothoracic ratio, up to which they count as true."""
HALF = 0.5
"""Intersection over union from which on a box counts as found."""
FLUID = "Pleural effusion"
_OF_CANDIDATE = ("Long-axis diameter", "Short-axis diameter", "Opacity volume")


def score_images(report: Report, truth: Json, tally: Tally) -> None:
    """All images of a case."""
    shown = {item.id: item for item in report.evidence}
    for study in truth["studies"]:
        own = [item for item in report.findings if item.change is None and _is_of(item, study["files"], shown)]
        score = score_scan if study["modality"] == "CT" else score_film
        score(study, own, shown, tally)
        _score_fluid(study, own, tally)
    if "slide" in truth:
        _score_slide(truth["slide"], report, shown, tally)


def _is_of(finding: Finding, files: Sequence[str], shown: Mapping[str, Evidence]) -> bool:
    return any(shown[key].source.file in files for key in finding.evidence if key in shown)


def boxes_mm(evidence: Sequence[str], shown: Mapping[str, Evidence]) -> Iterator[BoxMm]:
    """The boxes in LPS mm that evidence names."""
    for key in evidence:
        place = shown[key].locator if key in shown else None
        if isinstance(place, VolumeRegion):
            yield place.bbox_mm


def gap_mm(box: BoxMm, point: Sequence[float]) -> float:
    """How far the middle of a box lies from a point, (x, y, z) mm."""
    return float(np.linalg.norm(np.add(box[:3], box[3:]) / 2 - np.asarray(point)))


def iou_mm(one: BoxMm, other: BoxMm) -> float:
    """Intersection over union of two boxes in space."""
    low, high = np.maximum(one[:3], other[:3]), np.minimum(one[3:], other[3:])
    both = float(np.prod(np.clip(high - low, 0, None)))
    sizes = sum(float(np.prod(np.subtract(box[3:], box[:3]))) for box in (one, other))
    return both / (sizes - both) if sizes > both else 0.0


def score_scan(study: Json, own: Sequence[Finding], shown: Mapping[str, Evidence], tally: Tally) -> None:
    """Nodules by side and place, their sizes, and the volumes of the lungs."""
    left = {item.id: item for item in own if item.name.endswith(" candidate")}
    told = len(left)
    hits = 0
    for nodule in study["nodules"]:
        match = nearest(nodule, left.values(), shown)
        what = f"{study['date']}: {nodule['diameter_mm']:g} mm in the {nodule['lobe']}"
        if match is None:
            tally.misses.append(("nodules: recall", f"{what} was not found"))
            continue
        hits += 1
        del left[match.id]
        best = max(iou_mm(box, bbox_of(nodule)) for box in boxes_mm(match.evidence, shown))
        tally.add("nodules: IoU of boxes, mean", best, 1)
        tally.measured("nodule diameter (mm)", match.number, nodule["diameter_mm"])
        true = match.number is not None and abs(match.number - nodule["diameter_mm"]) <= SIZE_MM
        _judge_candidate(match, own, tally, true)
        if not true:
            tally.misses.append(("nodule diameter", f"{what} was measured as {match.number}"))
    for extra in left.values():
        _judge_candidate(extra, own, tally, False)
        tally.misses.append(("nodules: precision", f"{study['date']}: {extra.number} mm, {extra.site}, is none"))
    tally.found("nodules", hits, len(study["nodules"]), told)
    _score_lungs(study, own, tally)


def nearest(nodule: Json, candidates: Iterable[Finding], shown: Mapping[str, Evidence]) -> Finding | None:
    """The candidate of the nodule's side whose centre lies nearest, if it is near."""
    ranked = sorted(
        (gap_mm(box, nodule["centre_lps_mm"]), item.id, item) for item in candidates
        if item.laterality in (None, nodule["side"]) for box in boxes_mm(item.evidence, shown))
    reach = max(NEAR_MM, nodule["diameter_mm"] / 2)
    return ranked[0][2] if ranked and ranked[0][0] <= reach else None


def _judge_candidate(candidate: Finding, own: Sequence[Finding], tally: Tally, true: bool) -> None:
    """What is said of an opacity is as true as that it is there, of that size."""
    for item in own:
        if item.id == candidate.id or (item.name in _OF_CANDIDATE and set(item.evidence) & set(candidate.evidence)):
            tally.judge(item.id, true)


def _score_lungs(study: Json, own: Sequence[Finding], tally: Tally) -> None:
    for item in own:
        if item.name == "Lung volume" and item.laterality in ("left", "right") and item.number is not None:
            true = study["lung_ml"][str(item.laterality)]
            tally.measured("lung volume (mL)", item.number, true)
            tally.judge(item.id, abs(item.number / true - 1) <= LUNG)


def _score_fluid(study: Json, own: Sequence[Finding], tally: Tally) -> None:
    said = [item for item in own if item.name == FLUID and item.status is Status.PRESENT]
    true = study["effusion"]["side"] if study["effusion"] else None
    right = [item for item in said if item.laterality == true]
    for item in said:
        tally.judge(item.id, item in right)
    tally.found("pleural fluid", min(len(right), 1), int(true is not None), len(said))
    if true and not right:
        tally.misses.append(("pleural fluid: recall", f"{study['modality']} of {study['date']}: {true} side"))


def score_film(study: Json, own: Sequence[Finding], shown: Mapping[str, Evidence], tally: Tally) -> None:
    """Boxes of lungs and heart, and the cardiothoracic ratio."""
    wanted = {"Right lung": study["lung_boxes_px"]["right"], "Left lung": study["lung_boxes_px"]["left"],
              "Cardiac silhouette": study["heart_box_px"]}
    found = [item for item in own if item.name in wanted and item.status is Status.PRESENT]
    hits = 0
    for name, (x0, y0, x1, y1) in wanted.items():
        overlap = max((iou(box, (x0, y0, x1, y1)) for item in found if item.name == name
                       for box in _boxes(item, shown)), default=None)
        if overlap is not None:
            tally.add("film structures: IoU of boxes, mean", overlap, 1)
        hit = overlap is not None and overlap >= HALF
        hits += hit
        for item in found:
            if item.name == name:
                tally.judge(item.id, hit)
        if not hit:
            tally.misses.append(("film structures: recall", f"{study['date']}: {name}, IoU {overlap}"))
    tally.found("film structures", hits, len(wanted), len(found))
    for item in own:
        if item.name == "Cardiothoracic ratio" and item.number is not None:
            tally.measured("cardiothoracic ratio", item.number, study["cardiothoracic_ratio"])
            tally.judge(item.id, abs(item.number - study["cardiothoracic_ratio"]) <= RATIO)


def _boxes(finding: Finding, shown: Mapping[str, Evidence]) -> Iterator[Box]:
    for key in finding.evidence:
        place = shown[key].locator if key in shown else None
        if isinstance(place, ImageBox):
            yield place.box


def _score_slide(slide: Json, report: Report, shown: Mapping[str, Evidence], tally: Tally) -> None:
    """Whether the middle of the first region lies in the planted one, and how far they overlap."""
    box = slide["region_px"]
    true: Box = (box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"])
    first = [item for item in report.findings if item.name == "Region of high nuclear density"
             and item.site == "slide region 1" and _is_of(item, [slide["file"]], shown)]
    hits = 0
    for item in first:
        place = next(shown[key].locator for key in item.evidence if key in shown)
        if isinstance(place, SlideRegion):
            region: Box = (place.x, place.y, place.x + place.width, place.y + place.height)
            x, y = (region[0] + region[2]) / 2, (region[1] + region[3]) / 2
            hit = true[0] <= x <= true[2] and true[1] <= y <= true[3]
            hits += hit
            tally.add("slide region: IoU of boxes, mean", iou(region, true), 1)
            tally.judge(item.id, hit)
    if not hits:
        tally.misses.append(("slide region: recall", "the densest region is not the planted one"))
    tally.found("slide region", hits, 1, len(first))

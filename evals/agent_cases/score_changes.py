"""Directions of change, and the order of the timeline, against what was drawn and printed when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, pairwise
from typing import Any

from ...core.evidence import Evidence, FhirResource
from ...core.finding import Direction, Finding
from ...core.report import Report, TimelineEvent
from ...phantoms.ids import make_uuid
from .score_images import FLUID, NEAR_MM, boxes_mm, gap_mm
from .tally import Tally

Json = dict[str, Any]
ROUNDED = 0.04
"""Relative change of a laboratory value below which its rounding, in another unit, decides the direction: not scored,
unless nothing changed at all."""
_STEADY, _MOVED = 0.03, 0.08
"""Relative change of a lung's volume up to which it is stable, and from which on it is not; between, no verdict."""


def score_changes(report: Report, truth: Json, tally: Tally) -> None:
    """Every change that the truth tells, once: right, wrong, or not told."""
    shown = {item.id: item for item in report.evidence}
    told = [item for item in report.findings if item.change is not None]
    for change in truth["expected_changes"]:
        if change["modality"] == "CT" and change["name"].startswith("nodule"):
            _judge("nodules", change, _of_nodule(change, told, truth, shown), tally)
        elif change["name"] == "pleural effusion":
            _judge("pleural fluid", change, [item for item in told if item.name == FLUID
                                             and item.laterality == change["side"] and _to(item, change)], tally)
    for change in _latest(truth):
        _judge("laboratory", change, [item for item in told if _is_analyte(item, change["name"]) and _to(item, change)],
               tally)
    for before, after in _film_pairs(truth):
        change = {"name": "heart", "direction": "stable", "from_date": before["date"], "to_date": after["date"]}
        _judge("heart", change, [item for item in told if item.name == "Cardiothoracic ratio" and _to(item, change)],
               tally)
    _judge_lungs(told, truth, tally)


def _to(finding: Finding, change: Json) -> bool:
    return (finding.date or "")[:10] == str(change["to_date"])


def _is_analyte(finding: Finding, name: str) -> bool:
    return finding.name.casefold() == name.casefold()


def _judge(kind: str, change: Json, told: Sequence[Finding], tally: Tally) -> None:
    directions = {item.change.direction for item in told if item.change}
    right = directions == {Direction(change["direction"])}
    said = " and ".join(sorted(directions)) or "not told"
    what = f"{change['name']} {change['from_date']} to {change['to_date']}: {change['direction']}, {said}"
    tally.check(f"direction of change: {kind}", right, what)
    tally.add("direction of change: all", float(right), 1)
    tally.add("direction of change: all that are told", float(right), float(bool(told)))
    for item in told:
        tally.judge(item.id, item.change is not None and item.change.direction == change["direction"])


def _of_nodule(change: Json, told: Sequence[Finding], truth: Json, shown: Mapping[str, Evidence]) -> list[Finding]:
    """Changes of candidates one of whose places is the nodule's in the scan that it names."""
    scans = [item for item in truth["studies"] if item["modality"] == "CT"
             and item["date"] in (change["from_date"], change["to_date"])]
    places = [(scan["files"], nodule) for scan in scans for nodule in scan["nodules"]
              if nodule["place_mm"] == change["place_mm"]]
    return [item for item in told if item.name.endswith(" candidate") and _to(item, change) and any(
        _lies_at(item, files, nodule, shown) for files, nodule in places)]


def _lies_at(finding: Finding, files: Sequence[str], nodule: Json, shown: Mapping[str, Evidence]) -> bool:
    prior = finding.change.prior_evidence if finding.change else ()
    own = [key for key in (*finding.evidence, *prior) if key in shown and shown[key].source.file in files]
    reach = max(NEAR_MM, nodule["diameter_mm"] / 2)
    return any(gap_mm(box, nodule["centre_lps_mm"]) <= reach for box in boxes_mm(own, shown))


def _latest(truth: Json) -> Iterator[Json]:
    """The last change of each analyte, where rounding decides nothing and no source contradicts it."""
    disputed = {item.get("name") for item in truth["conflicts"]}
    last = {change["name"]: change for change in truth["expected_changes"] if change["modality"] == "lab"}
    for name, change in last.items():
        relative = abs(change["delta"]) / abs(change["from"]) if change["from"] else 1.0
        if name not in disputed and (relative >= ROUNDED or change["delta"] == 0):
            yield change


def _film_pairs(truth: Json) -> Iterator[tuple[Json, Json]]:
    films = sorted((item for item in truth["studies"] if item["modality"] == "DX"), key=lambda item: str(item["date"]))
    yield from pairwise(films)


def _judge_lungs(told: Sequence[Finding], truth: Json, tally: Tally) -> None:
    """Changes of lung volumes, where the truth leaves no doubt; they are no planted changes, so none is missed."""
    volumes = {item["date"]: item["lung_ml"] for item in truth["studies"] if item["modality"] == "CT"}
    for item in told:
        if item.name != "Lung volume" or item.change is None or len(volumes) != 2 or item.laterality is None:
            continue
        old, new = (volumes[date][str(item.laterality)] for date in sorted(volumes))
        moved = new / old - 1
        if abs(moved) <= _STEADY:
            tally.judge(item.id, item.change.direction is Direction.STABLE)
        elif abs(moved) >= _MOVED:
            tally.judge(item.id, item.change.direction == (Direction.INCREASED if moved > 0 else Direction.DECREASED))


def score_order(report: Report, truth: Json, tally: Tally) -> None:
    """Pairs of dated things that stand in the timeline in the order of their true dates."""
    places = _places(report.timeline, {item.id: item for item in report.evidence})
    dates = _dates(truth)
    right = crossed = pairs = 0
    for (one, first), (other, second) in combinations(sorted(dates.items()), 2):
        if first == second:
            continue
        pairs += 1
        if one in places and other in places:
            ordered = (places[one][0] < places[other][0]) == (first < second)
            right += ordered
            crossed += not ordered
    tally.add("timeline: pairs in order", right, pairs)
    tally.add("timeline: Kendall's tau of what is there", right - crossed, right + crossed)
    for thing, date in dates.items():
        there = places.get(thing, (0, ""))[1]
        tally.check("timeline: dates right", there[:10] == date[:10], f"{thing}: {date}, {there or 'not there'}")


def _dates(truth: Json) -> dict[str, str]:
    """The true date of each examination and document by its file, of each record entry by its resource."""
    dates = {item["files"][0].rpartition("/")[0]: item["date"] for item in truth["studies"]}
    dates |= {lab["file"]: lab["collected_at"] for lab in truth["labs"]}
    dates |= {note["file"]: note["date"] for note in truth.get("notes", []) if note["facts"]}
    if "slide" in truth:
        dates[truth["slide"]["file"]] = truth["slide"]["date"]
    record = truth.get("record", {})
    for kind, listed, when in (("Condition", "conditions", "onset"), ("MedicationRequest", "medications", "start")):
        dates |= {f"{kind}/{make_uuid(truth['seed'], kind, item['code'])}": item[when]
                  for item in record.get(listed, ())}
    return dates


def _places(timeline: Sequence[TimelineEvent], shown: Mapping[str, Evidence]) -> dict[str, tuple[int, str]]:
    """Where each thing first stands, and under which date: by the one place that an event's evidence lies in."""
    found: dict[str, tuple[int, str]] = {}
    for number, event in enumerate(timeline):
        if event.kind == "change":
            continue
        things = {_thing(shown[key]) for key in event.evidence if key in shown}
        for thing in things if len(things) == 1 or event.kind == "lab" else ():
            found.setdefault(thing, (number, event.occurred_at or ""))
    return found


def _thing(evidence: Evidence) -> str:
    place, file = evidence.locator, evidence.source.file
    if isinstance(place, FhirResource):
        return f"{place.resource_type}/{place.id}"
    return file.rpartition("/")[0] if file.endswith(".dcm") else file

"""What a right answer is: nodules in the scanner's frame, and what changed between the dates."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from .specs import CtSpec, NoduleSpec, VisitSpec

if TYPE_CHECKING:
    from .body import Body

Json = dict[str, Any]


def lobe_of(point: tuple[float, float, float]) -> str:
    """Return the lobe at a point of the phantom's frame, in words.

    The phantom draws no fissures; lobes are split by planes where they usually run: the oblique fissure from high
    behind to low in front, on the right the horizontal one at the height of the hilum.
    """
    x, y, z = point
    side = "left" if x > 0 else "right"
    if z < 0.75 * y - 12:
        return f"{side} lower lobe"
    if side == "right" and z < 0:
        return "right middle lobe"
    return f"{side} upper lobe"


def nodule_truth(nodule: NoduleSpec, ct: CtSpec, body: Body, number: int) -> Json:
    """Return one nodule: where it lies in the CT's LPS frame, its size, and its volume by voxels and by formula."""
    centre = [round(c + o, 3) for c, o in zip(nodule.centre_mm, ct.offset_mm, strict=True)]
    return {
        "name": f"nodule_{number}",
        "centre_lps_mm": centre,
        "place_mm": list(nodule.centre_mm),
        "index_zyx": [round(i, 2) for i in body.grid.index_of(nodule.centre_mm)],
        "diameter_mm": nodule.diameter_mm,
        "volume_ml": round(math.pi / 6 * nodule.diameter_mm**3 / 1000, 4),
        "voxel_volume_ml": round(body.volume_ml(f"nodule_{number}"), 4),
        "side": "left" if nodule.centre_mm[0] > 0 else "right",
        "lobe": lobe_of(nodule.centre_mm),
    }


def effusion_truth(visit: VisitSpec, body: Body) -> Json | None:
    """Return the side and the volume of the fluid, or None when there is none."""
    if visit.effusion is None:
        return None
    return {"side": visit.effusion.side, "volume_ml": round(body.volume_ml("effusion"), 1)}


def imaging_changes(studies: list[Json]) -> list[Json]:
    """Return what changed between studies of one modality, in order of date."""
    changes: list[Json] = []
    for modality in sorted({s["modality"] for s in studies}):
        dated = sorted((s for s in studies if s["modality"] == modality), key=lambda s: str(s["date"]))
        for before, after in pairwise(dated):
            changes += _nodule_changes(before, after) + _effusion_change(before, after)
    return changes


def _nodule_changes(before: Json, after: Json) -> list[Json]:
    """The changes of nodules by their places; new and resolved ones have one size."""
    old, new = ({tuple(n["place_mm"]): n for n in study.get("nodules", [])} for study in (before, after))
    dates = before["date"], after["date"]
    changes = [
        _change(new[place]["name"], "CT", dates, (n["diameter_mm"], new[place]["diameter_mm"]), "mm")
        | {"side": n["side"], "place_mm": list(place)}
        for place, n in old.items() if place in new
    ]
    for direction, those, others in (("new", new, old), ("resolved", old, new)):
        changes += [
            {"name": n["name"], "modality": "CT", "direction": direction, "from_date": dates[0], "to_date": dates[1],
             "side": n["side"], "place_mm": list(place), "from": None if those is new else n["diameter_mm"],
             "to": n["diameter_mm"] if those is new else None, "unit": "mm"}
            for place, n in those.items() if place not in others
        ]
    return changes


def _effusion_change(before: Json, after: Json) -> list[Json]:
    old, new = before["effusion"], after["effusion"]
    if (old is None) == (new is None):
        return []
    side = (new or old)["side"]
    direction = "new" if new else "resolved"
    found = {"name": "pleural effusion", "modality": after["modality"], "side": side, "direction": direction}
    return [found | {"from_date": before["date"], "to_date": after["date"]}]


def lab_changes(labs: list[Json]) -> list[Json]:
    """Return the change of every analyte from one report to the next that holds it, in the later one's unit."""
    changes = []
    latest: dict[str, tuple[str, Json]] = {}
    for lab in sorted(labs, key=lambda item: str(item["collected_at"])):
        day = lab["collected_at"][:10]
        for row in lab["results"]:
            if row["name"] in latest:
                earlier, old = latest[row["name"]]
                value = old["value"] * row["factor"] / old["factor"]
                changes.append(_change(row["name"], "lab", (earlier, day), (value, row["value"]), row["unit"]))
            latest[row["name"]] = day, row
    return changes


def _change(name: str, modality: str, dates: tuple[str, str], values: tuple[float, float], unit: str) -> Json:
    old, new = values
    direction = "stable" if new == old else "increased" if new > old else "decreased"
    return {
        "name": name, "modality": modality, "direction": direction, "from_date": dates[0], "to_date": dates[1],
        "from": old, "to": new, "delta": round(new - old, 4), "unit": unit,
    }  # fmt: skip

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
    old = {n["name"]: n for n in before.get("nodules", [])}
    dates = before["date"], after["date"]
    return [
        _change(n["name"], "CT", dates, (old[n["name"]]["diameter_mm"], n["diameter_mm"]), "mm")
        for n in after.get("nodules", [])
        if n["name"] in old
    ]


def _effusion_change(before: Json, after: Json) -> list[Json]:
    old, new = before["effusion"], after["effusion"]
    if (old is None) == (new is None):
        return []
    side = (new or old)["side"]
    direction = "new" if new else "resolved"
    found = {"name": "pleural effusion", "modality": after["modality"], "side": side, "direction": direction}
    return [found | {"from_date": before["date"], "to_date": after["date"]}]


def lab_changes(labs: list[Json]) -> list[Json]:
    """Return the change of every analyte between consecutive reports."""
    changes = []
    for before, after in pairwise(labs):
        for a, b in zip(before["results"], after["results"], strict=True):
            dates = before["collected_at"][:10], after["collected_at"][:10]
            changes.append(_change(a["name"], "lab", dates, (a["value"], b["value"]), a["unit"]))
    return changes


def _change(name: str, modality: str, dates: tuple[str, str], values: tuple[float, float], unit: str) -> Json:
    old, new = values
    direction = "stable" if new == old else "increased" if new > old else "decreased"
    return {
        "name": name, "modality": modality, "direction": direction, "from_date": dates[0], "to_date": dates[1],
        "from": old, "to": new, "delta": round(new - old, 4), "unit": unit,
    }  # fmt: skip

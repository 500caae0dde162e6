"""Regions on slides as GeoJSON that QuPath opens, one file for each slide."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from ...core.evidence import Evidence, SlideRegion
from ...core.files import write_bytes
from ...core.finding import Finding
from ..wording import plain
from .material import Exported, Material

_COLOUR = [230, 159, 0]
"""Okabe and Ito's orange."""


def write_regions(material: Material, folder: Path) -> Exported:
    """`slide-N.geojson`: every region that a finding cites, in level-0 pixels, with what was found there.

    Args:
        material: the report.
        folder: where to.
    """
    done = Exported()
    by_slide: dict[str, list[dict[str, Any]]] = {}
    for item in material.report.evidence:
        if isinstance(item.locator, SlideRegion):
            feature = _feature(item, item.locator, material.findings_of([item.id]))
            by_slide.setdefault(item.source.sha256, []).append(feature)
    for number, features in enumerate(by_slide.values(), start=1):
        text = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False, indent=1)
        done.files.append(write_bytes(folder / f"slide-{number}.geojson", text.encode("utf-8")))
    if not done.files:
        done.left_out.append("no finding of this report lies on a slide")
    return done


def _feature(item: Evidence, region: SlideRegion, findings: Sequence[Finding]) -> dict[str, Any]:
    x0, y0, x1, y1 = region.x, region.y, region.x + region.width, region.y + region.height
    measured = {f"{plain(finding.name)} ({finding.value.unit})" if finding.value.unit else plain(finding.name):
                finding.value.number for finding in findings
                if finding.value is not None and finding.value.number is not None}
    names = [plain(finding.name) for finding in findings]
    return {
        "type": "Feature", "id": str(uuid5(NAMESPACE_OID, f"{item.source.sha256} {item.id} {x0} {y0} {x1} {y1}")),
        "geometry": {"type": "Polygon", "coordinates": [[[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]]},
        "properties": {"objectType": "annotation", "name": f"{item.id}: {plain(item.caption)}",
                       "classification": {"name": names[0] if names else "Region", "color": _COLOUR},
                       "measurements": measured},
    }

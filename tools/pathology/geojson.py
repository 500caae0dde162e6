"""Regions and tissue as GeoJSON in the form that QuPath writes and opens (objects in level-0 pixels)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, uuid5

import cv2
import numpy as np
from numpy.typing import NDArray

from ...sources.slide import Region, Slide
from .fields import DEFINITIONS
from .measure import round_2, round_3
from .reading import SlideReading
from .search import Ranking
from .telling import measures_of

_TISSUE, _REGION = (0, 158, 115), (230, 159, 0)
"""Okabe and Ito's green and orange."""
_MOST_CORNERS = 20_000


def write_geojson(path: Path, slide: Slide, reading: SlideReading, ranking: Ranking) -> None:
    """Write tissue and ranked regions as annotations; each region carries its measurements.

    Coordinates are level-0 pixels of the whole slide as OpenSlide counts them, origin top left.

    Args:
        path: of the file; its folder is made.
        slide: for its bounds and digest.
        reading: tissue and measures.
        ranking: the regions.
    """
    features = [_feature(slide, "Tissue", _outline(reading.mask, slide.bounds), "Tissue", _TISSUE,
                         {"Tissue area mm2": round_3(reading.tissue_mm2)} if reading.tissue_mm2 is not None else {})]
    for rank, hit in enumerate(ranking.hits, 1):
        measured = {f"{measure[:1].upper()}{measure[1:]} ({DEFINITIONS[measure].unit})": round_2(value)
                    for measure, value in (measures_of(hit.field, reading.density) if reading.density else [])}
        measured[f"Rank value ({ranking.unit})"] = round_3(hit.value)
        features.append(_feature(slide, f"Region {rank}", _polygon(hit.field.region), ranking.name, _REGION,
                                 {"Rank": rank, "Nuclei": hit.field.nuclei, **measured}))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False, indent=1),
                    encoding="utf-8")


def _feature(slide: Slide, name: str, geometry: dict[str, Any], kind: str, colour: tuple[int, int, int],
             measurements: dict[str, float]) -> dict[str, Any]:
    return {"type": "Feature", "id": str(uuid5(NAMESPACE_OID, f"{slide.file.sha256} {name} {geometry}")),
            "geometry": geometry,
            "properties": {"objectType": "annotation", "name": name,
                           "classification": {"name": kind, "color": list(colour)}, "measurements": measurements}}


def _polygon(region: Region) -> dict[str, Any]:
    x0, y0, x1, y1 = region.x, region.y, region.x + region.width, region.y + region.height
    return {"type": "Polygon", "coordinates": [[[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]]}


def _outline(mask: NDArray[np.bool_], area: Region) -> dict[str, Any]:
    """The mask's pieces with their holes, as a MultiPolygon along the borders of its pixels' centres."""
    contours, hierarchy = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    scale = np.array((area.width / mask.shape[1], area.height / mask.shape[0]))
    rings = [_ring(contour, scale, area) if len(contour) >= 3 else None for contour in contours]
    pieces: dict[int, list[list[list[float]]]] = {}
    parents = hierarchy[0][:, 3] if hierarchy is not None else []
    for place, (ring, parent) in enumerate(zip(rings, parents, strict=True)):
        if ring is not None and parent < 0:
            pieces[place] = [ring]
    for ring, parent in zip(rings, parents, strict=True):
        if ring is not None and parent in pieces:
            pieces[int(parent)].append(ring)
    return {"type": "MultiPolygon", "coordinates": list(pieces.values())}


def _ring(contour: NDArray[Any], scale: NDArray[np.float64], area: Region) -> list[list[float]]:
    loose = cv2.approxPolyDP(contour, 1.0 if len(contour) <= _MOST_CORNERS else 2.0, closed=True)
    kept = loose if len(loose) >= 3 else contour
    points = np.rint((kept[:, 0, :] + 0.5) * scale + (area.x, area.y)).tolist()
    return [*points, points[0]]

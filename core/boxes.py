"""Rectangles, each in its own unit, so that pixels and millimetres cannot be mixed up."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Box = Annotated[tuple[float, float, float, float], Field(description=(
    "[x0, y0, x1, y1] in pixels of the stored image, origin top left, half-open"))]
BoxPt = Annotated[tuple[float, float, float, float], Field(description=(
    "[x0, y0, x1, y1] in points on the unrotated page, origin top left (pixels for a scanned image file)"))]
BoxMm = Annotated[tuple[float, float, float, float, float, float], Field(description=(
    "[x0, y0, z0, x1, y1, z1] in LPS millimetres"))]


def area(box: Box) -> float:
    """Area in square pixels, 0 for an empty box."""
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def iou(first: Box, second: Box) -> float:
    """Intersection over union of two boxes in the same image, 0..1."""
    shared = area((max(first[0], second[0]), max(first[1], second[1]),
                   min(first[2], second[2]), min(first[3], second[3])))
    union = area(first) + area(second) - shared
    return shared / union if union > 0 else 0.0

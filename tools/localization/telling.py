"""From boxes and lines on a film to findings, evidence, warnings and the overlay."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ...core.boxes import Box
from ...core.case import CaseFile
from ...core.evidence import Evidence, ImageBox, make_evidence
from ...core.finding import Category, Finding, Laterality, Status, Value, make_finding
from ...sources.film import Film
from ..base import MEASURED, ToolContext, source_of
from ..drawing import save_png
from .draw import Drawn, draw_film
from .lungs import LungMasks
from .measure import HeartSize, mask_box

TOOL = "localization"
RATIO = "Cardiothoracic ratio"
_ARCH_LEVEL = 0.2
"""Where the cardiomediastinum's box begins, as a fraction of the lungs' height from the apex: about the aortic arch.
Boxes of the three films with a drawn cardiomediastinum begin at 0.20, 0.21 and 0.23."""
_SIDES = {"Right lung": Laterality.RIGHT, "Left lung": Laterality.LEFT}
_NO_SIDES = ("the film does not say where the patient's left is; the usual display is assumed, the patient's right at "
             "the left of the picture")
_NO_BORDER = ("the borders of the heart or the bases of the lungs cannot be told from their surroundings; the "
              "cardiothoracic ratio was not measured")


@dataclass(frozen=True)
class Place:
    """Where a film comes from and what its findings carry."""

    file: CaseFile
    date: str | None
    context: ToolContext


def tell_film(film: Film, lungs: LungMasks, heart: HeartSize | None, place: Place
              ) -> tuple[list[Finding], list[Evidence], list[str]]:
    """Findings, their evidence, and warnings of one film; draws the overlay when pictures are wanted."""
    boxes = named_boxes(film, lungs, heart)
    measured = heart if heart and heart.clear else None
    picture = _picture(film, boxes, measured, place)
    caption = _caption(boxes)
    findings, evidence = [], []
    for item in boxes:
        shown = _evidence(film, item.box, caption, picture, place)
        evidence.append(shown)
        findings.append(_finding(item.name, Category.ANATOMY, Status.PRESENT, shown, place))
    thorax = _around([item.box for item in boxes])
    caveat = projection_caveat(film)
    shown = _evidence(film, thorax, f"{caption}; {caveat}" if caveat and measured else caption, picture, place)
    evidence.append(shown)
    findings.append(_ratio(measured, shown, place))
    warnings = [*film.notes, *([] if film.sides_known else [_NO_SIDES]), *([caveat] if caveat and measured else []),
                *([] if measured else [_NO_BORDER])]
    film_name = f"film of {place.date}" if place.date else "film without a date"
    return findings, evidence, [f"{film_name}: {warning}" for warning in warnings]


def named_boxes(film: Film, lungs: LungMasks, heart: HeartSize | None) -> list[Drawn]:
    """Lungs by the patient's side, cardiomediastinum, and the cardiac silhouette where its borders are clear.

    The film is upright with the patient's left at the right of the picture, so the lung at the left is the right one.
    """
    right, left = mask_box(lungs.image_left), mask_box(lungs.image_right)
    boxes = [Drawn("Right lung", right), Drawn("Left lung", left)]
    if heart is None:
        return boxes
    top, base = min(right[1], left[1]), max(right[3], left[3])
    x0, y0, x1, y1 = heart.box
    if heart.clear:
        boxes.append(Drawn("Cardiac silhouette", whole_pixels(film, heart.box)))
    middle = (x0, min(top + _ARCH_LEVEL * (base - top), y0), x1, y1)
    boxes.append(Drawn("Cardiomediastinum", whole_pixels(film, middle)))
    return boxes


def projection_caveat(film: Film) -> str | None:
    """What the projection does to the size of the heart; None for a film that the header calls PA and upright."""
    if film.supine:
        return "supine film: the heart looks larger and the ratio is higher than on an upright PA film"
    if film.view is not None and film.view.startswith("AP"):
        return "AP film: the heart is magnified and the ratio is higher than on a PA film"
    if film.view is not None and film.view.startswith("PA"):
        return None
    return "the projection is not known: on an AP or supine film the ratio is higher than on an upright PA film"


def whole_pixels(film: Film, box: Box) -> Box:
    """A box in whole pixels within the film."""
    rows, columns = film.pixels.shape
    return (float(max(0, math.floor(box[0]))), float(max(0, math.floor(box[1]))),
            float(min(columns, math.ceil(box[2]))), float(min(rows, math.ceil(box[3]))))


def _around(boxes: list[Box]) -> Box:
    return (min(box[0] for box in boxes), min(box[1] for box in boxes), max(box[2] for box in boxes),
            max(box[3] for box in boxes))


def _caption(boxes: list[Drawn]) -> str:
    names = [item.name for item in boxes]
    if "Cardiac silhouette" in names:
        return ("Frontal chest film, boxes of right and left lung and cardiac silhouette, lines of the cardiothoracic "
                "ratio")
    return "Frontal chest film, boxes of right and left lung" + (
        " and cardiomediastinum" if "Cardiomediastinum" in names else "")


def _picture(film: Film, boxes: list[Drawn], heart: HeartSize | None, place: Place) -> str | None:
    if place.context.pictures is None:
        return None
    name = f"film-{place.file.sha256[:16]}.png"
    save_png(draw_film(film, boxes, heart), place.context.pictures / name)
    return f"overlays/{name}"


def _evidence(film: Film, box: Box, caption: str, picture: str | None, place: Place) -> Evidence:
    return make_evidence(source_of(place.file), ImageBox(box=film.to_stored(box)), caption=caption, date=place.date,
                         picture=picture)


def _finding(name: str, category: Category, status: Status, shown: Evidence, place: Place,
             value: Value | None = None) -> Finding:
    return make_finding(name=name, category=category, status=status, laterality=_SIDES.get(name), value=value,
                        evidence=(shown.id,), tool=TOOL, reader=MEASURED, date=place.date,
                        patient=place.context.opaque_patient)


def _ratio(heart: HeartSize | None, shown: Evidence, place: Place) -> Finding:
    if heart is None:
        return _finding(RATIO, Category.MEASUREMENT, Status.INDETERMINATE, shown, place)
    value = Value(number=round(heart.ratio, 2), unit="1", ucum="1")
    return _finding(RATIO, Category.MEASUREMENT, Status.MEASURED, shown, place, value)

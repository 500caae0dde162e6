"""From boxes and lines on a film to findings, evidence, warnings and the overlay."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from ...core.boxes import Box
from ...core.case import CaseFile
from ...core.evidence import Evidence, ImageBox, make_evidence
from ...core.finding import Category, Finding, Laterality, Status, Value, make_finding
from ...sources.film import Film, stored
from ..base import MEASURED, ToolContext, source_of
from ..drawing import save_png
from .draw import Drawn, draw_film
from .masks import FilmMasks, Mask, mask_box
from .measure import HeartSize, tilt
from .sides import Sides, ToldBy

TOOL = "localization"
RATIO = "Cardiothoracic ratio"
_SIDES = {"Right lung": Laterality.RIGHT, "Left lung": Laterality.LEFT}
_SIDES_TOLD = {
    (False, ToldBy.NOTHING): "the film does not say where the patient's left is; the usual display is assumed, the "
                             "patient's right at the left of the picture",
    (False, ToldBy.HEART): "the header does not say where the patient's left is, and no marker was read; by the place "
                           "of the heart the display is the usual one, the patient's right at the left of the picture",
    (True, ToldBy.MARKER): "by the marker burned into it the film is stored as a mirror image; sides are the patient's",
    (True, ToldBy.HEART): "the header does not say where the patient's left is, no marker was read, and the heart lies "
                          "at the left of the picture: the film was taken for a mirror image; with a heart on the "
                          "right, all sides given here are wrong",
}
"""What is said of the patient's sides, by whether the picture is mirrored and what says so."""
_DISPUTED = {
    ToldBy.MARKER: "the header and the letter burned into the film contradict each other about where the patient's "
                   "left is; sides follow the header",
    ToldBy.HEART: "by the header the heart lies at the patient's right: either it does, or the header is wrong and all "
                  "sides given here are; sides follow the header",
}
LEAST_TILT = 12.0
"""Degrees of leaning that are said: three times the deviation of `tilt`."""
_NO_BORDER = ("the borders of the heart or the bases of the lungs cannot be told from their surroundings; the "
              "cardiothoracic ratio was not measured")


@dataclass(frozen=True)
class Sized:
    """What was measured of a film whose sides are settled."""

    heart: HeartSize | None
    sides: Sides


@dataclass(frozen=True)
class Place:
    """Where a film comes from and what its findings carry."""

    file: CaseFile
    date: str | None
    context: ToolContext


def tell_film(film: Film, masks: FilmMasks, sized: Sized, place: Place
              ) -> tuple[list[Finding], list[Evidence], list[str]]:
    """Findings, their evidence, and warnings of one film; draws overlay and masks when pictures are wanted."""
    heart = sized.heart
    boxes = named_boxes(film, masks, heart)
    measured = heart if heart and heart.clear else None
    picture = _picture(film, boxes, measured, place)
    caption = _caption(boxes)
    findings, evidence = [], []
    for item in boxes:
        own = f"{item.name}: {caption[:1].lower()}{caption[1:]}"
        shown = _evidence(film, item.box, own, picture, place).model_copy(
            update={"mask": _mask(film, item.name, masks, place)})
        evidence.append(shown)
        findings.append(_finding(item.name, Category.ANATOMY, Status.PRESENT, shown, place))
    thorax = _around([item.box for item in boxes])
    caveat = projection_caveat(film)
    shown = _evidence(film, thorax, f"{caption}; {caveat}" if caveat and measured else caption, picture, place)
    evidence.append(shown)
    findings.append(_ratio(measured, shown, place))
    sides = _SIDES_TOLD.get((sized.sides.mirrored, sized.sides.told_by))
    against = sized.sides.disputed_by
    warnings = [*film.notes, *([sides] if sides else []), *([_DISPUTED[against]] if against else []),
                *([caveat] if caveat and measured else []), *_leaning(masks),
                *([] if measured else [_NO_BORDER])]
    film_name = f"film of {place.date}" if place.date else "film without a date"
    return findings, evidence, [f"{film_name}: {warning}" for warning in warnings]


def _leaning(masks: FilmMasks) -> list[str]:
    """That the thorax lies tilted, where it plainly does."""
    degrees = tilt(masks)
    if abs(degrees) < LEAST_TILT:
        return []
    return [f"the thorax leans by about {abs(degrees):.0f} degrees; boxes and widths follow the picture's rows, not "
            "the body's axis"]


def named_boxes(film: Film, masks: FilmMasks, heart: HeartSize | None) -> list[Drawn]:
    """Lungs by the patient's side, cardiomediastinum, and the cardiac silhouette where its borders are clear.

    The film is upright with the patient's left at the right of the picture, so the lung at the left is the right one.
    """
    boxes = [Drawn(name, mask_box(mask)) for name, mask in _structures(masks).items() if mask.any()]
    if heart is not None and heart.clear:
        boxes.append(Drawn("Cardiac silhouette", whole_pixels(film, heart.box)))
    return boxes


def _structures(masks: FilmMasks) -> dict[str, Mask]:
    return {"Right lung": masks.image_left, "Left lung": masks.image_right, "Cardiomediastinum": masks.heart}


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


def _mask(film: Film, name: str, masks: FilmMasks, place: Place) -> str | None:
    """Where the mask of a structure lies as a picture of the stored image's size; None without one."""
    mask = _structures(masks).get(name)
    if mask is None or place.context.masks is None:
        return None
    file = f"film-{place.file.sha256[:16]}-{name.lower().replace(' ', '-')}.png"
    place.context.masks.mkdir(parents=True, exist_ok=True)
    save_png(Image.fromarray(stored(mask, film.turn).astype(np.uint8) * 255), place.context.masks / file)
    return f"masks/{file}"


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

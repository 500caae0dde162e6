"""The overlay of a film: boxes, the lines of the ratio, the patient's sides, a scale bar where the spacing is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from ...core.boxes import Box
from ...sources.film import Film
from ..drawing import (
    BLACK,
    GREEN,
    ORANGE,
    PURPLE,
    SKY,
    WHITE,
    YELLOW,
    Colour,
    label,
    outline_box,
    outline_dashed,
    percentile_window,
    scale_bar,
    to_picture,
    window_to_grey,
)
from .measure import HeartSize, Line

_LONGEST = 1024


@dataclass(frozen=True)
class Drawn:
    """A named box in pixels of `Film.pixels`."""

    name: str
    box: Box


COLOURS: dict[str, Colour] = {"Right lung": SKY, "Left lung": ORANGE, "Cardiac silhouette": YELLOW,
                              "Cardiomediastinum": GREEN}


def draw_film(film: Film, boxes: Sequence[Drawn], heart: HeartSize | None) -> Image.Image:
    """An RGB picture of at most 1024 pixels a side.

    Args:
        film: the film.
        boxes: what to outline; the cardiomediastinum only where no cardiac silhouette lies in it.
        heart: adds the lines of the cardiothoracic ratio.
    """
    picture, step = _grey(film)
    across, down = _scale(picture, film)
    for item in _drawn(boxes):
        box = _on_picture(item.box, across, down)
        outline_box(picture, box, COLOURS[item.name])
        _name(picture, item.name, box)
    if heart is not None:
        _ratio(picture, heart, across, down)
    _sides(picture, film, step)
    return picture


def draw_reading(film: Film, measured: Sequence[Drawn], read: Sequence[Drawn], reader: str) -> Image.Image:
    """What a model placed, dashed and named, over what was measured, in plain lines; a legend says which is which.

    Args:
        film: the film.
        measured: boxes that were measured.
        read: boxes that the model placed.
        reader: the model's name.
    """
    picture, step = _grey(film)
    scale = _scale(picture, film)
    for item in _drawn(measured):
        outline_box(picture, _on_picture(item.box, *scale), COLOURS[item.name])
    for item in read:
        box = _on_picture(item.box, *scale)
        outline_dashed(picture, box, PURPLE, 1)
        label(picture, (box[0] + 4, box[1] + 4), item.name, size=15, colour=PURPLE)
    _sides(picture, film, step)
    names = ", ".join(dict.fromkeys(item.name.lower() for item in _drawn(measured)))
    label(picture, (10, picture.height - 34), f"plain lines: measured ({names})", anchor="ls", size=16)
    told = "dashed: placed by" if read else "nothing placed by"
    label(picture, (10, picture.height - 12), f"{told} {reader}", anchor="ls", size=16, colour=PURPLE)
    return picture


def _drawn(boxes: Sequence[Drawn]) -> list[Drawn]:
    """The cardiomediastinum only where no cardiac silhouette lies in it."""
    heart_shown = any(item.name == "Cardiac silhouette" for item in boxes)
    return [item for item in boxes if item.name != "Cardiomediastinum" or not heart_shown]


def _grey(film: Film) -> tuple[Image.Image, float]:
    """The film as a picture of at most 1024 pixels a side, and the mm (or pixels) per pixel of it."""
    spacing = film.spacing_mm or (1.0, 1.0)
    step = max(n * mm for n, mm in zip(film.pixels.shape, spacing, strict=True)) / _LONGEST
    grey = window_to_grey(film.pixels * 1000, percentile_window(film.pixels * 1000))
    return to_picture(grey, spacing, step), step


def _scale(picture: Image.Image, film: Film) -> tuple[float, float]:
    return picture.width / film.pixels.shape[1], picture.height / film.pixels.shape[0]


def _on_picture(box: Box, across: float, down: float) -> Box:
    return box[0] * across, box[1] * down, box[2] * across, box[3] * down


def _sides(picture: Image.Image, film: Film, step: float) -> None:
    doubt = "" if film.sides_known else "?"
    label(picture, (10, picture.height / 2), f"R{doubt}", anchor="lm", size=26)
    label(picture, (picture.width - 10, picture.height / 2), f"L{doubt}", anchor="rm", size=26)
    if film.spacing_mm is not None:
        scale_bar(picture, step)


def _name(picture: Image.Image, name: str, box: Box) -> None:
    """Lungs are named above their boxes, what lies between them inside at the top, clear of names and lines."""
    if not name.endswith("lung"):
        label(picture, ((box[0] + box[2]) / 2, box[1] + 6), name, anchor="ma", size=18, colour=COLOURS[name])
    else:
        label(picture, (box[0], box[1] - 6), name, anchor="ls", size=18, colour=COLOURS[name])


def _ratio(picture: Image.Image, heart: HeartSize, across: float, down: float) -> None:
    middle = heart.left_reach.x1 * across
    levels = sorted((heart.left_reach.y * down, heart.right_reach.y * down, heart.thorax.y * down))
    _stroke(picture, (middle, levels[0] - 30, middle, levels[-1] + 30), WHITE, 1)
    for line in (heart.left_reach, heart.right_reach):
        _measure_line(picture, line, across, down, YELLOW)
    _measure_line(picture, heart.thorax, across, down, GREEN)
    label(picture, (10, picture.height - 12), f"Cardiothoracic ratio {heart.ratio:.2f}", anchor="ls", size=22)


def _measure_line(picture: Image.Image, line: Line, across: float, down: float, colour: Colour) -> None:
    y = line.y * down
    _stroke(picture, (line.x0 * across, y, line.x1 * across, y), colour, 3)
    for end in (line.x0 * across, line.x1 * across):
        _stroke(picture, (end, y - 8, end, y + 8), colour, 3)


def _stroke(picture: Image.Image, ends: tuple[float, float, float, float], colour: Colour, width: int) -> None:
    draw = ImageDraw.Draw(picture)
    points = [(float(np.rint(ends[0])), float(np.rint(ends[1]))), (float(np.rint(ends[2])), float(np.rint(ends[3])))]
    draw.line(points, fill=BLACK, width=width + 2)
    draw.line(points, fill=colour, width=width)

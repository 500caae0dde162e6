"""Where the patient's left is on a film: by the header, else by a burned-in marker, else by where the heart lies."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from ...sources.film import Film
from .marker import marker_sides
from .masks import FilmMasks

LEAST_LEAN = 0.12
"""How far the heart must lie on one side before it says anything, as a part of its width. Of 79 true films one lies
that far on the wrong side, four in ten that far on the right one: of mirrored films without header and marker about as
many are recognised, and the others are taken as they lie."""
LEAST_LUNG = 0.45
"""The smaller lung must have this part of the larger one's area: beside a collapsed or opaque lung the heart moves."""


class ToldBy(StrEnum):
    """What says where the patient's left is."""

    HEADER = "header"
    MARKER = "marker"
    HEART = "heart"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Sides:
    """Where the patient's left is.

    Args:
        mirrored: at the left of the picture, against the usual display.
        told_by: what says so; with NOTHING the usual display is assumed.
        disputed_by: what says the opposite of the header: a letter burned into the film, or the heart.
    """

    mirrored: bool
    told_by: ToldBy
    disputed_by: ToldBy | None = None


def sides_of(film: Film, masks: FilmMasks) -> Sides:
    """The header decides, and what contradicts it is told; without it a marker that can be read decides; a heart that
    clearly lies on the wrong side comes last.

    A heart at the right of the patient is rarer than a picture stored as its mirror image, so without header and marker
    such a picture is taken for mirrored; a person is told.
    """
    marked, lean = marker_sides(film.pixels), heart_lean(masks)
    by_heart = None if lean is None or abs(lean) < LEAST_LEAN else lean < 0
    if film.sides_known:
        against = ToldBy.MARKER if marked else ToldBy.HEART if by_heart and marked is None else None
        return Sides(False, ToldBy.HEADER, against)
    if marked is not None:
        return Sides(marked, ToldBy.MARKER)
    return Sides(False, ToldBy.NOTHING) if by_heart is None else Sides(by_heart, ToldBy.HEART)


def heart_lean(masks: FilmMasks) -> float | None:
    """How far the heart's centre lies to the right of the middle between the lungs' outer borders, in heart widths.

    Returns:
        Negative to the left of the picture; None where heart or lungs are not seen well enough to tell.
    """
    areas = sorted((float(masks.image_left.sum()), float(masks.image_right.sum())))
    if areas[0] == 0 or areas[0] < LEAST_LUNG * areas[1] or not masks.heart.any():
        return None
    outer = np.flatnonzero(masks.image_left.any(axis=0))[0], np.flatnonzero(masks.image_right.any(axis=0))[-1] + 1
    weights = masks.heart.sum(axis=0)
    centre = float(np.average(np.arange(len(weights)) + 0.5, weights=weights))
    wide = np.flatnonzero(weights)
    return float((centre - (outer[0] + outer[1]) / 2) / (wide[-1] + 1 - wide[0]))

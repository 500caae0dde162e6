"""A chest film: where a structure is, and whether a finding is there.

As in Google's localisation notebook: the film first, padded to a square, then the words; one object per
question; coordinates 0..1000 of the padded square, the patient's left named as such. Asked more than one
question, a reader computes the film once, since every request begins with the same picture.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...core.boxes import Box
from ...prompts.loader import load_templates
from ..expect import Boxes, LabelledBox, UnitBox, YesNo
from ..request import Request
from .plain import term
from .square import Frame, from_square, pad_to_square, padded

__all__ = ["box_on_film", "box_requests", "film_requests", "pad_to_square"]

TOOL = "localization"
RECIPE = "film/1"
MOST_TOKENS = 1000
"""Of the answer, as in the notebook."""


def box_requests(film: NDArray[np.uint8], objects: Sequence[str], *,
                 scope: str) -> tuple[Request[tuple[LabelledBox, ...]], ...]:
    """One question for each object: where is it?

    Args:
        film: (rows, columns) uint8, bright is dense (MONOCHROME2), or the same as RGB.
        objects: what to find, such as "right clavicle"; sides are the patient's.
        scope: opaque patient.

    Returns:
        Requests in the objects' order. Their boxes are fractions of the padded square: see `box_on_film`.

    Raises:
        ValueError: no object, an unusable name, or a film of another shape or type.
    """
    words = [load_templates("film")["box"].fill(object=term(name, "an object")) for name in _some(objects)]
    picture = padded(film)
    return tuple(Request(TOOL, RECIPE, (picture, text), Boxes(), scope, MOST_TOKENS) for text in words)


def box_on_film(box: UnitBox, rows: int, columns: int) -> Box:
    """A box of an answer to `box_requests`, in pixels of the film that was given.

    Args:
        box: (x0, y0, x1, y1) as fractions of the padded square.
        rows: of the film.
        columns: of the film.

    Raises:
        ValueError: the box lies in the padding alone, or has no area.
    """
    return from_square(box, Frame(rows, columns))


def film_requests(film: NDArray[np.uint8], findings: Sequence[str], *, scope: str) -> tuple[Request[bool], ...]:
    """One yes-or-no question for each finding.

    Args:
        film: as for `box_requests`.
        findings: such as "pleural effusion".
        scope: opaque patient.

    Raises:
        ValueError: no finding, an unusable name, or a film of another shape or type.
    """
    words = [load_templates("film")["finding"].fill(finding=term(name, "a finding")) for name in _some(findings)]
    picture = padded(film)
    return tuple(Request(TOOL, RECIPE, (picture, text), YesNo(), scope, MOST_TOKENS) for text in words)


def _some(names: Sequence[str]) -> Sequence[str]:
    if not names:
        raise ValueError("nothing is asked about the film")
    return names

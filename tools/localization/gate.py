"""What is no frontal chest film: told from the header first, from the picture in any case."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from ...core.errors import RefusedFile
from ...core.refusal import RefusalCode
from ...sources.film import Film
from .appearance import SIDE, content_frame
from .lungs import LungMasks

_OTHER_VIEWS = frozenset({"LL", "RL", "LLD", "RLD", "LLO", "RLO", "LAO", "RAO", "LPO", "RPO", "LATERAL", "LAT",
                          "OBLIQUE"})
"""Lateral, decubitus and oblique View Positions (0018,5101): the defined terms of PS3.3 C.8.1.1, and plain words."""
_CHEST_WORDS = ("CHEST", "THORAX", "LUNG", "HEART", "TORAX", "RIB")
_RADIOGRAPHS = frozenset({"CR", "DX"})
_LEAST_SCORE, _LEAST_SCORE_OF_CHEST_FILM, _LEAST_SCORE_AGAINST_HEADER = 0.2, 0.0, 0.8
# Of 74 films of patients left out of training 4 score below 0.2, and 6 of 395 pictures of other kinds pass the whole
# gate: 4 of 150 coronal and sagittal CT slices, 2 of 22 upper or lower parts of films.

_BLANK_SPREAD = 0.02
_FINE_GRAIN = 0.4
_PAPER_SHARE = 0.75
_NARROW_BOTTOM = 0.5
_NARROW_SIDES = 0.2
# 81 films: coarse share of the variance 0.67 or more, paper 0.57 or less, bottom 0.74 or more, sides 0.41 or more.
# 13 pages: coarse 0.56 or less, paper 0.52 or more. 90 axial slices: bottom 0.64 or less, of 85 in the chest or
# abdomen 0.39 or less. Coronal slices are like films in all four.


def refuse_view(view: str | None) -> None:
    """Refuse a view that a header or case.yaml calls lateral, oblique or decubitus.

    Raises:
        RefusedFile: WRONG_VIEW.
    """
    if view is not None and view.upper().split(" ")[0] in _OTHER_VIEWS:
        raise RefusedFile(RefusalCode.WRONG_VIEW, f"the header calls the view {view.upper()}; only frontal films are "
                          "measured")


def refuse_header(film: Film) -> None:
    """Refuse what the film's header says is no frontal view.

    Raises:
        RefusedFile: WRONG_VIEW.
    """
    refuse_view(film.view)
    if any(text[:1] in ("A", "P") for text in film.patient_orientation or ()):
        raise RefusedFile(RefusalCode.WRONG_VIEW, "the header says that the picture runs from front to back: a "
                          "lateral view; only frontal films are measured")


def refuse_picture(pixels: NDArray[np.float32]) -> None:
    """Refuse pictures that are blank, noise, a printed page, or a slice through a body with air around it.

    Args:
        pixels: (rows, columns), 0..1, bright = dense.

    Raises:
        RefusedFile: NO_TISSUE or WRONG_MODALITY.
    """
    frame = content_frame(pixels)
    part = np.ascontiguousarray(pixels[frame.y0:frame.y1, frame.x0:frame.x1])
    small = np.asarray(Image.fromarray(part).resize((SIDE, SIDE), Image.Resampling.BOX), np.float64)
    low, high = np.percentile(small, [1, 99])
    if high - low < _BLANK_SPREAD:
        raise RefusedFile(RefusalCode.NO_TISSUE, "the picture is blank")
    small = np.clip((small - low) / (high - low), 0, 1)
    if _paper_share(small) > _PAPER_SHARE:
        raise RefusedFile(RefusalCode.WRONG_MODALITY, "the picture looks like a printed page, not like a radiograph")
    if ndimage.gaussian_filter(small, 4).var() < _FINE_GRAIN * small.var():
        raise RefusedFile(RefusalCode.WRONG_MODALITY, "the picture is fine-grained throughout (noise or text), not a "
                          "radiograph")
    bottom, sides = body_contact(small)
    if bottom < _NARROW_BOTTOM or sides < _NARROW_SIDES:
        raise RefusedFile(RefusalCode.WRONG_MODALITY, "the picture shows a body with air around it, as a slice of CT "
                          "or MR does; a chest film is filled by the body")


def _paper_share(small: NDArray[np.float64]) -> float:
    """Fraction that is bright once thin dark strokes are closed."""
    return float((ndimage.grey_closing(small, size=(21, 21)) > 0.85).mean())


def body_contact(small: NDArray[np.float64]) -> tuple[float, float]:
    """How widely the largest bright part touches the bottom (of its own greatest width) and the sides (of the height).

    Args:
        small: (rows, columns), 0..1.
    """
    parts, count = ndimage.label(ndimage.gaussian_filter(small, 2) > 0.12)
    if count == 0:
        return 0.0, 0.0
    sizes = np.bincount(parts.ravel())[1:]
    body = parts == int(np.argmax(sizes)) + 1
    bottom = body[-3:].any(axis=0).sum() / body.sum(axis=1).max()
    sides = (body[:, :3].any(axis=1).mean() + body[:, -3:].any(axis=1).mean()) / 2
    return float(bottom), float(sides)


def accept_lungs(film: Film, lungs: LungMasks | None) -> tuple[LungMasks, str | None]:
    """The lungs that were found, and a warning where the header names another body part.

    Raises:
        RefusedFile: WRONG_BODY_PART when no lungs were found, or not clearly while the header names another part.
    """
    chest = film.body_part is not None and any(word in film.body_part for word in _CHEST_WORDS)
    other = film.body_part is not None and not chest
    least = _LEAST_SCORE_OF_CHEST_FILM if chest and film.modality in _RADIOGRAPHS else _LEAST_SCORE
    if lungs is None or lungs.score < least:
        raise RefusedFile(RefusalCode.WRONG_BODY_PART, "no pair of lungs is seen as on a frontal chest film; if it is "
                          "one, check its orientation and contrast")
    if not other:
        return lungs, None
    if lungs.score < _LEAST_SCORE_AGAINST_HEADER:
        raise RefusedFile(RefusalCode.WRONG_BODY_PART, f"the header says {film.body_part}, and the picture does not "
                          "clearly show a chest")
    return lungs, f"the header says {film.body_part}, the picture shows a chest: it was measured"

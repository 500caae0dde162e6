"""What is no frontal chest film: told from the header first, from the picture in any case."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from ...core.errors import RefusedFile
from ...core.refusal import RefusalCode
from ...sources.film import Film
from .masks import FilmMasks

_OTHER_VIEWS = frozenset({"LL", "RL", "LLD", "RLD", "LLO", "RLO", "LAO", "RAO", "LPO", "RPO", "LATERAL", "LAT",
                          "OBLIQUE"})
"""Lateral, decubitus and oblique View Positions (0018,5101): the defined terms of PS3.3 C.8.1.1, and plain words."""
_CHEST_WORDS = ("CHEST", "THORAX", "LUNG", "HEART", "TORAX", "RIB")
_RADIOGRAPHS = frozenset({"CR", "DX"})
_LEAST_FRONTAL, _LEAST_OF_CHEST_FILM, _LEAST_AGAINST_HEADER = 0.9, 0.5, 0.98
"""How frontal a picture must look (`FilmMasks.frontal`): without a word of a header, called a chest film by it, and
called another part of the body. docs/accuracy.md has what passes and what does not."""

_SIDE = 256
_BLANK_SPREAD = 0.02
_FINE_GRAIN = 0.4
_PAPER_SHARE = 0.75
# 81 films: coarse share of the variance 0.67 or more, paper 0.57 or less. 13 pages: 0.56 or less and 0.52 or more.


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


def refuse_blank(pixels: NDArray[np.float32]) -> None:
    """Refuse a picture in which nothing can be seen.

    Args:
        pixels: (rows, columns), 0..1.

    Raises:
        RefusedFile: NO_TISSUE.
    """
    low, high = np.percentile(pixels, [1, 99])
    if high - low < _BLANK_SPREAD:
        raise RefusedFile(RefusalCode.NO_TISSUE, "the picture is blank")


def accept(film: Film, masks: FilmMasks) -> str | None:
    """A warning where the header names another body part than the chest that the picture shows, else None.

    Raises:
        RefusedFile: WRONG_MODALITY or WRONG_BODY_PART when the picture does not look like a frontal chest film, or not
            clearly so while the header names another part.
    """
    chest = film.body_part is not None and any(word in film.body_part for word in _CHEST_WORDS)
    other = film.body_part is not None and not chest
    least = _LEAST_OF_CHEST_FILM if chest and film.modality in _RADIOGRAPHS else _LEAST_FRONTAL
    if masks.frontal < least or not (masks.image_left.any() or masks.image_right.any()):
        raise _refused(film.pixels)
    if not other:
        return None
    if masks.frontal < _LEAST_AGAINST_HEADER:
        raise RefusedFile(RefusalCode.WRONG_BODY_PART, f"the header says {film.body_part}, and the picture does not "
                          "clearly show a chest")
    return f"the header says {film.body_part}, the picture shows a chest: it was measured"


def _refused(pixels: NDArray[np.float32]) -> RefusedFile:
    """What a picture that is no frontal chest film looks like instead, as far as that is plain."""
    small = np.asarray(Image.fromarray(pixels).resize((_SIDE, _SIDE), Image.Resampling.BOX), np.float64)
    low, high = np.percentile(small, [1, 99])
    small = np.clip((small - low) / max(high - low, 1e-6), 0, 1)
    if (ndimage.grey_closing(small, size=(21, 21)) > 0.85).mean() > _PAPER_SHARE:
        return RefusedFile(RefusalCode.WRONG_MODALITY, "the picture looks like a printed page, not like a radiograph")
    if ndimage.gaussian_filter(small, 4).var() < _FINE_GRAIN * small.var():
        return RefusedFile(RefusalCode.WRONG_MODALITY, "the picture is fine-grained throughout (noise or text), not "
                           "a radiograph")
    return RefusedFile(RefusalCode.WRONG_BODY_PART, "the picture does not look like a frontal chest film; if it is "
                       "one, check its orientation and contrast")

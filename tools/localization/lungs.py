"""Where the lungs are on a frontal film: one function, behind which the method may change."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from skimage.draw import polygon2mask

from .appearance import channels, content_frame, even_contrast
from .shape_model import POINTS_PER_LUNG, fit, shipped_model

MOST_ATYPICAL = 1.6
_LEAST_LUNG = 0.02


@dataclass(frozen=True)
class LungMasks:
    """Both lung fields of a film, the parts behind heart and diaphragm border as radiologists outline them.

    Args:
        image_left: (rows, columns) of the film, the lung at the left of the picture.
        image_right: the other lung.
        score: how much the surroundings of the outline look like a chest: about 1 on films, -1 on other pictures.
    """

    image_left: NDArray[np.bool_]
    image_right: NDArray[np.bool_]
    score: float


def segment_lungs(film_pixels: NDArray[np.float32]) -> LungMasks | None:
    """Both lungs of a frontal chest film; None when the outline has no plausible shape.

    An outline is found in nearly every picture: whether it sits on lungs is what `score` says and the gate decides.

    Args:
        film_pixels: (rows, columns), 0..1, bright = dense, upright (`Film.pixels`).
    """
    frame = content_frame(film_pixels)
    found = fit(shipped_model(), channels(even_contrast(film_pixels, frame)))
    if found.atypical > MOST_ATYPICAL:
        return None
    points = frame.to_film(found.points)
    masks = [polygon2mask(film_pixels.shape, part - 0.5)
             for part in (points[:POINTS_PER_LUNG], points[POINTS_PER_LUNG:])]
    if min(mask.mean() for mask in masks) < _LEAST_LUNG:
        return None
    return LungMasks(masks[0], masks[1], found.score)

"""Where lungs and heart are on a film."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ...core.boxes import Box

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class FilmMasks:
    """Three structures of a film, each in one piece without holes; empty where nothing of it was seen.

    Args:
        image_left: (rows, columns) of the film: the lung at the left of the picture, with what lies behind the heart.
        image_right: the lung at the right.
        heart: heart and great vessels.
        frontal: 0..1, how much the whole picture looks like a frontal chest film.
    """

    image_left: Mask
    image_right: Mask
    heart: Mask
    frontal: float

    def mirrored(self) -> FilmMasks:
        """Of the film with left and right of the picture exchanged."""
        return FilmMasks(self.image_right[:, ::-1], self.image_left[:, ::-1], self.heart[:, ::-1], self.frontal)


def largest_piece(mask: Mask) -> Mask:
    """The largest connected piece of a mask, its holes filled; empty for an empty one."""
    pieces, count = ndimage.label(mask)
    if count == 0:
        return mask
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    filled: Mask = ndimage.binary_fill_holes(pieces == int(np.argmax(sizes)))
    return filled


def mask_box(mask: Mask) -> Box:
    """The smallest box [x0, y0, x1, y1], half-open, that holds a mask with at least one pixel."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def shows_lungs_bright(pixels: NDArray[np.float32], masks: FilmMasks) -> bool:
    """Whether black and white are exchanged: the lungs are brighter than heart and great vessels.

    Args:
        pixels: (rows, columns).
        masks: of the film; where a lung or the heart is not seen, nothing is told.
    """
    lungs = (masks.image_left | masks.image_right) & ~masks.heart
    heart = masks.heart & ~(masks.image_left | masks.image_right)
    return bool(lungs.any() and heart.any() and np.median(pixels[lungs]) > np.median(pixels[heart]))

"""Where on a slide there is tissue, told at low power."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.filters import threshold_otsu

from .stains import is_ink

MASK_MPP = 8.0
"""Micrometres per mask pixel: 1.25x, where the field's tools look for tissue."""
SMALLEST_PIECE_UM2 = 10_000.0
"""Smaller pieces are debris, smaller holes are lumina: 100 x 100 µm."""

_SATURATION_RANGE = (15 / 255, 40 / 255)
_DARKEST = 0.05


def tissue_mask(rgb: NDArray[np.uint8], smallest_piece: int) -> NDArray[np.bool_]:
    """Tissue by Otsu's threshold on the median-filtered saturation (as CLAM, Lu et al., Nat Biomed Eng 2021;5:555).

    The threshold is kept within fixed bounds, so that a slide of glass alone, or of tissue alone, is not cut in two.
    Near-black pixels (scan borders, black pen) and green or blue ink are not tissue.

    Args:
        rgb: (rows, columns, 3) uint8 at low power.
        smallest_piece: pixels; smaller pieces are dropped, smaller enclosed holes filled.

    Returns:
        (rows, columns) bool.
    """
    saturation = ndimage.median_filter(_saturation(rgb), size=3, mode="nearest")
    low, high = _SATURATION_RANGE
    otsu = float(threshold_otsu(saturation))
    threshold = min(max(otsu, low), high)
    bright = rgb.max(axis=2) > 255 * _DARKEST
    mask = (saturation > threshold) & bright & ~is_ink(rgb)
    return _fill_small(_without_small(mask, smallest_piece), smallest_piece)


def _saturation(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    brightest = rgb.max(axis=2).astype(np.float32)
    spread: NDArray[np.float32] = (brightest - rgb.min(axis=2)) / np.maximum(brightest, 1.0)
    return spread


def _without_small(mask: NDArray[np.bool_], smallest: int) -> NDArray[np.bool_]:
    labels, _ = ndimage.label(mask)
    keep = np.bincount(labels.ravel()) >= smallest
    keep[0] = False
    kept: NDArray[np.bool_] = keep[labels]
    return kept


def _fill_small(mask: NDArray[np.bool_], smallest: int) -> NDArray[np.bool_]:
    holes = ndimage.binary_fill_holes(mask) & ~mask
    filled: NDArray[np.bool_] = mask | (holes & ~_without_small(holes, smallest))
    return filled

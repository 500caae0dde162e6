"""Where on a slide there is tissue that can be judged, told at low power."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.filters import threshold_otsu

from .stains import Stains, Triple, is_ink

Mask = NDArray[np.bool_]

MASK_MPP = 8.0
"""Micrometres per mask pixel: 1.25x, where the field's tools look for tissue."""
SMALLEST_PIECE_UM2 = 10_000.0
"""Smaller pieces are debris, smaller holes are lumina: 100 x 100 µm."""

_SATURATION_RANGE = (15 / 255, 40 / 255)
_DARKEST = 0.05
_PEN_DENSITY, _BLACK_SPREAD = 0.6, 0.25
_RED_BLUE, _RED_RED = 0.85, 0.25
_FOLD_TIMES = 1.8
"""Two layers absorb twice as much as one (Beer-Lambert); halfway between is 1.5, less leaves thick spots in."""
_FOLD_SMOOTHING = 5
_GLASS_BRIGHTNESS, _LEAST_GLASS = 200, 0.005


@dataclass(frozen=True)
class TissueMap:
    """What covers the scanned area, each (rows, columns) bool of one size.

    Args:
        tissue: everything that is tissue, folds too.
        folds: parts of it that lie double.
        pen: ink of a pen or a dye, in pieces that are no fringe of colour at an edge; no tissue.
    """

    tissue: Mask
    folds: Mask
    pen: Mask

    @property
    def searched(self) -> Mask:
        """Tissue that lies flat."""
        return self.tissue & ~self.folds


def tissue_mask(rgb: NDArray[np.uint8], smallest_piece: int) -> Mask:
    """Tissue by Otsu's threshold on the median-filtered saturation (as CLAM, Lu et al., Nat Biomed Eng 2021;5:555).

    The threshold is kept within fixed bounds, so that a slide of glass alone, or of tissue alone, is not cut in two.
    Near-black pixels (scan borders) and ink are not tissue.

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
    ink = is_pen(rgb)
    mask = (saturation > threshold) & bright & ~ink
    return _fill_small(without_small(mask, smallest_piece), smallest_piece) & ~ink


def is_pen(rgb: NDArray[np.uint8]) -> Mask:
    """Pen marks and marking dye at low power: green, blue, cyan; black; red.

    Black ink absorbs all colours alike, which stained tissue never does that densely once single nuclei are averaged
    away. Red ink absorbs green and blue alike and no red, while eosin lets more blue pass than green.

    Args:
        rgb: (rows, columns, 3) uint8, about 8 µm per pixel.
    """
    density = -np.log10(np.maximum(rgb, 1).astype(np.float32) / 255.0)
    red, green, blue = density[..., 0], density[..., 1], density[..., 2]
    least, most = density.min(axis=2), density.max(axis=2)
    black = (least > _PEN_DENSITY) & (most - least < _BLACK_SPREAD * most) & (rgb.max(axis=2) > 255 * _DARKEST)
    is_red = (green > _PEN_DENSITY) & (blue > _RED_BLUE * green) & (red < _RED_RED * green)
    marks: Mask = ndimage.binary_opening(is_ink(rgb) | black | is_red, np.ones((2, 2), bool))
    return marks


def fold_mask(rgb: NDArray[np.uint8], tissue: Mask, stains: Stains, smallest_piece: int) -> Mask:
    """Tissue that lies double: both stains absorb far more than in the median of the slide's tissue.

    Cellular tissue holds more haematoxylin but not more eosin, so it is no fold. A slide that is double everywhere, or
    double in more than half of its tissue, has no fold that this could tell.

    Args:
        rgb: (rows, columns, 3) uint8 at low power.
        tissue: (rows, columns) bool.
        stains: of this slide.
        smallest_piece: pixels; smaller pieces are no folds.
    """
    if not tissue.any():
        return np.zeros_like(tissue)
    double = tissue.copy()
    for density in stains.densities(rgb):
        smooth = ndimage.uniform_filter(density, _FOLD_SMOOTHING, mode="nearest")
        double &= smooth > _FOLD_TIMES * max(float(np.median(smooth[tissue])), 0.02)
    return without_small(double, smallest_piece)


def glass_colour(rgb: NDArray[np.uint8], tissue: Mask) -> Triple:
    """Median colour of bright pixels that are no tissue; white where hardly any glass is seen."""
    glass = rgb[~tissue & (rgb.min(axis=2) > _GLASS_BRIGHTNESS)]
    if len(glass) < _LEAST_GLASS * tissue.size:
        return (255.0, 255.0, 255.0)
    red, green, blue = (float(value) for value in np.median(glass, axis=0))
    return red, green, blue


def _saturation(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    brightest = rgb.max(axis=2).astype(np.float32)
    spread: NDArray[np.float32] = (brightest - rgb.min(axis=2)) / np.maximum(brightest, 1.0)
    return spread


def without_small(mask: Mask, smallest: int) -> Mask:
    """Without connected pieces of fewer than `smallest` pixels."""
    labels, _ = ndimage.label(mask)
    keep = np.bincount(labels.ravel()) >= smallest
    keep[0] = False
    kept: Mask = keep[labels]
    return kept


def _fill_small(mask: Mask, smallest: int) -> Mask:
    holes = ndimage.binary_fill_holes(mask) & ~mask
    filled: Mask = mask | (holes & ~without_small(holes, smallest))
    return filled

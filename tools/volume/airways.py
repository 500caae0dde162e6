"""Trachea and large bronchi: found so that they can be taken out of the lungs. Pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .grids import Mask

LUMEN_HU = -900.0
SMALLEST_MM2, LARGEST_MM2 = 40.0, 900.0
"""Lumen areas that a trachea may show in a slice; wide enough for children and for sabre and dilated forms."""
SHORTEST_MM = 20.0
LARGEST_TREE_ML = 150.0
LEAK_ML = 25.0
"""A step of the growing threshold that adds more than this has broken into lung tissue."""


def airways(values: NDArray[np.float32], body: Mask, spacing: tuple[float, float, float]) -> Mask:
    """Lumen of the trachea and of the bronchi that hang on it; empty when no trachea is seen.

    The trachea is the longest tube of round, central air in the upper part of the volume; from it a region grows at
    rising thresholds until the next step would leak into the lung (Mori et al., IEEE TMI 19(2):103-114, 2000).

    Args:
        values: (k, j, i) HU, k growing to the head.
        body: the body mask.
        spacing: mm along (k, j, i).
    """
    lumen = body & (values < LUMEN_HU)
    seed = _trachea(lumen, body, spacing)
    if not seed.any():
        return seed
    voxel_ml = float(np.prod(spacing)) / 1000.0
    tree = seed
    for threshold in range(-960, -690, 30):
        grown = _connected_to(seed, (body & (values < threshold)) | seed)
        if grown.sum() * voxel_ml > LARGEST_TREE_ML:
            break
        if threshold > -960 and (grown.sum() - tree.sum()) * voxel_ml > LEAK_ML:
            break
        tree = grown
    return tree


def with_wall(lumen: Mask, body: Mask) -> Mask:
    """The airways with one voxel of wall around them in each slice."""
    wall = ndimage.generate_binary_structure(3, 1)
    wall[0], wall[2] = False, False
    return np.asarray(ndimage.binary_dilation(lumen, wall) & body)


def _connected_to(seed: Mask, region: Mask) -> Mask:
    labels, _ = ndimage.label(region)
    wanted = np.unique(labels[seed])
    return np.isin(labels, wanted[wanted > 0])


def _trachea(lumen: Mask, body: Mask, spacing: tuple[float, float, float]) -> Mask:
    """The longest stack of small, compact, central air spots that reaches the top of all such air."""
    spots = np.zeros(lumen.shape, bool)
    for k in range(lumen.shape[0]):
        spots[k] = _round_spots(lumen[k], body[k], spacing)
    labels, _ = ndimage.label(spots)
    best, length = np.zeros(lumen.shape, bool), 0.0
    upper_half = lumen.shape[0] // 2
    for number, place in enumerate(ndimage.find_objects(labels), 1):
        tall = (place[0].stop - place[0].start) * spacing[0]
        if place[0].stop > upper_half and tall >= SHORTEST_MM and tall > length:
            best, length = labels == number, tall
    return best


def _round_spots(lumen: Mask, body: Mask, spacing: tuple[float, float, float]) -> Mask:
    """Air spots of one slice with the area of a trachea, nearly as wide as deep, in the middle third of the body."""
    keep = np.zeros(lumen.shape, bool)
    columns = np.flatnonzero(body.any(axis=0))
    if not len(columns):
        return keep
    left, right = columns[0], columns[-1]
    labels, _ = ndimage.label(lumen)
    for number, place in enumerate(ndimage.find_objects(labels), 1):
        spot = labels[place] == number
        area = spot.sum() * spacing[1] * spacing[2]
        tall, wide = (spot.shape[0] * spacing[1], spot.shape[1] * spacing[2])
        middle = (place[1].start + place[1].stop - 1) / 2
        central = left + (right - left) / 3 <= middle <= right - (right - left) / 3
        full = area > 0.5 * tall * wide
        if SMALLEST_MM2 <= area <= LARGEST_MM2 and central and full and max(tall, wide) < 2.5 * min(tall, wide):
            keep[place] |= spot
    return keep

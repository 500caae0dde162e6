"""What lies within the skull in a CT of the head, and how much of it is as dense as clotted blood. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .grids import Coarse, Mask, distance

BONE_HU = 300.0
BRAIN_HU, MOSTLY = (-20.0, 110.0), 0.85
"""Range that holds fluid, brain and blood, and the part of a space within bone that must lie in it."""
GAP_MM = 8.0
"""Gaps of the skull in a slice that are bridged: sutures, fissures, burr holes. An own choice."""
SMALLEST_SLICE_CM2 = 20.0
"""Spaces within bone that are smaller in a slice are the spinal canal, orbits, sinuses and mastoid cells."""
SMALLEST_ML = 200.0
HYPERDENSE_HU = (50.0, 100.0)
"""Acute clotted blood is denser than brain for some days and less dense than calcification (Parizel et al., Eur Radiol
11(9):1770-1783, 2001); the two limits are an own choice around it."""
FROM_BONE_MM = 4.0
"""Depth under the skull in which blurred bone looks like blood: it is not counted."""
SMALLEST_CLUSTER_ML = 0.3
CLEAR_OF_NOISE = 2.5
"""How many standard deviations `HYPERDENSE_HU` must lie above the median within the skull."""
SHIFT_HU = 5.0
"""How far the lower threshold is moved for the stated precision."""


@dataclass(frozen=True)
class Hyperdense:
    """Clusters within the skull that are denser than brain.

    Args:
        mask: on the coarse grid.
        millilitres: volume of the clusters.
        margin: half of what their volume changes when the lower threshold is moved by `SHIFT_HU` up and down.
        partial: whether the first or last slice cuts the space within the skull.
    """

    mask: Mask
    millilitres: float
    margin: float
    partial: bool


def cranial_space(coarse: Coarse) -> Mask:
    """The space within the skull: what bone encloses in axial slices and is as dense as brain; empty without one.

    Args:
        coarse: HU, axial slices.
    """
    space = np.zeros(coarse.values.shape, bool)
    bone = coarse.values > BONE_HU
    for k in np.flatnonzero(bone.any(axis=(1, 2))):
        space[k] = _enclosed(bone[k], coarse.values[k], coarse.spacing)
    labels, count = ndimage.label(space)
    if count == 0:
        return space
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    largest = labels == int(sizes.argmax())
    return largest if largest.sum() * coarse.voxel_ml >= SMALLEST_ML else np.zeros_like(space)


def _enclosed(bone: Mask, values: NDArray[np.float32], spacing: tuple[float, float, float]) -> Mask:
    in_plane = spacing[1:]
    edge = [(int(GAP_MM / step) + 2,) * 2 for step in in_plane]
    room = np.pad(bone, edge)
    grown = distance(~room, in_plane) <= GAP_MM / 2
    closed = distance(ndimage.binary_fill_holes(grown), in_plane) > GAP_MM / 2
    inner = closed[tuple(slice(before, -after) for before, after in edge)] & ~bone
    labels, count = ndimage.label(inner)
    cm2 = in_plane[0] * in_plane[1] / 100
    keep = [number for number in range(1, count + 1) if _like_brain(values[labels == number], cm2)]
    return np.isin(labels, keep) if keep else np.zeros_like(bone)


def _like_brain(values: NDArray[np.float32], cm2: float) -> bool:
    dense = (values > BRAIN_HU[0]) & (values < BRAIN_HU[1])
    return len(values) * cm2 >= SMALLEST_SLICE_CM2 and float(dense.mean()) >= MOSTLY


def too_noisy(coarse: Coarse, space: Mask) -> bool:
    """Whether noise alone reaches the hyperdense range: the robust deviation (1.48 times the median deviation).

    Args:
        coarse: HU.
        space: from `cranial_space`, not empty.
    """
    values = coarse.values[space]
    middle = float(np.median(values))
    return middle + CLEAR_OF_NOISE * 1.48 * float(np.median(np.abs(values - middle))) > HYPERDENSE_HU[0]


def hyperdense(coarse: Coarse, space: Mask) -> Hyperdense:
    """Clusters of `HYPERDENSE_HU` within the skull, away from bone and calcification.

    Block means of about 2 mm are thresholded, so that noise of single voxels does not count. Not every such cluster
    is blood: venous sinuses, falx and tentorium, calcification and contrast medium can be as dense; blood in a thin
    layer under the skull, old blood, and blood of anaemic people is missed.

    Args:
        coarse: HU.
        space: from `cranial_space`, not empty.
    """
    bright = coarse.values > HYPERDENSE_HU[1]
    around = ndimage.binary_dilation(bright & space) | (
        distance(~(bright & ~space), coarse.spacing) < FROM_BONE_MM)
    free = space & ~around
    mask = _clusters(free & (coarse.values >= HYPERDENSE_HU[0]), coarse)
    near = ndimage.binary_dilation(mask, iterations=2) & free
    low, high = (float((near & (coarse.values >= HYPERDENSE_HU[0] + shift)).sum()) for shift in (SHIFT_HU, -SHIFT_HU))
    return Hyperdense(mask, float(mask.sum()) * coarse.voxel_ml, (high - low) / 2 * coarse.voxel_ml,
                      bool(space[0].any() or space[-1].any()))


def _clusters(dense: Mask, coarse: Coarse) -> Mask:
    labels, _ = ndimage.label(dense)
    sizes = np.bincount(labels.ravel())
    large = sizes * coarse.voxel_ml >= SMALLEST_CLUSTER_ML
    large[0] = False
    return np.asarray(large[labels])

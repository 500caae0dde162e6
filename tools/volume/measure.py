"""Statistics of voxels: attenuation by tissue, lung, and MR foreground. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .grids import Mask


@dataclass(frozen=True)
class TissueRange:
    """A range of attenuation that stands for a tissue.

    Args:
        name: as findings call it.
        low: lowest HU, included.
        high: highest HU, included; None for no upper end.
    """

    name: str
    low: int
    high: int | None


TISSUES = (TissueRange("Fat", -190, -30), TissueRange("Soft tissue", -29, 150),
           TissueRange("Tissue above 150 HU", 151, None))
"""Fat -190 to -30 HU and muscle -29 to 150 HU: Aubrey et al., Acta Physiologica 210(3):489-497, 2014; the second
range also holds organs, blood and fluid. What lies above is named by its number alone: bone, calcification, metal and
contrast medium share it."""


@dataclass(frozen=True)
class TissueStatistics:
    """Attenuation of one tissue within the body.

    Args:
        tissue: which range.
        mean: HU.
        deviation: standard deviation in HU.
        percent: of the body's voxels, air and lung included.
    """

    tissue: TissueRange
    mean: float
    deviation: float
    percent: float


def tissue_statistics(voxels: NDArray[Any], body: Iterable[Mask], tissues: Sequence[TissueRange] = TISSUES
                      ) -> list[TissueStatistics]:
    """Attenuation of each tissue that the body shows.

    Args:
        voxels: (k, j, i) HU.
        body: mask of the same shape, or its planes one after the other.
        tissues: ranges, apart from each other.
    """
    counts = np.zeros(65536, np.int64)
    for plane, inside in zip(voxels, body, strict=True):
        values = plane[inside]
        whole = values if values.dtype == np.int16 else np.clip(np.rint(values), -32768, 32767).astype(np.int16)
        counts += np.bincount(whole.astype(np.int32) + 32768, minlength=65536)
    total = int(counts.sum())
    result = []
    for tissue in tissues:
        end = 65536 if tissue.high is None else tissue.high + 32769
        part = counts[tissue.low + 32768:end]
        number = int(part.sum())
        if number:
            grey = np.arange(tissue.low, tissue.low + len(part))
            mean = float((part * grey).sum() / number)
            variance = float((part * (grey - mean) ** 2).sum() / number)
            result.append(TissueStatistics(tissue, mean, variance**0.5, 100.0 * number / total))
    return result


def mean_within(voxels: NDArray[Any], mask: Mask) -> float:
    """Mean of the voxels in a mask, each counted once, in the voxels' unit.

    Args:
        voxels: (k, j, i).
        mask: of the same shape, with at least one voxel.
    """
    total = sum(float(plane[inside].sum(dtype=np.float64)) for plane, inside in zip(voxels, mask, strict=True))
    return total / int(mask.sum())


def otsu_threshold(values: NDArray[Any], bins: int = 256) -> float:
    """The threshold that best parts values into two classes (Otsu, IEEE Trans. SMC 9(1):62-66, 1979).

    Values above the 99.9th percentile are cut to it first, so that a few bright voxels do not stretch the histogram.

    Args:
        values: any shape, not all equal for a meaningful answer.
        bins: of the histogram.
    """
    low, high = float(values.min()), float(np.percentile(values, 99.9))
    if high <= low:
        return low
    counts, edges = np.histogram(np.clip(values, low, high), bins, (low, high))
    middle = (edges[:-1] + edges[1:]) / 2
    below, above = np.cumsum(counts), np.cumsum(counts[::-1])[::-1]
    mean_below = np.cumsum(counts * middle) / np.maximum(below, 1)
    mean_above = (np.cumsum((counts * middle)[::-1]) / np.maximum(above[::-1], 1))[::-1]
    between = below[:-1] * above[1:].astype(np.float64) * (mean_below[:-1] - mean_above[1:]) ** 2
    best = np.flatnonzero(between == between.max())
    return float(edges[int(best.mean()) + 1])


BACKGROUND_SHARE = 0.1
"""Of the way from the 2nd to the 98th percentile: the rough border of a head in MR of Smith, Human Brain Mapping
17(3):143-155, 2002, section on estimating parameters."""
SMALLEST_SHARE = 0.01
"""Pieces smaller than this part of the largest are noise, markers and what lies on the skin."""


def foreground(voxels: NDArray[Any]) -> Mask:
    """What an MR shows of the patient: above a tenth of the robust range, small pieces left out, holes filled slice
    by slice; empty when all values are equal.

    Args:
        voxels: (k, j, i) in arbitrary units.
    """
    thin = voxels[::max(1, voxels.shape[0] // 32), ::2, ::2]
    low, high = (float(part) for part in np.percentile(thin, [2, 98]))
    bright = voxels > low + BACKGROUND_SHARE * (high - low)
    for plane in bright:
        ndimage.binary_opening(plane, output=plane)
    labels, count = ndimage.label(bright)
    if count == 0:
        return bright
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    kept: Mask = np.asarray((sizes >= SMALLEST_SHARE * sizes.max()) & (sizes > 0))[labels]
    for plane in kept:
        ndimage.binary_fill_holes(plane, output=plane)
    return kept

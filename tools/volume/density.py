"""How dense a lung is: mean attenuation and low-attenuation area. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .grids import Patch

LOW_HU = -950
"""Voxels below it are counted as low attenuation: the threshold that agreed best with emphysema in specimens, on
1 mm sections without contrast medium (Gevenois et al., Am J Respir Crit Care Med 154(1):187-192, 1996)."""
LOW_AREA = f"Low-attenuation area below {LOW_HU} HU"
"""What the share of such voxels is called."""
CALIBRATION_HU = 10
"""How far a scanner's values may be off, for the stated precision: an own choice. That calibration decides how well
the share can be compared: Parr et al., Am J Respir Crit Care Med 170(8):883-890, 2004."""
THICKEST_COMPARED_MM = 1.5
"""An own choice; that section thickness, kernel, dose and contrast medium change the share: Coxson, J Thorac Imaging
28(5):272-279, 2013."""
_LOWEST = -2048


@dataclass(frozen=True)
class Density:
    """Attenuation of one lung, its vessels within the mask included, trachea and large bronchi not.

    Args:
        mean: HU.
        low_percent: share of the voxels below `LOW_HU`.
        low_margin: half the difference of that share when all values are moved by `CALIBRATION_HU` up and down.
    """

    mean: float
    low_percent: float
    low_margin: float


def lung_density(voxels: NDArray[Any], lung: Patch) -> Density:
    """Mean attenuation and low-attenuation area of a lung.

    Args:
        voxels: (k, j, i) HU of the whole volume.
        lung: at least one voxel.
    """
    counts = np.zeros(4096, np.int64)
    total = 0.0
    for plane, inside in zip(voxels[lung.place], lung.inner, strict=True):
        values = plane[inside]
        total += float(values.sum(dtype=np.float64))
        whole = np.clip(np.floor(values), _LOWEST, 2047).astype(np.int32) - _LOWEST
        counts += np.bincount(whole, minlength=4096)
    number = int(counts.sum())

    def below(level: int) -> float:
        return 100.0 * float(counts[:level - _LOWEST].sum()) / number

    return Density(total / number, below(LOW_HU),
                   (below(LOW_HU + CALIBRATION_HU) - below(LOW_HU - CALIBRATION_HU)) / 2)

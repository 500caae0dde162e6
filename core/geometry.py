"""Where a voxel lies in the patient: one convention for every volume.

Arrays have axes (k, j, i) = (slice, row, column). The affine maps the homogeneous array index (k, j, i, 1) of a
voxel's *centre* to DICOM patient coordinates LPS in millimetres: x grows to the patient's left, y to the back,
z to the head (DICOM PS3.3 C.7.6.2.1.1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Affine = NDArray[np.float64]


@dataclass(frozen=True)
class VolumeGeometry:
    """Size and place of a regular voxel grid.

    Args:
        shape: (slices, rows, columns), each >= 1.
        affine: (4, 4) float64, (k, j, i, 1) -> (x, y, z, 1) in LPS mm, invertible.

    Raises:
        ValueError: the affine is singular or not (4, 4).
    """

    shape: tuple[int, int, int]
    affine: Affine

    def __post_init__(self) -> None:
        if self.affine.shape != (4, 4) or abs(np.linalg.det(self.affine[:3, :3])) < 1e-12:
            raise ValueError("the affine of a volume must be an invertible 4 x 4 matrix")

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Distance between neighbouring voxel centres along (k, j, i), in mm."""
        k, j, i = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(k), float(j), float(i)

    @property
    def voxel_ml(self) -> float:
        """Volume of one voxel in millilitres."""
        return float(abs(np.linalg.det(self.affine[:3, :3]))) / 1000.0

    def to_lps(self, index: NDArray[np.float64]) -> NDArray[np.float64]:
        """Array indices (..., 3) as (k, j, i) to LPS mm (..., 3)."""
        return index @ self.affine[:3, :3].T + self.affine[:3, 3]

    def to_index(self, lps: NDArray[np.float64]) -> NDArray[np.float64]:
        """LPS mm (..., 3) to fractional array indices (..., 3) as (k, j, i)."""
        inverse = np.linalg.inv(self.affine)
        index: NDArray[np.float64] = lps @ inverse[:3, :3].T + inverse[:3, 3]
        return index

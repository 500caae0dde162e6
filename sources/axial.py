"""Stored axes of NIfTI and NRRD files to slices that run from feet to head. No resampling."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

Affine = NDArray[np.float64]


@dataclass(frozen=True)
class AxialOrder:
    """How stored axes are reordered.

    Args:
        axes: stored axes that become (k, j, i).
        turned: whether k runs against its stored axis.
        shape: (k, j, i).
        affine: (k, j, i, 1) to LPS mm.
    """

    axes: tuple[int, int, int]
    turned: bool
    shape: tuple[int, int, int]
    affine: Affine

    @property
    def axial(self) -> bool:
        """Whether the file's slices were axial: its third axis is k."""
        return self.axes[0] == 2

    def as_stored(self, voxels: NDArray[Any]) -> NDArray[Any]:
        """A view of (k, j, i) voxels in the file's index order."""
        back = tuple(int(axis) for axis in np.argsort(self.axes))
        return (voxels[::-1] if self.turned else voxels).transpose(back)


def axial_order(shape: tuple[int, int, int], affine: Affine) -> AxialOrder:
    """The order of axes in which k is nearest to head-foot, j to front-back, i to right-left.

    Only k is turned, so that it grows to the head; j and i run as stored, so that the pixel (x, y) of a slice is
    index (i, j) of the file.

    Args:
        shape: (n0, n1, n2) in the file's index order.
        affine: (index 0, 1, 2, 1) to LPS mm, invertible.
    """
    directions = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    k, j, i = max(permutations(range(3)),
                  key=lambda order: sum(abs(directions[row, axis]) for row, axis in zip((2, 1, 0), order, strict=True)))
    reordered = affine[:, [k, j, i, 3]]
    turned = bool(reordered[2, 0] < 0)
    if turned:
        reordered = reordered.copy()
        reordered[:3, 3] += reordered[:3, 0] * (shape[k] - 1)
        reordered[:3, 0] *= -1
    return AxialOrder((k, j, i), turned, (shape[k], shape[j], shape[i]), reordered)

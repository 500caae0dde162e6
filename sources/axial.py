"""Stored axes of NIfTI and NRRD files to slices that run from feet to head. No resampling."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

Affine = NDArray[np.float64]


def to_axial(stored: NDArray[Any], affine: Affine) -> tuple[NDArray[Any], Affine, bool]:
    """Reorder axes so that k is nearest to head-foot, j to front-back, i to right-left.

    Only k is turned, so that it grows to the head; j and i run as stored, so that the pixel (x, y) of a slice is
    index (i, j) of the file.

    Args:
        stored: (n0, n1, n2) in the file's index order.
        affine: (index 0, 1, 2, 1) to LPS mm, invertible.

    Returns:
        voxels (k, j, i) as a view, its affine (k, j, i, 1) to LPS mm, and whether the file's slices were axial
        (its third axis is k).
    """
    directions = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    k, j, i = max(permutations(range(3)),
                  key=lambda order: sum(abs(directions[row, axis]) for row, axis in zip((2, 1, 0), order, strict=True)))
    voxels = stored.transpose(k, j, i)
    turned = affine[:, [k, j, i, 3]]
    if turned[2, 0] < 0:
        turned = turned.copy()
        turned[:3, 3] += turned[:3, 0] * (voxels.shape[0] - 1)
        turned[:3, 0] *= -1
        voxels = voxels[::-1]
    return voxels, turned, k == 2


def compact(values: NDArray[Any]) -> NDArray[Any]:
    """Values as contiguous int16 when all are whole numbers that fit, else float32; NaN and infinities become the
    lowest finite value."""
    if values.dtype.kind in "iub":
        fits = values.dtype.itemsize == 1 or (int(values.min()) >= -32768 and int(values.max()) <= 32767)
        return np.ascontiguousarray(values, np.int16 if fits else np.float32)
    finite = np.isfinite(values)
    if not finite.all():
        values = np.where(finite, values, values[finite].min(initial=values[finite][0]) if finite.any() else 0)
    if np.abs(values).max() <= 32767 and (values == np.rint(values)).all():
        return np.ascontiguousarray(values, np.int16)
    return np.ascontiguousarray(values, np.float32)

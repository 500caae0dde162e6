"""An opacity measured on one slice, with calipers in its plane. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ...core.boxes import Box
from ...core.geometry import VolumeGeometry
from .calipers import FINEST_MM, NECK, STEPS_ACROSS, calipers, trunk
from .diameters import Ball
from .nodules import SAME_SIZE

LEAST_PRECISION_MM = 0.5
"""Of diameters in a plane, at least; one pixel where that is more. Made balls of 5 to 28 mm with noise, in pixels of
0.6 to 1.2 mm, are measured within it."""


@dataclass(frozen=True)
class OnSlice:
    """Diameters of an opacity where a slice cuts it.

    Args:
        bounded: whether lung lies all around it; else it runs into something else, and its diameters are not its own.
        long_mm: greatest diameter in the plane.
        short_mm: greatest extent at right angles to it.
        precision_mm: of both.
        box: around it, in pixels of the stored slice.
    """

    bounded: bool
    long_mm: float
    short_mm: float
    precision_mm: float
    box: Box

    @property
    def mean_mm(self) -> float:
        """Mean of long and short axis (Bankier et al., Radiology 285(2):584-600, 2017)."""
        return (self.long_mm + self.short_mm) / 2


def measure_on_slice(voxels: NDArray[Any], geometry: VolumeGeometry, ball: Ball, k: int) -> OnSlice | None:
    """The opacity around a ball in lung as the plane `k` shows it; its border is half way between lung and core.

    Args:
        voxels: (k, j, i) HU.
        geometry: of the voxels.
        ball: from `measure_ball`, somewhere in the opacity.
        k: plane of the array.

    Returns:
        None when the plane does not reach half way at the place.
    """
    _, row_mm, column_mm = geometry.spacing
    reach = ball.diameter_mm + 4.0
    step = max(FINEST_MM, 2 * reach / STEPS_ACROSS)
    along = np.arange(-reach, reach + step / 2, step)
    _, row, column = geometry.to_index(np.array(ball.centre_mm))
    places = np.meshgrid(row + along / row_mm, column + along / column_mm, indexing="ij")
    values = ndimage.map_coordinates(voxels[k].astype(np.float32), places, order=1, mode="nearest")
    solid = values > (ball.lung_hu + ball.solid_hu) / 2
    near = np.hypot(*np.meshgrid(along, along, indexing="ij")) <= ball.diameter_mm / 2
    if not (solid & near).any():
        return None
    piece = trunk(solid, NECK * ball.diameter_mm / 2 / step)
    piece = piece if (piece & near).any() else solid & near
    long_mm, short_mm = calipers(piece, (step, step))
    rows, columns = (np.flatnonzero(piece.any(axis=1 - axis)) for axis in (0, 1))
    box = (*_edges(column, along[columns], column_mm), *_edges(row, along[rows], row_mm))
    edge = np.concatenate([piece[0], piece[-1], piece[:, 0], piece[:, -1]])
    bounded = not edge.any() and (long_mm + short_mm) / 2 <= SAME_SIZE[1] * ball.diameter_mm
    return OnSlice(bounded, long_mm, short_mm, max(LEAST_PRECISION_MM, row_mm, column_mm),
                   (box[0], box[2], box[1], box[3]))


def _edges(middle: float, offsets_mm: NDArray[np.float64], step_mm: float) -> tuple[float, float]:
    """First and last pixel edge, half-open, of offsets from a middle."""
    return (float(np.floor(middle + offsets_mm[0] / step_mm + 0.5)),
            float(np.ceil(middle + offsets_mm[-1] / step_mm + 0.5)))

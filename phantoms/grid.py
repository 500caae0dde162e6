"""A regular, axis-aligned sampling of the phantom's LPS space."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Box = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]


@dataclass(frozen=True)
class Grid:
    """Voxel centres at `origin + index * spacing`, arrays in z, y, x order.

    Attributes:
        origin: LPS mm of the centre of voxel (0, 0, 0), in x, y, z order.
        spacing: mm between centres, in x, y, z order.
        shape: number of voxels, in z, y, x order.
    """

    origin: tuple[float, float, float]
    spacing: tuple[float, float, float]
    shape: tuple[int, int, int]

    @property
    def voxel_ml(self) -> float:
        """Volume of one voxel in millilitres."""
        return float(np.prod(self.spacing)) / 1000.0

    def axes(self) -> tuple[Array, Array, Array]:
        """Return x, y, z in mm as float32 arrays that broadcast against a z, y, x volume."""
        x, y, z = (
            np.float32(self.origin[i]) + np.float32(self.spacing[i]) * np.arange(self.shape[2 - i], dtype=np.float32)
            for i in range(3)
        )
        return x[None, None, :], y[None, :, None], z[:, None, None]

    def crop(self, box: Box) -> tuple[tuple[slice, slice, slice], "Grid"]:
        """Return the slices (z, y, x) that cover `box` (mm ranges in x, y, z order) and the grid they make.

        The result may be empty (a zero in its shape) when the box lies outside.
        """
        low, high = [], []
        for i in range(3):
            count = self.shape[2 - i]
            first = int(np.floor((box[i][0] - self.origin[i]) / self.spacing[i]))
            last = int(np.ceil((box[i][1] - self.origin[i]) / self.spacing[i])) + 1
            low.append(min(max(first, 0), count))
            high.append(max(min(last, count), low[i]))
        origin = (
            self.origin[0] + low[0] * self.spacing[0],
            self.origin[1] + low[1] * self.spacing[1],
            self.origin[2] + low[2] * self.spacing[2],
        )
        cuts = (slice(low[2], high[2]), slice(low[1], high[1]), slice(low[0], high[0]))
        return cuts, Grid(origin, self.spacing, (high[2] - low[2], high[1] - low[1], high[0] - low[0]))

    def slab(self, first: int, last: int) -> "Grid":
        """Return the grid of the slices `first` to `last`, the last left out."""
        x, y, z = self.origin
        return Grid((x, y, z + first * self.spacing[2]), self.spacing, (last - first, *self.shape[1:]))

    def index_of(self, point: tuple[float, float, float]) -> tuple[float, float, float]:
        """Return the fractional (z, y, x) index of an LPS point."""
        i = [(point[k] - self.origin[k]) / self.spacing[k] for k in range(3)]
        return i[2], i[1], i[0]

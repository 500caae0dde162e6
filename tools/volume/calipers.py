"""Long and short axis of a solid opacity as radiologists measure them. Pure.

The long axis is the greatest diameter in any plane of a direction, the short axis the greatest extent at right angles
to it in that same plane; their mean is the nodule's size (Bankier et al., Radiology 285(2):584-600, 2017). With
sections of at most 1.5 mm, as that statement asks for, transverse, coronal and sagittal planes are tried and the
one with the greatest long axis counts; with thicker ones only the stored planes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ...core.geometry import VolumeGeometry
from .diameters import Ball
from .grids import Mask, distance

THIN_MM = 1.5
FINEST_MM = 0.2
"""Of the grid that an opacity is resampled to; larger opacities get a coarser one."""
STEPS_ACROSS = 80
NECK = 0.4
"""What is thinner than this part of the radius hangs on the opacity (vessels) and is cut off."""
BLUR_MM = 0.5
"""Blur of the scanner that is added to the size of a voxel."""
_CORNERS = np.array([(k, j, i) for k in (-1, 1) for j in (-1, 1) for i in (-1, 1)], float)
DIRECTIONS = np.deg2rad(np.arange(0.0, 180.0, 3.0))


@dataclass(frozen=True)
class Size:
    """Diameters of an opacity.

    Args:
        long_mm: greatest diameter in the plane.
        short_mm: greatest extent at right angles to it in the same plane.
        plane: array axis that the plane lies across: 0 for stored slices.
        volume_ml: volume.
    """

    long_mm: float
    short_mm: float
    plane: int
    volume_ml: float

    @property
    def mean_mm(self) -> float:
        """Mean of long and short axis."""
        return (self.long_mm + self.short_mm) / 2


def measure_opacity(voxels: NDArray[Any], geometry: VolumeGeometry, ball: Ball) -> Size | None:
    """Diameters and volume of the solid opacity around a ball in lung.

    The border is where attenuation is half way between lung and core, found on a finer grid by linear interpolation.
    The volume is the sum of solid parts of voxels within it and a voxel around it (see `measure_ball`).

    Args:
        voxels: (k, j, i) HU.
        geometry: of the voxels.
        ball: from `measure_ball`.

    Returns:
        None when nothing reaches half way at the place.
    """
    radius = ball.diameter_mm / 2
    values, step = _resampled(voxels, geometry, ball.centre_mm, 2.0 * radius + 4.0)
    solid = trunk(values > (ball.lung_hu + ball.solid_hu) / 2, NECK * radius / step)
    if not solid.any():
        return None
    blur = round((float(np.mean(geometry.spacing)) + BLUR_MM) / step)
    near = distance(~solid, (1.0, 1.0, 1.0)) <= blur
    part = np.clip((values - ball.lung_hu) / (ball.solid_hu - ball.lung_hu), 0.0, 1.0)
    part[part < 0.15] = 0.0
    axes = (0, 1, 2) if geometry.spacing[0] <= THIN_MM else (0,)
    long_mm, short_mm, plane = longest(solid, (step, step, step), axes)
    return Size(long_mm, short_mm, plane, float(part[near].sum()) * step**3 / 1000)


def _resampled(voxels: NDArray[Any], geometry: VolumeGeometry, centre_mm: tuple[float, float, float], reach_mm: float
               ) -> tuple[NDArray[np.float32], float]:
    """Values on a cube of equal steps, and the step; beyond the volume its last voxels go on.

    The cube lies along the normal, the columns and the rows of the slices, at right angles also where the gantry was
    tilted and the array's axes are not.
    """
    step = max(FINEST_MM, 2 * reach_mm / STEPS_ACROSS)
    along = np.arange(-reach_mm, reach_mm + step / 2, step)
    frame = _frame(geometry)
    ends = geometry.to_index(np.array(centre_mm) + reach_mm * _CORNERS @ frame)
    low = np.clip(np.floor(ends.min(axis=0)).astype(int) - 1, 0, np.array(voxels.shape) - 1)
    high = np.maximum(np.ceil(ends.max(axis=0)).astype(int) + 2, low + 1)
    cut = voxels[tuple(slice(*edge) for edge in zip(low, high, strict=True))].astype(np.float32)
    middle = geometry.to_index(np.array(centre_mm)) - low
    steps = np.linalg.inv(np.asarray(geometry.affine)[:3, :3]) @ frame.T  # columns: indices per mm along the frame
    if np.allclose(steps, np.diag(np.diag(steps)), atol=1e-6):
        return _along_axes(cut, [at + along * per for at, per in zip(middle, np.diag(steps), strict=True)]), step
    offsets = np.stack(np.meshgrid(along, along, along, indexing="ij"))
    places = middle[:, None, None, None] + np.tensordot(steps, offsets, axes=1)
    return np.asarray(ndimage.map_coordinates(cut, places, order=1, mode="nearest"), np.float32), step


def _along_axes(values: NDArray[np.float32], lines: list[NDArray[np.float64]]) -> NDArray[np.float32]:
    """Linear interpolation on a grid along the array's axes, one axis after the other; the last voxels go on."""
    for axis, line in enumerate(lines):
        at = np.clip(line, 0, values.shape[axis] - 1)
        below = np.minimum(at.astype(int), max(values.shape[axis] - 2, 0))
        part = (at - below).astype(np.float32).reshape([-1 if other == axis else 1 for other in range(3)])
        above = np.minimum(below + 1, values.shape[axis] - 1)
        values = values.take(below, axis) * (1 - part) + values.take(above, axis) * part
    return values


def _frame(geometry: VolumeGeometry) -> NDArray[np.float64]:
    """(3, 3) unit vectors in LPS: normal of the slices towards the next one, along a column, along a row."""
    towards, column, row = (np.asarray(geometry.affine)[:3, axis] for axis in range(3))
    column, row = column / np.linalg.norm(column), row / np.linalg.norm(row)
    normal = np.cross(column, row)
    return np.stack([normal * np.sign(normal @ towards), column, row])


def trunk(solid: Mask, neck: float) -> Mask:
    """The piece of `solid` nearest to its middle, without what is thinner than `neck` voxels hanging on it.

    Args:
        solid: a region of a volume or of a plane, on a grid of equal steps.
        neck: in voxels.
    """
    ones = (1.0,) * solid.ndim
    core = distance(solid, ones) > neck
    labels, count = ndimage.label(core)
    if count == 0:
        return np.zeros_like(solid)
    middle = (np.array(solid.shape) - 1) / 2
    places = np.argwhere(core)
    nearest = places[np.linalg.norm(places - middle, axis=1).argmin()]
    piece = labels == labels[tuple(nearest)]
    return np.asarray((distance(~piece, ones) <= neck + 0.5) & solid)


def longest(mask: Mask, spacing: tuple[float, float, float], axes: tuple[int, ...]) -> tuple[float, float, int]:
    """Long axis in mm, the extent at right angles to it in the same plane, and the axis that the plane lies across.

    Args:
        mask: (k, j, i), at least one voxel.
        spacing: mm along (k, j, i).
        axes: array axes across which planes are tried.
    """
    found = [(*calipers(plane, step), axis) for axis in axes for plane, step in _planes(mask, spacing, axis)]
    return max(found, key=lambda item: (item[0], item[1], -item[2]))


def _planes(mask: Mask, spacing: tuple[float, float, float], axis: int
            ) -> Iterator[tuple[Mask, tuple[float, float]]]:
    rows, columns = (step for other, step in enumerate(spacing) if other != axis)
    for plane in np.moveaxis(mask, axis, 0):
        if plane.any():
            yield plane, (rows, columns)


def calipers(plane: Mask, step: tuple[float, float]) -> tuple[float, float]:
    """Greatest diameter of a plane region and its extent at right angles, in mm.

    Half a pixel is added: the border lies up to half a pixel beyond the outermost centres on both sides.

    Args:
        plane: (rows, columns), at least one pixel.
        step: mm along (rows, columns).
    """
    points = np.argwhere(plane & ~ndimage.binary_erosion(plane)) * np.array(step)
    across = np.stack([np.cos(DIRECTIONS), np.sin(DIRECTIONS)])
    lines = points @ across
    widths = lines.max(axis=0) - lines.min(axis=0)
    widths += np.sqrt((across[0] * step[0]) ** 2 + (across[1] * step[1]) ** 2) / 2
    best = int(widths.argmax())
    return float(widths[best]), float(widths[(best + len(DIRECTIONS) // 2) % len(DIRECTIONS)])

"""Implicit shapes (negative inside, about millimetres near the surface) and their partial-volume coverage."""

from collections.abc import Sequence

import numpy as np

from .grid import Array, Box, Grid

FAR = np.float32(1e3)


def smooth_min(a: Array, b: Array, blend_mm: float) -> Array:
    """Return the union of two fields, rounded where they differ by less than `blend_mm` (Quilez 2013)."""
    near = np.abs(a - b)
    np.subtract(np.float32(blend_mm), near, out=near)
    np.maximum(near, 0, out=near)
    near *= near
    near *= np.float32(0.25 / blend_mm)
    out = np.minimum(a, b)
    out -= near
    return out


def smooth_max(a: Array, b: Array, blend_mm: float) -> Array:
    """Return the intersection of two fields, rounded over `blend_mm`."""
    return -smooth_min(-a, -b, blend_mm)


def sweep(grid: Grid, half_x: Array, half_y: Array, mid_y: Array, power: float) -> Array:
    """Return the field of a super-elliptic cylinder whose section changes with z.

    Args:
        grid: where to sample.
        half_x: half width at each z of the grid, mm, shape (nz,).
        half_y: half depth at each z, mm, shape (nz,).
        mid_y: y of the section's centre at each z, mm, shape (nz,).
        power: exponent of the super-ellipse; 2 is an ellipse.

    Returns:
        First-order distance to the wall within each axial section, float32, z, y, x order.
    """
    x, y, _ = grid.axes()
    a, b = half_x[:, None, None], half_y[:, None, None]
    u = np.abs(x) / a
    v = np.abs(y - mid_y[:, None, None]) / b
    level = u**power + v**power
    level -= 1
    steep = (power * u ** (power - 1) / a) ** 2 + (power * v ** (power - 1) / b) ** 2
    np.sqrt(steep, out=steep)
    np.maximum(steep, np.float32(1e-3), out=steep)
    level /= steep
    return np.asarray(level, dtype=np.float32)


def ellipsoid(grid: Grid, centre: Sequence[float], radii: Sequence[float], axes: Array | None = None) -> Array:
    """Return the field of an ellipsoid, first order in distance.

    Args:
        grid: where to sample.
        centre: LPS mm.
        radii: half axes, mm.
        axes: rows are the directions of the half axes (3, 3); None for x, y, z.
    """
    x, y, z = (a - np.float32(c) for a, c in zip(grid.axes(), centre, strict=True))
    turn = np.eye(3, dtype=np.float32) if axes is None else axes
    first = np.zeros(grid.shape, np.float32)
    second = np.zeros(grid.shape, np.float32)
    for row, radius in zip(turn, radii, strict=True):
        along = x * row[0] + y * row[1] + z * row[2]
        square = along * along * np.float32(1 / radius**2)
        first += square
        second += square * np.float32(1 / radius**2)
    np.sqrt(first, out=first)
    np.sqrt(second, out=second)
    np.maximum(second, np.float32(1e-6), out=second)
    return np.asarray(first * (first - 1) / second, dtype=np.float32)


def capsule(grid: Grid, start: Sequence[float], end: Sequence[float], radius: tuple[float, float]) -> Array:
    """Return the field of a straight tube with round ends, `radius` at its start and at its end, mm."""
    x, y, z = (a - np.float32(c) for a, c in zip(grid.axes(), start, strict=True))
    d = np.subtract(end, start).astype(np.float32)
    length2 = np.float32(max(float(d @ d), 1e-6))
    t = np.clip((x * d[0] + y * d[1] + z * d[2]) / length2, 0, 1)
    gap = np.sqrt((x - t * d[0]) ** 2 + (y - t * d[1]) ** 2 + (z - t * d[2]) ** 2)
    return np.asarray(gap - (np.float32(radius[0]) + t * np.float32(radius[1] - radius[0])), dtype=np.float32)


def box_around(points: Sequence[Sequence[float]], margin: float) -> Box:
    """Return the mm box that holds all points with a margin."""
    low, high = np.min(points, axis=0) - margin, np.max(points, axis=0) + margin
    return ((low[0], high[0]), (low[1], high[1]), (low[2], high[2]))


def coverage(field: Array, grid: Grid) -> Array:
    """Return the covered part of each voxel, 0..1, from a field sampled at the voxel centres of `grid`.

    Near the surface the field is taken as linear across the voxel: the covered part falls from 1 to 0 while the
    surface passes the voxel's extent along its normal, so anisotropic voxels get the blur that belongs to them.
    """
    covered = (field < 0).astype(np.float32)
    if min(field.shape) < 2:
        return covered
    flat, out = field.reshape(-1), covered.reshape(-1)
    reach = np.float32(0.8 * np.linalg.norm(grid.spacing))
    band = np.flatnonzero(np.abs(flat) < reach)
    extent = np.zeros(band.size, np.float32)
    index = np.unravel_index(band, field.shape)
    stride = [field.shape[1] * field.shape[2], field.shape[2], 1]
    for axis in range(3):
        up = np.where(index[axis] < field.shape[axis] - 1, stride[axis], 0)
        down = np.where(index[axis] > 0, stride[axis], 0)
        steps = ((up + down) // stride[axis]).astype(np.float32)
        extent += np.abs(flat[band + up] - flat[band - down]) / steps
    out[band] = np.clip(np.float32(0.5) - flat[band] / np.maximum(extent, np.float32(1e-6)), 0, 1)
    return covered


def paint(volume: Array, covered: Array, value: Array | float) -> None:
    """Lay a material of CT number `value` over `volume` in place, weighted by its coverage."""
    change = np.float32(value) - volume if isinstance(value, float) else value - volume
    change *= covered
    volume += change

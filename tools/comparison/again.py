"""Looking again at one place of a CT for a solid ball in lung, by the volume tool's own means. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ...core.geometry import VolumeGeometry
from ...sources.volume import Volume
from ..volume.blobs import find_blobs
from ..volume.calipers import measure_opacity
from ..volume.diameters import measure_ball
from ..volume.grids import Mask, close, coarse_geometry
from ..volume.lungs import Chest
from ..volume.nodules import (
    LARGEST_NODULE_MM,
    LEAST_PRECISION_MM,
    LUNG_HU,
    NEAR_CLOSING_MM,
    SAME_SIZE,
    SLICE_PRECISION,
    SMALLEST_MM,
    VOXELS_ACROSS,
)
from .candidates import Spot

AROUND_MM = LARGEST_NODULE_MM + NEAR_CLOSING_MM
"""Kept around the searched place, so that what lies at its edge is seen whole."""


def smallest_ball(volume: Volume) -> float:
    """Diameter in mm from which on a ball counts in a scan."""
    return max(SMALLEST_MM, VOXELS_ACROSS * max(volume.geometry.spacing))


def ball_precision(volume: Volume) -> float:
    """Of a ball's diameter, in mm."""
    return max(LEAST_PRECISION_MM, SLICE_PRECISION * volume.geometry.spacing[0])


def balls_near(volume: Volume, chest: Chest, lungs: Mask, centre_mm: Sequence[float], reach_mm: float) -> list[Spot]:
    """Solid balls in lung whose centres lie within a reach of a place, as `find_candidates` would find them.

    Args:
        volume: a CT.
        chest: its segmentation.
        lungs: all lung, on the chest's coarse grid.
        centre_mm: LPS.
        reach_mm: of the search.
    """
    shape = (lungs.shape[0], lungs.shape[1], lungs.shape[2])
    grid = coarse_geometry(volume.geometry, chest.coarse.factors, shape)
    window = _window(grid, centre_mm, reach_mm + AROUND_MM)
    hull = close(lungs[window], grid.spacing, NEAR_CLOSING_MM) & ~chest.airways[window]
    if not hull.any():
        return []
    values = np.where(hull, np.clip(chest.coarse.values[window], LUNG_HU, 50), LUNG_HU)
    start = np.array([part.start for part in window])
    found = []
    for blob in find_blobs(values, hull, grid.spacing):
        place = grid.to_lps((np.array(blob.index) + start).astype(float)[None])[0]
        found += [spot for spot in _measured(volume, place, blob.radius_mm)
                  if np.linalg.norm(np.subtract(spot.centre_mm, centre_mm)) <= reach_mm]
    return found


def _measured(volume: Volume, place: np.ndarray, radius_mm: float) -> Iterator[Spot]:
    """The ball at a place, unless it fails a gate."""
    ball = measure_ball(volume.voxels, volume.geometry, place, radius_mm)
    if ball is None or not smallest_ball(volume) <= ball.diameter_mm <= LARGEST_NODULE_MM:
        return
    size = measure_opacity(volume.voxels, volume.geometry, ball)
    ratios = [ball.diameter_mm / (2 * radius_mm), size.mean_mm / ball.diameter_mm if size else 0.0]
    if size is not None and all(SAME_SIZE[0] <= ratio <= SAME_SIZE[1] for ratio in ratios):
        yield Spot(ball.centre_mm, round(size.mean_mm, 1), round(ball_precision(volume), 1), None)


def _window(grid: VolumeGeometry, centre_mm: Sequence[float], reach_mm: float) -> tuple[slice, ...]:
    index = grid.to_index(np.asarray(centre_mm, float))
    return tuple(slice(int(np.clip(np.floor(at - reach_mm / step), 0, size - 1)),
                       int(np.clip(np.ceil(at + reach_mm / step) + 1, 1, size)))
                 for at, step, size in zip(index, grid.spacing, grid.shape, strict=True))

"""Radiographs computed from CT: line integrals through a volume, turned about the body's axis, and exposed.

Parallel beams by the law of Beer and Lambert, developed as in `phantoms.film`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .pictures import Grey, between_percentiles

_WATER_PER_MM = 0.019
_AIR_HU = -1000.0
_PIXEL_MM = 1.2
_SKIN_HU = -400.0


def without_table(voxels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Hounsfield units of the largest body alone, air around it, cut to its box.

    Args:
        voxels: (slices, rows, columns), HU.
    """
    parts, _ = ndimage.label(ndimage.binary_opening(voxels > _SKIN_HU, np.ones((1, 3, 3)), iterations=2))
    body = parts == np.argmax(np.bincount(parts.ravel())[1:]) + 1
    body = ndimage.binary_dilation(body, np.ones((1, 3, 3)), iterations=2)
    filled = np.stack([ndimage.binary_fill_holes(plane) for plane in body])
    box = ndimage.find_objects(filled.astype(np.int8))[0]
    return np.where(filled[box], np.maximum(voxels[box], _AIR_HU), _AIR_HU).astype(np.float32)


def project(voxels: NDArray[np.float32], spacing_mm: tuple[float, float, float], angle: float) -> Grey:
    """Line integrals from front to back after turning the body about its long axis.

    Args:
        voxels: (slices from foot to head, rows from front to back, columns from the patient's right to left), HU.
        spacing_mm: distances of slices, rows and columns; rows and columns alike.
        angle: degrees; 0 frontal, 90 lateral.

    Returns:
        (rows, columns), dimensionless, head up, at pixels of 1.2 mm.
    """
    turned = voxels
    if angle % 360:
        turned = ndimage.rotate(voxels, angle, axes=(1, 2), order=1, cval=_AIR_HU, prefilter=False)
    relative = np.maximum(turned + 1000, 0) / 1000
    relative += np.maximum(turned - 150, 0) * np.float32(0.00015)
    line = relative.sum(axis=1)[::-1] * np.float32(_WATER_PER_MM * spacing_mm[1])
    zoom = (spacing_mm[0] / _PIXEL_MM, spacing_mm[2] / _PIXEL_MM)
    grown = ndimage.zoom(line, zoom, order=3, grid_mode=True, mode="nearest")
    return np.asarray(np.maximum(grown, 0), np.float32)


def expose(line: Grey, rng: np.random.Generator, pixel_mm: float = _PIXEL_MM) -> Grey:
    """What a detector shows of line integrals: edges enhanced, a sigmoid curve, grain; 0..1, bright = dense.

    Contrast, exposure and grain vary with `rng` as they do between departments.
    """
    wide = _blurred(line, 26 / pixel_mm)
    edge = ndimage.gaussian_filter(line, 1.6 / pixel_mm)
    shown = line - np.float32(rng.uniform(0.2, 0.5)) * wide + np.float32(0.5) * (line - edge)
    inside = shown[line > 0.1 * line.max()]
    low, high = np.percentile(inside, [2, 98])
    middle, steep = rng.uniform(0.38, 0.55), rng.uniform(3.0, 5.0)
    grey = 1 / (1 + np.exp(-steep * ((shown - low) / max(high - low, 1e-6) - middle)))
    grain = ndimage.gaussian_filter(rng.standard_normal(line.shape), 0.6)
    return between_percentiles(grey + rng.uniform(0.005, 0.02) * grain, 0.05, 99.95)


def _blurred(line: Grey, pixels: float, step: int = 4) -> Grey:
    """A wide blur, made on every fourth pixel."""
    small = ndimage.gaussian_filter(line[::step, ::step], pixels / step, truncate=2.5)
    down, across = (np.arange(size) / step for size in line.shape)
    grid = np.meshgrid(down, across, indexing="ij")
    return np.asarray(ndimage.map_coordinates(small, grid, order=1, mode="nearest"), np.float32)


def cut(line: Grey, rows: tuple[float, float], columns: tuple[float, float]) -> Grey:
    """A part of a projection, in fractions of what lies in the beam."""
    seen = line > 0.05 * line.max()
    down, across = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    y0, x0 = down[0], across[0]
    height, width = down[-1] + 1 - y0, across[-1] + 1 - x0
    top, bottom = (round(y0 + part * height) for part in rows)
    left, right = (round(x0 + part * width) for part in columns)
    return line[max(0, top):max(bottom, 1), max(0, left):max(right, 1)]

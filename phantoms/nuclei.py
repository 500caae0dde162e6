"""Fields of painted nuclei at 10x whose every centre and size is known."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

Vector = tuple[float, float, float]
_GLASS = 245.0
_APART = 6.5
"""Least distance of two centres in µm, so that crowded nuclei touch."""
_FINER = 4
"""Painted at this many pixels per µm, then averaged to 1."""
_RIM = 8


@dataclass(frozen=True)
class Painted:
    """One field.

    Args:
        pixels: (rows, columns, 3) uint8 at 1 µm per pixel.
        centres: (n, 2) (row, column) in µm, pixel 0 from 0 to 1.
        radii: (n,) of discs of equal area, µm.
    """

    pixels: NDArray[np.uint8]
    centres: NDArray[np.float64]
    radii: NDArray[np.float64]


def paint_nuclei(side: int, per_mm2: int, stain: tuple[Vector, Vector, float], seed: int) -> Painted:
    """Paint a square field of elliptic nuclei of 2.5 to 5 µm half axes on textured eosin; the same for the same seed.

    Args:
        side: µm.
        per_mm2: nuclei wanted; fewer where they find no place.
        stain: optical densities of haematoxylin and eosin in (red, green, blue), and how strong both are.
        seed: of everything.
    """
    random = np.random.default_rng(seed)
    centres = _scatter(random, side, round(per_mm2 * (side / 1000) ** 2))
    axes = random.uniform(2.5, 5.0, (len(centres), 2))
    size = side * _FINER
    fibres = gaussian_filter(random.standard_normal((size, size), dtype=np.float32), (4, 24))
    eosin = np.maximum(0.28 + 0.05 * fibres / fibres.std(), 0.02)
    haematoxylin = np.full((size, size), 0.05, np.float32)
    for centre, half in zip(centres, axes, strict=True):
        _paint(haematoxylin, centre, half, random)
    vectors = [np.asarray(vector) / np.linalg.norm(vector) for vector in stain[:2]]
    density = stain[2] * (haematoxylin[..., None] * vectors[0] + eosin[..., None] * vectors[1])
    light = _GLASS * 10.0**-density
    small = light.reshape(side, _FINER, side, _FINER, 3).mean(axis=(1, 3))
    noisy = small + random.normal(0, 1.5, small.shape)
    return Painted(np.rint(np.clip(noisy, 0, 255)).astype(np.uint8), centres, np.sqrt(axes.prod(axis=1)))


def _scatter(random: np.random.Generator, side: int, count: int) -> NDArray[np.float64]:
    points = np.full((count, 2), -np.inf)
    placed = 0
    for candidate in random.uniform(_RIM, side - _RIM, (count * 30, 2)):
        if placed < count and np.hypot(*(candidate - points[:placed]).T).min(initial=np.inf) >= _APART:
            points[placed] = candidate
            placed += 1
    return points[:placed]


def _paint(plane: NDArray[np.float32], centre: NDArray[np.float64], half: NDArray[np.float64],
           random: np.random.Generator) -> None:
    """One nucleus with uneven chromatin, by maximum."""
    reach = 6 * _FINER
    top, left = (int(edge * _FINER) - reach for edge in centre)
    rows, columns = np.mgrid[top:top + 2 * reach, left:left + 2 * reach]
    along, across = (rows + 0.5) / _FINER - centre[0], (columns + 0.5) / _FINER - centre[1]
    angle = random.uniform(0, np.pi)
    u, v = along * np.cos(angle) + across * np.sin(angle), across * np.cos(angle) - along * np.sin(angle)
    grain = gaussian_filter(random.standard_normal(rows.shape), 2.0)
    body = random.uniform(0.55, 1.0) * (1 + 0.15 * grain / grain.std())
    inside = (u / half[0]) ** 2 + (v / half[1]) ** 2 <= 1
    part = plane[top:top + 2 * reach, left:left + 2 * reach]
    np.copyto(part, np.maximum(part, body), where=inside)

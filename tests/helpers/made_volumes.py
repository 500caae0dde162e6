"""CTs of a head, a leg and a belly made of ellipsoids, in HU with noise, and their true volumes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from caseloom.core.geometry import VolumeGeometry

Point = tuple[float, float, float]


class Canvas:
    """A volume of air to draw in; (z, y, x) mm from its middle, x to the patient's left, y to the back, z up.

    Args:
        shape: (k, j, i).
        spacing: mm along (k, j, i).
    """

    def __init__(self, shape: tuple[int, int, int], spacing: tuple[float, float, float]) -> None:
        affine = np.zeros((4, 4))
        affine[[2, 1, 0], [0, 1, 2]], affine[3, 3] = spacing, 1
        affine[:3, 3] = [-(size - 1) / 2 * step for size, step in zip(shape, spacing, strict=True)][::-1]
        self.geometry = VolumeGeometry(shape, affine)
        self.values: NDArray[np.float32] = np.full(shape, -1000, np.float32)
        self._axes = np.ogrid[tuple(slice(-(size - 1) / 2 * step, (size - 1) / 2 * step + step / 2, step)
                                    for size, step in zip(shape, spacing, strict=True))]

    def inside(self, centre: Point, radii: Point) -> NDArray[np.bool_]:
        """An ellipsoid; an infinite radius makes it a cylinder."""
        parts = [((axis - at) / radius) ** 2 for axis, at, radius in zip(self._axes, centre, radii, strict=True)]
        return np.asarray(sum(parts) <= 1)

    def draw(self, centre: Point, radii: Point, hu: float) -> NDArray[np.bool_]:
        """Fill an ellipsoid and give its mask."""
        mask = self.inside(centre, radii)
        self.values[mask] = hu
        return mask

    def voxels(self, noise: float = 5.0, seed: int = 1) -> NDArray[np.int16]:
        """The drawing with noise, as a scanner would store it."""
        blurred = self.values + np.random.default_rng(seed).normal(0, noise, self.values.shape)
        return np.clip(np.rint(blurred), -1024, 3071).astype(np.int16)


def head(*, slice_mm: float = 3.0, blood_mm: float | None = 15.0, calcified: bool = False) -> tuple[Canvas, float]:
    """Scalp, skull, brain, ventricles, eye sockets, sinuses and teeth, and the true volume of the blood in ml.

    Args:
        slice_mm: slice distance.
        blood_mm: radius of a ball of blood in the right hemisphere; None for none.
        calcified: with a calcified ball of 4 mm radius in the left hemisphere.
    """
    canvas = Canvas((round(210 / slice_mm), 128, 110), (slice_mm, 1.9, 1.9))
    canvas.draw((0, 0, 0), (100, 105, 82), 40)
    canvas.draw((0, 0, 0), (95, 98, 75), 1000)
    canvas.draw((-8, 0, 0), (80, 90, 67), 35)
    canvas.draw((-90, 30, 0), (60, 26, 26), 45)  # neck through the base
    canvas.draw((-95, 40, 0), (70, 14, 14), 700)  # spine
    canvas.draw((-95, 40, 0), (70, 8, 8), 30)  # its canal
    for side in (-1, 1):
        canvas.draw((5, 5, side * 16), (12, 32, 7), 8)
        canvas.draw((-55, -72, side * 30), (17, 22, 17), -60)
        canvas.draw((-75, -60, side * 20), (15, 18, 12), -1000)
    canvas.draw((-85, -70, 0), (6, 20, 24), 2500)
    if calcified:
        canvas.draw((20, 10, 40), (4, 4, 4), 400)
    if blood_mm is None:
        return canvas, 0.0
    blood = canvas.draw((20, -10, -38), (blood_mm, blood_mm, blood_mm), 68)
    return canvas, float(blood.sum()) * canvas.geometry.voxel_ml


def leg() -> Canvas:
    """A thigh with its bone."""
    canvas = Canvas((60, 80, 80), (4.0, 2.5, 2.5))
    canvas.draw((0, 0, 0), (np.inf, 72, 72), -100)
    canvas.draw((0, 0, 0), (np.inf, 60, 60), 55)
    canvas.draw((0, 0, 0), (np.inf, 15, 15), 1200)
    canvas.draw((0, 0, 0), (np.inf, 8, 8), -50)
    return canvas


def belly() -> Canvas:
    """Fat, muscle, spine, liver and a gut with gas and stool, cut by both ends of the scan."""
    canvas = Canvas((50, 90, 120), (4.0, 3.0, 3.0))
    canvas.draw((0, 0, 0), (np.inf, 120, 165), -100)
    canvas.draw((0, 0, 0), (np.inf, 100, 145), 50)
    canvas.draw((0, -10, 0), (np.inf, 75, 120), -100)
    canvas.draw((0, 75, 0), (np.inf, 22, 24), 350)
    canvas.draw((60, -10, -60), (60, 60, 55), 60)
    canvas.draw((-20, -30, 70), (np.inf, 22, 22), -990)
    stool = canvas.draw((-30, -20, -70), (60, 28, 28), 20)
    speckle = np.random.default_rng(2).uniform(-900, 60, canvas.values.shape)
    canvas.values[stool] = speckle[stool]
    canvas.draw((40, -50, 10), (30, 25, 60), -995)
    return canvas

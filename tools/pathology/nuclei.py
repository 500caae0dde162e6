"""Nuclei as dark round blobs in the haematoxylin channel at 10x."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

DETECTION_MPP = 1.0
"""Micrometres per pixel of the images the detector is made for (10x)."""
MARGIN = 16
"""Pixels around a field that the detector looks at."""

SIGMAS = (2.0, 3.0)
"""Blob scales in µm: a disc of radius r answers most at r / sqrt(2), so radii of about 2.8 and 4.2 µm."""
CONTRAST = 0.2
"""Smallest scale-normalised Laplacian in optical density."""
DENSITY = 0.3
"""Smallest smoothed haematoxylin density at a nucleus' centre."""
ROUNDNESS = 0.35
"""Smallest ratio of the two principal curvatures: fibres, keratin lamellae and tissue edges are lower."""
RADII = (1.5, 7.0)
"""Radii in µm that two blob scales can tell; estimates are kept within."""


@dataclass(frozen=True)
class Nuclei:
    """Nuclei of one image or slide.

    Args:
        centres: (n, 2) int32 (row, column) in pixels at 10x.
        radii: (n,) float32, µm.
    """

    centres: NDArray[np.int32]
    radii: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.centres)

    def only(self, kept: NDArray[np.bool_]) -> Nuclei:
        """Those where `kept`, (n,), is true."""
        return Nuclei(self.centres[kept], self.radii[kept])

    def moved(self, rows: int, columns: int) -> Nuclei:
        """The same in an image that begins that much earlier."""
        return Nuclei((self.centres + np.array((rows, columns), np.int32)).astype(np.int32), self.radii)


def find_nuclei(haematoxylin: NDArray[np.float32]) -> Nuclei:
    """Maxima of the scale-normalised Laplacian of Gaussian (Lindeberg, IJCV 1998;30:79), sorted by row, then column.

    Line-like maxima are rejected by the ratio of the Hessian's eigenvalues (the test of Lowe, IJCV 2004;60:91, 4.1).
    Touching nuclei are counted apart when their centres are more than about 4 µm apart. What is dark, blue and round
    without being a nucleus (apoptotic bodies, pigment, crushed cells) is counted too. The radius is that of the disc
    whose answers at the two scales have the same ratio: at its centre a disc of radius r answers
    (r / s)² exp(-r² / 2s²) at scale s.

    Args:
        haematoxylin: (rows, columns) float32 optical density at 1 µm per pixel, of a pale slide scaled to the
            reference (`Stains.to_reference`).
    """
    answers = [_answers(haematoxylin, sigma) for sigma in SIGMAS]
    best = np.maximum(*(np.where(fits, laplacian, np.float32(0)) for laplacian, fits in answers))
    highest = cv2.dilate(best, np.ones((5, 5), np.uint8), borderType=cv2.BORDER_REPLICATE)
    centres = np.argwhere(_one_per_plateau((best > CONTRAST) & (best == highest))).astype(np.int32)
    fine, coarse = (laplacian[centres[:, 0], centres[:, 1]] for laplacian, _ in answers)
    return Nuclei(centres, _disc_radii(fine, coarse))


_SECOND_DIFFERENCES = (
    np.array([[1, -2, 1]], np.float32), np.array([[1], [-2], [1]], np.float32),
    np.array([[1, 0, -1], [0, 0, 0], [-1, 0, 1]], np.float32) / 4)
"""Kernels of the second derivatives along rows, along columns and of both."""


def _disc_radii(fine: NDArray[np.float32], coarse: NDArray[np.float32]) -> NDArray[np.float32]:
    small, large = SIGMAS
    ratio = np.maximum(coarse, 1e-6) / np.maximum(fine, 1e-6)
    squared = np.log(ratio * (large / small) ** 2) / (1 / (2 * small**2) - 1 / (2 * large**2))
    radii: NDArray[np.float32] = np.clip(np.sqrt(np.maximum(squared, 0.0)), *RADII).astype(np.float32)
    return radii


def _answers(image: NDArray[np.float32], sigma: float) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """-sigma² times the Laplacian of the smoothed image, and where it is a dark, round, dense blob."""
    side = 2 * round(3 * sigma) + 1
    smooth = cv2.GaussianBlur(image, (side, side), sigma, borderType=cv2.BORDER_REPLICATE)
    xx, yy, xy = (cv2.filter2D(smooth, -1, kernel, borderType=cv2.BORDER_REPLICATE) for kernel in _SECOND_DIFFERENCES)
    trace = cv2.add(xx, yy)
    # Eigenvalues a >= b > 0 have b > k a just where their product exceeds k / (1 + k)² of their sum's square.
    product = cv2.subtract(cv2.multiply(xx, yy), cv2.multiply(xy, xy))
    fits = (product > cv2.multiply(trace, trace, scale=ROUNDNESS / (1 + ROUNDNESS) ** 2)) & (trace < 0)
    fits &= smooth > DENSITY
    return np.asarray(trace, np.float32) * np.float32(-sigma * sigma), np.asarray(fits, np.bool_)


def _one_per_plateau(peaks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Of neighbouring equal maxima the first in reading order."""
    before = np.zeros_like(peaks)
    before[:, 1:] |= peaks[:, :-1]
    before[1:, :] |= peaks[:-1, :]
    before[1:, 1:] |= peaks[:-1, :-1]
    before[1:, :-1] |= peaks[:-1, 1:]
    return peaks & ~before

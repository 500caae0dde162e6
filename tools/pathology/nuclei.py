"""Nuclei as dark round blobs in the haematoxylin channel at 10x."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

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


def find_nuclei(haematoxylin: NDArray[np.float32]) -> NDArray[np.int32]:
    """Centres of nuclei: maxima of the scale-normalised Laplacian of Gaussian (Lindeberg, IJCV 1998;30:79).

    Line-like maxima are rejected by the ratio of the Hessian's eigenvalues (the test of Lowe, IJCV 2004;60:91, 4.1).
    Touching nuclei are counted apart when their centres are more than about 4 µm apart. What is dark, blue and round
    without being a nucleus (apoptotic bodies, pigment, crushed cells) is counted too.

    Args:
        haematoxylin: (rows, columns) float32 optical density at 1 µm per pixel.

    Returns:
        (n, 2) int32 (row, column), sorted by row, then column.
    """
    answer = np.zeros_like(haematoxylin)
    for sigma in SIGMAS:
        np.maximum(answer, _blobs(haematoxylin, sigma), out=answer)
    peaks = (answer > CONTRAST) & (answer == ndimage.maximum_filter(answer, size=5, mode="nearest"))
    centres: NDArray[np.int32] = np.argwhere(_one_per_plateau(peaks)).astype(np.int32)
    return centres


def _blobs(image: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """-sigma² times the Laplacian of the smoothed image where it is a dark, round, dense blob, else 0."""
    smooth = ndimage.gaussian_filter(image, sigma, mode="nearest", truncate=3.0)
    around = np.pad(smooth, 1, mode="edge")
    scale = np.float32(sigma * sigma)
    xx = scale * (around[1:-1, 2:] + around[1:-1, :-2] - 2 * smooth)
    yy = scale * (around[2:, 1:-1] + around[:-2, 1:-1] - 2 * smooth)
    xy = scale * (around[2:, 2:] - around[2:, :-2] - around[:-2, 2:] + around[:-2, :-2]) / 4
    half_trace = -(xx + yy) / 2
    half_gap = np.sqrt(((xx - yy) / 2) ** 2 + xy**2)
    is_round = half_trace - half_gap > ROUNDNESS * (half_trace + half_gap)
    found: NDArray[np.float32] = np.where(is_round & (smooth > DENSITY), 2 * half_trace, np.float32(0))
    return found


def _one_per_plateau(peaks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Of neighbouring equal maxima the first in reading order."""
    before = np.zeros_like(peaks)
    before[:, 1:] |= peaks[:, :-1]
    before[1:, :] |= peaks[:-1, :]
    before[1:, 1:] |= peaks[:-1, :-1]
    before[1:, :-1] |= peaks[:-1, 1:]
    return peaks & ~before

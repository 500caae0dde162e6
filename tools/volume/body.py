"""The patient's body in a CT, apart from table, clothes and air. Pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .grids import Mask, ball

AIR_BORDER_HU = -400.0
"""Half way between lung or room air and soft tissue, where a blurred border has its true place."""


def body_mask(values: NDArray[np.float32], spacing: tuple[float, float, float]) -> Mask:
    """The body with everything it encloses.

    Dense voxels are opened in-plane by 4 mm, which cuts off table tops and lines; the largest connected part is the
    body, and its holes are filled slice by slice.

    Args:
        values: (k, j, i) HU.
        spacing: mm along (k, j, i).

    Returns:
        (k, j, i), all false when nothing is dense.
    """
    dense = values > AIR_BORDER_HU
    disc = ball(4.0, spacing)
    disc = disc[disc.shape[0] // 2]
    opened = np.stack([ndimage.binary_opening(plane, disc) for plane in dense])
    labels, count = ndimage.label(opened)
    if count == 0:
        return np.zeros(values.shape, bool)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    body = labels == int(sizes.argmax())
    return np.stack([ndimage.binary_fill_holes(plane) for plane in body])


def optimal_threshold(values: NDArray[np.float32], start: float = -500.0) -> float:
    """The threshold half way between the mean of what is below it and the mean of what is above it.

    Iterative selection as in Hu, Hoffman and Reinhardt, IEEE TMI 20(6):490-498, 2001, section II-A, kept to
    -600..-300 HU so that bowel gas or bone cannot drag it away.

    Args:
        values: HU of all voxels inside the body.
        start: first guess in HU.
    """
    threshold = start
    for _ in range(50):
        low, high = values[values < threshold], values[values >= threshold]
        if not len(low) or not len(high):
            break
        moved = float(low.mean(dtype=np.float64) + high.mean(dtype=np.float64)) / 2
        done = abs(moved - threshold) < 0.5
        threshold = moved
        if done:
            break
    return min(max(threshold, -600.0), -300.0)

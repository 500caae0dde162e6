"""The patient's body in a CT, apart from table, clothes and air. Pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .grids import Mask, ball

AIR_BORDER_HU = -400.0
"""Half way between lung or room air and soft tissue, where a blurred border has its true place."""


LUNG_LIKE_HU = (-960.0, -400.0)
SMALLEST_OPEN_LUNG_ML = 20.0
MOSTLY_ENCLOSED = 0.6
"""Part of its surface at which a lung that the edge of the image cuts meets tissue; clothes meet air."""
LUNG_TEXTURE_HU, FOAM_HU = 28.0, -930.0
"""Standard deviation within a lung, on blocks of about 2 mm, at least: lungs had 32 to 63 HU, the foam of mattresses,
which body and table can enclose, 9 to 23. Foam and air beside it also had a median below the second value."""


def body_mask(values: NDArray[np.float32], spacing: tuple[float, float, float]) -> Mask:
    """The body with everything it encloses, lungs included that the edge of the image cuts open.

    Dense voxels are opened in-plane by 4 mm, which cuts off table tops and lines; the largest connected part is the
    body, and its holes are filled slice by slice.

    Args:
        values: (k, j, i) HU.
        spacing: mm along (k, j, i).

    Returns:
        (k, j, i), all false when nothing is dense.
    """
    disc = ball(4.0, spacing)
    disc = disc[disc.shape[0] // 2]
    dense = _opened(values > AIR_BORDER_HU, disc)
    body = _filled(_largest(dense))
    lungs = _open_lungs(values, body, disc, spacing)
    return _filled(_largest(dense | lungs)) if lungs.any() else body


def _opened(mask: Mask, disc: Mask) -> Mask:
    return np.stack([ndimage.binary_opening(plane, disc) for plane in mask])


def _filled(mask: Mask) -> Mask:
    return np.stack([ndimage.binary_fill_holes(plane) for plane in mask])


def _largest(mask: Mask) -> Mask:
    labels, count = ndimage.label(mask)
    if count == 0:
        return mask
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return np.asarray(labels == int(sizes.argmax()))


def _open_lungs(values: NDArray[np.float32], body: Mask, disc: Mask, spacing: tuple[float, float, float]) -> Mask:
    """Lung-like regions outside `body` that tissue mostly encloses: the image ends within the chest."""
    like = _opened((values > LUNG_LIKE_HU[0]) & (values < LUNG_LIKE_HU[1]) & ~body, disc)
    labels, count = ndimage.label(like)
    found = np.zeros(body.shape, bool)
    smallest = SMALLEST_OPEN_LUNG_ML * 1000 / float(np.prod(spacing))
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    for number in np.flatnonzero(sizes[1:] >= smallest) + 1:
        part = labels == number
        shell = ndimage.binary_dilation(part, iterations=2) & ~ndimage.binary_dilation(part)
        inner = np.stack([ndimage.binary_erosion(plane, iterations=2) for plane in part])
        enclosed = (values[shell] > AIR_BORDER_HU).mean() > MOSTLY_ENCLOSED
        if enclosed and inner.any() and _like_lung(values[inner]):
            found |= part
    return found


def _like_lung(values: NDArray[np.float32]) -> bool:
    return bool(values.std() >= LUNG_TEXTURE_HU and np.median(values) >= FOAM_HU)


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

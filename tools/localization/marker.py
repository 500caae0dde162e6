"""A letter R or L burned into a film: found as a small bright shape, read by the text recogniser.

Letters are looked for without the recogniser's own search for lines of text, which misses letters that stand alone. On
33 of 80 films a letter is read so, on each with the right side, and in the mirror likewise. Only upright letters are
known: an L turned by a quarter is its own mirror image.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

LEAST_SCORE = 0.9
"""Of the text recogniser, for a letter that is taken for a marker."""
MOST_SHAPES = 16
"""Of those that stand out most, that are read."""
_SIDE = 1000
"""Longer side of the copy that is searched, pixels; the sizes below are parts of it."""
_TALL, _WIDE = (0.009, 0.07), (0.004, 0.07)
_SLIM = (0.25, 1.4)
"""Width over height of a letter."""
_FILLED = (0.15, 0.85)
"""Of its box, by its strokes."""
_LEAST_TOP = 0.15
"""Above its surroundings, as a part of the film's range (1st to 99.5th percentile)."""
_MARKERS = {"R": True, "L": False}

Grey = NDArray[np.uint8]


def marker_sides(pixels: NDArray[np.float32]) -> bool | None:
    """Whether a letter R or L on the picture, read plain or in a mirror, says that left and right are exchanged.

    Args:
        pixels: (rows, columns), 0..1.

    Returns:
        None without a readable marker, or when two contradict each other.
    """
    shapes = list(letter_shapes(pixels))
    told = _exchanged(shapes) or _exchanged([(np.ascontiguousarray(crop[:, ::-1]), left) for crop, left in shapes])
    return told.pop() if len(told) == 1 else None


def _exchanged(shapes: list[tuple[Grey, bool]]) -> set[bool]:
    """What the letters among shapes say: whether one lies on the side where it does not belong."""
    from ...sources.ocr import read_letters

    said = read_letters([crop for crop, _ in shapes])
    letters = ((_MARKERS.get(text.strip(". ").upper()), score, at_left)
               for (text, score), (_, at_left) in zip(said, shapes, strict=True))
    return {says_right is not at_left for says_right, score, at_left in letters
            if says_right is not None and score >= LEAST_SCORE}


def letter_shapes(pixels: NDArray[np.float32]) -> Iterator[tuple[Grey, bool]]:
    """Small bright shapes that may be letters, the clearest first: each with its surroundings, and whether it lies in
    the left half of the picture.

    Args:
        pixels: (rows, columns), 0..1.
    """
    small = _shrunk(pixels)
    low, high = np.percentile(small, [1, 99.5])
    even = np.clip((small - low) / max(float(high - low), 1e-6), 0, 1.5)
    side = max(small.shape)
    reach = round(_TALL[1] * side)
    top = even - ndimage.grey_opening(ndimage.uniform_filter(even, 3), size=(reach, reach))
    pieces, _ = ndimage.label(top > _LEAST_TOP, structure=np.ones((3, 3)))
    found = []
    for number, place in enumerate(ndimage.find_objects(pieces), 1):
        strokes = pieces[place] == number
        if _is_letter_like(strokes, side):
            found.append((float(top[place][strokes].mean()), place))
    grey = np.rint(np.clip(small, 0, 1) * 255).astype(np.uint8)
    for _, (down, across) in sorted(found, key=lambda item: -item[0])[:MOST_SHAPES]:
        around = max(3, round(0.35 * (down.stop - down.start)))
        crop = grey[max(0, down.start - around):down.stop + around, max(0, across.start - around):across.stop + around]
        yield np.ascontiguousarray(crop), across.start + across.stop < small.shape[1]


def _shrunk(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    scale = _SIDE / max(pixels.shape)
    if scale >= 1:
        return pixels
    size = round(pixels.shape[1] * scale), round(pixels.shape[0] * scale)
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX), np.float32)


def _is_letter_like(strokes: NDArray[np.bool_], side: int) -> bool:
    tall, wide = strokes.shape
    sizes = ((tall / side, _TALL), (wide / side, _WIDE), (wide / tall, _SLIM), (float(strokes.mean()), _FILLED))
    return all(low <= size <= high for size, (low, high) in sizes)

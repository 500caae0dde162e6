"""What the shape model sees of a film: its content without an empty frame, at one size, with even contrast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from skimage.exposure import equalize_adapthist

SIDE = 256
"""Rows and columns of the model's square."""

_EMPTY_LINE_SPREAD = 0.02


@dataclass(frozen=True)
class Frame:
    """The part of a film that holds content, in film pixels, half-open."""

    x0: int
    y0: int
    x1: int
    y1: int

    def to_film(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points (n, 2) as (row, column) in the model's square to film pixels; pixel centres are at +0.5."""
        scale = np.asarray(((self.y1 - self.y0) / SIDE, (self.x1 - self.x0) / SIDE))
        return np.asarray((points + 0.5) * scale + (self.y0, self.x0), np.float64)


def content_frame(film: NDArray[np.float32]) -> Frame:
    """The film without lines at its edges that show nothing (collimation, page margins).

    Args:
        film: (rows, columns), 0..1.

    Returns:
        A frame of at least half of each axis; the whole film where less would be left.
    """
    rows = _busy_span(film.std(axis=1))
    columns = _busy_span(film[rows[0]:rows[1]].std(axis=0))
    return Frame(columns[0], rows[0], columns[1], rows[1])


def _busy_span(spread: NDArray[np.float32]) -> tuple[int, int]:
    busy = np.flatnonzero(spread > _EMPTY_LINE_SPREAD)
    if len(busy) == 0 or busy[-1] + 1 - busy[0] < len(spread) / 2:
        return 0, len(spread)
    return int(busy[0]), int(busy[-1]) + 1


def even_contrast(film: NDArray[np.float32], frame: Frame) -> NDArray[np.float64]:
    """The framed film at SIDE x SIDE after contrast-limited adaptive histogram equalisation.

    Args:
        film: (rows, columns), 0..1.
        frame: the part to use.

    Returns:
        (SIDE, SIDE), 0..1. Method: Zuiderveld, Graphics Gems IV (1994) VIII.5, as in scikit-image.
    """
    part = np.ascontiguousarray(film[frame.y0:frame.y1, frame.x0:frame.x1], dtype=np.float32)
    small = np.asarray(Image.fromarray(part).resize((SIDE, SIDE), Image.Resampling.BOX), np.float64)
    low, high = np.percentile(small, [1, 99])
    spread = np.clip((small - low) / max(high - low, 1e-6), 0, 1)
    equal: NDArray[np.float64] = equalize_adapthist(spread, kernel_size=SIDE // 4, clip_limit=0.02)
    return equal


def channels(equal: NDArray[np.float64]) -> NDArray[np.float32]:
    """Smoothed brightness and its two derivatives, (3, SIDE, SIDE), from `even_contrast`'s image."""
    smooth = ndimage.gaussian_filter(equal, 2.0) - 0.5
    down = ndimage.gaussian_filter(equal, 3.0, order=(1, 0)) * 12
    across = ndimage.gaussian_filter(equal, 3.0, order=(0, 1)) * 12
    return np.stack([smooth, down, across]).astype(np.float32)

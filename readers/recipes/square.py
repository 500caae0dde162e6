"""Pictures as MedGemma was trained on them: RGB, padded with black to a square.

The Hugging Face processor stretches every picture to 896 x 896. Training padded to a square first, split
evenly over both sides (Google-Health/medgemma, serving code and localisation notebook, April 2026). Grey
values are passed as they are: the notebook's `* 255` on uint8 inverts a film and is not copied.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...core.boxes import Box
from ..expect import UnitBox
from ..request import Picture, Rgb

LONGEST_SIDE = 5 * 896
"""A longer picture is scaled down to this before it is padded, so that a strip cannot ask for an unbounded square."""


@dataclass(frozen=True)
class Frame:
    """Where a picture lies in its square.

    Args:
        rows: of the picture as given.
        columns: of the picture as given.
    """

    rows: int
    columns: int

    @property
    def shown(self) -> tuple[int, int]:
        """(rows, columns) as shown: as given, or scaled down to `LONGEST_SIDE`."""
        longest = max(self.rows, self.columns)
        if longest <= LONGEST_SIDE:
            return self.rows, self.columns
        return max(1, round(self.rows * LONGEST_SIDE / longest)), max(1, round(self.columns * LONGEST_SIDE / longest))

    @property
    def side(self) -> int:
        """Side of the square in shown pixels."""
        return max(self.shown)

    @property
    def offset(self) -> tuple[int, int]:
        """(row, column) of the picture's corner in the square; an odd pixel of padding goes below or to the right."""
        rows, columns = self.shown
        return (self.side - rows) // 2, (self.side - columns) // 2


def as_rgb(pixels: NDArray[np.uint8]) -> Rgb:
    """Grey or RGB pixels as RGB, values unchanged.

    Args:
        pixels: (rows, columns) or (rows, columns, 3) uint8.

    Raises:
        ValueError: another shape or type, or no pixels.
    """
    is_grey, is_rgb = pixels.ndim == 2, pixels.ndim == 3 and pixels.shape[-1] == 3
    if pixels.dtype != np.uint8 or not (is_grey or is_rgb) or not pixels.size:
        raise ValueError(f"needs (rows, columns) or (rows, columns, 3) uint8 pixels, not {pixels.shape} {pixels.dtype}")
    return np.repeat(pixels[:, :, None], 3, axis=2) if is_grey else pixels


def pad_to_square(pixels: NDArray[np.uint8]) -> tuple[Rgb, tuple[int, int]]:
    """A picture in the middle of a black square.

    Args:
        pixels: (rows, columns) grey or (rows, columns, 3) RGB, uint8. Longer than `LONGEST_SIDE`: scaled down.

    Returns:
        (side, side, 3) uint8, and the (row, column) where the picture begins in it.

    Raises:
        ValueError: another shape or type, or no pixels.
    """
    if pixels.ndim < 2 or not pixels.size:
        raise ValueError(f"needs (rows, columns) or (rows, columns, 3) uint8 pixels, not {pixels.shape}")
    frame = Frame(*pixels.shape[:2])
    rgb = as_rgb(_scaled(pixels, frame))
    (rows, columns), (top, left) = frame.shown, frame.offset
    square = np.zeros((frame.side, frame.side, 3), np.uint8)
    square[top:top + rows, left:left + columns] = rgb
    return square, frame.offset


def padded(pixels: NDArray[np.uint8]) -> Picture:
    """The picture of `pad_to_square`."""
    return Picture(pad_to_square(pixels)[0])


def from_square(box: UnitBox, frame: Frame) -> Box:
    """A box of the square, as it lies on the picture.

    Args:
        box: (x0, y0, x1, y1) as fractions of the square.
        frame: of the picture.

    Returns:
        Pixels of the picture as given, clipped to it, half-open.

    Raises:
        ValueError: no part of the box lies on the picture, or it has no area.
    """
    (rows, columns), (top, left) = frame.shown, frame.offset
    x0, x1 = ((x * frame.side - left) * frame.columns / columns for x in (box[0], box[2]))
    y0, y1 = ((y * frame.side - top) * frame.rows / rows for y in (box[1], box[3]))
    x0, x1 = (min(max(x, 0.0), float(frame.columns)) for x in (x0, x1))
    y0, y1 = (min(max(y, 0.0), float(frame.rows)) for y in (y0, y1))
    if not (x0 < x1 and y0 < y1):
        raise ValueError("the box has no area on the picture")
    return x0, y0, x1, y1


def _scaled(pixels: NDArray[np.uint8], frame: Frame) -> NDArray[np.uint8]:
    rows, columns = frame.shown
    if (rows, columns) == pixels.shape[:2]:
        return pixels
    picture = Image.fromarray(np.ascontiguousarray(as_rgb(pixels) if pixels.ndim == 3 else pixels))
    return np.asarray(picture.resize((columns, rows), Image.Resampling.BILINEAR))

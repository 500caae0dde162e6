"""What a slide file says about itself, whichever library opened it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]


@dataclass(frozen=True)
class SlideFacts:
    """As stated, unchecked.

    Args:
        sizes: (width, height) of each level, finest first.
        downsamples: of each level against level 0.
        properties: under OpenSlide's names.
        tile: (width, height) of level 0's tiles.
        has_profile: whether the file carries an ICC profile.
        bits: per sample.
        planes_left_out: other images of level 0's size, such as focal planes, which are not read.
    """

    sizes: tuple[tuple[int, int], ...]
    downsamples: tuple[float, ...]
    properties: Mapping[str, str]
    tile: tuple[int, int] = (256, 256)
    has_profile: bool = False
    bits: int = 8
    planes_left_out: int = 0

"""How much haematoxylin a pixel holds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

HAEMATOXYLIN = (0.65, 0.70, 0.29)
EOSIN = (0.07, 0.99, 0.11)
"""Optical density of the pure stains in (red, green, blue), Ruifrok & Johnston, Anal Quant Cytol Histol 2001;23:291."""

_INK_MARGIN = 12


def _unmixing() -> NDArray[np.float32]:
    """The row of the inverse stain matrix that gives haematoxylin; the third stain is what neither of the two is."""
    pair = [np.asarray(stain) / np.linalg.norm(stain) for stain in (HAEMATOXYLIN, EOSIN)]
    rest = np.cross(pair[0], pair[1])
    row: NDArray[np.float32] = np.linalg.inv(np.stack([*pair, rest / np.linalg.norm(rest)]))[:, 0].astype(np.float32)
    return row


def _optical_density() -> NDArray[np.float32]:
    table: NDArray[np.float32] = -np.log10(np.maximum(np.arange(256), 1) / 255.0).astype(np.float32)
    return table


_TABLES = _optical_density()[:, None] * _unmixing()
"""(256, 3): what a grey value in red, green and blue adds to the haematoxylin density."""


def haematoxylin(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Haematoxylin by colour deconvolution (Ruifrok & Johnston 2001) with fixed stain vectors.

    Args:
        rgb: (rows, columns, 3) uint8, bright field, white background at 255.

    Returns:
        (rows, columns) float32 optical density (log10) of the haematoxylin component, 0 where there is none or ink.
    """
    density: NDArray[np.float32] = _TABLES[rgb[..., 0], 0] + _TABLES[rgb[..., 1], 1] + _TABLES[rgb[..., 2], 2]
    density[is_ink(rgb)] = 0.0
    np.maximum(density, 0.0, out=density)
    return density


def is_ink(rgb: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Pixels of green, cyan or blue pen and tissue-marking dye.

    Haematoxylin and eosin both absorb green most (their vectors above): a coloured pixel that is brighter in green
    than in red holds something else. Red and black ink are not told apart this way.

    Args:
        rgb: (rows, columns, 3) uint8.

    Returns:
        (rows, columns) bool.
    """
    red, green = rgb[..., 0].astype(np.int16), rgb[..., 1].astype(np.int16)
    return green > red + _INK_MARGIN

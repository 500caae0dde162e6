"""How much haematoxylin and eosin a pixel holds, by the colours that the two have on this slide."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

Triple = tuple[float, float, float]
Plane = NDArray[np.float32]

HAEMATOXYLIN: Triple = (0.65, 0.70, 0.29)
EOSIN: Triple = (0.07, 0.99, 0.11)
"""Optical density of the pure stains in (red, green, blue), Ruifrok & Johnston, Anal Quant Cytol Histol 2001;23:291."""

LEAST_DENSITY = 0.3
"""Length of a pixel's density vector below which it counts as glass when stains are estimated; about what 0.15 in each
of the three channels is (Macenko 2009, beta), but pure eosin, which hardly absorbs red, is not lost."""
_EXTREME = 1.0
"""Percentile of the angles that stands for a pure stain (Macenko 2009, alpha)."""
_LEAST_PIXELS = 2000
_LEAST_APART, _MOST_OFF = 12.0, 35.0
"""Degrees: between the two stains, and of each from Ruifrok & Johnston's; beyond them the slide does not show both
stains, or is no H&E."""
_INK_MARGIN = 12


@dataclass(frozen=True)
class Stains:
    """What the two stains absorb, and the colour of empty glass.

    Args:
        haematoxylin: optical density in (red, green, blue), of unit length.
        eosin: likewise.
        white: grey values of glass in (red, green, blue).
        estimated: whether the vectors were estimated from the slide itself.
    """

    haematoxylin: Triple = HAEMATOXYLIN
    eosin: Triple = EOSIN
    white: Triple = (255.0, 255.0, 255.0)
    estimated: bool = False

    @cached_property
    def _unmixing(self) -> NDArray[np.float32]:
        """(2, 3): density in three channels to the two stains; the third stain is what neither of the two is."""
        pair = [np.asarray(stain) / np.linalg.norm(stain) for stain in (self.haematoxylin, self.eosin)]
        rest = np.cross(pair[0], pair[1])
        inverse = np.linalg.inv(np.stack([*pair, rest / np.linalg.norm(rest)]))
        unmixing: NDArray[np.float32] = np.ascontiguousarray(inverse[:, :2].T, np.float32)
        return unmixing

    @cached_property
    def _table(self) -> NDArray[np.float32]:
        """(1, 256, 3): optical density of a grey value in each channel."""
        light = np.maximum(np.arange(256.0), 1.0)[:, None] / np.asarray(self.white)
        table: NDArray[np.float32] = -np.log10(light).astype(np.float32)[None]
        return table

    def densities(self, rgb: NDArray[np.uint8]) -> tuple[Plane, Plane]:
        """Haematoxylin and eosin by colour deconvolution (Ruifrok & Johnston 2001) with these stain vectors.

        Args:
            rgb: (rows, columns, 3) uint8, bright field.

        Returns:
            Two (rows, columns) float32 of optical density (log10), 0 where there is none or ink.
        """
        both = cv2.transform(cv2.LUT(np.ascontiguousarray(rgb), self._table), self._unmixing)
        np.maximum(both, 0.0, out=both)
        haematoxylin, eosin = (np.ascontiguousarray(both[..., place], np.float32) for place in (0, 1))
        ink = is_ink(rgb)
        if ink.any():
            haematoxylin[ink] = eosin[ink] = 0.0
        return haematoxylin, eosin


def estimate_stains(pixels: NDArray[np.uint8], white: Triple) -> Stains:
    """Stain vectors of a slide from its own pixels, by the method of Macenko et al., ISBI 2009:1107.

    The densities of stained pixels lie in the plane of the two stains; the angles at their extremes in it are the
    stains. Haematoxylin is the one that absorbs more red.

    Args:
        pixels: (n, 3) uint8 RGB of tissue.
        white: grey values of glass.

    Returns:
        Estimated stains; those of Ruifrok & Johnston (`estimated` False) where too few pixels are stained, or the
        estimate is too far from any haematoxylin and eosin.
    """
    known = pixels[~is_ink(pixels[None])[0]]
    density = -np.log10(np.maximum(known.astype(np.float64), 1.0) / np.asarray(white))
    density = density[np.linalg.norm(density, axis=1) > LEAST_DENSITY]
    if len(density) < _LEAST_PIXELS:
        return Stains(white=white)
    plane = np.linalg.eigh(np.cov(density.T))[1][:, [2, 1]]
    plane[:, plane.sum(axis=0) < 0] *= -1
    angles = np.arctan2(*(density @ plane).T[::-1])
    extremes = np.percentile(angles, (_EXTREME, 100.0 - _EXTREME))
    pair = sorted((plane @ (np.cos(angle), np.sin(angle)) for angle in extremes), key=lambda vector: -vector[0])
    first, second = (vector / np.linalg.norm(vector) for vector in pair)
    if (first < -0.1).any() or (second < -0.1).any() or not _plausible(first, second):
        return Stains(white=white)
    return Stains(_triple(first), _triple(second), white, estimated=True)


def _triple(vector: NDArray[np.float64]) -> Triple:
    red, green, blue = (round(float(value), 4) for value in vector)
    return red, green, blue


def _plausible(haematoxylin: NDArray[np.float64], eosin: NDArray[np.float64]) -> bool:
    off = max(_degrees(haematoxylin, HAEMATOXYLIN), _degrees(eosin, EOSIN))
    return _degrees(haematoxylin, eosin) >= _LEAST_APART and off <= _MOST_OFF


def _degrees(one: NDArray[np.float64], other: NDArray[np.float64] | Triple) -> float:
    cosine = np.dot(one, other) / np.linalg.norm(one) / np.linalg.norm(other)
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


def is_ink(rgb: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Pixels of green, cyan or blue pen and tissue-marking dye.

    Haematoxylin and eosin both absorb green most (their vectors above): a coloured pixel that is brighter in green
    than in red holds something else. Red and black ink are told at low power only, see `tissue.is_pen`.

    Args:
        rgb: (rows, columns, 3) uint8.

    Returns:
        (rows, columns) bool.
    """
    red, green = rgb[..., 0].astype(np.int16), rgb[..., 1].astype(np.int16)
    return green > red + _INK_MARGIN

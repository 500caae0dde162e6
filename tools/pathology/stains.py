"""How much haematoxylin and eosin a pixel holds, by the colours that the two have on this slide."""

from __future__ import annotations

from dataclasses import dataclass, replace
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
of the three channels is (Macenko 2009, beta), but pure eosin, which hardly absorbs red, is not lost. In slides paler
than `_FULL_DENSITY` it is less by as much."""
_FULL_DENSITY = 1.0
_EXTREME = 1.0
"""Percentile of the angles that stands for a pure stain (Macenko 2009, alpha)."""
_LEAST_PIXELS = 2000
_LEAST_APART, _MOST_OFF = 12.0, 35.0
"""Degrees: between the two stains, and of each from Ruifrok & Johnston's; beyond them the slide does not show both
stains, or is no H&E."""
_INK_MARGIN = 12
REFERENCE_STRENGTH = 1.2
"""Robust maximum of haematoxylin (optical density) of the stain that the detector of nuclei is made for: painted fields
of 3000 nuclei/mm², see evals/slide_accuracy.py. Paler slides are scaled to it."""
_STRENGTH_PERCENTILE = 99.0
"""Stands for the maximum, as in Macenko 2009, 2.3."""
_GLASS_DENSITY = 0.1
_STRENGTHS = (0.5, REFERENCE_STRENGTH)
"""A slide with hardly any nuclei has no maximum that tells its stain: plain tissue is not scaled up to nuclei. Strong
slides are not scaled down, since keratin or pigment alone may be what is strong, and nuclei would be lost."""


@dataclass(frozen=True)
class Stains:
    """What the two stains absorb, and the colour of empty glass.

    Args:
        haematoxylin: optical density in (red, green, blue), of unit length.
        eosin: likewise.
        white: grey values of glass in (red, green, blue).
        estimated: whether the vectors were estimated from the slide itself.
        strength: robust maximum of haematoxylin, optical density; the reference's where it is not estimated.
    """

    haematoxylin: Triple = HAEMATOXYLIN
    eosin: Triple = EOSIN
    white: Triple = (255.0, 255.0, 255.0)
    estimated: bool = False
    strength: float = REFERENCE_STRENGTH

    def to_reference(self, haematoxylin: Plane) -> Plane:
        """Haematoxylin as it would be were a pale slide stained as strongly as the reference (Macenko 2009)."""
        return haematoxylin * np.float32(REFERENCE_STRENGTH / self.strength)

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
    length = np.linalg.norm(density, axis=1)
    tissue = length > _GLASS_DENSITY
    density = density[length > _least_density(length[tissue])]
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
    stains = Stains(_triple(first), _triple(second), white, estimated=True)
    return replace(stains, strength=_strength(stains, known[tissue]))


def _least_density(length: NDArray[np.float64]) -> float:
    """Below what a pixel counts as glass; `length` is of tissue, (n,)."""
    strongest = float(np.percentile(length, _STRENGTH_PERCENTILE)) if len(length) else _FULL_DENSITY
    return max(_GLASS_DENSITY, LEAST_DENSITY * min(1.0, strongest / _FULL_DENSITY))


def _strength(stains: Stains, tissue: NDArray[np.uint8]) -> float:
    """The slide's robust maximum of haematoxylin, within bounds; `tissue` is (n, 3) uint8 without glass and ink."""
    maximum = float(np.percentile(stains.densities(tissue[None])[0], _STRENGTH_PERCENTILE))
    return round(min(max(maximum, _STRENGTHS[0]), _STRENGTHS[1]), 4)


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

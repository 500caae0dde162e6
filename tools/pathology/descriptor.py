"""A compact descriptor of a patch, without learned weights: stain, texture and nuclei."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ..slide_search import PATCH, Vectors
from .nuclei import find_nuclei
from .stains import Stains

_HAEMATOXYLIN_EDGES = (0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.1)
_EOSIN_EDGES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.55, 0.75)
"""Optical densities between the bins."""
_SCALES = (1.0, 2.0, 4.0, 8.0)
"""µm: texture is the energy of detail between neighbouring ones."""
_TEXTURE, _COHERENCE, _NUCLEI, _COLOUR = 4.0, 0.5, 0.5, 1.0
"""What each group of features is multiplied with, so that each varies by some tenths over the fields of a slide, as the
histograms do; own choice."""
_ORIENTATION = 4.0


@dataclass(frozen=True)
class CompactDescriptor:
    """31 numbers a patch, compared by Euclidean distance.

    Square roots of the histograms of both stains (so that distances are Hellinger's), standard deviations of both
    stains in three bands of detail, coherence of the structure tensor of eosin (fibres have one direction), number,
    size, its variation and spacing of nuclei, mean colour. Turned and mirrored patches have the same descriptor.

    Args:
        stains: of the slide, so that a pale stain and a dark one do not differ by that alone.
    """

    stains: Stains
    name: str = "descriptor/2"
    is_cosine: bool = False

    def embed_patches(self, patches: NDArray[np.uint8]) -> Vectors:
        """See `PatchEmbedder`."""
        return np.stack([self._describe(patch) for patch in patches])

    def _describe(self, patch: NDArray[np.uint8]) -> Vectors:
        haematoxylin, eosin = self.stains.densities(patch)
        groups = (
            _histogram(haematoxylin, _HAEMATOXYLIN_EDGES), _histogram(eosin, _EOSIN_EDGES),
            _TEXTURE * _bands(haematoxylin), _TEXTURE * _bands(eosin), [_COHERENCE * _coherence(eosin)],
            _NUCLEI * _nuclei(self.stains.to_reference(haematoxylin)), _COLOUR * patch.mean(axis=(0, 1)) / 255.0)
        return np.concatenate(groups).astype(np.float32)


def _histogram(plane: NDArray[np.float32], edges: tuple[float, ...]) -> NDArray[np.float64]:
    counts = np.bincount(np.digitize(plane.ravel(), edges), minlength=len(edges) + 1)
    return np.sqrt(counts / plane.size)


def _bands(plane: NDArray[np.float32]) -> NDArray[np.float64]:
    smooth = [cv2.GaussianBlur(plane, (0, 0), scale, borderType=cv2.BORDER_REFLECT) for scale in _SCALES]
    return np.array([(fine - coarse).std() for fine, coarse in pairwise(smooth)])


def _coherence(plane: NDArray[np.float32]) -> float:
    """Of the structure tensor (Bigün & Granlund 1987), averaged by its energy: 0 without direction, 1 for parallels."""
    across, down = (cv2.Sobel(plane, cv2.CV_32F, *order) for order in ((1, 0), (0, 1)))
    xx, yy, xy = (cv2.GaussianBlur(part, (0, 0), _ORIENTATION) for part in (across**2, down**2, across * down))
    energy = float((xx + yy).sum())
    return float(np.sqrt((xx - yy) ** 2 + 4 * xy**2).sum()) / energy if energy > 0 else 0.0


def _nuclei(plane: NDArray[np.float32]) -> NDArray[np.float64]:
    """Root of the number per patch in hundreds, mean radius, its variation and mean spacing in units of 4 and 20 µm."""
    found = find_nuclei(plane)
    if len(found) < 2:
        return np.array([np.sqrt(len(found) / 100), 0.0, 0.0, 1.0])
    spacing = float(cKDTree(found.centres).query(found.centres, k=2)[0][:, 1].mean())
    mean = float(found.radii.mean())
    return np.array([np.sqrt(len(found) / 100), mean / 4.0, float(found.radii.std()) / mean, min(1.0, spacing / 20.0)])


def whole_patches(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(rows, columns, 3) at 10x cut into (n, PATCH, PATCH, 3) row by row; the last ones are completed with white."""
    rows, columns = (-(-extent // PATCH) for extent in pixels.shape[:2])
    padded = np.full((rows * PATCH, columns * PATCH, 3), 255, np.uint8)
    padded[:pixels.shape[0], :pixels.shape[1]] = pixels
    tiles = padded.reshape(rows, PATCH, columns, PATCH, 3).transpose(0, 2, 1, 3, 4)
    return np.ascontiguousarray(tiles.reshape(-1, PATCH, PATCH, 3))

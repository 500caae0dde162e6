"""Small slides with known content, and studies around slide files."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray

from caseloom.core.case import CaseFile, FileKind, Series, Study

HAEMATOXYLIN = np.array([0.65, 0.70, 0.29])
EOSIN = np.array([0.07, 0.99, 0.11])


def stain(haematoxylin: NDArray[np.float64], eosin: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Optical densities of the two stains, (rows, columns) each, as the colour a microscope shows (Beer-Lambert)."""
    density = haematoxylin[..., None] * HAEMATOXYLIN / np.linalg.norm(HAEMATOXYLIN)
    density = density + eosin[..., None] * EOSIN / np.linalg.norm(EOSIN)
    return np.rint(255 * 10.0**-density).astype(np.uint8)


def write_tiff(path: Path, levels: Sequence[NDArray[np.uint8]], mpp: float | None, tile: int = 256) -> Path:
    """A tiled pyramidal TIFF, lossless, with its resolution in the tags when `mpp` is given."""
    per_cm = None if mpp is None else (1e4 / mpp, 1e4 / mpp)
    with tifffile.TiffWriter(path) as writer:
        for number, pixels in enumerate(levels):
            scale = 2**number
            writer.write(pixels, tile=(tile, tile), photometric="rgb", compression="deflate",
                         subfiletype=int(number > 0), metadata=None,
                         resolution=None if per_cm is None else (per_cm[0] / scale, per_cm[1] / scale),
                         resolutionunit=None if per_cm is None else "CENTIMETER")
    return path


def halve(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The next level of a pyramid: means of 2 x 2 pixels."""
    rows, columns = pixels.shape[0] // 2, pixels.shape[1] // 2
    blocks = pixels[:rows * 2, :columns * 2].reshape(rows, 2, columns, 2, 3)
    return np.rint(blocks.mean(axis=(1, 3))).astype(np.uint8)


def slide_series(root: Path, paths: Sequence[Path], uid: str = "1.2.3") -> Series:
    """A series of slide files that lie under `root`."""
    files = tuple(CaseFile(path=path.relative_to(root).as_posix(), sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
                           size=path.stat().st_size, kind=FileKind.SLIDE) for path in paths)
    return Series(uid=uid, kind=FileKind.SLIDE, modality="SM", files=files)


def slide_study(*series: Series) -> Study:
    """A study of slides."""
    return Study(id="S1", uid="1.2", kind=FileKind.SLIDE, modality="SM", date="2025-03-04", series=series)


def scatter(count: int, size: tuple[int, int], apart: float, seed: int) -> NDArray[np.float64]:
    """Up to `count` random (row, column) points, at least `apart` from each other and 8 from the edges, in µm."""
    random = np.random.default_rng(seed)
    points = np.full((count, 2), -np.inf)
    placed = 0
    for candidate in random.uniform((8, 8), (size[0] - 8, size[1] - 8), (count * 20, 2)):
        if placed < count and np.hypot(*(candidate - points[:placed]).T).min(initial=np.inf) >= apart:
            points[placed] = candidate
            placed += 1
    return points[:placed]


def paint_nuclei(size: tuple[int, int], centres: NDArray[np.float64], seed: int, per_um: int = 2) -> NDArray[np.uint8]:
    """Tissue with elliptic nuclei of 2.5 to 5 µm half axes, at `per_um` pixels per µm.

    Args:
        size: (rows, columns) in µm.
        centres: (n, 2) in µm.
        seed: of shapes, densities and texture.
        per_um: pixels per µm.
    """
    random = np.random.default_rng(seed)
    shape = size[0] * per_um, size[1] * per_um
    haematoxylin = 0.05 + 0.02 * random.standard_normal(shape)
    eosin = 0.25 + 0.04 * random.standard_normal(shape)
    for centre in centres:
        top, left = (int((edge - 7) * per_um) for edge in centre)
        window = np.s_[top:top + 14 * per_um, left:left + 14 * per_um]
        rows, columns = np.mgrid[window]
        along, across = (rows + 0.5) / per_um - centre[0], (columns + 0.5) / per_um - centre[1]
        angle, axes = random.uniform(0, np.pi), random.uniform(2.5, 5.0, 2)
        u, v = along * np.cos(angle) + across * np.sin(angle), across * np.cos(angle) - along * np.sin(angle)
        inside = (u / axes[0]) ** 2 + (v / axes[1]) ** 2 <= 1
        haematoxylin[window][inside] = random.uniform(0.5, 1.1)
    return stain(np.maximum(haematoxylin, 0), np.maximum(eosin, 0))

"""NIfTI and NRRD files: CT, label map or another volume, guessed from a sample of the values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.case import FileKind
from ..core.settings import MIB, Limits
from .nifti import open_nifti
from .nrrd import is_nrrd, open_nrrd
from .stored_grid import StoredGrid, sample_grid

_PIECE = 16 * 1024
_EVERY = 256 * 1024
_MOST_READ = 256 * MIB
_MOST_LABELS = 256


def grid_kind(path: Path, start: bytes, limits: Limits) -> FileKind:
    """CT, SEGMENTATION or VOLUME (cannot be told) for a NIfTI or NRRD file.

    Args:
        path: the file.
        start: its first bytes.
        limits: what a volume may hold.

    Raises:
        RefusedFile: what `open_nifti`, `open_nrrd` and `sample_grid` refuse.
    """
    return kind_of_values(sample_grid(open_grid(path, start, limits), _PIECE, _EVERY, _MOST_READ))


def open_grid(path: Path, start: bytes, limits: Limits) -> StoredGrid:
    """An NRRD or NIfTI file, told by its first bytes."""
    return open_nrrd(path, limits) if is_nrrd(start) else open_nifti(path, limits)


def kind_of_values(values: NDArray[Any]) -> FileKind:
    """Kind of a volume from a sample of its values.

    A CT reaches down to air (-1000 HU, or padding below) and holds tissue within -1100..3100. A label map holds few
    small whole numbers in flat regions: neighbours inside a region are equal, which in an image is rare.

    Args:
        values: (n,) in storage order, in pieces of neighbouring voxels.
    """
    values = values[np.isfinite(values)]
    if values.size == 0:
        return FileKind.VOLUME
    lowest, highest = float(values.min()), float(values.max())
    if -4096 <= lowest <= -900 and highest > 50:
        inside = values[values > -1100]
        return FileKind.CT if inside.size and float((inside < 3100).mean()) > 0.99 else FileKind.VOLUME
    return FileKind.SEGMENTATION if _is_label_map(values, lowest, highest) else FileKind.VOLUME


def _is_label_map(values: NDArray[Any], lowest: float, highest: float) -> bool:
    if lowest < 0 or highest > 65_535 or not np.array_equal(values, np.rint(values)):
        return False
    if len(np.unique(values)) > _MOST_LABELS:
        return False
    left, right = values[:-1], values[1:]
    inside = (left > 0) & (right > 0)
    if not inside.any():
        return highest <= _MOST_LABELS
    return float((left[inside] == right[inside]).mean()) > 0.75

"""Volumes of a data set as a model is shown them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.case import FileKind
from ...core.errors import InputError
from ...core.settings import Limits
from ...sources.volume import HU, Volume, load_volume
from ...tools.volume.read import show_slices
from .inputs import root_of, series_of


def shown_ct(path: Path) -> NDArray[Any]:
    """A CT's slices in the order shown.

    Args:
        path: a NIfTI or NRRD file, or a folder with the slices of one DICOM series.

    Returns:
        (k, rows, columns) Hounsfield units.

    Raises:
        InputError: it cannot be read, or its values are not Hounsfield units.
    """
    volume, uid = _load(path, FileKind.CT)
    if volume.unit != HU:
        raise InputError("its values do not reach down to air, so they are not Hounsfield units")
    return show_slices(volume, uid).voxels


def shown_raw_ct(path: Path, slope: float, intercept: float) -> NDArray[Any]:
    """As `shown_ct`, of a file that holds a scanner's stored values.

    Args:
        path: a NIfTI file.
        slope: Hounsfield units per stored unit.
        intercept: Hounsfield units of the stored value 0.

    Raises:
        InputError: it cannot be read, or its values do not become Hounsfield units.
    """
    volume, uid = _load(path, FileKind.CT)
    hu = np.rint(show_slices(volume, uid).voxels * slope + intercept)
    if not np.isfinite([slope, intercept]).all() or float(hu.min()) > -500:
        raise InputError("with the slope and intercept of the list its values do not reach down to air")
    return np.clip(hu, -32768, 32767).astype(np.int16)


def shown_mri(paths: Sequence[Path]) -> list[NDArray[Any]]:
    """The sequences of an MRI study in the order shown, each as for `shown_ct` and in its own units.

    Raises:
        InputError: one cannot be read.
    """
    loaded = [_load(path, FileKind.MR) for path in paths]
    return [show_slices(volume, uid).voxels for volume, uid in loaded]


def _load(path: Path, kind: FileKind) -> tuple[Volume, str]:
    series = series_of(path, kind)
    return load_volume(series, root_of(path), Limits()), series.uid

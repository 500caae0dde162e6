"""CT and MR series as volumes, whatever they are stored in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.case import FileKind, Series
from ..core.errors import RefusedFile
from ..core.geometry import VolumeGeometry
from ..core.refusal import RefusalCode
from ..core.settings import Limits
from .dicom_volume import load_dicom_planes, load_dicom_volume
from .grid_kind import open_grid
from .nifti import is_nifti, unpacked_start
from .nrrd import is_nrrd
from .stored_grid import read_grid
from .volume_data import ARBITRARY, HU, Plane, Volume

__all__ = ["ARBITRARY", "HU", "Plane", "Volume", "load_planes", "load_volume"]

_AIR_LIKE = -500
"""A CT whose lowest value lies above this holds no air in Hounsfield units: an own choice, half way to water."""


def load_volume(series: Series, root: Path, limits: Limits) -> Volume:
    """The volume of a series: DICOM slices, an enhanced multi-frame file, NIfTI or NRRD, told by content.

    How axes, repeats, gaps and tilt are handled is said in `Volume`, `choose_stack` and `lay_grid`.

    Args:
        series: one CT, MR or other volume series.
        root: folder that the files' paths are relative to.
        limits: how much may be read and allocated.

    Raises:
        RefusedFile: nothing of the series makes a volume; code and reason say why.
    """
    first = root / series.files[0].path
    if _is_one_file(first):
        return _load_single(series, first, limits)
    return load_dicom_volume(series, root, limits)


def load_planes(series: Series, root: Path, limits: Limits,
                choose: Callable[[Sequence[int | None]], Sequence[int]]) -> tuple[NDArray[Any], str]:
    """Some planes of the volume that `load_volume` gives; of a DICOM series the others are not decoded.

    For showing slices of a long series without measuring it.

    Args:
        series, root, limits: as for `load_volume`.
        choose: planes to load, in the order wanted, from the scanner's numbers of all planes.

    Returns:
        (n, rows, columns) int16 or float32, and their unit.

    Raises:
        RefusedFile: as `load_volume`, except that damage to a slice that is not needed goes unnoticed.
    """
    if _is_one_file(root / series.files[0].path):
        volume = load_volume(series, root, limits)
        return volume.voxels[list(choose(volume.instance_numbers))], volume.unit
    return load_dicom_planes(series, root, limits, choose)


def _is_one_file(path: Path) -> bool:
    start = _start(path)
    return is_nifti(start) or is_nrrd(start)


def _start(path: Path) -> bytes:
    try:
        return unpacked_start(path)
    except OSError as error:
        raise RefusedFile(RefusalCode.CORRUPT, f"the file cannot be opened ({type(error).__name__})") from error


def _load_single(series: Series, path: Path, limits: Limits) -> Volume:
    size = path.stat().st_size
    if size > limits.max_file_bytes:
        raise RefusedFile(RefusalCode.TOO_LARGE, "the file is larger than allowed")
    grid = open_grid(path, _start(path), limits)
    voxels, affine, axial = read_grid(grid)
    notes = grid.notes
    if voxels.shape[0] < 3:
        raise RefusedFile(RefusalCode.TOO_FEW_SLICES, f"the file holds {voxels.shape[0]} slices; a volume needs three "
                          "or more")
    if not axial:
        notes = (*notes, "stored slices are not axial; slice numbers count along the head-foot axis")
    is_hu = series.kind is FileKind.CT and int(np.min(voxels)) <= _AIR_LIKE
    if series.kind is FileKind.CT:
        notes = (*notes, "the file states no unit; its values are taken as Hounsfield units because they reach down "
                 "to air" if is_hu else "the values do not reach down to air, so they are not Hounsfield units")
    planes = tuple(Plane(series.files[0], series.uid, index) for index in range(voxels.shape[0]))
    return Volume(voxels=voxels, geometry=VolumeGeometry(voxels.shape, affine), modality=series.modality,
                  unit=HU if is_hu else ARBITRARY, planes=planes, notes=notes, sides_known=grid.oriented)

"""CT and MR series as volumes, whatever they are stored in."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..core.case import FileKind, Series
from ..core.errors import RefusedFile
from ..core.geometry import VolumeGeometry
from ..core.refusal import RefusalCode
from ..core.settings import Limits
from .dicom_volume import load_dicom_volume
from .grid_kind import open_grid
from .nifti import is_nifti, unpacked_start
from .nrrd import is_nrrd
from .stored_grid import read_grid
from .volume_data import ARBITRARY, HU, Plane, Volume

__all__ = ["ARBITRARY", "HU", "Plane", "Volume", "load_volume"]

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
    try:
        start = unpacked_start(first)
    except OSError as error:
        raise RefusedFile(RefusalCode.CORRUPT, f"the file cannot be opened ({type(error).__name__})") from error
    if is_nifti(start) or is_nrrd(start):
        return _load_single(series, first, start, limits)
    return load_dicom_volume(series, root, limits)


def _load_single(series: Series, path: Path, start: bytes, limits: Limits) -> Volume:
    size = path.stat().st_size
    if size > limits.max_file_bytes:
        raise RefusedFile(RefusalCode.TOO_LARGE, "the file is larger than allowed")
    grid = open_grid(path, start, limits)
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

"""A mask of a volume as a NIfTI file, which viewers open over the scan it belongs to."""

from __future__ import annotations

import gzip
from pathlib import Path

import nibabel
import numpy as np
from numpy.typing import NDArray

from ..core.geometry import Affine, VolumeGeometry

_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
_FASTEST = 1


def write_mask(path: Path, mask: NDArray[np.bool_], geometry: VolumeGeometry) -> None:
    """Write a mask as compressed NIfTI-1 of 8-bit zeros and ones; equal masks give equal bytes.

    Args:
        path: `.nii.gz`; its folder is made.
        mask: (k, j, i).
        geometry: (k, j, i) to LPS mm. NIfTI's axes are (i, j, k) and its millimetres RAS.
    """
    image = nibabel.Nifti1Image(mask.transpose(2, 1, 0).astype(np.uint8), ras_affine(geometry.affine))
    image.header.set_xyzt_units("mm")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(image.to_bytes(), _FASTEST, mtime=0))


def ras_affine(affine: Affine) -> Affine:
    """(k, j, i) to LPS mm as (i, j, k) to RAS mm; its own inverse but for the axes' order."""
    return np.asarray(_LPS_TO_RAS @ affine[:, [2, 1, 0, 3]], float)

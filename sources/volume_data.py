"""What loading a CT or MR series gives: voxels with their place in the patient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from ..core.case import CaseFile
from ..core.geometry import VolumeGeometry
from ..core.refusal import Refusal
from .volume_shown import volume_html

HU = "HU"
ARBITRARY = "arbitrary units"


@dataclass(frozen=True)
class Plane:
    """Where one plane of the voxel array comes from.

    Args:
        file: its file; for a plane interpolated between two stored slices, the nearer one's.
        instance_uid: SOPInstanceUID of that file; for NIfTI and NRRD the series uid.
        index: 0-based position of the stored slice along the normal, from the first slice in LPS order.
        instance_number: the scanner's own count: InstanceNumber, or in a multi-frame file the 1-based frame; None when
            there is none.
        interpolated: its values lie between those of two stored slices.
    """

    file: CaseFile
    instance_uid: str
    index: int
    instance_number: int | None = None
    interpolated: bool = False


@dataclass(frozen=True)
class Volume:
    """A regular grid of voxels.

    Args:
        voxels: (k, j, i) int16 or float32. DICOM: k counts slices along the normal, in the direction in which the
            normal's largest component grows in LPS (axial: from feet to head); j and i are rows and columns of the
            stored image. NIfTI and NRRD: the stored axes, reordered so that k is nearest to the head-foot axis and
            grows to the head, j nearest to front-back, i nearest to right-left; j and i run as stored.
        geometry: (k, j, i) to LPS mm, sheared where the gantry was tilted.
        modality: CT, MR ... as the series says.
        unit: `HU` for CT with a rescale, else `arbitrary units`.
        planes: one per k.
        notes: sentences for a person about how the grid was made; no names, no paths.
        left_out: files of the series that are no part of the grid, and why.
        sides_known: False when the file does not say how the voxels lie in the patient.
    """

    voxels: NDArray[Any]
    geometry: VolumeGeometry
    modality: str
    unit: str
    planes: tuple[Plane, ...]
    notes: tuple[str, ...] = ()
    left_out: tuple[Refusal, ...] = ()
    sides_known: bool = True

    @property
    def instance_uids(self) -> tuple[str, ...]:
        """SOPInstanceUID of each plane."""
        return tuple(plane.instance_uid for plane in self.planes)

    @property
    def instance_numbers(self) -> tuple[int | None, ...]:
        """The scanner's number of each plane; a number comes twice where planes were interpolated."""
        return tuple(plane.instance_number for plane in self.planes)

    @property
    def files(self) -> tuple[CaseFile, ...]:
        """File of each plane."""
        return tuple(plane.file for plane in self.planes)

    @property
    def interpolated(self) -> float:
        """Part of the planes, 0..1, that are no stored slices."""
        return sum(plane.interpolated for plane in self.planes) / len(self.planes)

    def _repr_html_(self) -> str:
        return volume_html(self)

    @property
    def stored_slices(self) -> int:
        """How many stored slices the grid was made of."""
        return self.planes[-1].index + 1

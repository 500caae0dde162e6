"""The geometry and value scale of each DICOM slice, from classic and enhanced multi-frame headers."""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.uid import UID

from ..core.case import CaseFile
from ..core.errors import RefusedFile
from ..core.refusal import RefusalCode
from ..core.settings import Limits
from .dicom_file import PARSER_ERRORS, read_placed
from .dicom_pixels import check_size
from .frame_source import PixelPlace, pixel_place
from .header_scan import Scanned, scan_header, wanted_elements
from .phase import PHASE_NAMES, PRIVATE_TAGS, Known, Phase, read_phase
from .quiet import quiet_parsers

Vector = NDArray[np.float64]

_SHORTEST = 140

_NAMES = (
    "SOPInstanceUID", "SamplesPerPixel", "NumberOfFrames", "Rows", "Columns", "BitsAllocated", "BitsStored",
    "PixelRepresentation", "PixelPaddingValue", "PixelPaddingRangeLimit", "ImagePositionPatient",
    "ImageOrientationPatient", "PixelSpacing", "SliceThickness", "RescaleSlope", "RescaleIntercept", "RescaleType",
    "InstanceNumber", *PHASE_NAMES)
_GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
_WANTED = wanted_elements(_NAMES)
_LEFT_TO_PYDICOM = frozenset({*wanted_elements(_GROUPS), *PRIVATE_TAGS})


@dataclass(frozen=True)
class SliceHeader:
    """One stored slice.

    Args:
        file: the file it lies in.
        frame: 0-based frame of a multi-frame file, None for a single image.
        uid: SOPInstanceUID.
        position: LPS mm of the centre of the first voxel (ImagePositionPatient).
        along_row: unit LPS direction in which columns count up.
        along_column: unit LPS direction in which rows count up.
        spacing: (row, column) distance in mm.
        shape: (rows, columns).
        scale: (slope, intercept), or None when the header gives none.
        hounsfield: False when the header says that rescaled values are something else than HU (RescaleType).
        padding: (lowest, highest) stored value that marks pixels outside the scanned field, or None.
        signed: whether stored values are signed.
        bits: BitsStored.
        order: (acquisition, instance, frame), to choose among slices at one place.
        number: the scanner's own count: InstanceNumber, or the 1-based frame of a multi-frame file; None without one.
        thickness: SliceThickness in mm, or None.
        phase: what else sets the slice apart from others of its series.
        pixels: where the file's frames lie; None when they only decode all together.
    """

    file: CaseFile
    frame: int | None
    uid: str
    position: Vector
    along_row: Vector
    along_column: Vector
    spacing: tuple[float, float]
    shape: tuple[int, int]
    scale: tuple[float, float] | None
    hounsfield: bool
    padding: tuple[int, int] | None
    signed: bool
    bits: int
    order: tuple[int, int, int]
    number: int | None
    thickness: float | None
    phase: Phase
    pixels: PixelPlace | None

    @property
    def normal(self) -> Vector:
        """Unit normal, turned so that its largest component is positive in LPS."""
        normal = np.cross(self.along_row, self.along_column)
        return normal if normal[np.argmax(np.abs(normal))] > 0 else -normal


def read_slices(file: CaseFile, root: Path, limits: Limits) -> list[SliceHeader]:
    """The slices of one DICOM file: one, or one per frame.

    Raises:
        RefusedFile: no position, orientation or spacing, damaged values, or what `read_dicom` refuses.
    """
    path = root / file.path
    try:
        scanned = _scan(path, limits)
        if scanned is not None and int(scanned.values.get("NumberOfFrames") or 1) == 1:
            check_size(scanned.values, limits)
            place = pixel_place(scanned.values, scanned.syntax, scanned.pixels)
            return [_slice(_File(file, scanned.values, place), [scanned.values], None)]
        return _parsed_slices(file, path, limits)
    except PARSER_ERRORS as error:
        raise RefusedFile(RefusalCode.CORRUPT, f"the slice's header holds impossible values ({type(error).__name__})"
                          ) from error


def _scan(path: Path, limits: Limits) -> Scanned | None:
    if not _SHORTEST <= path.stat().st_size <= limits.max_file_bytes:
        return None
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        return scan_header(view, _WANTED, _LEFT_TO_PYDICOM)


def _parsed_slices(file: CaseFile, path: Path, limits: Limits) -> list[SliceHeader]:
    """The slices of a file as pydicom reads it."""
    dataset, element = read_placed(path, limits, (*_NAMES, *_GROUPS, *PRIVATE_TAGS))
    with quiet_parsers():
        frames, *_ = check_size(dataset, limits)
        header = _values(dataset)
        whole = _File(file, header, pixel_place(header, UID(str(dataset.file_meta.TransferSyntaxUID)), element))
        if _GROUPS[1] in dataset or frames > 1:
            return list(_enhanced_slices(whole, dataset, frames))
        return [_slice(whole, [header], None)]


@dataclass(frozen=True)
class _File:
    file: CaseFile
    header: Known
    pixels: PixelPlace | None


def _values(dataset: pydicom.Dataset) -> Known:
    return {element.keyword or int(element.tag): element.value for element in dataset if element.VR != "SQ"}


def _enhanced_slices(whole: _File, dataset: pydicom.Dataset, frames: int) -> Iterator[SliceHeader]:
    per_frame = dataset.get(_GROUPS[1]) or []
    shared = dataset.get(_GROUPS[0]) or [pydicom.Dataset()]
    if len(per_frame) != frames:
        raise RefusedFile(RefusalCode.BAD_GEOMETRY, "the frames of this multi-frame image carry no positions")
    common = [*_macros(shared[0]), whole.header]
    for number, group in enumerate(per_frame):
        yield _slice(whole, [*_macros(group), *common], number)


def _macros(group: pydicom.Dataset) -> list[Known]:
    """The functional group macros of a frame (PS3.3 C.7.6.16), each with values of its own."""
    return [_values(element.value[0]) for element in group if element.VR == "SQ" and element.value]


def _find(places: Sequence[Known], name: str) -> Any:
    return next((value for place in places if (value := place.get(name)) is not None), None)


def _slice(whole: _File, places: Sequence[Known], frame: int | None) -> SliceHeader:
    header = whole.header
    position = _vector(_find(places, "ImagePositionPatient"), 3, "position")
    cosines = _vector(_find(places, "ImageOrientationPatient"), 6, "orientation")
    along_row, along_column = _unit(cosines[:3]), _unit(cosines[3:])
    if abs(float(along_row @ along_column)) > 0.01:
        raise RefusedFile(RefusalCode.BAD_GEOMETRY, "the slice's rows and columns are not perpendicular")
    instance, phase = header.get("InstanceNumber"), read_phase(places)
    thickness = _find(places, "SliceThickness")
    return SliceHeader(
        file=whole.file, frame=frame, uid=str(header.get("SOPInstanceUID") or ""), position=position,
        along_row=along_row, along_column=along_column, spacing=_spacing(places),
        shape=(int(header["Rows"]), int(header["Columns"])), scale=_scale(places),
        hounsfield=_is_hounsfield(places, phase),
        padding=_padding(header), signed=bool(header.get("PixelRepresentation")),
        bits=int(header.get("BitsStored") or header.get("BitsAllocated") or 16),
        order=(phase.acquisition, int(instance or 0), frame or 0),
        number=frame + 1 if frame is not None else None if instance in (None, "") else int(instance),
        thickness=None if thickness in (None, "") else float(thickness), phase=phase, pixels=whole.pixels)


def _scale(places: Sequence[Known]) -> tuple[float, float] | None:
    slope, intercept = _find(places, "RescaleSlope"), _find(places, "RescaleIntercept")
    if slope in (None, "") or intercept in (None, ""):
        return None
    scale = float(slope), float(intercept)
    return scale if np.isfinite(scale).all() and scale[0] != 0 else None


def _is_hounsfield(places: Sequence[Known], phase: Phase) -> bool:
    """RescaleType (PS3.3 C.11.1.1.2). Absent means HU; in original images US, unspecified, is found for it too."""
    kind = str(_find(places, "RescaleType") or "HU").strip().upper()
    return kind == "HU" or (kind == "US" and phase.contents[:1] == ("ORIGINAL",))


def _vector(value: Any, size: int, name: str) -> Vector:
    if value is None or len(value) != size:
        raise RefusedFile(RefusalCode.BAD_GEOMETRY, f"the slice states no {name} in the patient, so it has no place "
                          "in a volume")
    numbers = np.asarray([float(part) for part in value])
    if not np.isfinite(numbers).all() or np.abs(numbers).max() > 1e5:
        raise RefusedFile(RefusalCode.BAD_GEOMETRY, f"the slice's {name} is impossible")
    return numbers


def _unit(direction: Vector) -> Vector:
    length = float(np.linalg.norm(direction))
    if not 0.9 < length < 1.1:
        raise RefusedFile(RefusalCode.BAD_GEOMETRY, "the slice's orientation is impossible")
    return direction / length


def _spacing(places: Sequence[Known]) -> tuple[float, float]:
    value = _find(places, "PixelSpacing")
    if value is None or len(value) != 2:
        raise RefusedFile(RefusalCode.NO_SPACING, "the slice states no pixel spacing, so nothing can be measured in mm")
    row, column = float(value[0]), float(value[1])
    if not (0.001 < row < 100 and 0.001 < column < 100):
        raise RefusedFile(RefusalCode.NO_SPACING, "the slice's pixel spacing is impossible")
    return row, column


def _padding(header: Known) -> tuple[int, int] | None:
    """PixelPaddingValue and PixelPaddingRangeLimit (PS3.3 C.7.5.1.1.2), as signed as the pixels are: many writers put
    the unsigned word of a negative value."""
    value = header.get("PixelPaddingValue")
    if value is None:
        return None
    limit = header.get("PixelPaddingRangeLimit")
    ends = sorted(_as_stored(int(end), header) for end in (value, value if limit is None else limit))
    return ends[0], ends[1]


def _as_stored(word: int, header: Known) -> int:
    allocated = int(header.get("BitsAllocated") or 16)
    word %= 1 << allocated
    return word - (1 << allocated) if header.get("PixelRepresentation") and word >= 1 << (allocated - 1) else word

"""The header of one DICOM file as sorting needs it: what it is, whose, and where it belongs."""

from __future__ import annotations

import math
import mmap
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pydicom
from pydicom.pixels.utils import get_expected_length

from ..core.case import FileKind, Identity
from ..core.errors import RefusedFile
from ..core.ids import normalise_identifier, normalise_name
from ..core.orders import gives_orders
from ..core.refusal import RefusalCode
from ..core.settings import Limits
from .dates import dicom_date
from .dicom_file import AGAIN, PARSER_ERRORS, read_dicom
from .dicom_kind import IMAGE_KINDS, Why, dicom_kind
from .dicom_pixels import check_size
from .phase import PHASE_NAMES, PRIVATE_TAGS, Phase, read_phase
from .quiet import quiet_parsers
from .sex import sex_of

_NOBODY = frozenset({"anonymous", "anonymized", "anonymised", "anon", "unknown", "none", "removed", "deidentified",
                     "na", "noname", "null", "xxx", "patient", "nopatient", "test", "0"})
_LONGEST_TEXT = 200
_UNDEFINED = 0xFFFFFFFF
_PIXEL_TAGS = (b"\xe0\x7f\x10\x00", b"\xe0\x7f\x08\x00", b"\xe0\x7f\x09\x00")
"""PixelData, FloatPixelData, DoubleFloatPixelData in little endian."""


@dataclass(frozen=True)
class DicomHeader:
    """What sorting needs of one instance.

    Args:
        kind: what the object is.
        modality: as written, upper case; OT when nothing is said.
        study_uid, series_uid, instance_uid: empty when absent.
        identity: whom the header names; placeholders such as ANONYMOUS name nobody.
        issuer: IssuerOfPatientID, empty when absent.
        date: ISO 8601 of the study, else of the acquisition.
        study_text, series_text: descriptions, empty where they hold something that identifies or gives orders to a
            program.
        orders: one of them gave orders to a program.
        image_type: ImageType, upper case.
        body_part, view: as written, or None.
        spacing_mm: (row, column) of PixelSpacing, else ImagerPixelSpacing; None when absent, zero or not finite.
        shape: (rows, columns), (0, 0) for objects without an image.
        frames: number of frames.
        cosines: ImageOrientationPatient (6,), or None.
        position: ImagePositionPatient (3,) in LPS mm, or None.
        order: (acquisition, temporal position, instance number), 0 where absent.
        phase: what else sets the image apart from others of its series.
        matrix: total pixel matrix of a slide level in pixels, 0 elsewhere.
        why: the reason it is set aside, or None.
    """

    kind: FileKind
    modality: str
    study_uid: str = ""
    series_uid: str = ""
    instance_uid: str = ""
    identity: Identity = field(default_factory=Identity)
    issuer: str = ""
    date: str | None = None
    study_text: str = ""
    series_text: str = ""
    orders: bool = False
    image_type: tuple[str, ...] = ()
    body_part: str | None = None
    view: str | None = None
    spacing_mm: tuple[float, float] | None = None
    shape: tuple[int, int] = (0, 0)
    frames: int = 1
    cosines: tuple[float, ...] | None = None
    position: tuple[float, ...] | None = None
    order: tuple[int, int, int] = (0, 0, 0)
    phase: Phase = field(default_factory=Phase)
    matrix: int = 0
    why: Why | None = None


def read_header(path: Path, limits: Limits) -> DicomHeader:
    """Read and check the header of a DICOM file. An image whose pixels cannot be there as declared has a `why`.

    Raises:
        RefusedFile: what `read_dicom` refuses, UNKNOWN_FORMAT when nothing says what the object is.
    """
    dataset = read_dicom(path, limits, header_only=True)
    try:
        with quiet_parsers():
            header = _header(dataset)
            if header.kind in IMAGE_KINDS and header.why is None:
                return _checked(header, dataset, path, limits)
    except PARSER_ERRORS as error:
        raise RefusedFile(RefusalCode.CORRUPT, f"the DICOM header holds impossible values ({type(error).__name__}); "
                          f"{AGAIN}") from error
    return header


def _checked(header: DicomHeader, dataset: pydicom.Dataset, path: Path, limits: Limits) -> DicomHeader:
    """The header, with a reason in `why` when its image cannot be there as declared."""
    try:
        check_size(dataset, limits)
        _check_pixels_are_there(dataset, path)
    except RefusedFile as refused:
        return replace(header, why=(refused.code, refused.reason))
    return header


def _header(dataset: pydicom.Dataset) -> DicomHeader:
    modality = _text(dataset, "Modality").upper()
    sop_class = _text(dataset, "SOPClassUID") or _text(dataset.file_meta, "MediaStorageSOPClassUID")
    if not modality and not sop_class:
        raise RefusedFile(RefusalCode.UNKNOWN_FORMAT, "the DICOM file does not say what kind of object it holds")
    kind, why = dicom_kind(sop_class, modality, film_like=_speaks_of_a_film(dataset))
    identity = _identity(dataset)
    return DicomHeader(
        kind=kind, modality=modality or "OT", study_uid=_text(dataset, "StudyInstanceUID"),
        series_uid=_text(dataset, "SeriesInstanceUID"), instance_uid=_text(dataset, "SOPInstanceUID"),
        identity=identity, issuer=_text(dataset, "IssuerOfPatientID"), date=_date(dataset),
        study_text=_description(dataset, "StudyDescription", identity),
        series_text=_description(dataset, "SeriesDescription", identity),
        orders=any(gives_orders(_text(dataset, name)) for name in ("StudyDescription", "SeriesDescription")),
        image_type=tuple(part.upper() for part in _texts(dataset, "ImageType")),
        body_part=_text(dataset, "BodyPartExamined") or None, view=_text(dataset, "ViewPosition") or None,
        spacing_mm=_spacing(dataset, kind), shape=(_whole(dataset, "Rows"), _whole(dataset, "Columns")),
        frames=max(1, _whole(dataset, "NumberOfFrames")), cosines=_numbers(dataset, "ImageOrientationPatient", 6),
        position=_numbers(dataset, "ImagePositionPatient", 3),
        order=(_whole(dataset, "AcquisitionNumber"), _whole(dataset, "TemporalPositionIdentifier"),
               _whole(dataset, "InstanceNumber")),
        phase=_phase(dataset) if kind in (FileKind.CT, FileKind.MR) else Phase(),
        matrix=_whole(dataset, "TotalPixelMatrixColumns") * _whole(dataset, "TotalPixelMatrixRows"), why=why)


def _phase(dataset: pydicom.Dataset) -> Phase:
    names: tuple[str | int, ...] = (*PHASE_NAMES, *PRIVATE_TAGS)
    return read_phase([{name: dataset[name].value for name in names if name in dataset}])


def _speaks_of_a_film(dataset: pydicom.Dataset) -> bool:
    return bool(_text(dataset, "ViewPosition") or _text(dataset, "BodyPartExamined")
                or _text(dataset, "ConversionType") == "DF" or _text(dataset, "PatientOrientation"))


def _text(dataset: pydicom.Dataset, name: str) -> str:
    return " ".join(_texts(dataset, name))[:_LONGEST_TEXT].strip()


def _texts(dataset: pydicom.Dataset, name: str) -> list[str]:
    """The values of an element as text; empty when it is absent or cannot be read."""
    try:
        value = dataset.get(name)
    except PARSER_ERRORS:
        return []
    if value is None or isinstance(value, bytes | pydicom.Sequence):
        return []
    many = value if isinstance(value, list | tuple | pydicom.multival.MultiValue) else [value]
    return [text for text in (str(part).replace("\x00", "").strip() for part in many) if text]


def _numbers(dataset: pydicom.Dataset, name: str, count: int) -> tuple[float, ...] | None:
    """`count` finite numbers, or None."""
    try:
        values = tuple(float(text) for text in _texts(dataset, name))
    except ValueError:
        return None
    return values if len(values) == count and all(math.isfinite(value) for value in values) else None


def _whole(dataset: pydicom.Dataset, name: str) -> int:
    found = _numbers(dataset, name, 1)
    return int(found[0]) if found else 0


def _spacing(dataset: pydicom.Dataset, kind: FileKind) -> tuple[float, float] | None:
    """PixelSpacing; of a radiograph without one ImagerPixelSpacing, which lies at the detector (PS3.3 10.7.1.3)."""
    names = ("PixelSpacing", "ImagerPixelSpacing") if kind is FileKind.FILM else ("PixelSpacing",)
    for name in names:
        found = _numbers(dataset, name, 2)
        if found and min(found) > 0:
            return found[0], found[1]
    return None


def _date(dataset: pydicom.Dataset) -> str | None:
    names = ("StudyDate", "AcquisitionDate", "AcquisitionDateTime", "SeriesDate", "ContentDate")
    return next((day for name in names if (day := dicom_date(_text(dataset, name)))), None)


def _identity(dataset: pydicom.Dataset) -> Identity:
    ids = [text for text in _all_ids(dataset) if normalise_identifier(text) not in _NOBODY | {""}]
    names = [form.strip(" ^") for text in _texts(dataset, "PatientName") for form in text.split("=")]
    same_as_id = {normalise_identifier(text) for text in ids}
    names = [name for name in names if normalise_name(name) and not set(normalise_name(name).split()) <= _NOBODY
             and normalise_identifier(name) not in same_as_id]
    return Identity(ids=tuple(dict.fromkeys(ids)), names=tuple(dict.fromkeys(names)),
                    birth_date=dicom_date(_text(dataset, "PatientBirthDate")),
                    sex=sex_of(_text(dataset, "PatientSex")))


def _all_ids(dataset: pydicom.Dataset) -> Iterator[str]:
    yield _text(dataset, "PatientID")
    yield from _texts(dataset, "OtherPatientIDs")
    for item in dataset.get("OtherPatientIDsSequence") or []:
        yield _text(item, "PatientID")


def _description(dataset: pydicom.Dataset, name: str, identity: Identity) -> str:
    """A description as it is, or nothing when it holds a name or number of the patient or gives orders to a program."""
    text = _text(dataset, name)
    words = {part for name in identity.names for part in normalise_name(name).split() if len(part) > 2}
    held = normalise_identifier(text)
    numbers = {normalise_identifier(number) for number in identity.ids} - {""}
    if words & set(normalise_name(text).split()) or any(number in held for number in numbers if len(number) > 2):
        return ""
    if gives_orders(text):
        return ""
    return "".join(ch for ch in text if ch.isprintable())


def _check_pixels_are_there(dataset: pydicom.Dataset, path: Path) -> None:
    """Compare the declared pixel bytes of an uncompressed image with what the file holds after its header.

    Raises:
        RefusedFile: TRUNCATED.
    """
    syntax = dataset.file_meta.TransferSyntaxUID
    if syntax.is_deflated:
        return
    little = bool(syntax.is_little_endian)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        tags = _PIXEL_TAGS if little else [_swapped(tag) for tag in _PIXEL_TAGS]
        found = [at for tag in tags if (at := view.find(tag, _last_place(dataset))) >= 0]
        if not found:
            raise RefusedFile(RefusalCode.TRUNCATED, f"the file ends before its pixels; {AGAIN}")
        start = min(found) + (8 if syntax.is_implicit_VR else 12)
        length = int.from_bytes(view[start - 4:start], "little" if little else "big")
    there = path.stat().st_size - start
    if syntax.is_encapsulated or length == _UNDEFINED:
        return
    expected = get_expected_length(dataset)
    if there < expected:
        raise RefusedFile(RefusalCode.TRUNCATED, f"the header promises {expected} bytes of pixels and "
                          f"{max(0, there)} are there; {AGAIN}")


def _swapped(tag: bytes) -> bytes:
    return bytes((tag[1], tag[0], tag[3], tag[2]))


def _last_place(dataset: pydicom.Dataset) -> int:
    """Byte offset of the last top-level element before the pixels: where the search for them starts."""
    last = max(dataset.keys(), default=None)
    if last is None:
        return 0
    element: Any = dataset.get_item(last)
    return int(getattr(element, "value_tell", None) or getattr(element, "file_tell", None) or 0)

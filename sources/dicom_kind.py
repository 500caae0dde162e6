"""What a DICOM object is, told from its SOP class and modality, and why some kinds are set aside.

Class UIDs: DICOM PS3.6 table A-1 and PS3.4 table B.5-1.
"""

from __future__ import annotations

from collections.abc import Collection

from ..core.case import FileKind
from ..core.refusal import RefusalCode

_STORAGE = "1.2.840.10008.5.1.4.1.1."
_DIRECTORY = "1.2.840.10008.1.3.10"

Why = tuple[RefusalCode, str]

_DERIVED = RefusalCode.DERIVED_OBJECT
_UNSUPPORTED = RefusalCode.UNSUPPORTED

_BY_CLASS: tuple[tuple[str, FileKind, Why | None], ...] = (
    ("66.4", FileKind.SEGMENTATION, (_DERIVED, "a segmentation made from other images; the images themselves are "
                                     "read")),
    ("66.7", FileKind.SEGMENTATION, (_DERIVED, "a label map made from other images; the images themselves are read")),
    ("66.5", FileKind.SEGMENTATION, (_DERIVED, "a surface made from other images; the images themselves are read")),
    ("66", FileKind.DICOM_OTHER, (_DERIVED, "a registration or other spatial object, not an image")),
    ("88.59", FileKind.DICOM_OTHER, (_DERIVED, "a list of key images, not an image")),
    ("88", FileKind.STRUCTURED_REPORT, (_DERIVED, "a structured report made by another system; it is not used as "
                                        "evidence")),
    ("11", FileKind.DICOM_OTHER, (_DERIVED, "a presentation state (how to show images), not an image")),
    ("104.1", FileKind.DICOM_OTHER, (_UNSUPPORTED, "a PDF inside a DICOM file is not read; export it as .pdf")),
    ("104", FileKind.DICOM_OTHER, (_UNSUPPORTED, "a document inside a DICOM file is not read; export it as a file")),
    ("481", FileKind.DICOM_OTHER, (_DERIVED, "a radiotherapy object (structures, plan or dose), not an original "
                                   "image")),
    ("67", FileKind.DICOM_OTHER, (_DERIVED, "a map between values and quantities, not an image")),
    ("30", FileKind.DICOM_OTHER, (_DERIVED, "a parametric map made from other images")),
    ("9", FileKind.DICOM_OTHER, (_UNSUPPORTED, "no tool reads waveforms such as an ECG")),
    ("6", FileKind.ULTRASOUND, (_UNSUPPORTED, "no tool reads ultrasound")),
    ("3", FileKind.ULTRASOUND, (_UNSUPPORTED, "no tool reads ultrasound")),
    ("77.1.6", FileKind.SLIDE, None),
    ("77", FileKind.DICOM_OTHER, (_UNSUPPORTED, "no tool reads photographs or eye images")),
    ("20", FileKind.DICOM_OTHER, (_UNSUPPORTED, "no tool reads nuclear medicine")),
    ("128", FileKind.DICOM_OTHER, (_UNSUPPORTED, "no tool reads PET")),
    ("130", FileKind.DICOM_OTHER, (_UNSUPPORTED, "no tool reads PET")),
    ("2", FileKind.CT, None),
    ("4.2", FileKind.DICOM_OTHER, (_UNSUPPORTED, "no tool reads MR spectroscopy")),
    ("4", FileKind.MR, None),
    ("1", FileKind.FILM, None),
    ("12", FileKind.FILM, None),
    ("13", FileKind.DICOM_OTHER, (_UNSUPPORTED, "no tool reads tomosynthesis or volumes of a C-arm")),
)
_BY_MODALITY: dict[str, tuple[FileKind, Why | None]] = {
    "CT": (FileKind.CT, None), "MR": (FileKind.MR, None), "SM": (FileKind.SLIDE, None),
    **dict.fromkeys(("CR", "DX", "DR", "RG", "MG", "RF", "XA", "PX", "IO"), (FileKind.FILM, None)),
    **dict.fromkeys(("US", "IVUS"), (FileKind.ULTRASOUND, (_UNSUPPORTED, "no tool reads ultrasound"))),
    "SEG": (FileKind.SEGMENTATION, (_DERIVED, "a segmentation made from other images")),
    "SR": (FileKind.STRUCTURED_REPORT, (_DERIVED, "a structured report made by another system")),
    **dict.fromkeys(("PR", "KO", "REG", "RTSTRUCT", "RTPLAN", "RTDOSE", "RTIMAGE", "RTRECORD"),
                    (FileKind.DICOM_OTHER, (_DERIVED, "made from other images, not an original image"))),
    **{code: (FileKind.DICOM_OTHER, (_UNSUPPORTED, f"no tool reads {name}")) for code, name in (
        ("PT", "PET"), ("NM", "nuclear medicine"), ("ECG", "waveforms such as an ECG"), ("ES", "endoscopy"),
        ("XC", "photographs"), ("OP", "eye images"), ("OPT", "eye images"), ("GM", "microscope photographs"))},
    "DOC": (FileKind.DICOM_OTHER, (_UNSUPPORTED, "a document inside a DICOM file is not read; export it as a file")),
}
IMAGE_KINDS = frozenset({FileKind.CT, FileKind.MR, FileKind.FILM, FileKind.SLIDE})
"""Kinds of DICOM objects that a tool reads; they need rows and columns."""


def dicom_kind(sop_class: str, modality: str, *, film_like: bool) -> tuple[FileKind, Why | None]:
    """Kind of a DICOM object, and why it is set aside, if it is.

    Args:
        sop_class: SOPClassUID, empty when absent.
        modality: Modality code, empty when absent.
        film_like: the header speaks of a film (a view position, a body part or a digitised film), which tells a
            scanned radiograph from a screen shot among secondary captures.
    """
    if sop_class == _DIRECTORY:
        return FileKind.DICOMDIR, (RefusalCode.SYSTEM_FILE, "an index of other files (DICOMDIR); the files themselves "
                                   "are read")
    inner = sop_class.removeprefix(_STORAGE)
    if inner == sop_class or not inner:
        return _by_modality(modality)
    if inner == "7" or inner.startswith("7."):
        return _secondary_capture(modality, film_like=film_like)
    for prefix, kind, why in _BY_CLASS:
        if inner == prefix or inner.startswith(prefix + "."):
            return kind, why
    return _by_modality(modality)


def _by_modality(modality: str) -> tuple[FileKind, Why | None]:
    unknown = FileKind.DICOM_OTHER, (_UNSUPPORTED, f"no tool reads DICOM objects of the modality "
                                     f"{_plain_code(modality) or '(none given)'}")
    return _BY_MODALITY.get(modality, unknown)


def _plain_code(modality: str) -> str:
    return modality if modality.isalnum() and len(modality) <= 16 else ""


def _secondary_capture(modality: str, *, film_like: bool) -> tuple[FileKind, Why | None]:
    kind, _ = _BY_MODALITY.get(modality, (FileKind.DICOM_OTHER, None))
    if kind is FileKind.FILM or (film_like and modality in ("OT", "SC", "")):
        return FileKind.FILM, None
    return FileKind.DICOM_OTHER, (_UNSUPPORTED, "a screen shot or scan saved as DICOM (secondary capture), not an "
                                  "original image")


def role_on_slide(image_type: Collection[str]) -> str:
    """LABEL, OVERVIEW, THUMBNAIL or VOLUME of a whole-slide instance (PS3.3 C.8.12.4.1.1)."""
    return next((role for role in ("LABEL", "OVERVIEW", "THUMBNAIL") if role in image_type), "VOLUME")

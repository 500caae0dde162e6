"""What one file is, told from its content alone; whom and when it is about."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..core.case import FileKind, Identity
from ..core.errors import RefusedFile, StoreError
from ..core.refusal import RefusalCode
from ..core.settings import Limits
from .dicom_file import AGAIN
from .dicom_header import DicomHeader, read_header
from .dicom_kind import Why
from .grid_kind import grid_kind
from .junk import PROGRAM, junk_by_name, other_by_content, program_by_content
from .nifti import GZIP, is_nifti, unpacked_start
from .note import read_note
from .nrrd import is_nrrd
from .picture_kind import picture_kind
from .slide_kind import companions_of, slide_date
from .text_kind import text_kind

_START = 64 * 1024
_TIFF = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
_OTHER_SLIDES = (b"ZISRAWFILE", b"SQLite format 3\x00")
_VALUE_TYPES = (b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"IS", b"LO", b"LT", b"OB", b"OW", b"PN", b"SH", b"SQ",
                b"ST", b"TM", b"UI", b"UL", b"UN", b"US", b"UT")
NO_SLIDE_PICTURE = (RefusalCode.UNSUPPORTED, "a PNG, JPEG or BMP picture is no slide: it has neither tiles nor a "
                    "scale; export the slide as TIFF with its resolution")
REPAIRED = ("the document is damaged and was read as far as it could be put together again; pages or results may be "
            "missing, so export it again")
_FHIR_XML = b"http://hl7.org/fhir"


@dataclass(frozen=True)
class Sighting:
    """What was found out about one file.

    Args:
        kind: what it is.
        why: code and reason when it is refused or set aside.
        header: of a DICOM file.
        identities: whom it is about; several for some documents and bundles.
        date: ISO 8601, as precise as the file says.
        description: a title that identifies nobody.
        document_kind: of a document.
        note: what a person should know about how it was told, or empty.
    """

    kind: FileKind
    why: Why | None = None
    header: DicomHeader | None = None
    identities: tuple[Identity, ...] = ()
    date: str | None = None
    description: str = ""
    document_kind: str | None = None
    note: str = ""


@dataclass(frozen=True)
class Reading:
    """How files are read while they are identified.

    Args:
        limits: how much one input may ask of the machine.
        cache: where page words are kept.
        slides: files that the caller names as slides, absolute; a TIFF by itself may be anything.
    """

    limits: Limits
    cache: Path
    slides: frozenset[Path] = frozenset()


def identify(path: Path, name: str, sha256: str, reading: Reading, wanted: FileKind | None = None) -> Sighting:
    """Identify one file. Never raises for what a file holds: what is wrong is in `why`.

    Args:
        path: where it lies.
        name: its path relative to the case.
        sha256: its digest, under which the words of a document are kept.
        reading: limits and cache.
        wanted: what case.yaml says that a picture or volume is, or None.

    Raises:
        StoreError: the words of a document cannot be kept.
    """
    junk = junk_by_name(name)
    if junk is not None:
        return Sighting(FileKind.SYSTEM_FILE, junk)
    kind = FileKind.UNKNOWN
    try:
        with path.open("rb") as file:
            start = file.read(_START)
        if not start:
            return Sighting(kind, (RefusalCode.EMPTY, f"the file is empty; {AGAIN}"))
        if path.stat().st_size > reading.limits.max_file_bytes:
            return Sighting(kind, (RefusalCode.TOO_LARGE, "the file is larger than is allowed"))
        kind = first_guess(start, path, name)
        return _look_closer(kind, path, start, sha256, reading, wanted)
    except RefusedFile as refused:
        return Sighting(kind, (refused.code, refused.reason))
    except OSError as error:
        return Sighting(kind, (RefusalCode.CORRUPT, f"the file cannot be opened ({type(error).__name__}); check its "
                               "permissions"))


def first_guess(start: bytes, path: Path, name: str) -> FileKind:
    """The family of formats that the first bytes belong to; UNKNOWN when none, or when no tool reads it."""
    families = (
        (FileKind.DICOM_OTHER, is_dicom(start)),
        (FileKind.DOCUMENT, b"%PDF-" in start[:1024]),
        (FileKind.VOLUME, is_nrrd(start) or is_nifti(start)),
        (FileKind.VOLUME, start.startswith(GZIP) and is_nifti(unpacked_start(path))),
        (FileKind.SLIDE, companions_of(path) is not None or start.startswith((*_TIFF, *_OTHER_SLIDES))),
        (FileKind.FILM, start.startswith(_PICTURES) or _is_bitmap(start)),
        (FileKind.SYSTEM_FILE, program_by_content(start, name) is not None),
        (FileKind.UNKNOWN, other_by_content(start) is not None or start.startswith(GZIP)),
    )
    known = next((kind for kind, fits in families if fits), None)
    return known or text_kind(start, name, whole=len(start) < _START)


def is_dicom(start: bytes) -> bool:
    """Whether bytes start a DICOM file: the preamble's mark, or a first data element of group 2 or 8 without one.

    A file whose first bytes were lost is recognised too, by the character set or file meta elements near its start.
    """
    if start[128:132] == b"DICM":
        return True
    if start[:2] in (b"\x02\x00", b"\x08\x00") and (start[4:6] in _VALUE_TYPES or _is_short_implicit(start)):
        return True
    if start[:2] in (b"\x00\x02", b"\x00\x08") and start[4:6] in _VALUE_TYPES:
        return True
    return b"\x08\x00\x05\x00CS" in start[:16] or b"\x02\x00\x00\x00UL\x04\x00" in start[:256]


def _is_short_implicit(start: bytes) -> bool:
    """An implicit first element: a plausible element number and a short, even length."""
    return len(start) > 8 and start[3] < 0x20 and start[6:8] == b"\x00\x00" and start[5] == 0 and start[4] % 2 == 0


def _is_bitmap(start: bytes) -> bool:
    return start.startswith(b"BM") and start[6:10] == b"\x00\x00\x00\x00" and start[14:18] in (
        b"\x28\x00\x00\x00", b"\x0c\x00\x00\x00", b"\x6c\x00\x00\x00", b"\x7c\x00\x00\x00")


def _look_closer(kind: FileKind, path: Path, start: bytes, sha256: str, reading: Reading,
                 wanted: FileKind | None) -> Sighting:
    closer: dict[FileKind, Callable[[], Sighting]] = {
        FileKind.DICOM_OTHER: lambda: _dicom(path, reading.limits),
        FileKind.VOLUME: lambda: _grid(path, start, reading.limits, wanted),
        FileKind.SLIDE: lambda: _picture(path, start, sha256, reading, wanted),
        FileKind.FILM: lambda: _picture(path, start, sha256, reading, wanted),
        FileKind.DOCUMENT: lambda: _document(path, sha256, reading),
        FileKind.RECORD: lambda: _record(path, start, reading.limits),
        FileKind.NOTE: lambda: _note(path, reading.limits),
    }
    return closer[kind]() if kind in closer else Sighting(kind, _why_not(kind, path, start))


def _note(path: Path, limits: Limits) -> Sighting:
    note = read_note(path, limits)
    return Sighting(FileKind.NOTE, identities=note.identities(), date=note.date, description="Note")


def _why_not(kind: FileKind, path: Path, start: bytes) -> Why:
    if kind is FileKind.SYSTEM_FILE:
        return PROGRAM
    known = other_by_content(start)
    if known is not None:
        return known
    if start.startswith(GZIP):
        if not unpacked_start(path):
            return RefusalCode.CORRUPT, f"the compressed file cannot be unpacked; {AGAIN}"
        return RefusalCode.UNSUPPORTED, "a compressed file that is no volume; unpack it"
    return RefusalCode.UNKNOWN_FORMAT, "the content is of no known format"


def _dicom(path: Path, limits: Limits) -> Sighting:
    header = read_header(path, limits)
    identities = () if header.identity.is_empty else (header.identity,)
    return Sighting(header.kind, header.why, header, identities, header.date, header.study_text)


def _grid(path: Path, start: bytes, limits: Limits, wanted: FileKind | None) -> Sighting:
    kind = grid_kind(path, start, limits)
    if wanted in (FileKind.CT, FileKind.MR):
        return Sighting(wanted)
    if kind is FileKind.SEGMENTATION:
        return Sighting(kind, (RefusalCode.DERIVED_OBJECT, "a label map (a few whole numbers in flat regions) made "
                               "from other images; the images themselves are read"))
    if kind is FileKind.CT:
        return Sighting(kind, note="the file names no modality; its values reach down to air at about -1000, so it is "
                        "taken for CT (case.yaml can say otherwise)")
    return Sighting(kind, note="the file names no modality and its values do not tell it; name it in case.yaml")


def _picture(path: Path, start: bytes, sha256: str, reading: Reading, wanted: FileKind | None) -> Sighting:
    if companions_of(path) is not None or start.startswith((*_TIFF, *_OTHER_SLIDES)):
        is_slide, date = slide_date(path)
        if is_slide or wanted is FileKind.SLIDE:
            return Sighting(FileKind.SLIDE, date=date)
        if start.startswith(_OTHER_SLIDES):
            return Sighting(FileKind.UNKNOWN, (RefusalCode.UNKNOWN_FORMAT, "the content is of no known format"))
    if wanted is FileKind.SLIDE:
        return Sighting(FileKind.UNKNOWN, NO_SLIDE_PICTURE)
    kind, why = picture_kind(path, reading.limits)
    if wanted in (FileKind.FILM, FileKind.DOCUMENT):
        kind, why = wanted, None
    return _document(path, sha256, reading) if kind is FileKind.DOCUMENT else Sighting(kind, why)


def _document(path: Path, sha256: str, reading: Reading) -> Sighting:
    from .document import read_document

    try:
        document = read_document(path, sha256, reading.cache, reading.limits)
    except RefusedFile as refused:
        return Sighting(FileKind.DOCUMENT, (refused.code, refused.reason))
    except OSError as error:  # the file itself was just hashed
        raise StoreError(f"the words of a document cannot be kept ({type(error).__name__}); free some room, or set "
                         "CASELOOM_HOME to another folder") from error
    return Sighting(FileKind.DOCUMENT, identities=document.identities(), date=document.date,
                    description=document.title, document_kind=document.kind,
                    note=REPAIRED if any(page.repaired for page in document.pages) else "")


def _record(path: Path, start: bytes, limits: Limits) -> Sighting:
    from .fhir import read_record

    opening = start.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")
    if opening.startswith(b"<") and _FHIR_XML not in start:
        return Sighting(FileKind.UNKNOWN, _why_not_fhir_xml(opening))
    if not opening.startswith(b"<") and b"resourceType" not in start and not _later_resource(path, limits):
        return Sighting(FileKind.UNKNOWN, (RefusalCode.UNKNOWN_FORMAT, "JSON, but not FHIR: nothing in it has a "
                                           "resourceType"))
    try:
        record = read_record(path, limits)
    except RefusedFile as refused:
        kind = FileKind.UNKNOWN if refused.code is RefusalCode.UNKNOWN_FORMAT else FileKind.RECORD
        return Sighting(kind, (refused.code, refused.reason))
    return Sighting(FileKind.RECORD, identities=record.identities(), date=record.date, description="Health record")


def _later_resource(path: Path, limits: Limits) -> bool:
    """Whether a JSON file speaks of FHIR further in, as one with a long preamble does."""
    if path.stat().st_size > limits.max_record_bytes:
        return False
    word, before = b'"resourceType"', b""
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            if word in before + chunk:
                return True
            before = chunk[-len(word):]
    return False


def _why_not_fhir_xml(opening: bytes) -> Why:
    if re.match(rb"<(?:!doctype\s+html|html)", opening, re.IGNORECASE):
        return PROGRAM
    if b"ClinicalDocument" in opening:
        return RefusalCode.UNSUPPORTED, "a CDA document is not read; export the record as FHIR R4"
    return RefusalCode.UNKNOWN_FORMAT, "XML, but not FHIR"

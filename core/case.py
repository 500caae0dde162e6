"""A case: one patient's files, sorted into studies."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from .ids import normalise_identifier, normalise_name, same_name
from .refusal import Refusal
from .shown import case_html
from .words import Word

SYNTHETIC = "The files say that this patient is synthetic: no real person is described."
"""The warning of a case whose files carry the mark `(SYNTHETIC)` in a study's description."""


class FileKind(StrEnum):
    """What a file is, told from its content."""

    CT = "ct"
    MR = "mr"
    VOLUME = "volume"
    """A volume whose file names no modality and whose values do not tell it."""
    FILM = "film"
    """A projection radiograph: CR, DX, or a plain picture."""
    SLIDE = "slide"
    DOCUMENT = "document"
    """PDF, or a picture of a printed page."""
    RECORD = "record"
    """FHIR."""
    NOTE = "note"
    """Plain text."""
    ULTRASOUND = "ultrasound"
    SEGMENTATION = "segmentation"
    STRUCTURED_REPORT = "structured_report"
    DICOM_OTHER = "dicom_other"
    DICOMDIR = "dicomdir"
    MANIFEST = "manifest"
    """case.yaml itself."""
    SYSTEM_FILE = "system_file"
    UNKNOWN = "unknown"


class Identity(Word):
    """Who a file says it is about. Empty when it says nothing."""

    ids: tuple[str, ...] = ()
    """Hospital numbers and resource ids as written."""
    names: tuple[str, ...] = ()
    birth_date: str | None = None
    """ISO 8601."""
    sex: str | None = None
    """`male`, `female` or `other` as recorded; None where nothing is said. It tells nobody apart."""

    @property
    def is_empty(self) -> bool:
        return not self.ids and not self.names

    @property
    def label(self) -> str:
        """The first identifier, else the first name: for the person who runs the program, never for a report."""
        return (self.ids + self.names + ("unknown",))[0]


class Patient(Word):
    """Whose case this is: everything that may identify the person in a file."""

    id: str
    """The identifier the case goes under, as written."""
    aliases: tuple[str, ...] = ()
    """Other identifiers or names of the same person."""
    names: tuple[str, ...] = ()
    birth_date: str | None = None

    def owns(self, identity: Identity) -> bool:
        """Whether a file of this identity belongs to the case.

        It does when it says nothing, when one of its identifiers or names is the patient's id or an alias, or when
        it has no identifier and its name is the patient's without a contradicting birth date. An equal identifier
        with both another name and another birth date is another person (numbers are reused between hospitals).
        """
        if identity.is_empty:
            return True
        listed = (self.id, *self.aliases)
        if {normalise_name(name) for name in identity.names} & {normalise_name(text) for text in listed}:
            return True
        name_agrees = agree(self.names, identity.names)
        birth_differs = bool(self.birth_date and identity.birth_date and self.birth_date != identity.birth_date)
        if {normalise_identifier(i) for i in identity.ids} & {normalise_identifier(text) for text in listed}:
            return not (name_agrees is False and birth_differs)
        return not identity.ids and name_agrees is True and not birth_differs


def agree(mine: tuple[str, ...], theirs: tuple[str, ...]) -> bool | None:
    """Whether any two names are the same person's name; None when one side has none."""
    if not mine or not theirs:
        return None
    return any(same_name(one, other) for one in mine for other in theirs)


class CaseFile(Word):
    """One file of the input, identified by content."""

    path: str
    """Relative to the case's root, forward slashes."""
    sha256: str
    size: int
    kind: FileKind
    identities: tuple[Identity, ...] = ()
    """One for most files; a document or bundle may hold several people."""
    study_uid: str | None = None
    series_uid: str | None = None
    instance_uid: str | None = None


class Series(Word):
    """Files that belong together: the slices of a volume, the levels of a slide, or a single file."""

    uid: str
    """SeriesInstanceUID, or `sha256:` and the digest for files without one."""
    kind: FileKind
    modality: str
    """DICOM modality code (CT, MR, CR, DX, SM ...), or `DOC`, `FHIR`, `TXT`."""
    files: tuple[CaseFile, ...]
    """Sorted: slices along the slice normal in LPS order where positions are known, else by path."""
    description: str = ""
    """What the header says, without anything that identifies; empty when nothing is said."""
    document_kind: str | None = None
    """Of a document: `lab report`, `letter`, `radiology report` …, told from its words."""
    image_type: tuple[str, ...] = ()
    body_part: str | None = None
    """BodyPartExamined as written, or case.yaml's; not trusted alone."""
    view: str | None = None
    """ViewPosition (PA, AP, LL ...) or case.yaml's."""
    spacing_mm: tuple[float, float] | None = None
    """(row, column) spacing of an image where the header gives one."""
    frames: int = 1


class Study(Word):
    """What one tool task gets: all series of one examination, or one document, slide or record file."""

    id: str
    """S1, S2, ... in the order of date, kind, uid."""
    uid: str
    kind: FileKind
    modality: str
    date: str | None
    """ISO 8601, as precise as the source says."""
    description: str = ""
    body_part: str | None = None
    series: tuple[Series, ...]

    @property
    def files(self) -> tuple[CaseFile, ...]:
        return tuple(file for series in self.series for file in series.files)


class Case(Word):
    """One patient's case, opened. `root` never leaves the machine: no report or log holds it."""

    id: str
    root: Path
    patient: Patient
    opaque_patient: str
    question: str | None = None
    files: tuple[CaseFile, ...]
    """Every file of the input, sorted by path: read or not."""
    studies: tuple[Study, ...]
    not_read: tuple[Refusal, ...]
    warnings: tuple[str, ...] = ()

    def _repr_html_(self) -> str:
        return case_html(self)



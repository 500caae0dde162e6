"""What an export is made from, and what comes of it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ...core.case import Case, CaseFile, Series
from ...core.errors import RefusedFile
from ...core.evidence import Evidence
from ...core.finding import Finding
from ...core.ids import digest
from ...core.refusal import RefusalCode
from ...core.report import Report
from ...core.settings import Limits
from ...sources.dicom_file import read_dicom
from ...sources.digests import file_digest

TYPE_2 = ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "StudyID", "StudyDate", "StudyTime",
          "AccessionNumber", "ReferringPhysicianName")
"""Attributes of the Patient and General Study modules that may be empty but not absent (PS3.3 C.7.1.1, C.7.2.1)."""


@dataclass(frozen=True)
class Material:
    """A report with the files that it rests on.

    Args:
        report: draft or decided.
        case: the case as it was reviewed.
        folder: where the report, its overlays and its masks lie.
        limits: how much of a file may be read.
    """

    report: Report
    case: Case
    folder: Path
    limits: Limits = field(default_factory=Limits)

    @cached_property
    def evidence(self) -> dict[str, Evidence]:
        """By id."""
        return {item.id: item for item in self.report.evidence}

    @property
    def version(self) -> str:
        """Of the Caseloom that made the report."""
        return str(self.report.provenance["versions"]["caseloom"])

    @property
    def series(self) -> Iterator[Series]:
        """Every series of the case."""
        return (series for study in self.case.studies for series in study.series)

    def findings_of(self, evidence: Sequence[str]) -> list[Finding]:
        """Findings that cite any of these."""
        wanted = set(evidence)
        return [finding for finding in self.report.findings if wanted & set(finding.evidence)]

    def header(self, file: CaseFile) -> Any:
        """The dataset of a DICOM file without its pixels. What every object of patient and study must have, if only
        empty (type 2), is there: de-identified files often lack it.

        Raises:
            RefusedFile: it has no DICOM identity, or is not the one that was reviewed.
        """
        if not in_dicom(file):
            raise RefusedFile(RefusalCode.UNSUPPORTED, f"{file.kind} {file.path} has no DICOM identity")
        path = self.case.root / file.path
        if not path.is_file() or file_digest(path) != file.sha256:
            raise RefusedFile(RefusalCode.CORRUPT, "the file is not the one that was reviewed; review the case again")
        header = read_dicom(path, self.limits, header_only=True)
        for name in TYPE_2:
            if name not in header:
                setattr(header, name, "")
        return header

    def uid(self, *parts: str) -> str:
        """A DICOM UID (2.25, PS3.5 B.2) that follows from the report's content and what is exported."""
        number = int(digest([self.report.model_dump(mode="json", by_alias=True), *parts])[:32], 16)
        return f"2.25.{number}"


def in_dicom(file: CaseFile) -> bool:
    """Whether the file names the study, series and instance that another object can refer to."""
    return bool(file.study_uid and file.series_uid and file.instance_uid)


@contextmanager
def from_headers() -> Iterator[None]:
    """Around what builds a DICOM object out of its sources' headers. A name of one component is taken over as it
    stands, since the object must be filed beside its sources; highdicom would warn of it.

    Raises:
        RefusedFile: they lack or misstate what the object needs, which the libraries say in errors of their own.
    """
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*unlikely to represent the intended person name")
            yield
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise RefusedFile(RefusalCode.CORRUPT, "no DICOM object can be made from the headers of its images, which lack "
                          f"or misstate what it needs ({type(error).__name__})") from error


@dataclass
class Exported:
    """What was written, and what could not be.

    Args:
        files: written, in order.
        left_out: one line for each thing that this form cannot hold, and why.
    """

    files: list[Path] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

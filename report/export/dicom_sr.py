"""Measurements as DICOM Comprehensive 3D SR after TID 1500, one for each study with DICOM images."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...core.case import CaseFile, Study
from ...core.errors import RefusedFile
from ...core.evidence import Evidence, ImageBox, VolumeRegion, VolumeSlice
from ...core.finding import MEASURED, Category, Finding, Status
from ...core.report import ReportStatus
from ..wording import plain
from .coding import named, private, side_of, structure, unit
from .material import Exported, Material, from_headers

if TYPE_CHECKING:
    from highdicom.sr import Comprehensive3DSR, MeasurementReport

ABOUT_IMAGES = (VolumeSlice, VolumeRegion, ImageBox)
TOLD = (Category.MEASUREMENT, Category.OBSERVATION, Category.ANATOMY)


def write_reports(material: Material, folder: Path) -> Exported:
    """One `measurements-N.dcm` for each study whose findings rest on DICOM images; the others are told.

    Args:
        material: the report and its case.
        folder: where to.
    """
    done = Exported()
    number = 0
    for study in material.case.studies:
        findings = findings_in(material, study)
        if not findings:
            continue
        number += 1
        try:
            with from_headers():
                made = report_of(material, study, findings, number)
        except RefusedFile as refused:
            done.left_out.append(f"{study.modality} of {study.date or 'unknown date'}: {refused.reason}")
            continue
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"measurements-{number}.dcm"
        made.save_as(path)
        done.files.append(path)
    if not done.files and not done.left_out:
        done.left_out.append("no finding of this report was measured on a DICOM image")
    return done


def findings_in(material: Material, study: Study) -> list[Finding]:
    """What was measured or seen on the images of a study.

    Args:
        material: the report.
        study: one of its case.
    """
    digests = {file.sha256 for file in study.files}
    own = {item.id for item in material.report.evidence
           if item.source.sha256 in digests and isinstance(item.locator, ABOUT_IMAGES)}
    return [finding for finding in material.findings_of(sorted(own)) if finding.category in TOLD]


def report_of(material: Material, study: Study, findings: Sequence[Finding], number: int) -> Comprehensive3DSR:
    """The SR of one study. A draft is neither complete nor verified; a signed report is both, by the name given.

    Args:
        material: the report and its case.
        study: whose images it refers to.
        findings: what to tell.
        number: of the new series.

    Raises:
        RefusedFile: a file has no DICOM identity, or changed since the review.
    """
    from highdicom.sr import Comprehensive3DSR

    cited = [item for finding in findings for item in _places(material, study, finding)]
    files = {file.sha256: file for file in study.files}
    used = list(dict.fromkeys(_file(item, files).sha256 for item in cited))
    headers = {sha256: material.header(files[sha256]) for sha256 in used}
    signed = material.report.signature if material.report.status is ReportStatus.SIGNED else None
    made = Comprehensive3DSR(
        evidence=list(headers.values()), content=_content(material, study, findings, headers),
        series_instance_uid=material.uid("sr series", study.uid), series_number=9100 + number,
        sop_instance_uid=material.uid("sr", study.uid), instance_number=1, manufacturer="Caseloom",
        is_complete=signed is not None, is_final=signed is not None, is_verified=signed is not None,
        verifying_observer_name=person_name(signed.name) if signed else None,
        verifying_organization="not stated" if signed else None,
        series_description="Caseloom: measurements")
    if signed:
        # highdicom takes the time of making for that of verifying.
        made.VerifyingObserverSequence[0].VerificationDateTime = _date_time(signed.signed_at)
    return made


def _date_time(moment: str) -> str:
    """ISO 8601 with a zone as DICOM's DT (PS3.5 6.2)."""
    return datetime.fromisoformat(moment).strftime("%Y%m%d%H%M%S%z")


def person_name(name: str) -> str:
    """A name as given, as a DICOM person name of one component (PS3.5 6.2.1.2), at most 64 characters."""
    return plain(name).translate(str.maketrans("^=\\", "   ")).strip()[:63] + "^"


def _places(material: Material, study: Study, finding: Finding) -> list[Evidence]:
    digests = {file.sha256 for file in study.files}
    items = [material.evidence[key] for key in finding.evidence]
    return [item for item in items if item.source.sha256 in digests and isinstance(item.locator, ABOUT_IMAGES)]


def _file(item: Evidence, files: dict[str, CaseFile]) -> CaseFile:
    """The image that a place lies on; of a region, its first slice."""
    if isinstance(item.locator, VolumeSlice):
        uid = item.locator.instance_uid
        return next((file for file in files.values() if file.instance_uid == uid), files[item.source.sha256])
    return files[item.source.sha256]


def _content(material: Material, study: Study, findings: Sequence[Finding], headers: dict[str, Any]
             ) -> MeasurementReport:
    from highdicom.sr import (
        DeviceObserverIdentifyingAttributes,
        MeasurementReport,
        ObservationContext,
        ObserverContext,
    )
    from pydicom.sr.codedict import codes

    device = ObserverContext(codes.DCM.Device, DeviceObserverIdentifyingAttributes(
        uid=material.uid("device"), name="Caseloom", model_name=f"reader {material.report.reader.name}",
        manufacturer_name="Caseloom"))
    return MeasurementReport(
        observation_context=ObservationContext(observer_device_context=device),
        procedure_reported=private(f"{study.modality} examination"), title=codes.DCM.ImagingMeasurementReport,
        imaging_measurements=[_group(material, study, finding, headers) for finding in findings])


def _group(material: Material, study: Study, finding: Finding, headers: dict[str, Any]) -> Any:
    """A group of one finding: on the box that was drawn, else on the images it was measured on."""
    from highdicom.sr import MeasurementsAndQualitativeEvaluations, PlanarROIMeasurementsAndQualitativeEvaluations

    files = {file.sha256: file for file in study.files}
    places = _places(material, study, finding)
    boxed = next((item for item in places if getattr(item.locator, "box", None)), None)
    about = {**_common(material, finding),
             "measurements": _measurements(finding) or None, "qualitative_evaluations": _told(finding)}
    if boxed is not None and _frames(headers[_file(boxed, files).sha256]) == 1:
        return PlanarROIMeasurementsAndQualitativeEvaluations(
            referenced_region=_region(boxed, headers[_file(boxed, files).sha256]), **about)
    return MeasurementsAndQualitativeEvaluations(
        source_images=[_source_image(headers[key]) for key in dict.fromkeys(
            _file(item, files).sha256 for item in places)], **about)


def _common(material: Material, finding: Finding) -> dict[str, Any]:
    from highdicom.sr import AlgorithmIdentification, FindingSite, TrackingIdentifier

    site = finding.site.removesuffix(" (partial)") if finding.site else None
    kind, side = structure(site) if site else (None, None)
    return {
        "tracking_identifier": TrackingIdentifier(uid=material.uid("tracking", finding.id), identifier=finding.id),
        "finding_type": named(finding),
        "finding_sites": [FindingSite(kind, laterality=side_of(finding.laterality) or side)] if kind else None,
        "algorithm_id": AlgorithmIdentification(f"Caseloom {finding.tool}", material.version,
                                                [f"reader: {finding.reader}"]),
    }


def _measurements(finding: Finding) -> list[Any]:
    from highdicom.sr import Measurement

    value = finding.value
    if value is None or value.number is None or value.comparator:
        return []
    return [Measurement(name=named(finding), value=value.number, unit=unit(value))]


def _told(finding: Finding) -> list[Any]:
    """Status, and a value that is no plain number, in words."""
    from highdicom.sr import QualitativeEvaluation

    words = [("Status", finding.status.value)]
    if finding.status is not Status.MEASURED and finding.reader != MEASURED:
        words.append(("Read by", finding.reader))
    value = finding.value
    if value is not None and (value.comparator or value.number is None) and (value.text or value.comparator):
        words.append(("Value", plain(value.text or f"{value.comparator} {value.number:g}")))
    return [QualitativeEvaluation(private(name), private(text)) for name, text in words]


def _frames(header: Any) -> int:
    return int(header.get("NumberOfFrames") or 1)


def _region(item: Evidence, header: Any) -> Any:
    """A box as a closed polyline: (column, row), the top left corner of the image's first pixel being (0, 0), as
    PS3.3 C.18.6 has it."""
    from highdicom.sr import ImageRegion, SourceImageForRegion

    x0, y0, x1, y1 = item.locator.box  # type: ignore[union-attr,misc]
    corners = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)], float)
    limit = np.array([header.Columns, header.Rows], float)
    return ImageRegion("POLYLINE", np.clip(corners, 0, limit), SourceImageForRegion.from_source_image(header))


def _source_image(header: Any) -> Any:
    from highdicom.sr import SourceImageForMeasurementGroup

    return SourceImageForMeasurementGroup.from_source_image(header)

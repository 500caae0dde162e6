"""Masks as DICOM Segmentation objects, one for each series, on the grid of the series."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...core.case import Series
from ...core.errors import RefusedFile
from ...core.evidence import Evidence, VolumeRegion
from ...core.finding import Finding
from ...core.refusal import RefusalCode
from .coding import structure
from .material import Exported, Material, from_headers

if TYPE_CHECKING:
    from highdicom.seg import Segmentation, SegmentDescription

_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True)
class Segment:
    """One mask.

    Args:
        name: of the structure.
        mask: (k, j, i) of 0 and 1.
        affine: (k, j, i, 1) to LPS mm.
    """

    name: str
    mask: NDArray[np.uint8]
    affine: NDArray[np.float64]


def write_segmentations(material: Material, folder: Path) -> Exported:
    """One `segmentation-N.dcm` for each DICOM series with masks; what has no DICOM source is told.

    Args:
        material: the report, its case and its masks.
        folder: where to.
    """
    done = Exported()
    for number, (series, shown) in enumerate(_with_masks(material).items(), start=1):
        try:
            with from_headers():
                made = segmentation_of(material, series, segments_of(material, shown), number)
        except RefusedFile as refused:
            done.left_out.append(f"masks of series {number}: {refused.reason}")
            continue
        path = folder / f"segmentation-{number}.dcm"
        folder.mkdir(parents=True, exist_ok=True)
        made.save_as(path)
        done.files.append(path)
    if not done.files and not done.left_out:
        done.left_out.append("no finding of this report has a mask")
    return done


def _with_masks(material: Material) -> dict[Series, list[Evidence]]:
    by_uid = {series.uid: series for series in material.series}
    found: dict[Series, list[Evidence]] = {}
    for item in material.report.evidence:
        if item.mask and isinstance(item.locator, VolumeRegion) and item.locator.series_uid in by_uid:
            found.setdefault(by_uid[item.locator.series_uid], []).append(item)
    return found


def segments_of(material: Material, evidence: Sequence[Evidence]) -> list[Segment]:
    """The masks of some evidence, each under the site of the findings that cite it; right before left.

    Args:
        material: the report and its folder.
        evidence: with masks.

    Raises:
        RefusedFile: a mask is gone or damaged.
    """
    segments = []
    for item in evidence:
        affine, mask = _read_mask(material.folder / str(item.mask))
        segments.append(Segment(_site(material.findings_of([item.id])), mask, affine[:, [2, 1, 0, 3]]))
    return sorted(segments, key=lambda segment: segment.name, reverse=True)


def _read_mask(path: Path) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Affine (i, j, k, 1) to LPS mm, and the mask (k, j, i).

    Raises:
        RefusedFile: it is gone or damaged.
    """
    from nibabel.filebasedimages import ImageFileError
    from nibabel.nifti1 import Nifti1Image
    from nibabel.spatialimages import HeaderDataError

    try:
        image = Nifti1Image.from_filename(path)
        mask = np.asarray(image.dataobj, np.uint8).transpose(2, 1, 0)
    except (OSError, EOFError, ValueError, zlib.error, ImageFileError, HeaderDataError) as error:
        raise RefusedFile(RefusalCode.CORRUPT, f"the mask {path.name} is gone or damaged ({type(error).__name__}); "
                          "review the case again with --fresh") from error
    return _RAS_TO_LPS @ np.asarray(image.affine), mask


def _site(findings: Sequence[Finding]) -> str:
    sites = [finding.site for finding in findings if finding.site]
    return sites[0].removesuffix(" (partial)") if sites else "Region"


def segmentation_of(material: Material, series: Series, segments: Sequence[Segment], number: int) -> Segmentation:
    """A binary SEG with the patient and study of its source. Its frames lie where the masks' voxels lie.

    Args:
        material: the report and its case.
        series: the source.
        segments: on one grid, without overlap.
        number: of the new series.

    Raises:
        RefusedFile: the series is no DICOM series, or changed since the review.
    """
    import highdicom

    sources = [material.header(file) for file in series.files]
    grid = np.zeros(segments[0].mask.shape, np.uint8)
    for value, segment in enumerate(segments, start=1):
        grid[segment.mask > 0] = value
    volume = highdicom.Volume(grid, segments[0].affine, "PATIENT", str(sources[0].FrameOfReferenceUID))
    return highdicom.seg.Segmentation(
        source_images=sources, pixel_array=volume, segmentation_type="BINARY",
        segment_descriptions=[_describe(value, segment.name, material.version)
                              for value, segment in enumerate(segments, start=1)],
        series_instance_uid=material.uid("seg series", series.uid), series_number=9000 + number,
        sop_instance_uid=material.uid("seg", series.uid), instance_number=1, manufacturer="Caseloom",
        manufacturer_model_name="Caseloom", software_versions=material.version, device_serial_number="1",
        series_description="Caseloom: measured structures", content_label="STRUCTURES")


def _describe(number: int, name: str, version: str) -> SegmentDescription:
    from highdicom import AlgorithmIdentificationSequence
    from highdicom.seg import SegmentDescription
    from pydicom.sr.codedict import codes

    kind, side = structure(name)
    made = SegmentDescription(
        segment_number=number, segment_label=name[:64], segmented_property_category=codes.SCT.AnatomicalStructure,
        segmented_property_type=kind, algorithm_type="AUTOMATIC",
        algorithm_identification=AlgorithmIdentificationSequence(
            name="Caseloom volume", family=codes.DCM.MorphologicalOperations, version=version))
    if side is not None:
        made.SegmentedPropertyTypeCodeSequence[0].SegmentedPropertyTypeModifierCodeSequence = [side]
    return made

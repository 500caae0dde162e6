"""Two CT scans of one patient: opened again, aligned, and shown together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from scipy import ndimage

from ...core.boxes import BoxMm
from ...core.case import FileKind, Series
from ...core.errors import RefusedFile
from ...core.evidence import Evidence, VolumeRegion, VolumeSlice, make_evidence
from ...core.geometry import VolumeGeometry
from ...core.ids import digest
from ...core.refusal import RefusalCode
from ...sources.ct_technique import Technique, read_technique
from ...sources.volume import HU, Volume, load_volume
from ..base import ToolContext, source_of
from ..drawing import BRAIN_WINDOW, LUNG_WINDOW, SOFT_WINDOW, Window, save_png
from ..volume.grids import Mask, bounding_box, box_mm, coarse_geometry
from ..volume.head import cranial_space
from ..volume.lungs import Chest, segment_chest
from ..volume.nodules import Candidate, find_candidates
from .draw_scans import Cut, axial, coronal, draw_overview
from .register import HU_RANGE, Alignment, Scan, align, resampled, scan_of
from .reviewed import StudyReading

SAME_VOXELS = "both scans hold the same voxels: a scan is not compared with its copy"
MARGIN_MM = 10.0
EDGE_VOXELS = 4
"""Of the alignment's grid: skin and skull, at whose edges small shifts make large differences."""


@dataclass(frozen=True)
class SeenScan:
    """The series of a study that was measured, loaded and segmented again."""

    series: Series
    date: str | None
    volume: Volume
    chest: Chest
    technique: Technique

    @cached_property
    def lungs(self) -> Mask:
        """All lung on the chest's coarse grid."""
        rough: Mask = np.logical_or.reduce([np.zeros_like(self.chest.body), *(one.rough for one in self.chest.lungs)])
        return rough

    @cached_property
    def grid(self) -> VolumeGeometry:
        """Geometry of the chest's coarse grid."""
        shape = self.chest.body.shape
        return coarse_geometry(self.volume.geometry, self.chest.coarse.factors, (shape[0], shape[1], shape[2]))

    @cached_property
    def candidates(self) -> list[Candidate]:
        """Every candidate in the scan, not only the largest ones that its findings tell; takes seconds."""
        return find_candidates(self.chest, self.volume.voxels, self.volume.geometry)

    @property
    def scan(self) -> Scan:
        """For alignment."""
        return scan_of(self.volume.voxels, self.volume.geometry, self.chest.body, self.lungs)

    @cached_property
    def window(self) -> Window:
        """For pictures: by what the scan shows."""
        if self.lungs.any():
            return LUNG_WINDOW
        return BRAIN_WINDOW if cranial_space(self.chest.coarse).any() else SOFT_WINDOW

    def region(self, bbox: BoxMm, caption: str, picture: str | None) -> Evidence:
        """Evidence for a box in LPS mm of this scan."""
        corners = np.array([[bbox[3 * (n >> axis & 1) + axis] for axis in range(3)] for n in range(8)])
        index = self.volume.geometry.to_index(corners)[:, 0]
        last = self.volume.geometry.shape[0] - 1
        ends = [int(np.clip(round(float(end)), 0, last)) for end in (index.min(), index.max())]
        planes = self.volume.planes
        locator = VolumeRegion(series_uid=self.series.uid, bbox_mm=bbox,
                               slice_range=(planes[ends[0]].index, planes[ends[1]].index))
        return make_evidence(source_of(planes[0].file, self.series), locator, caption=caption, date=self.date,
                             picture=picture)


@dataclass(frozen=True)
class ScanPair:
    """Two scans and how the earlier one lies in the later one."""

    prior: SeenScan
    current: SeenScan
    alignment: Alignment
    context: ToolContext

    @property
    def titles(self) -> tuple[str, str]:
        """For pictures."""
        return f"Earlier: {self.prior.date or 'no date'}", f"Later: {self.current.date or 'no date'}"

    @property
    def volumes(self) -> tuple[Volume, Volume]:
        """Earlier and later."""
        return self.prior.volume, self.current.volume

    def picture_path(self, name: str) -> tuple[Path, str] | None:
        """Where a picture goes, and how evidence names it; None when none are wanted."""
        if self.context.pictures is None:
            return None
        key = digest([sorted(file.sha256 for file in seen.series.files) for seen in (self.prior, self.current)])[:16]
        return self.context.pictures / f"scans-{key}-{name}.png", f"overlays/scans-{key}-{name}.png"


def open_pair(prior: StudyReading, current: StudyReading, context: ToolContext) -> tuple[SeenScan, SeenScan] | None:
    """Both scans; None where one of them holds no CT in HU with a body in it.

    Raises:
        RefusedFile: a scan cannot be read, or both hold the same voxels (DUPLICATE).
    """
    before, after = (_see(reading, context) for reading in (prior, current))
    if before is None or after is None:
        return None
    if np.array_equal(before.volume.voxels, after.volume.voxels):
        raise RefusedFile(RefusalCode.DUPLICATE, SAME_VOXELS)
    return before, after


def _see(reading: StudyReading, context: ToolContext) -> SeenScan | None:
    series = _measured_series(reading)
    if series is None:
        return None
    volume = load_volume(series, context.root, context.limits)
    if volume.unit != HU:
        return None
    chest = segment_chest(volume.voxels, volume.geometry, sides_known=volume.sides_known)
    if not chest.body.any():
        return None
    technique = read_technique(series, context.root, context.limits)
    known = Technique(technique.thickness_mm or round(volume.geometry.spacing[0], 2), technique.kernel,
                      technique.contrast)
    return SeenScan(series, reading.study.date, volume, chest, known)


def _measured_series(reading: StudyReading) -> Series | None:
    """The CT series that the study's evidence lies in."""
    cited = {item.source.file for item in reading.result.evidence
             if isinstance(item.locator, (VolumeRegion, VolumeSlice))}
    return next((series for series in reading.study.series if series.kind is FileKind.CT
                 and any(file.path in cited for file in series.files)), None)


def aligned(before: SeenScan, after: SeenScan, context: ToolContext) -> ScanPair | None:
    """The pair; None when the scans cannot be aligned."""
    found = align(before.scan, after.scan)
    return None if found is None else ScanPair(before, after, found, context)


def show_pair(pair: ScanPair) -> tuple[Evidence, Evidence]:
    """Evidence of both scans as a whole: what they share in the picture, and the alignment in words."""
    path = pair.picture_path("aligned")
    if path is not None:
        save_png(draw_overview(pair.volumes, _cut(pair), pair.alignment.to_prior, pair.current.window,
                               pair.titles), path[0])
    how = alignment_text(pair.alignment)
    first, second = (seen.region(
        _extent(seen), f"{which} of two CT scans in one plane, and their difference; {how}", path[1] if path else None)
        for which, seen in (("Earlier", pair.prior), ("Later", pair.current)))
    return first, second


def _shown_mask(seen: SeenScan) -> Mask:
    return seen.lungs if seen.lungs.any() else seen.chest.body


def _extent(seen: SeenScan) -> BoxMm:
    return box_mm(bounding_box(_shown_mask(seen)), seen.grid)


def _cut(pair: ScanPair) -> Cut:
    """Coronal through the most of the lungs; axial where the scans differ most, for a body without lungs."""
    seen = pair.current
    box = box_mm(bounding_box(seen.chest.body), seen.grid)
    middle = [(box[axis] + box[axis + 3]) / 2 for axis in range(3)]
    size = [box[axis + 3] - box[axis] + 2 * MARGIN_MM for axis in range(3)]
    if seen.lungs.any():
        best = int(seen.lungs.sum(axis=(0, 2)).argmax())
        y = seen.grid.to_lps(np.array([[(seen.lungs.shape[0] - 1) / 2, best, (seen.lungs.shape[2] - 1) / 2]]))[0, 1]
        return coronal((middle[0], float(y), middle[2]), (size[0], size[2]))
    return axial((middle[0], middle[1], _busiest(pair)), (size[0], size[1]))


def _busiest(pair: ScanPair) -> float:
    """The z in mm of the plane whose density within the body differs most, in the range of the window."""
    old, new = pair.prior.scan, pair.current.scan
    moved, known = resampled(old.values, old.geometry, new.geometry, pair.alignment.to_prior, HU_RANGE[0])
    window = pair.current.window
    low, high = window.centre - window.width / 2, window.centre + window.width / 2
    inner = ndimage.binary_erosion(new.body & known, iterations=EDGE_VOXELS)
    change = np.where(inner, np.abs(np.clip(new.values, low, high) - np.clip(moved, low, high)), 0)
    k = int(ndimage.uniform_filter(change, 3).sum(axis=(1, 2)).argmax())
    shape = new.geometry.shape
    return float(new.geometry.to_lps(np.array([[k, (shape[1] - 1) / 2, (shape[2] - 1) / 2]]))[0, 2])


def alignment_text(alignment: Alignment) -> str:
    """How the earlier scan was laid on the later one, with the check."""
    before = "no overlap" if alignment.before is None else f"{alignment.before:.2f}"
    lungs = "" if alignment.lungs is None else f"; overlap of the lungs (Dice) {alignment.lungs:.2f}"
    if alignment.kind == "scanner coordinates":
        return (f"already aligned in the scanners' coordinates: correlation of HU within the body {before}, and no "
                f"transform raised it{lungs}")
    return (f"the earlier one laid on the later one by {'an affine' if alignment.kind == 'affine' else 'a rigid'} "
            f"transform (turned {alignment.turn_deg:.1f} degrees; prior to current LPS mm, rows [{alignment.rows_text}]"
            f"); correlation of HU within the body {before} in the scanners' coordinates, {alignment.after:.2f} "
            f"so{lungs}")

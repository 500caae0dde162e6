"""What was measured, said as findings, each tied to evidence."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from ...core.boxes import Box, BoxMm
from ...core.case import Series
from ...core.evidence import Evidence, VolumeRegion, VolumeSlice, make_evidence
from ...core.finding import Category, Finding, Laterality, Status, Value, make_finding
from ...core.ids import digest
from ...sources.volume import Volume
from ..base import MEASURED, ToolContext, source_of
from ..drawing import save_png
from ..mask_file import write_mask
from .grids import Mask
from .part import Part

Draw = Callable[[], Image.Image]


@dataclass
class Telling:
    """Collects findings, evidence and warnings about one volume.

    Args:
        volume: what was measured.
        series: where it comes from.
        date: ISO 8601 date of the examination, or None.
        context: the tool's context.
        parts: of the body that the voxels show, where that is told.
    """

    volume: Volume
    series: Series
    date: str | None
    context: ToolContext
    findings: list[Finding] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    parts: tuple[Part, ...] = ()

    def picture(self, name: str, draw: Draw) -> str | None:
        """Draw and save an overlay; its path as evidence names it, or None when no pictures are wanted.

        Args:
            name: tells the series' overlays apart.
            draw: called only when pictures are wanted.
        """
        if self.context.pictures is None:
            return None
        file = f"{self._stem}-{name}.png"
        save_png(draw(), Path(self.context.pictures) / file)
        return f"overlays/{file}"

    def mask(self, name: str, mask: Callable[[], Mask]) -> str | None:
        """Save a mask of the volume's voxels; its path as evidence names it, or None when no pictures are wanted.

        Args:
            name: tells the series' masks apart.
            mask: (k, j, i) on the volume's grid; called only when pictures are wanted.
        """
        if self.context.masks is None:
            return None
        file = f"{self._stem}-{name}.nii.gz"
        write_mask(self.context.masks / file, mask(), self.volume.geometry)
        return f"masks/{file}"

    @property
    def _stem(self) -> str:
        key = digest([self.series.uid, sorted(file.sha256 for file in self.series.files)])[:12]
        return f"volume-{key}"

    def region(self, bbox: BoxMm, slices: tuple[int, int], caption: str, picture: str | None,
               mask: str | None = None) -> str:
        """Evidence for a part of the volume.

        Args:
            bbox: LPS mm.
            slices: first and last plane of the voxel array, both included.
            caption: one line.
            picture: from `picture`.
            mask: from `mask`.

        Returns:
            Its id.
        """
        planes = self.volume.planes
        locator = VolumeRegion(series_uid=self.series.uid, bbox_mm=bbox,
                               slice_range=(planes[slices[0]].index, planes[slices[1]].index))
        made = make_evidence(source_of(planes[0].file, self.series), locator, caption=caption, date=self.date,
                             picture=picture)
        return self._add(made.model_copy(update={"mask": mask}))

    def slice(self, k: int, box: Box | None, caption: str, picture: str | None) -> str:
        """Evidence for one slice, under the stored slice nearest to plane `k`; returns its id.

        Args:
            k: plane of the voxel array.
            box: in pixels of the stored slice.
            caption: one line.
            picture: from `picture`.
        """
        plane = self.volume.planes[k]
        locator = VolumeSlice(series_uid=self.series.uid, instance_uid=plane.instance_uid, index=plane.index, box=box)
        return self._add(make_evidence(source_of(plane.file), locator, caption=caption, date=self.date,
                                       picture=picture))

    def _add(self, evidence: Evidence) -> str:
        self.evidence.append(evidence)
        return evidence.id

    def measured(self, name: str, value: Value, evidence: tuple[str, ...], *, site: str | None = None,
                 side: Laterality | None = None, status: Status = Status.MEASURED) -> None:
        """Add a measurement.

        Args:
            name: standard term.
            value: with unit, rounded as it is to be printed.
            evidence: ids of what it rests on.
            site: where.
            side: the patient's side.
            status: measured, or indeterminate for candidates.
        """
        category = Category.MEASUREMENT if status is Status.MEASURED else Category.OBSERVATION
        self.findings.append(make_finding(
            name=name, category=category, status=status, laterality=side, site=site, value=value, evidence=evidence,
            tool="volume", reader=MEASURED, date=self.date,
            patient=self.context.opaque_patient))


def millilitres(number: float, precision: float | None = None) -> Value:
    """A volume and its precision, to whole ml from 10 ml on, to a tenth from 1 ml on, else to a thousandth."""
    return _value(number, precision, 0 if number >= 10 else 1 if number >= 1 else 3, "mL", "mL")


def hounsfield(number: float, precision: float | None = None) -> Value:
    """An attenuation, to whole HU."""
    return _value(number, precision, 0, "HU", "[hnsf'U]")


def percent(number: float, precision: float | None = None) -> Value:
    """A share, to a tenth."""
    return _value(number, precision, 1, "%", "%")


def millimetres(number: float, precision: float | None = None) -> Value:
    """A length, to a tenth of a millimetre."""
    return _value(number, precision, 1, "mm", "mm")


def intensity(number: float) -> Value:
    """An MR signal, to three digits or a whole number; it has no unit that two scans share."""
    digits = max(0, 2 - math.floor(math.log10(abs(number)))) if number else 0
    return _value(number, None, digits, "arbitrary units", "[arb'U]")


def _value(number: float, precision: float | None, digits: int, unit: str, ucum: str) -> Value:
    """Rounded as printed; a precision never below the last digit that is printed."""
    margin = None if precision is None else max(float(round(precision, digits)), 10.0**-digits)
    return Value(number=float(round(number, digits)) + 0.0, unit=unit, ucum=ucum, precision=margin)

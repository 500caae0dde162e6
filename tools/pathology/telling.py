"""From what was measured on a slide to findings and evidence; names and numbers, no interpretation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...core.case import CaseFile, Series
from ...core.errors import RefusedFile
from ...core.evidence import Evidence, SlideRegion, make_evidence
from ...core.finding import Category, Finding, Status, Value, make_finding
from ...sources.slide import Region, Slide
from ..base import MEASURED, ToolContext, source_of
from .measure import FIELD, Field, median_density, round_3
from .reading import SlideReading

TOOL = "pathology"


@dataclass(frozen=True)
class Told:
    """What one slide gave; `gap` says what of it could not be measured."""

    series: Series
    findings: tuple[Finding, ...]
    evidence: tuple[Evidence, ...]
    warnings: tuple[str, ...]
    gap: RefusedFile | None


def picture_name(file: CaseFile, rank: int) -> str:
    """File name of the overview (rank 0) or of a ranked region's close-up."""
    return f"{TOOL}-{file.sha256[:12]}-{f'region-{rank}' if rank else 'overview'}.png"


def tell_slide(slide: Slide, reading: SlideReading, series: Series, date: str | None, context: ToolContext) -> Told:
    """Findings of one slide: tissue, then the ranked regions, each with its place on the slide.

    Args:
        slide: the slide; only its file, scale and bounds are used.
        reading: what was measured on it.
        series: where it lies in the case.
        date: of the study, ISO 8601.
        context: patient, reader, and whether pictures were drawn.
    """
    teller = _Teller(slide, series, date, context)
    overview = teller.place(0, slide.bounds, _overview_caption(reading))
    name = "Tissue area" if reading.tissue_mm2 is not None else "Tissue fraction"
    findings, places = [teller.finding(name, None, _tissue_value(reading), overview)], [overview]
    fields, top = (reading.density.fields, reading.density.top) if reading.density else ((), ())
    for rank, field in enumerate(top, 1):
        place = teller.place(rank, field.region, _field_caption(rank, field, fields))
        value = Value(number=round_3(field.per_mm2), unit="nuclei/mm2", ucum="/mm2")
        findings.append(teller.finding("Region of high nuclear density", f"slide region {rank}", value, place))
        places.append(place)
    return Told(series, tuple(findings), tuple(places), _warnings(slide, reading), reading.gap)


@dataclass(frozen=True)
class _Teller:
    slide: Slide
    series: Series
    date: str | None
    context: ToolContext

    def place(self, rank: int, region: Region, caption: str) -> Evidence:
        locator = SlideRegion(x=region.x, y=region.y, width=region.width, height=region.height, mpp=self.slide.mpp)
        name = picture_name(self.slide.file, rank)
        return make_evidence(source_of(self.slide.file, self.series), locator, caption=caption, date=self.date,
                             picture=None if self.context.pictures is None else f"overlays/{name}")

    def finding(self, name: str, site: str | None, value: Value, place: Evidence) -> Finding:
        return make_finding(
            name=name, category=Category.MEASUREMENT, status=Status.MEASURED, site=site, value=value,
            evidence=(place.id,), tool=TOOL, reader=MEASURED, date=self.date,
            patient=self.context.opaque_patient)


def _tissue_value(reading: SlideReading) -> Value:
    if reading.tissue_mm2 is None:
        return Value(number=round_3(100 * reading.tissue_fraction), unit="%", ucum="%")
    return Value(number=round_3(reading.tissue_mm2), unit="mm2", ucum="mm2")


def _overview_caption(reading: SlideReading) -> str:
    how = "at 1.25x " if reading.tissue_mm2 is not None else ""
    tissue = f"Whole slide; tissue outlined {how}(Otsu on saturation)"
    if reading.density is None:
        return tissue
    return (f"{tissue}; heat map of nuclei counted at 10x in the haematoxylin channel; "
            "the fields with the most nuclei are numbered")


def _field_caption(rank: int, field: Field, fields: Sequence[Field]) -> str:
    return (f"Slide region {rank}: {field.nuclei} nuclei counted on {field.area_mm2:.3g} mm², "
            f"{round_3(field.per_mm2):g} per mm²; the median of {len(fields)} fields on tissue is "
            f"{round_3(median_density(fields)):g} per mm²")


def _warnings(slide: Slide, reading: SlideReading) -> tuple[str, ...]:
    damaged = "parts of a slide's smaller levels cannot be decoded; they were read from a finer level instead"
    false_colours = "smaller levels of a slide were left out: their colours contradict their header"
    said = [damaged] * bool(slide.damaged_levels) + [false_colours] * bool(slide.levels_left_out)
    density = reading.density
    if reading.gap is not None:
        said.append(reading.gap.reason)
    elif density is not None and not density.fields:
        said.append(f"no field of {FIELD} µm is at least half covered by tissue, so no region of a slide was ranked")
    elif density is not None and not density.top:
        said.append("no nuclei were found on the tissue of a slide, so no region was ranked")
    return tuple(said)

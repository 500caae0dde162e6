"""From what was measured on a slide to findings and evidence; names and numbers, no interpretation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...core.case import CaseFile, Series, Study
from ...core.errors import RefusedFile
from ...core.evidence import Evidence, SlideRegion, make_evidence
from ...core.finding import Category, Finding, Status, Value, make_finding
from ...sources.slide import Region, Slide
from ..asked import Said
from ..base import MEASURED, ToolContext, source_of
from .fields import DEFINITIONS, LEAST_NUCLEI, Measure
from .heat import heat_title
from .measure import FIELD, Field, median_density, round_2, round_3
from .reading import NuclearDensity, SlideReading
from .search import Hit, Ranking

TOOL = "pathology"


@dataclass(frozen=True)
class Told:
    """What one slide gave; `gap` says what of it could not be measured, `said` what a search found."""

    series: Series
    findings: tuple[Finding, ...]
    evidence: tuple[Evidence, ...]
    warnings: tuple[str, ...]
    gap: RefusedFile | None
    said: tuple[Said, ...]


def picture_name(file: CaseFile, rank: int) -> str:
    """File name of the overview (rank 0) or of a ranked region's close-up."""
    return f"{TOOL}-{file.sha256[:12]}-{f'region-{rank}' if rank else 'overview'}.png"


def tell_slide(slide: Slide, reading: SlideReading, ranking: Ranking, series: Series, study: Study,
               context: ToolContext) -> Told:
    """Findings of one slide: tissue, nuclei of all of it, then the ranked regions, each with its place on the slide.

    Args:
        slide: the slide; only its file, scale and bounds are used.
        reading: what was measured on it.
        ranking: its regions.
        series: where it lies in the case.
        study: for the date.
        context: patient, reader, and whether pictures were drawn.
    """
    teller = _Teller(slide, series, study.date, context)
    overview = teller.place(0, slide.bounds, _overview_caption(slide, reading, ranking))
    name = "Tissue area" if reading.tissue_mm2 is not None else "Tissue fraction"
    findings = [teller.finding(name, None, _tissue_value(reading), overview),
                *(teller.finding(name, None, value, overview) for name, value in _slide_values(reading.density))]
    places = []
    for rank, hit in enumerate(ranking.hits, 1):
        place = teller.place(rank, hit.field.region, region_caption(rank, hit, ranking, reading.density))
        value = Value(number=round_3(hit.value), unit=ranking.unit, ucum=ranking.ucum)
        findings.append(teller.finding(ranking.name, f"slide region {rank}", value, place, ranking.reader))
        places.append(place)
    return Told(series, tuple(findings), (overview, *places), _warnings(slide, reading, ranking), reading.gap,
                _said(ranking, study, places))


def _said(ranking: Ranking, study: Study, places: Sequence[Evidence]) -> tuple[Said, ...]:
    """Towards the answer of a search."""
    slide = f"the slide of {study.date}" if study.date else "the slide"
    if ranking.declined is not None:
        return (Said(ranking.declined),)
    if not places:
        return (Said(f"No region of {slide} could be ranked by {ranking.words}."),)
    ranked = f"{len(places)} regions of {slide}" if len(places) > 1 else f"One region of {slide}"
    head = Said(f"{ranked}, by {ranking.words}.{f' Mind: {ranking.caution}.' if ranking.caution else ''}",
                tuple(places), settled=True)
    return (head, *(Said(f"Region {rank} at {place_words(hit.field.region)}: {round_3(hit.value):g} {ranking.unit}.",
                         (place,), settled=True)
                    for rank, (hit, place) in enumerate(zip(ranking.hits, places, strict=True), 1)))


def place_words(region: Region) -> str:
    """x, y, width and height in level-0 pixels, as `--like` takes them."""
    return f"{region.x},{region.y},{region.width},{region.height}"


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

    def finding(self, name: str, site: str | None, value: Value, place: Evidence, reader: str = MEASURED) -> Finding:
        return make_finding(
            name=name, category=Category.MEASUREMENT, status=Status.MEASURED, site=site, value=value,
            evidence=(place.id,), tool=TOOL, reader=reader, date=self.date,
            patient=self.context.opaque_patient)


def _tissue_value(reading: SlideReading) -> Value:
    if reading.tissue_mm2 is None:
        return Value(number=round_3(100 * reading.tissue_fraction), unit="%", ucum="%")
    return Value(number=round_3(reading.tissue_mm2), unit="mm2", ucum="mm2")


def _slide_values(density: NuclearDensity | None) -> list[tuple[str, Value]]:
    """Nuclei of all the searched tissue; nothing where there are too few."""
    if density is None or density.searched_mm2 <= 0 or len(density.nuclei) < LEAST_NUCLEI:
        return []
    per_mm2 = len(density.nuclei) / density.searched_mm2
    areas = np.pi * density.nuclei.radii.astype(float) ** 2
    return [("Nuclear density", Value(number=round_3(per_mm2), unit="nuclei/mm2", ucum="/mm2")),
            ("Median nuclear area", Value(number=round_2(float(np.median(areas))), unit="um2", ucum="um2"))]


def _overview_caption(slide: Slide, reading: SlideReading, ranking: Ranking) -> str:
    how = "at 1.25x " if reading.tissue_mm2 is not None else ""
    said = [f"Whole slide; tissue outlined {how}(Otsu on saturation)"]
    density = reading.density
    if density is not None:
        said += [f"heat map of {heat_title(ranking)}, at 10x",
                 f"nuclei are blobs detected in haematoxylin by {_stain_words(reading)}"]
        said += [f"{100 * reading.fold_share:.2g} % of the tissue lies double and was left out"] * bool(
            reading.cover.folds.any())
        said += [f"{100 * (1 - density.sharp_share):.2g} % of it is out of focus or damaged and was left out"] * (
            density.sharp_share < 0.995)
        said.append(f"the numbered fields are ranked by {ranking.words}" if ranking.hits else "no field is ranked")
    said += ["colours as stored, the file's ICC profile is not applied"] * slide.has_profile
    said += [f"{slide.bits} bits per sample were reduced to 8"] * (slide.bits > 8)
    return "; ".join(said)


def _stain_words(reading: SlideReading) -> str:
    return ("stain vectors estimated from this slide (Macenko)" if reading.stains.estimated else
            "the stain vectors of Ruifrok and Johnston, since this slide does not tell its own")


def region_caption(rank: int, hit: Hit, ranking: Ranking, density: NuclearDensity | None) -> str:
    """What a ranked region was ranked by, beside the median field, and what else is measured there."""
    if density is None:
        return f"Slide region {rank}"
    field = hit.field
    counted = (f"Slide region {rank}: {field.nuclei} nuclei counted on {field.area_mm2:.3g} mm², "
               f"{round_3(field.per_mm2):g} per mm²; the median of {len(density.fields)} fields on tissue is "
               f"{round_3(median_density(density.fields)):g} per mm²")
    others = [f"{measure} {round_2(value):g} {DEFINITIONS[measure].unit}" for measure, value in
              measures_of(field, density) if measure is not Measure.DENSITY]
    by = [] if ranking.measure is not None else [f"{ranking.unit} {round_3(hit.value):g}"]
    return "; ".join([counted, *by, *others])


def measures_of(field: Field, density: NuclearDensity) -> list[tuple[Measure, float]]:
    """What is told of a field."""
    told = [(measure, density.maps.of(field, measure)) for measure in Measure if measure is not Measure.STROMA]
    return [(measure, value) for measure, value in told if not math.isnan(value)]


def _warnings(slide: Slide, reading: SlideReading, ranking: Ranking) -> tuple[str, ...]:
    damaged = "parts of a slide's smaller levels cannot be decoded; they were read from a finer level instead"
    false_colours = "smaller levels of a slide were left out: their colours contradict their header"
    planes = f"a slide's file holds {slide.planes_left_out + 1} images of its full size; only the first was read"
    said = [damaged] * bool(slide.damaged_levels - {0}) + [false_colours] * bool(slide.levels_left_out)
    said += [planes] * bool(slide.planes_left_out)
    tiles, density = len(slide.damaged_tiles), reading.density
    said += [f"{tiles} tile{'s' * (tiles > 1)} of a slide cannot be decoded: blank in its pictures, and no region was "
             "searched there; ask for the file again"] * bool(tiles)
    if reading.gap is not None:
        said.append(reading.gap.reason)
    elif density is not None:
        said += _unsearched(reading, density)
        if not density.fields:
            said.append(f"no field of {FIELD} µm is at least half covered by tissue in focus, so no region of a slide "
                        "was ranked")
        elif not ranking.hits and ranking.declined is None:
            said.append("no nuclei were found on the tissue of a slide, so no region was ranked")
    return tuple(said)


def _unsearched(reading: SlideReading, density: NuclearDensity) -> list[str]:
    """What of the tissue a person should know to have been left out."""
    out = 1 - density.sharp_share
    said = [f"{100 * out:.0f} % of a slide's tissue is out of focus or damaged and was not searched"] * (out >= 0.05)
    said += [f"{100 * reading.fold_share:.0f} % of a slide's tissue lies in folds and was not searched"] * (
        reading.fold_share >= 0.05)
    said += ["a slide does not tell its own stain vectors (too little of one stain, or no H&E); the published ones "
             "were used"] * (not reading.stains.estimated)
    return said

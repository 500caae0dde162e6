"""The ranked regions, put to a reader one by one."""

from __future__ import annotations

from dataclasses import dataclass

from ...core.case import Series, Study
from ...core.evidence import Evidence, SlideRegion
from ...core.finding import Finding, Status
from ...readers.recipes.slide import PATCH_SIDE, finding_requests
from ...readers.request import Picture
from ...sources.slide import Region, Slide
from ..asked import Asked, Kind, Said, asked_of_image, finding_name
from ..base import ToolContext, source_of
from ..reading import About, read_or_say, unclear, yes_no
from .read import NOT_ASKED, SlideRead
from .search import Ranking
from .telling import TOOL, picture_name

POWERS = ((20, 0.5), (10, 1.0), (5, 2.0))
"""(magnification, micrometres per pixel) that the model was trained on (MedGemma 1.5 Technical Report, 2.3.2); the
finest that the slide has is shown."""
_TOLERANCE = 1.05


@dataclass(frozen=True)
class _Asking:
    slide: Slide
    series: Series
    study: Study
    context: ToolContext
    asked: Asked

    @property
    def reader(self) -> str:
        return self.context.reader.identity.name


def ask_regions(slide: Slide, ranking: Ranking, series: Series, study: Study, context: ToolContext) -> SlideRead:
    """Ask `Is there ...?` of every ranked region; each answer is a finding of its own.

    Shown is one patch of 896 x 896 pixels around the region's middle, at the finest magnification that the model was
    trained on and the slide has.

    Args:
        slide: open, with a known scale where anything is ranked.
        ranking: its regions.
        series: the slide's.
        study: for the date.
        context: reader, patient, question with identities blanked.
    """
    if not context.reader.identity.interprets or not ranking.hits:
        return SlideRead()
    asked = asked_of_image(context.question)
    if asked is None or asked.kind is not Kind.PRESENCE:
        return SlideRead(said=(Said(NOT_ASKED),) if context.question is not None else ())
    asking = _Asking(slide, series, study, context, asked)
    reads = [_ask(asking, rank, hit.field.region) for rank, hit in enumerate(ranking.hits, 1)]
    return SlideRead(
        findings=tuple(item for read in reads for item in read.findings),
        evidence=tuple(item for read in reads for item in read.evidence),
        warnings=tuple(dict.fromkeys(text for read in reads for text in read.warnings)),
        said=tuple(item for read in reads for item in read.said))


def shown_patch(slide: Slide, region: Region) -> tuple[int, float, Region]:
    """Magnification, micrometres per pixel and place (level-0 pixels) of the patch around a region's middle.

    The patch is moved to lie on the scanned area where that is large enough to hold it.
    """
    mpp = slide.mpp or POWERS[-1][1]
    power, wanted = next((pair for pair in POWERS if mpp <= pair[1] * _TOLERANCE), POWERS[-1])
    side = round(PATCH_SIDE * wanted / mpp)
    x, y = (start + (extent - side) // 2 for start, extent in ((region.x, region.width), (region.y, region.height)))
    area = slide.bounds
    x = min(max(x, area.x), area.x + area.width - side) if area.width >= side else x
    y = min(max(y, area.y), area.y + area.height - side) if area.height >= side else y
    return power, wanted, Region(x, y, side, side)


def _ask(asking: _Asking, rank: int, region: Region) -> SlideRead:
    slide, context, thing = asking.slide, asking.context, asking.asked.thing
    power, mpp, place = shown_patch(slide, region)
    picture = Picture(slide.read_scaled((place.x, place.y, place.width, place.height), PATCH_SIDE, PATCH_SIDE))
    what = f"slide region {rank}"
    readings, warnings = read_or_say(
        context, finding_requests([picture], [thing], scope=context.opaque_patient), what)
    if not readings:
        return SlideRead(warnings=tuple(warnings), said=tuple(Said(f"{text}.") for text in warnings))
    warnings = [*warnings, *unclear(context, [(thing, readings[0])], f"on {what}")]
    about = About(TOOL, context, asking.study.date)
    locator = SlideRegion(x=place.x, y=place.y, width=place.width, height=place.height, mpp=slide.mpp)
    drawn = None if context.pictures is None else f"overlays/{picture_name(slide.file, rank)}"
    item = about.evidence(source_of(slide.file, asking.series), locator, readings[0], picture=drawn, caption=(
        f"Slide region {rank} in a patch of {PATCH_SIDE} x {PATCH_SIDE} pixels at {power}x, {mpp:g} µm per pixel, as "
        f"shown to {asking.reader}, asked whether {thing} is there"))
    finding = about.finding(finding_name(thing), yes_no(readings[0]), [item], site=what)
    return SlideRead((finding,), (item,), tuple(warnings), (_said(asking, rank, finding, item),))


def _said(asking: _Asking, rank: int, finding: Finding, item: Evidence) -> Said:
    head = f"{asking.reader}, shown slide region {rank},"
    if finding.status is Status.INDETERMINATE:
        return Said(f"{head} gave no usable answer about {asking.asked.thing}.", (item,))
    return Said(f"{head} reads {asking.asked.thing} as {finding.status.value}.", (item,), settled=True)

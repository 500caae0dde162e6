"""A slide as a model reads it: a line like a report's final diagnosis, and the finding that the user asks for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from ...core.case import Series, Study
from ...core.errors import RefusedFile
from ...core.evidence import Evidence, SlideRegion, make_evidence
from ...core.finding import Finding, Status, Value
from ...readers.reading import Reading
from ...readers.recipes.slide import PATCH_SIDE, choose_patches, diagnosis_request, finding_requests, patches_that_fit
from ...readers.request import Picture
from ...sources.slide import Region, Slide
from ..asked import Asked, Kind, Said, asked_of_image, finding_name
from ..base import ToolContext, source_of
from ..blanking import blank_text, people_of_study
from ..drawing import save_png
from ..reading import About, read_or_say, unclear, yes_no
from .draw import draw_patches
from .patches import PatchGrid, lay_patches, on_area
from .reading import SlideReading

DIAGNOSIS = "Pathology diagnosis line"
"""Name of the finding whose value is the line that the model wrote: its interpretation, so `uncertain`."""
NOT_ASKED = ("A model is asked about slides only whether something is there; put the question as 'Is there ...?'. "
             "What it wrote in its own words is among the findings.")
LONGEST_PROCEDURE = 200

_WORKERS = 2

Told = tuple[Finding, tuple[Evidence, ...]]


@dataclass(frozen=True)
class SlideRead:
    """What a model said about one slide, and towards the user's question."""

    findings: tuple[Finding, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    warnings: tuple[str, ...] = ()
    said: tuple[Said, ...] = ()


@dataclass(frozen=True)
class Shown:
    """The patches that a model is shown.

    Args:
        grid: all patches on tissue.
        places: those shown, in spatial order, level-0 pixels.
        pictures: of `places`.
    """

    grid: PatchGrid
    places: tuple[Region, ...]
    pictures: tuple[Picture, ...]

    def words(self, reader: str) -> str:
        """What was shown, for captions and answers."""
        power = f"{self.grid.magnification}x, {self.grid.mpp:g} µm per pixel"
        counted = f"{len(self.places)} of {len(self.grid.places)} tissue patches of {PATCH_SIDE} x {PATCH_SIDE} pixels"
        return f"{counted} at {power}, as shown to {reader}"


@dataclass(frozen=True)
class _Session:
    """One slide, who reads it and what is asked."""

    slide: Slide
    series: Series
    study: Study
    context: ToolContext
    asked: Asked | None

    @property
    def reader(self) -> str:
        return self.context.reader.identity.name

    @property
    def what(self) -> str:
        return f"the slide of {self.study.date}" if self.study.date else "the slide"


def interpret_slide(slide: Slide, reading: SlideReading, series: Series, study: Study,
                    context: ToolContext) -> SlideRead:
    """Ask a reader that interprets about a measured slide; nothing when it interprets nothing.

    Asked are a diagnosis line and, where the user asks `Is there ...?`, whether that is there. The patches are drawn
    from the tissue with a fixed seed and kept in spatial order.

    Args:
        slide: open.
        reading: its tissue.
        series: the slide's.
        study: for date, description and the people whom its files name.
        context: reader, patient, question with identities blanked, folder for pictures.
    """
    if not context.reader.identity.interprets:
        return SlideRead()
    asked = asked_of_image(context.question)
    session = _Session(slide, series, study, context, asked if asked and asked.kind is Kind.PRESENCE else None)
    grid = None if slide.mpp is None else lay_patches(reading.mask, slide.bounds, slide.mpp)
    if grid is None:
        return _not_shown(session, _no_scale(slide))
    if not grid.places:
        return _not_shown(session, "no tissue lies where whole patches fit")
    try:
        places = choose_patches(grid.places, most=patches_that_fit(context.reader.context))
    except ValueError as error:
        return _not_shown(session, str(error))
    try:
        shown = Shown(grid, places, _pictures(slide, places))
    except RefusedFile as error:
        return _not_shown(session, error.reason)
    return _read(session, shown)


def procedure_of(series: Series, study: Study, context: ToolContext) -> str | None:
    """Tissue and procedure in the words of the files or of case.yaml, blanked; None where they say nothing."""
    words = (series.body_part or study.body_part or "", series.description or study.description)
    people = people_of_study(study, context)
    said = (blank_text(text, people).strip(" ,;:") for text in words)
    joined = ", ".join(dict.fromkeys(text.lower() for text in said if any(ch.isalpha() for ch in text)))
    return joined[:LONGEST_PROCEDURE].strip(" ,") or None


def _no_scale(slide: Slide) -> str:
    if slide.mpp is None:
        return f"it {slide.scale_gap}, so no patch at a known magnification can be cut"
    return f"it was scanned at {slide.mpp:.3g} µm per pixel, coarser than the 5x that the model was trained on"


def _not_shown(session: _Session, reason: str) -> SlideRead:
    text = f"{session.reader} was not shown {session.what}: {reason}"
    return SlideRead(warnings=(text,), said=(Said(f"{text}."),))


def _pictures(slide: Slide, places: tuple[Region, ...]) -> tuple[Picture, ...]:
    def cut(place: Region) -> Picture:
        return Picture(slide.read_scaled((place.x, place.y, place.width, place.height), PATCH_SIDE, PATCH_SIDE))

    with ThreadPoolExecutor(_WORKERS) as pool:
        return tuple(pool.map(cut, places))


def _read(session: _Session, shown: Shown) -> SlideRead:
    context, asked, scope = session.context, session.asked, session.context.opaque_patient
    line = diagnosis_request(shown.pictures, scope=scope,
                             procedure=procedure_of(session.series, session.study, context))
    lines, warnings = read_or_say(context, [line], session.what)
    answers: list[Reading[bool]] = []
    if lines and asked:
        answers, more = read_or_say(context, finding_requests(shown.pictures, [asked.thing], scope=scope), session.what)
        warnings += [text for text in more if text not in warnings]
    warnings += unclear(context, [(DIAGNOSIS.lower(), reading) for reading in lines], f"on {session.what}")
    warnings += unclear(context, [(asked.thing, reading) for reading in answers] if asked else [], f"on {session.what}")
    if not lines:
        return SlideRead(warnings=tuple(warnings), said=tuple(Said(f"{text}.") for text in warnings))
    teller = _Teller(session, shown)
    told = [teller.tell_line(lines[0]), *(teller.tell_finding(asked, reading) for reading in answers if asked)]
    said = [_said(session, shown, asked, *told[-1])] if answers and asked else [Said(f"{text}.") for text in warnings]
    return SlideRead(findings=tuple(finding for finding, _ in told),
                     evidence=tuple(item for _, items in told for item in items),
                     warnings=tuple(warnings), said=tuple(said))


class _Teller:
    """Answers to findings; the evidence of each is every patch that was sent."""

    def __init__(self, session: _Session, shown: Shown) -> None:
        self._about = About("pathology", session.context, session.study.date)
        self._session, self._shown = session, shown
        self._picture: str | None = None
        folder = session.context.pictures
        if folder is not None:
            name = f"pathology-{session.slide.file.sha256[:12]}-patches.png"
            save_png(draw_patches(session.slide, shown.places, shown.words(session.reader)), folder / name)
            self._picture = f"overlays/{name}"

    def tell_line(self, reading: Reading[str]) -> Told:
        line = None if reading.value is None else " ".join(reading.value.split())
        items = self._evidence(reading, "asked for a diagnosis line")
        fields: dict[str, Any] = {"value": Value(text=line)} if line else {}
        return self._about.finding(DIAGNOSIS, Status.PRESENT if line else Status.INDETERMINATE, items, **fields), items

    def tell_finding(self, asked: Asked, reading: Reading[bool]) -> Told:
        items = self._evidence(reading, f"asked whether {asked.thing} is there")
        return self._about.finding(finding_name(asked.thing), yes_no(reading), items), items

    def _evidence(self, reading: Reading[Any], asked: str) -> tuple[Evidence, ...]:
        """One for each patch, in the order sent; the first carries the model's words about all of them."""
        session, shown = self._session, self._shown
        source, count = source_of(session.slide.file, session.series), len(shown.places)
        first, *others = (_locator(place, session.slide) for place in shown.places)
        head = self._about.evidence(source, first, reading, picture=self._picture, caption=(
            f"{shown.words(session.reader)}, {asked}; this is patch 1"))
        rest = (make_evidence(source, place, date=session.study.date, picture=self._picture, caption=(
            f"Patch {number} of the {count} shown to {session.reader}, {asked}"))
            for number, place in enumerate(others, 2))
        return (head, *rest)


def _locator(place: Region, slide: Slide) -> SlideRegion:
    """The part of a patch that lies on the scanned area."""
    area = on_area(place, slide.bounds)
    return SlideRegion(x=area.x, y=area.y, width=area.width, height=area.height, mpp=slide.mpp)


def _said(session: _Session, shown: Shown, asked: Asked, finding: Finding, items: tuple[Evidence, ...]) -> Said:
    shown_text = f"{session.reader}, shown {len(shown.places)} of {len(shown.grid.places)} patches of {session.what},"
    if finding.status is Status.INDETERMINATE:
        return Said(f"{shown_text} gave no usable answer about {asked.thing}.", items)
    return Said(f"{shown_text} reads {asked.thing} as {finding.status.value}.", items, settled=True)

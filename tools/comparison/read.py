"""Two films of one patient as a model compares them, finding by finding."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image

from ...core.case import CaseFile
from ...core.errors import RefusedFile
from ...core.evidence import Evidence, ImageBox
from ...core.finding import Category, Change, Direction, Finding, Status, Value
from ...core.result import ToolResult
from ...readers.reading import Reading
from ...readers.recipes.pair import FINDINGS, pair_requests
from ...sources.film import Film, load_film
from ..base import ToolContext, source_of
from ..drawing import label, save_png, side_by_side
from ..localization.read import shown_grey
from ..localization.structures import film_name
from ..reading import About, read_or_say, unclear
from .films import paired_places
from .pairs import interval_days
from .reviewed import StudyReading
from .telling import TOOL

HEIGHT = 640
"""Of each film on the picture, in display pixels."""


def read_pair(prior: StudyReading, current: StudyReading, context: ToolContext) -> ToolResult:
    """Ask a reader that interprets how the findings of MS-CXR-T changed between two films.

    The films are those that the localization tool accepted as frontal chest films, of the same view where there is a
    choice. An answer gives a finding of the category `change`: `present` says that there is an answer, the direction is
    the answer; `stable` may be a finding that neither film shows. Nothing is asked about other kinds of studies, nor
    of a reader that interprets nothing.

    Args:
        prior: the earlier study and what was found in it.
        current: the later one.
        context: where the files lie, who reads, where pictures go.

    Returns:
        Findings, evidence and warnings.
    """
    empty = ToolResult(tool=TOOL, reader=context.reader.identity.name)
    pair = paired_places(prior, current)
    if not context.reader.identity.interprets or pair is None:
        return empty
    when = [reading.study.date or "unknown date" for reading in (prior, current)]
    what = f"the films of {when[0]} and {when[1]}"
    try:
        films = [load_film(series.model_copy(update={"files": (file,)}), context.root, context.limits)
                 for series, file in pair]
    except RefusedFile as error:
        return empty.model_copy(update={"warnings": (f"{what} were not compared by {empty.reader}: {error}",)})
    requests = pair_requests(shown_grey(films[0]), shown_grey(films[1]), scope=context.opaque_patient)
    readings, warnings = read_or_say(context, requests, what)
    if not readings:
        return empty.model_copy(update={"warnings": tuple(warnings)})
    warnings += unclear(context, ((f"the change of {name}", reading)
                                  for name, reading in zip(FINDINGS, readings, strict=True)), f"between {what}")
    teller = _Teller((prior.study.date, current.study.date), films, [file for _, file in pair], context)
    told = [teller.tell(name, reading) for name, reading in zip(FINDINGS, readings, strict=True)]
    return empty.model_copy(update={"findings": tuple(finding for finding, _ in told), "warnings": tuple(warnings),
                                    "evidence": tuple(item for _, shown in told for item in shown)})


class _Teller:
    """Turns answers about a pair of films into findings.

    Args:
        dates: of the prior and the current film.
        films: prior and current.
        files: where they lie.
        context: reader, patient, pictures.
    """

    def __init__(self, dates: tuple[str | None, str | None], films: Sequence[Film], files: Sequence[CaseFile],
                 context: ToolContext) -> None:
        self._dates, self._films, self._files, self._context = dates, films, files, context
        self._picture = self._draw()

    def tell(self, name: str, reading: Reading[str]) -> tuple[Finding, tuple[Evidence, Evidence]]:
        """One answer as a finding with the evidence of both films, the earlier one first."""
        before, after = (self._evidence(place, name, reading) for place in (0, 1))
        change = value = None
        if reading.value is not None:
            change = Change(direction=Direction(reading.value), prior_evidence=(before.id,),
                            interval_days=interval_days(*self._dates))
            value = Value(text=reading.value)
        finding = About(TOOL, self._context, self._dates[1]).finding(
            film_name(name), Status.INDETERMINATE if change is None else Status.PRESENT,
            sorted((before, after), key=lambda item: item.id), category=Category.CHANGE, change=change, value=value)
        return finding, (before, after)

    def _evidence(self, place: int, name: str, reading: Reading[str]) -> Evidence:
        rows, columns = self._films[place].pixels.shape
        box = self._films[place].to_stored((0.0, 0.0, float(columns), float(rows)))
        caption = (f"{('Earlier', 'Later')[place]} of two frontal chest films as they were shown to "
                   f"{self._context.reader.identity.name}, asked whether {name} improved, is stable or worsened")
        return About(TOOL, self._context, self._dates[place]).evidence(
            source_of(self._files[place]), ImageBox(box=box), reading, caption=caption, picture=self._picture)

    def _draw(self) -> str | None:
        if self._context.pictures is None:
            return None
        name = f"films-{self._files[0].sha256[:12]}-{self._files[1].sha256[:12]}.png"
        save_png(side_by_side([_shown(film, text, date) for film, text, date in zip(
            self._films, ("Earlier", "Later"), self._dates, strict=True)]), self._context.pictures / name)
        return f"overlays/{name}"


def _shown(film: Film, text: str, date: str | None) -> Image.Image:
    rows, columns = film.pixels.shape
    picture = Image.fromarray(shown_grey(film)).convert("RGB").resize(
        (max(1, min(2 * HEIGHT, round(columns * HEIGHT / rows))), HEIGHT), Image.Resampling.BICUBIC)
    label(picture, (8, 8), f"{text}: {date or 'no date'}", size=18)
    return picture

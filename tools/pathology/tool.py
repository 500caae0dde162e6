"""The pathology tool: how much tissue, and where its nuclei are densest."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ...core.case import FileKind, Series, Study
from ...core.errors import RefusedFile
from ...core.refusal import Refusal, RefusalCode
from ...core.result import Answer, Step, ToolResult
from ...sources.slide import Slide, open_slide
from ..asked import Said, answer_from
from ..base import ToolContext, refuse
from ..blanking import blank_question
from ..drawing import save_png
from .ask_regions import ask_regions
from .draw import draw_field, draw_overview
from .geojson import write_geojson
from .read import NOT_ASKED, SlideRead, interpret_slide
from .reading import SlideReading, read_slide
from .search import Ranking, rank
from .telling import TOOL, Told, picture_name, tell_slide

DECLINED = ("Slides are measured and searched only (--query, --like): without a model that reads them, this cannot be "
            "answered.")
SEARCH_NOT_READ = ("no question was put, so the reader was not shown the ranked regions; --question 'Is there ...?' "
                   "asks it about each")


class PathologyTool:
    """Measures tissue and nuclei of a whole slide, and ranks its regions; what they show, only a model says."""

    name = TOOL

    def gate(self, study: Study) -> Refusal | None:
        """Refuse a study without a slide."""
        if any(series.kind is FileKind.SLIDE for series in study.series):
            return None
        return refuse(study, RefusalCode.WRONG_MODALITY, "pathology reads whole slides, and this is none")

    def run(self, study: Study, context: ToolContext) -> ToolResult:
        """Measure every slide of the study, and have it read where the reader interprets.

        Args:
            study: one slide, or several of one specimen.
            context: where the files lie, who reads, where pictures go; a question only a model can answer; a search.

        Returns:
            `Tissue area` (`Tissue fraction` where the scale is not known), density and size of nuclei, and the ranked
            regions; beside them what a model wrote about the slide's patches, or of each region that a search found;
            all with evidence.
        """
        start = time.perf_counter()
        context = replace(context, question=blank_question(study, context))
        told: list[Told] = []
        read: list[SlideRead] = []
        refused: list[Refusal] = []
        for series in study.series:
            try:
                measured, interpreted = _tell_series(series, study, context)
                told.append(measured)
                read.append(interpreted)
            except RefusedFile as error:
                refused.append(_refusal(series, error))
        everything: list[Told | SlideRead] = [*told, *read]
        gaps = [(slide.series, slide.gap) for slide in told if slide.gap is not None]
        return ToolResult(
            tool=self.name, reader=context.reader.identity.name, answer=_answer(told, read, context),
            findings=tuple(finding for slide in everything for finding in slide.findings),
            evidence=tuple(item for slide in everything for item in slide.evidence),
            refused=(*refused, *(_refusal(series, gap) for series, gap in gaps)),
            warnings=tuple(warning for slide in everything for warning in slide.warnings),
            seconds=time.perf_counter() - start)


def _answer(told: Sequence[Told], read: Sequence[SlideRead], context: ToolContext) -> Answer | None:
    """What the search found, and what the reader said to the question."""
    search = context.search
    if context.question is None and search is None:
        return None
    asked = [item for slide in read for item in slide.said]
    if context.question is not None and not asked:
        asked = [Said(NOT_ASKED if context.reader.identity.interprets else DECLINED)]
    found = [item for slide in told for item in slide.said] if search is not None else []
    given = {"question": context.question, "query": search.query if search else None,
             "like": list(search.like) if search and search.like else None}
    if not asked and not found:
        return None
    answer = answer_from([*found, *asked], TOOL, context.question or "")
    step = Step(tool=TOOL, arguments={name: value for name, value in given.items() if value is not None})
    return answer.model_copy(update={"steps": (step,)})


def _tell_series(series: Series, study: Study, context: ToolContext) -> tuple[Told, SlideRead]:
    if series.kind is not FileKind.SLIDE:
        raise RefusedFile(RefusalCode.WRONG_MODALITY, "pathology reads whole slides, and this is none")
    with open_slide(series, context.root, context.limits) as slide:
        reading = read_slide(slide)
        ranking = rank(slide, reading, context.search)
        if context.pictures is not None:
            _save_pictures(slide, reading, ranking, context.pictures)
        if context.exports is not None:
            write_geojson(context.exports / f"{TOOL}-{slide.file.sha256[:12]}.geojson", slide, reading, ranking)
        interpreted = _interpret(slide, reading, ranking, series, study, context)
        return tell_slide(slide, reading, ranking, series, study, context), interpreted


def _interpret(slide: Slide, reading: SlideReading, ranking: Ranking, series: Series, study: Study,
               context: ToolContext) -> SlideRead:
    if context.search is None:
        return interpret_slide(slide, reading, series, study, context)
    if context.reader.identity.interprets and context.question is None:
        return SlideRead(warnings=(SEARCH_NOT_READ,))
    return ask_regions(slide, ranking, series, study, context)


def _save_pictures(slide: Slide, reading: SlideReading, ranking: Ranking, folder: Path) -> None:
    save_png(draw_overview(slide, reading, ranking), folder / picture_name(slide.file, 0))
    if reading.density is not None:
        for number, hit in enumerate(ranking.hits, 1):
            save_png(draw_field(slide, reading.density, hit.field), folder / picture_name(slide.file, number))


def _refusal(series: Series, error: RefusedFile) -> Refusal:
    return Refusal(file=series.files[0].path, code=error.code, reason=error.reason)

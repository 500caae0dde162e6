"""The pathology tool: how much tissue, and where its nuclei are densest."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ...core.case import FileKind, Series, Study
from ...core.errors import RefusedFile
from ...core.refusal import Refusal, RefusalCode
from ...core.result import Answer, AnswerStatus, ToolResult
from ...sources.slide import Slide, open_slide
from ..asked import Said, answer_from
from ..base import ToolContext, refuse
from ..blanking import blank_question
from ..drawing import save_png
from .draw import draw_field, draw_overview
from .read import NOT_ASKED, SlideRead, interpret_slide
from .reading import SlideReading, read_slide
from .telling import TOOL, Told, picture_name, tell_slide

DECLINED = "Slides are searched by nuclear density only: without a model that reads them, this cannot be answered."


class PathologyTool:
    """Measures tissue and ranks regions of a whole slide by nuclear density; what it shows, only a model says."""

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
            context: where the files lie, who reads, where pictures go; a question only a model can answer.

        Returns:
            `Tissue area` (`Tissue fraction` where the scale is not known) and the ranked regions; beside them what a
            model wrote about the slide's patches; all with evidence.
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
            tool=self.name, reader=context.reader.identity.name, answer=_answer(read, context),
            findings=tuple(finding for slide in everything for finding in slide.findings),
            evidence=tuple(item for slide in everything for item in slide.evidence),
            refused=(*refused, *(_refusal(series, gap) for series, gap in gaps)),
            warnings=tuple(warning for slide in everything for warning in slide.warnings),
            seconds=time.perf_counter() - start)


def _answer(read: Sequence[SlideRead], context: ToolContext) -> Answer | None:
    if context.question is None:
        return None
    if not context.reader.identity.interprets:
        return Answer(text=DECLINED, status=AnswerStatus.DECLINED)
    said = [item for slide in read for item in slide.said]
    return answer_from(said or [Said(NOT_ASKED)], TOOL, context.question)


def _tell_series(series: Series, study: Study, context: ToolContext) -> tuple[Told, SlideRead]:
    if series.kind is not FileKind.SLIDE:
        raise RefusedFile(RefusalCode.WRONG_MODALITY, "pathology reads whole slides, and this is none")
    with open_slide(series, context.root, context.limits) as slide:
        reading = read_slide(slide)
        if context.pictures is not None:
            _save_pictures(slide, reading, context.pictures)
        interpreted = interpret_slide(slide, reading, series, study, context)
        return tell_slide(slide, reading, series, study.date, context), interpreted


def _save_pictures(slide: Slide, reading: SlideReading, folder: Path) -> None:
    save_png(draw_overview(slide, reading), folder / picture_name(slide.file, 0))
    if reading.density is not None:
        for rank, field in enumerate(reading.density.top, 1):
            save_png(draw_field(slide, reading.density, field), folder / picture_name(slide.file, rank))


def _refusal(series: Series, error: RefusedFile) -> Refusal:
    return Refusal(file=series.files[0].path, code=error.code, reason=error.reason)

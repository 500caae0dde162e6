"""The pathology tool: how much tissue, and where its nuclei are densest."""

from __future__ import annotations

import time
from pathlib import Path

from ...core.case import FileKind, Series, Study
from ...core.errors import RefusedFile
from ...core.refusal import Refusal, RefusalCode
from ...core.result import Answer, AnswerStatus, ToolResult
from ...sources.slide import Slide, open_slide
from ..base import ToolContext, refuse
from ..drawing import save_png
from .draw import draw_field, draw_overview
from .reading import SlideReading, read_slide
from .telling import Told, picture_name, tell_slide

DECLINED = "Slides are searched by nuclear density only: without a model that reads them, this cannot be answered."


class PathologyTool:
    """Measures tissue and ranks regions of a whole slide by nuclear density; classifies nothing."""

    name = "pathology"

    def gate(self, study: Study) -> Refusal | None:
        """Refuse a study without a slide."""
        if any(series.kind is FileKind.SLIDE for series in study.series):
            return None
        return refuse(study, RefusalCode.WRONG_MODALITY, "pathology reads whole slides, and this is none")

    def run(self, study: Study, context: ToolContext) -> ToolResult:
        """Measure every slide of the study.

        Args:
            study: one slide, or several of one specimen.
            context: where the files lie, who reads, where pictures go; a question is declined in words.

        Returns:
            `Tissue area` (`Tissue fraction` where the scale is not known) and the ranked regions, with evidence.
        """
        start = time.perf_counter()
        told: list[Told] = []
        refused: list[Refusal] = []
        for series in study.series:
            try:
                told.append(_tell_series(series, study.date, context))
            except RefusedFile as error:
                refused.append(_refusal(series, error))
        answer = Answer(text=DECLINED, status=AnswerStatus.DECLINED) if context.question else None
        gaps = [(slide.series, slide.gap) for slide in told if slide.gap is not None]
        return ToolResult(
            tool=self.name, reader=context.reader.identity.name, answer=answer,
            findings=tuple(finding for slide in told for finding in slide.findings),
            evidence=tuple(item for slide in told for item in slide.evidence),
            refused=(*refused, *(_refusal(series, gap) for series, gap in gaps)),
            warnings=tuple(warning for slide in told for warning in slide.warnings),
            seconds=time.perf_counter() - start)


def _tell_series(series: Series, date: str | None, context: ToolContext) -> Told:
    if series.kind is not FileKind.SLIDE:
        raise RefusedFile(RefusalCode.WRONG_MODALITY, "pathology reads whole slides, and this is none")
    with open_slide(series, context.root, context.limits) as slide:
        reading = read_slide(slide)
        if context.pictures is not None:
            _save_pictures(slide, reading, context.pictures)
        return tell_slide(slide, reading, series, date, context)


def _save_pictures(slide: Slide, reading: SlideReading, folder: Path) -> None:
    save_png(draw_overview(slide, reading), folder / picture_name(slide.file, 0))
    if reading.density is not None:
        for rank, field in enumerate(reading.density.top, 1):
            save_png(draw_field(slide, reading.density, field), folder / picture_name(slide.file, rank))


def _refusal(series: Series, error: RefusedFile) -> Refusal:
    return Refusal(file=series.files[0].path, code=error.code, reason=error.reason)

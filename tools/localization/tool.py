"""The localization tool: every film of a study, measured by itself."""

from __future__ import annotations

import time
from dataclasses import replace

from ...core.case import CaseFile, FileKind, Series, Study
from ...core.errors import RefusedFile
from ...core.refusal import Refusal, RefusalCode
from ...core.result import Answer, AnswerStatus, ToolResult
from ...sources.film import Film, load_film
from ..asked import Said, answer_from, asked_of_image
from ..base import ToolContext, refuse
from ..blanking import blank_question
from ..harvest import Harvest
from .gate import accept, refuse_blank, refuse_header, refuse_view
from .masks import FilmMasks, shows_lungs_bright
from .measure import heart_size
from .read import NOT_ASKED, read_film
from .sides import ToldBy, sides_of
from .telling import Place, Sized, named_boxes, tell_film

DECLINED = "Films are measured only: without a model that reads them, this cannot be answered."
NO_FILM = "No frontal chest film could be read, so this cannot be answered."


class LocalizationTool:
    """Finds lungs, heart and mediastinum on frontal chest films and measures the cardiothoracic ratio; what a model
    reads stands beside it."""

    name = "localization"

    def gate(self, study: Study) -> Refusal | None:
        """Refuse a study without a film, or whose films are all called lateral, oblique or decubitus."""
        films = [series for series in study.series if series.kind is FileKind.FILM]
        if not films:
            return refuse(study, RefusalCode.WRONG_MODALITY, "the localization tool reads chest films; this is none")
        last: RefusedFile | None = None
        for series in films:
            try:
                refuse_view(series.view)
            except RefusedFile as error:
                last = error
            else:
                return None
        return refuse(study, last.code, last.reason) if last else None

    def run(self, study: Study, context: ToolContext) -> ToolResult:
        """Measure each film, and ask a reader that interprets about it.

        Args:
            study: one examination.
            context: where the files lie, who reads, where pictures go; a question is put to a reader that interprets,
                else declined in words.

        Returns:
            Per frontal film: boxes of both lungs, of heart and cardiomediastinum where the heart's borders are seen,
            and the cardiothoracic ratio, measured or indeterminate; beside them what the reader said. Every other file
            is in `refused`.
        """
        start = time.perf_counter()
        context = replace(context, question=blank_question(study, context))
        told = Harvest()
        said: list[Said] = []
        for series in study.series:
            for file in series.files:
                try:
                    said += _measure(_alone(series, file), Place(file, study.date, context), told)
                except RefusedFile as error:
                    told.refuse(file, error)
        return ToolResult(tool=self.name, reader=context.reader.identity.name, answer=_answer(said, context),
                          findings=tuple(told.findings), evidence=tuple(told.evidence), refused=tuple(told.refused),
                          warnings=tuple(dict.fromkeys(told.warnings)), seconds=time.perf_counter() - start)


def _alone(series: Series, file: CaseFile) -> Series:
    return series.model_copy(update={"files": (file,)})


def _measure(series: Series, place: Place, told: Harvest) -> list[Said]:
    """Add what is measured and read on one film; returns what is said to the question."""
    if series.kind is not FileKind.FILM:
        raise RefusedFile(RefusalCode.WRONG_MODALITY, "the file is no chest film")
    refuse_view(series.view)
    film = load_film(series, place.context.root, place.context.limits)
    refuse_header(film)
    refuse_blank(film.pixels)
    masks = _look(film)
    doubt = accept(film, masks)
    film = film.inverted() if shows_lungs_bright(film.pixels, masks) else film
    sides = sides_of(film, masks)
    if sides.mirrored:
        film, masks = film.mirrored(), masks.mirrored()
    film = replace(film, sides_known=sides.told_by is not ToldBy.NOTHING)
    heart = heart_size(film.pixels, masks)
    findings, evidence, warnings = tell_film(film, masks, Sized(heart, sides), place)
    read = read_film(film, named_boxes(film, masks, heart), place)
    told.findings += [*findings, *read.findings]
    told.evidence += [*evidence, *read.evidence]
    told.warnings += [*([doubt] if doubt else []), *warnings, *read.warnings]
    return read.said


def _look(film: Film) -> FilmMasks:
    from .network import shipped_network  # torch takes seconds to import, and many runs see no film
    from .segment import segment_film

    return segment_film(shipped_network(), film.pixels)


def _answer(said: list[Said], context: ToolContext) -> Answer | None:
    if not context.question:
        return None
    if said:
        return answer_from(said, LocalizationTool.name, context.question)
    if not context.reader.identity.interprets:
        return Answer(text=DECLINED, status=AnswerStatus.DECLINED)
    known = asked_of_image(context.question) is not None
    return Answer(text=NO_FILM if known else NOT_ASKED, status=AnswerStatus.DECLINED)

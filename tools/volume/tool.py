"""The volume tool: one series of a CT or MR examination, loaded once and measured."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace

from ...core.case import FileKind, Series, Study
from ...core.errors import RefusedFile
from ...core.refusal import Refusal, RefusalCode
from ...core.result import Answer, AnswerStatus, ToolResult
from ...sources.volume import load_volume
from ..asked import Kind, Said, answer_from, asked_of_image
from ..base import ToolContext, refuse
from ..blanking import blank_question
from .choose import MEASURED_KINDS, Choice, choose_series, is_axial, refuse_series, slices_of
from .ct import tell_ct
from .mr import tell_mr
from .read import NOT_ASKED, read_volume
from .telling import Telling

DECLINED = "Volumes are measured only: without a model that reads them, this cannot be answered."
NO_MODALITY = ("the file names no modality and its values tell none: only its foreground and mean value are measured, "
               "in the file's own units")
NO_VOLUME = "No volume could be shown to a model, so this cannot be answered."


class VolumeTool:
    """Measures lungs, tissues and solid candidates in a CT, foreground and signal in an MR; what a model reads stands
    beside it."""

    name = "volume"

    def gate(self, study: Study) -> Refusal | None:
        """Refuse a study without a CT, MR or other volume."""
        if any(series.kind in MEASURED_KINDS for series in study.series):
            return None
        return refuse(study, RefusalCode.WRONG_MODALITY, "the volume tool reads CT and MR volumes, and this is none")

    def run(self, study: Study, context: ToolContext) -> ToolResult:
        """Measure the best series of the study that can be loaded, and ask a reader that interprets about it.

        Args:
            study: one CT or MR examination.
            context: where the files lie, who reads, where pictures go; a question is put to a reader that interprets,
                else declined in words.

        Returns:
            Findings of one series; every other file of the study is in `refused` with its reason.
        """
        start = time.perf_counter()
        context = replace(context, question=blank_question(study, context))
        choice = choose_series(study, context.root, context.limits)
        refused = [*choice.refused, *_strangers(study)]
        telling, said = None, list[Said]()
        for position, series in enumerate(choice.ranked):
            try:
                telling = _measure(series, study.date, context)
            except RefusedFile as error:
                refused += refuse_series(series, error.code, error.reason)
                continue
            said = read_volume(telling, study)
            refused += telling.volume.left_out
            refused += _not_chosen(choice, position)
            break
        return ToolResult(
            tool=self.name, reader=context.reader.identity.name, answer=_answer(said, context),
            findings=tuple(telling.findings) if telling else (), evidence=tuple(telling.evidence) if telling else (),
            refused=tuple(sorted(refused, key=lambda item: (item.file, item.code))),
            warnings=(*choice.warnings, *(telling.warnings if telling else ())), seconds=time.perf_counter() - start)


def _measure(series: Series, date: str | None, context: ToolContext) -> Telling:
    if series.kind is FileKind.CT and not is_axial(series, context.root, context.limits):
        raise RefusedFile(RefusalCode.WRONG_VIEW, "only axial CT slices are measured, and these are not axial")
    volume = load_volume(series, context.root, context.limits)
    telling = Telling(volume, series, date, context)
    telling.warnings += [f"{series.modality}: {note}" for note in volume.notes]
    if series.kind is FileKind.CT:
        tell_ct(telling)
    else:
        telling.warnings += [NO_MODALITY] if series.kind is FileKind.VOLUME else []
        tell_mr(telling)
    return telling


def _not_chosen(choice: Choice, position: int) -> Iterable[Refusal]:
    used = choice.ranked[position]
    reason = (f"another series of the examination was measured instead: {used.description or 'without a name'}, "
              f"{slices_of(used)} slices")
    return (refusal for series in choice.ranked[position + 1:]
            for refusal in refuse_series(series, RefusalCode.NOT_CHOSEN, reason))


def _strangers(study: Study) -> Iterable[Refusal]:
    """Series of the study that are no volumes."""
    return (refusal for series in study.series if series.kind not in MEASURED_KINDS
            for refusal in refuse_series(series, RefusalCode.WRONG_MODALITY, "the series is no CT or MR volume"))


def _answer(said: list[Said], context: ToolContext) -> Answer | None:
    if not context.question:
        return None
    if said:
        return answer_from(said, VolumeTool.name, context.question)
    if not context.reader.identity.interprets:
        return Answer(text=DECLINED, status=AnswerStatus.DECLINED)
    asked = asked_of_image(context.question)
    known = asked is not None and asked.kind is Kind.PRESENCE
    return Answer(text=NO_VOLUME if known else NOT_ASKED, status=AnswerStatus.DECLINED)

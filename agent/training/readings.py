"""A model's readings that a person corrected or confirmed, as pairs: the pictures and the question of the modality's
recipe, and the answer that the signed words come to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from ...core.case import Case, Study
from ...core.evidence import Evidence
from ...core.finding import Finding, Status
from ...core.report import ReaderIdentity, Report, Section, Sentence, Support
from ...core.result import ToolResult
from ...readers.expect import FreeText, YesNo
from ...readers.reading import Reading, Seconds, Tokens
from ...readers.request import Request
from ...tools.base import Tool, ToolContext
from ..plan import usual_tool
from ..reasons import Reason
from ..verify import verified
from .pair import Pair, provenance
from .prose import Signed, signed_sentences

T = TypeVar("T")
Place = tuple[str, str, str]
"""Tool, SHA-256 of the file, and caption of a piece of evidence: what a model was shown and asked there."""
SHOWN_BY = ("volume", "localization", "pathology")
"""Tools whose questions about pictures are made again."""


class AskedReader:
    """Answers nothing, and keeps what it is asked; each reading's words are the digest of its request.

    Args:
        identity: whose place it takes.
    """

    def __init__(self, identity: ReaderIdentity) -> None:
        self.identity = identity
        self.context: int | None = None
        self.asked: dict[str, Request[Any]] = {}

    def read(self, requests: Sequence[Request[T]]) -> list[Reading[T]]:
        """No answers."""
        self.asked |= {request.sha256: request for request in requests}
        return [Reading(None, "nothing was asked", request.sha256, request.sha256, None, self.identity,
                        Tokens(0, 0, 0), Seconds()) for request in requests]


@dataclass(frozen=True)
class Verdict:
    """What the signed report says of a finding that a model read.

    Args:
        finding: of the model.
        signed: the sentence that tells it.
        answer: what the model should have written; None where the words do not tell.
    """

    finding: Finding
    signed: Signed
    answer: str | None


def reading_pairs(report: Report, case: Case, tools: Mapping[str, Tool], context: ToolContext, *,
                  unedited: bool = False) -> tuple[list[Pair], list[str]]:
    """A pair for each reading whose sentence a person changed.

    The tool runs again on the study with a reader that only keeps what it is asked, so that the pictures and the
    question are those of the recipe. A changed sentence that its finding bears out confirms the reading; one that
    turns presence and absence round corrects it; what any other words mean for it is not guessed.

    Args:
        report: signed.
        case: its files, unchanged.
        tools: shipped ones by name; readings of others are left out.
        context: where the files lie; its reader is not asked.
        unedited: take the readings too that were signed as they were drafted.

    Returns:
        The pairs, and a line for each changed sentence of a reading that made none.
    """
    verdicts = list(_verdicts(report, unedited))
    left_out = [_line(item, "what the new words mean for the model's answer is not known"
                      if item.finding.tool in SHOWN_BY else f"the pictures of {item.finding.tool} are not made again")
                for item in verdicts if item.signed.edit and (item.answer is None or item.finding.tool not in SHOWN_BY)]
    wanted = [item for item in verdicts if item.answer is not None and item.finding.tool in SHOWN_BY]
    if not wanted:
        return [], left_out
    by_id = {item.id: item for item in report.evidence}
    files = {by_id[key].source.file for item in wanted for key in item.finding.evidence}
    asked = _asked_again([study for study in case.studies if files & {file.path for file in study.files}],
                         report, tools, context)
    pairs = []
    for item in wanted:
        request = next((asked[place] for key in item.finding.evidence
                        if (place := _place(item.finding.tool, by_id[key])) in asked), None)
        if request is None or not isinstance(request.expect, YesNo | FreeText) or item.answer is None:
            left_out += [_line(item, "the question could not be made again")] if item.signed.edit else []
            continue
        edits = [item.signed.edit] if item.signed.edit is not None else []
        pairs.append(Pair(request, item.answer, provenance(report, request, edits)))
    return pairs, left_out


def _verdicts(report: Report, unedited: bool) -> Iterable[Verdict]:
    """One for each finding of a model that a chosen sentence tells; the impression repeats what sections tell."""
    known = {item.id: item for item in report.findings}
    told: dict[str, Verdict] = {}
    for sentences in signed_sentences(report).values():
        for signed in sentences:
            if signed.edit is None and (not unedited or signed.sentence.support is not Support.SUPPORTED):
                continue
            for key in signed.sentence.findings:
                finding = known[key]
                if finding.is_read and (key not in told or told[key].signed.edit is None):
                    told[key] = Verdict(finding, signed, _answer(finding, signed, report))
    return told.values()


def _answer(finding: Finding, signed: Signed, report: Report) -> str | None:
    """What the model should have written, in the form that its recipe asks for.

    The words are part of it where they are a person's and about this finding alone.
    """
    sentence, alone = signed.sentence, len(signed.sentence.findings) == 1
    if finding.value is not None and finding.value.text is not None:
        return sentence.text if alone and signed.edit is not None else None
    turned = sentence.support is not Support.SUPPORTED and _turns_round(finding, sentence, report)
    present = {Status.PRESENT: True, Status.ABSENT: False}.get(finding.status)
    if present is None or not (sentence.support is Support.SUPPORTED or turned):
        return None
    final = f"Final Answer: {'yes' if present is not turned else 'no'}"
    return f"{sentence.text}\n{final}" if signed.edit is not None and (alone or turned) else final


def _turns_round(finding: Finding, sentence: Sentence, report: Report) -> bool:
    """Whether all that is wrong with a sentence, held against one finding, is that it says the opposite."""
    one = sentence.model_copy(update={"findings": (finding.id,), "evidence": finding.evidence})
    done = verified([Section(title="", sentences=(one,))], report.findings, report.evidence, mark=True)
    return done.sections[0].sentences[0].reason == Reason.PRESENCE


def _asked_again(studies: Sequence[Study], report: Report, tools: Mapping[str, Tool],
                 context: ToolContext) -> dict[Place, Request[Any]]:
    """What a model is asked about the studies, by the evidence that its answers would be."""
    found: dict[Place, Request[Any]] = {}
    for study in studies:
        reader, name = AskedReader(report.reader), usual_tool(study)
        if name not in tools:
            continue
        result: ToolResult = tools[name].run(study, replace(context, reader=reader, question=report.question,
                                                            pictures=None, exports=None))
        found |= {_place(name, item): reader.asked[item.raw_answer] for item in result.evidence
                  if item.raw_answer in reader.asked}
    return found


def _place(tool: str, shown: Evidence) -> Place:
    return tool, shown.source.sha256, shown.caption


def _line(item: Verdict, reason: str) -> str:
    where = item.signed.edit.at if item.signed.edit is not None else "unchanged"
    return f"{item.finding.name} as read by {item.finding.reader}, {where}: {reason}"

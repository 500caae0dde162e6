"""Sections of a signed report as pairs: the prompt of the prose recipe with its findings, and the signed sentences."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...core.report import Edit, Report, Section, Sentence, SentenceKind, Support
from ...readers.expect import Unparsed
from ...readers.recipes.prose import prose_request
from ..phrases import counts_only
from ..worded import KEPT_AS_THEY_ARE, told_findings
from .pair import Pair, provenance


@dataclass(frozen=True)
class Signed:
    """A sentence of a signed report, with the last edit that gave it its words, None where nobody changed it."""

    sentence: Sentence
    edit: Edit | None


def signed_sentences(report: Report) -> dict[str, list[Signed]]:
    """The sentences of each section that states findings, by its title."""
    made = {(edit.section, edit.after): edit for edit in report.edits}
    return {section.title: [Signed(sentence, made.get((section.title, sentence.text)))
                            for sentence in section.sentences] for section in report.sections}


def prose_pairs(report: Report, *, unedited: bool = False) -> tuple[list[Pair], list[str]]:
    """One pair for each section in which a person changed sentences.

    A prompt lists the findings of the answer's sentences and no others, so that the answer states every one of them.
    Words that the sentence's findings do not bear out teach a model to invent: they are left out.

    Args:
        report: signed.
        unedited: take the sentences too that were signed as they were drafted, and sections without a change.

    Returns:
        The pairs, and a line for each changed sentence that made none of this recipe.
    """
    pairs, left_out = [], [f"prose, {edit.section}, {edit.at}: the sentence was taken out; there are no words to learn"
                           for edit in report.edits if edit.after is None]
    everything = signed_sentences(report)
    for section in report.sections:
        if section.title in KEPT_AS_THEY_ARE:
            continue
        chosen = [item for item in everything[section.title] if item.edit is not None or (unedited and tells(item))]
        if not any(unedited or item.edit for item in chosen):
            continue
        fit, unfit = _fitting(section, chosen, report)
        left_out += unfit
        if fit:
            pair = _pair(section, fit, report)
            left_out += [pair] if isinstance(pair, str) else []
            pairs += [pair] if isinstance(pair, Pair) else []
    return pairs, left_out


def tells(item: Signed) -> bool:
    """Whether a sentence states findings that bear it out; one that only counts does not."""
    sentence = item.sentence
    supported = sentence.support is Support.SUPPORTED and sentence.kind is not SentenceKind.LIMITATION
    return supported and bool(sentence.findings) and not counts_only(sentence)


def _listed(section: Section, report: Report) -> dict[str, str]:
    """The id under which the prose recipe lists each finding: the first of those that say the same."""
    return {item.id: twins[0].id for twins in told_findings(section, report) for item in twins}


def _fitting(section: Section, chosen: Sequence[Signed], report: Report) -> tuple[list[Signed], list[str]]:
    listed = _listed(section, report)
    fit, unfit = [], []
    for item in chosen:
        reason = _unfit(item, listed)
        if reason is None:
            fit.append(item)
        elif item.edit is not None:
            unfit.append(f"prose, {section.title}, {item.edit.at}: {reason}")
    return fit, unfit


def _unfit(item: Signed, listed: Mapping[str, str]) -> str | None:
    if item.sentence.support is not Support.SUPPORTED:
        return f"the new words are not borne out by the findings ({item.sentence.reason})"
    if not item.sentence.findings:
        return "the sentence states no finding"
    if not set(item.sentence.findings) <= listed.keys():
        return "it states findings that the prompt of its section does not list"
    return None


def _pair(section: Section, chosen: Sequence[Signed], report: Report) -> Pair | str:
    """The pair, or why there is none."""
    listed = _listed(section, report)
    known = {item.id: item for item in report.findings}
    told = [{"text": item.sentence.text, "findings": list(dict.fromkeys(listed[key] for key in item.sentence.findings))}
            for item in chosen]
    named = {key for one in told for key in one["findings"]}
    findings = [known[key] for key in dict.fromkeys(listed.values()) if key in named]
    request = prose_request(section.title, findings, scope=report.case.patient)
    answer = json.dumps(told, ensure_ascii=False)
    try:
        request.expect.parse(answer)
    except Unparsed as reason:
        return f"{section.title}: its sentences are none that the recipe could answer with ({reason})"
    edits = [item.edit for item in chosen if item.edit is not None]
    return Pair(request, answer, provenance(report, request, edits))

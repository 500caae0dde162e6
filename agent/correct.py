"""A sentence put right: said again from its findings, or with only the citations that it states."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ..core.finding import Category, Finding
from ..core.report import Outcome, Sentence
from ..report.wording import by_number
from .compose_change import change_text
from .compose_labs import lab_sentence
from .compose_records import record_item
from .facts import Facts, Known
from .phrases import cited, findings_sentences, shown
from .reasons import Reason

MOST_FINDINGS = 3
"""A sentence that cites more is removed, not said again: the sections' lists hold what it was about."""
CORRECTABLE = frozenset({Reason.SIDE, Reason.NUMBER, Reason.DATE, Reason.FLAG, Reason.CHANGE, Reason.TOO_CERTAIN,
                         Reason.CERTAINTY, Reason.PRESENCE})
"""Reasons for which the finding itself is named rightly, so that its own sentence can stand in the place."""


def corrected(sentence: Sentence, reason: Reason, known: Known) -> Sentence | None:
    """The sentence of its findings in the place of one that says something of them wrongly.

    Args:
        sentence: what is not supported; its citations exist.
        reason: why.
        known: findings and evidence.

    Returns:
        None where the reason is none that saying it again puts right, or it cites many findings.
    """
    if reason not in CORRECTABLE or not 0 < len(sentence.findings) <= MOST_FINDINGS:
        return None
    findings = [known.facts[key].finding for key in sentence.findings]
    changed = [item for item in findings if item.change is not None]
    told = [item for item in findings if item.change is not None or not any(_is_of(item, other) for other in changed)]
    fresh = [_said(item, known) for item in told]
    ids = {item.id for item in told}
    return sentence.model_copy(update={
        "text": " ".join(item.text for item in fresh), "findings": by_number(ids),
        "evidence": by_number({key for item in fresh for key in item.evidence}),
        "outcome": Outcome.CORRECTED, "reason": reason.value, "written": sentence.text})


def _is_of(finding: Finding, change: Finding) -> bool:
    """Whether a change tells what a finding of one of its two examinations tells."""
    return (finding.name, finding.laterality) == (change.name, change.laterality)


def _said(finding: Finding, known: Known) -> Sentence:
    if finding.change is not None:
        return cited(change_text(finding, known), (finding,))
    if finding.category is Category.LAB and not finding.is_read:
        return lab_sentence([finding])
    if finding.category is Category.RECORD:
        return cited(f"{shown(record_item(finding))}.", (finding,))
    return findings_sentences([finding])[0]


def narrowed(sentence: Sentence, stated: Collection[str], cited_facts: Sequence[Facts]) -> Sentence:
    """The sentence with the citations of the findings that it states; as it is where it states them all."""
    if set(sentence.findings) <= set(stated):
        return sentence
    places = {key for facts in cited_facts if facts.finding.id in stated for key in facts.evidence_ids}
    return sentence.model_copy(update={
        "findings": by_number(set(sentence.findings) & set(stated)),
        "evidence": by_number(set(sentence.evidence) & places), "outcome": Outcome.CORRECTED,
        "reason": Reason.CITATION_TAKEN_OFF.value})

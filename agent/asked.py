"""The question of a review: its parts answered one by one from the report, by the rules that drive the chat.

A question put to a review and one put to the chat so get one answer. Nothing is measured anew for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ..core.report import Report
from ..core.result import Answer, AnswerStatus, CitedSentence
from .answers import merged
from .chat.context import ChatContext
from .chat.graph import ChatLimits
from .chat.history import History
from .chat.rules_model import RulesChatModel
from .chat.session import Chat
from .compose_change import change_sentences, weight

MOST_PARTS = 4
SECONDS = 60.0
"""For one part; rules take well under a second."""
_ASKING = (r"(?:is|are|was|were|has|have|had|does|do|did|can|could|will|would|should|may(?= [a-z])(?! of\b)|what|which"
           r"|how|when|who|where|why)")
"""Words that begin a question; `May` before a number or at the end is the month."""
_BETWEEN = re.compile(rf"(?:\?\s*(?:and\s+)?|;\s*(?:and\s+)?|,?\s+and(?:\s+also)?\s+|,\s+)(?={_ASKING}\b)",
                      re.IGNORECASE)
_FIRST = re.compile(rf"\s*{_ASKING}\b", re.IGNORECASE)
_POINTS_BACK = re.compile(r"\b(?:it|its|they|their|them|this|that|these|those|one|ones|so)\b", re.IGNORECASE)

_DISEASE = re.compile(
    r"\b(?:lungs?|chest|pulmonary|thoracic)\b[^?]*\b(?:disease|illness|findings?|lesions?|abnormalit(?:y|ies))\b"
    r"[^?]*\b(?:chang|progress|advanc|gr[eo]w|worse|improv|regress|stable|evolv)", re.IGNORECASE)
"""Asks for whatever changed in the lungs, by no name of its own."""
_LUNGS = ("lung", "pulmon", "opacity", "pleura", "airway")
MOST_CHANGES = 6


def parts_of(question: str) -> tuple[str, ...]:
    """The questions that one question is made of, each a question by itself; itself where a part would point back to
    another ("what was it, and when was it measured?"), or there are too many."""
    parts = [part.strip(" ?;,") for part in _BETWEEN.split(question) if part.strip(" ?;,")]
    apart = 1 < len(parts) <= MOST_PARTS and all(
        _FIRST.match(part) and (n == 0 or not _POINTS_BACK.search(part)) for n, part in enumerate(parts))
    return tuple(f"{part[:1].upper()}{part[1:]}?" for part in parts) if apart else (question,)


def answered(question: str, ask: Callable[[str], Answer]) -> Answer:
    """All parts' answers as one; a part that has none is named with the reason.

    Args:
        question: of one part or several.
        ask: the answer to one part.
    """
    told = [(part, ask(part)) for part in parts_of(question)]
    if len(told) == 1:
        return told[0][1]
    known = merged(answer for _, answer in told)
    missing = [f"“{part}” was not answered: {answer.text}" for part, answer in told
               if answer.status is not AnswerStatus.ANSWERED]
    if known is None or known.status is not AnswerStatus.ANSWERED:
        return told[0][1].model_copy(update={"text": " ".join(missing)})
    return known.model_copy(update={"text": " ".join([known.text, *missing])})


def of_case(question: str, chat: Chat) -> Answer:
    """The answer of a chat to a question of one part or several."""
    return answered(question, lambda part: _lungs_changed(part, chat.context) or chat.ask(part))


def _lungs_changed(question: str, context: ChatContext) -> Answer | None:
    """What changed in the images of the lungs, the weightiest first; None where that is not asked or nothing was
    compared."""
    if not _DISEASE.search(question):
        return None
    changes = [item for item in sorted(context.report.findings, key=weight)
               if item.change is not None and not context.material.is_lab(item)
               and any(word in f"{item.name} {item.site or ''}".casefold() for word in _LUNGS)]
    told = change_sentences(changes, context.material)[0][:MOST_CHANGES]
    keys = dict.fromkeys(key for sentence in told for key in sentence.evidence)
    return Answer(text=" ".join(sentence.text for sentence in told), status=AnswerStatus.ANSWERED,
                  sentences=tuple(CitedSentence(text=one.text, evidence=one.evidence) for one in told),
                  evidence=tuple(context.material.evidence_by_id[key] for key in keys)) if told else None


def settled_answer(report: Report, context: ChatContext) -> Answer | None:
    """The report's answer, where it has none to its question the one that the rules of the chat give.

    Args:
        report: the draft, its answer from the record alone and from what the tools were asked.
        context: of a chat about it, in which nothing can be measured anew.
    """
    question, given = report.question, report.answer
    whole = question is None or len(parts_of(question)) == 1
    if question is None or given is None or (given.status is AnswerStatus.ANSWERED and (
            whole or report.reader.interprets)):
        return given
    chat = Chat(context=context, model=RulesChatModel(context=context), history=History(None),
                limits=ChatLimits(seconds=SECONDS))
    fresh = of_case(question, chat)
    known = {item.id for item in report.evidence}
    of_this_case = AnswerStatus.ANSWERED in (fresh.status, given.status) or given.status is AnswerStatus.DECLINED
    stands = (of_this_case or not whole) and {item.id for item in fresh.evidence} <= known
    return fresh.model_copy(update={"raw_answer": given.raw_answer}) if stands else given

"""Answers of several tools and studies to one question, as one."""

from __future__ import annotations

from collections.abc import Iterable

from ..core.result import Answer, AnswerStatus


def merged(answers: Iterable[Answer | None]) -> Answer | None:
    """Those that answer, one after the other; None for none at all.

    Where none answers: the first of the others, one that says on what evidence before one that does not. A value
    stands only where a single answer gives one; of what models wrote nothing is lost.
    """
    given = list(dict.fromkeys(answer.model_dump_json() for answer in answers if answer is not None))
    known = [Answer.model_validate_json(text) for text in given]
    useful = [answer for answer in known if answer.status is AnswerStatus.ANSWERED]
    if len(useful) < 2:
        return next(iter(useful or sorted(known, key=lambda answer: not answer.evidence)), None)
    shown = {item.id: item for answer in useful for item in answer.evidence}
    values = [answer.value for answer in useful if answer.value is not None]
    raw = [answer.raw_answer for answer in useful if answer.raw_answer is not None]
    return Answer(
        text=" ".join(answer.text for answer in useful), status=AnswerStatus.ANSWERED,
        value=values[0] if len(values) == 1 else None, raw_answer="\n".join(raw) or None,
        sentences=tuple(sentence for answer in useful for sentence in answer.sentences),
        evidence=tuple(shown.values()), steps=tuple(step for answer in useful for step in answer.steps))

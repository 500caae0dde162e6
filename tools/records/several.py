"""Questions about several things at once, "diabetes and asthma": each is answered alone, then all together."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from ...core.result import Answer, AnswerStatus, AnswerValue
from .intents import thing
from .phrasing import Cited, answered

_JOINED = re.compile(r"\s*(?:,\s*(?:and|or)\b|,|\b(?:and|or|nor)\b)\s*")
MOST_THINGS = 6


def parts_of(about: str) -> tuple[str, ...]:
    """The things that are named together; nothing where there is only one."""
    parts = tuple(dict.fromkeys(filter(None, map(thing, _JOINED.split(about)))))
    return parts if 1 < len(parts) <= MOST_THINGS else ()


def asked_one_by_one(question: str, about: str, ask: Callable[[str], Answer]) -> Answer | None:
    """The answer to a question about several things; None where they are not several or none of them is answered.

    Of "A and B" it is yes where both are so and no where one is not; of "A or B" yes where one is so and no where none
    is. A thing that the case does not hold leaves both open.

    Args:
        question: as asked.
        about: the things, as the question names them.
        ask: the answer about one of them.
    """
    answers = [(part, ask(part)) for part in parts_of(about)]
    known = [answer for _, answer in answers if answer.status is AnswerStatus.ANSWERED]
    if not known:
        return None
    shown = {item.id: item for answer in known for item in answer.evidence}
    said: list[Cited] = [(one.text, [shown[key] for key in one.evidence]) for answer in known
                         for one in answer.sentences]
    missing = [part for part, answer in answers if answer.status is not AnswerStatus.ANSWERED]
    if missing:
        said.append((f"Nothing named {' or '.join(missing)} is on record, which does not rule it out.",
                     list(shown.values())))
    verdict = _together([answer.value.text if answer.value else None for _, answer in answers],
                        every=re.search(r"\bor\b", about) is None)
    dates = [answer.value.date for answer in known if answer.value and answer.value.date]
    return answered(question, said, AnswerValue(text=verdict, date=max(dates, default=None)))


def _together(verdicts: Sequence[str | None], *, every: bool) -> str:
    """One verdict of several; `None` among them is what is not known."""
    settling, other = ("no", "yes") if every else ("yes", "no")
    if settling in verdicts:
        return settling
    return other if all(verdict == other for verdict in verdicts) else "uncertain"

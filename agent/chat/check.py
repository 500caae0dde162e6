"""Whether a sentence of an answer may stand: it is a tool's own, or the report's rules hold it against its evidence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import combinations

from ...core.report import Sentence, SentenceKind, Support
from ..facts import Known
from ..verify import objection
from .told import Saying, Told

_CITED = re.compile(r"\s*\[([ER]\d+(?:\s*,\s*[ER]\d+)*)\]\.?\s*$")
MOST_TOGETHER = 3
"""Findings that one sentence of a model may state together and still be checked."""


def sayings_of(text: str) -> list[Saying]:
    """Lines of an answer with the evidence that each cites in brackets at its end."""
    found = []
    for line in filter(None, (line.strip().removeprefix("- ") for line in text.splitlines())):
        cited = _CITED.search(line)
        ids = tuple(dict.fromkeys(re.split(r"\s*,\s*", cited.group(1)))) if cited else ()
        found.append(Saying(line[:cited.start()] if cited else line, ids))
    return found


def unsupported(saying: Saying, told: Iterable[Told], known: Known) -> str:
    """Why a sentence may not stand; empty when it may.

    Args:
        saying: the sentence with its citations.
        told: results of this turn; their own sentences stand as they are.
        known: findings and evidence of the report.
    """
    if any(saying.text == own.text and saying.evidence == own.evidence for one in told for own in one.sayings):
        return ""
    if not saying.evidence:
        return "it cites no evidence"
    if any(key not in known.evidence for key in saying.evidence):
        return "it cites evidence that does not exist"
    return _objection(saying, known)


def _objection(saying: Saying, known: Known) -> str:
    given = set(saying.evidence)
    near = [facts.finding.id for facts in known.facts.values() if given & facts.evidence_ids]
    reason = "it says more than its evidence"
    for size in range(1, min(MOST_TOGETHER, len(near)) + 1):
        for findings in combinations(near[:24], size):
            reason = objection(_sentence(saying, findings), known)
            if not reason:
                return ""
    return reason


def _sentence(saying: Saying, findings: Sequence[str]) -> Sentence:
    return Sentence(text=saying.text, evidence=saying.evidence, findings=tuple(findings), kind=SentenceKind.FINDING,
                    support=Support.SUPPORTED)

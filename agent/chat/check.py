"""Whether a sentence of an answer may stand: it is a tool's own, or the report's rules hold it against its evidence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, islice

from ...core.report import Sentence, SentenceKind, Support
from ...report.wording import id_number
from ...tools.records.matching import fold, words_of
from ..facts import Known
from ..verify import objection
from .told import Saying, Told

_CITED = re.compile(r"\s*\[([ER]\d+(?:\s*,\s*[ER]\d+)*)\]\.?\s*$")
MOST_TOGETHER = 3
"""Findings that one sentence of a model may state together and still be checked."""
MOST_READINGS = 200
"""Sets of findings that one sentence is held against."""


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
    reason = "it says more than its evidence"
    for findings in readings(saying, known):
        reason = objection(_sentence(saying, findings), known)
        if not reason:
            return ""
    return reason


def readings(saying: Saying, known: Known) -> Iterator[tuple[str, ...]]:
    """The sets of findings that a sentence may state, the likeliest first, `MOST_READINGS` at most.

    A sentence names what it states and cites all evidence of it, so a set counts only when the sentence holds a word of
    each finding's name and the set has every piece of evidence that is cited. Sets whose names have more words in the
    sentence come first.
    """
    given, said = set(saying.evidence), set(words_of(fold(saying.text)))
    near = []
    for facts in known.facts.values():
        shared = max((len(said & set(words_of(name))) for name in facts.names), default=0)
        if shared and given & facts.evidence_ids:
            near.append((shared, facts))
    near.sort(key=lambda pair: (-pair[0], id_number(pair[1].finding.id)))
    sets = (some for size in range(1, MOST_TOGETHER + 1) for some in combinations([facts for _, facts in near], size))
    whole = (some for some in sets if given <= set().union(*(facts.evidence_ids for facts in some)))
    return islice((tuple(facts.finding.id for facts in some) for some in whole), MOST_READINGS)


def _sentence(saying: Saying, findings: Sequence[str]) -> Sentence:
    return Sentence(text=saying.text, evidence=saying.evidence, findings=tuple(findings), kind=SentenceKind.FINDING,
                    support=Support.SUPPORTED)

"""Questions that rules cannot answer, put to a model with the condensed record; its words count only as far as the
record bears them out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ...core.case import Identity
from ...core.errors import ReaderFailed
from ...core.evidence import Evidence
from ...core.finding import Category, Finding
from ...core.result import Answer, AnswerStatus
from ...readers.protocol import Reader
from ...readers.recipes.chart import MOST_TOKENS
from ...readers.recipes.record import condense_numbered, record_request
from ..blanking import blank_text
from .entries import Entries, Entry
from .intents import AmbiguousDate, understand
from .phrasing import Cited, answered, declined, event, result, standing, value_of
from .questions import answer_question
from .support import support_of

_NUMBERS = re.compile(r"\s*\[\d{1,6}(?:\s*[,;]\s*\d{1,6})*\]")
BESIDE_THE_RECORD = 1500
"""Tokens for the words around the record, the question, and the answer (500)."""


def answer_with_reader(question: str, findings: Iterable[Finding], evidence: Iterable[Evidence], reader: Reader,
                       scope: str, people: Sequence[Identity]) -> Answer:
    """Answer by rules where they can, else by a model as far as the record bears its words out.

    Rules are exact and come first; what a model read of images is no entry of the record. Questions for advice, and
    dates that read two ways, go to no model.

    Args:
        question: in English words.
        findings: of one patient, of any tools.
        evidence: all evidence that the findings cite.
        reader: asked only where it interprets and rules know no such question.
        scope: opaque patient.
        people: whose names, numbers and birth dates are blanked in record and question, from `people_of`.

    Returns:
        As `answer_question`; an answer by the model names it, cites the entries that hold its words, and keeps the
        words as `raw_answer`. Where the record does not bear them out: `declined`, the words kept likewise.
    """
    findings, evidence = tuple(findings), tuple(evidence)
    by_rules = answer_question(question, [finding for finding in findings if not finding.is_read], evidence)
    if not reader.identity.interprets or by_rules.status is not AnswerStatus.DECLINED or _is_known(question):
        return by_rules
    shown = [finding for finding in findings if finding.category in {Category.RECORD, Category.LAB}
             and not finding.is_read]
    if not shown:
        return by_rules
    name = reader.identity.name
    try:
        record = condense_numbered(shown, evidence, most_tokens=_most_tokens(reader))
        reading = reader.read([record_request(blank_text(record.text, people), blank_text(question, people),
                                              scope=scope, numbered=True)])[0]
    except ReaderFailed as error:
        return declined(question, f"{name} did not answer: {error}")
    except ValueError as error:
        return declined(question, f"{name} was not asked: {error}")
    if reading.value is None:
        said = declined(question, f"{name} gave no usable answer: {reading.problem}")
    else:
        words, numbers = _parted(reading.value)
        named = {key for number in numbers for key in record.items.get(number, ())}
        pools = [Entries([finding for finding in shown if finding.id in named], evidence), Entries(shown, evidence)]
        said = _borne_out(question, words, pools if named else pools[1:], name)
    return said.model_copy(update={"raw_answer": reading.answer})


def _is_known(question: str) -> bool:
    """Whether rules know the kind of question, or why it has no answer."""
    try:
        return understand(question) is not None
    except AmbiguousDate:
        return True


def _most_tokens(reader: Reader) -> int:
    """What the reader's context leaves for the record."""
    return MOST_TOKENS if reader.context is None else min(MOST_TOKENS, reader.context - BESIDE_THE_RECORD)


def _parted(answer: str) -> tuple[str, list[int]]:
    """An answer's words, and the numbers of the entries it says that it rests on."""
    return _NUMBERS.sub("", answer).strip(), [int(number) for found in _NUMBERS.findall(answer)
                                              for number in re.findall(r"\d+", found)]


def _borne_out(question: str, words: str, pools: Sequence[Entries], name: str) -> Answer:
    """The model's words with what bears them out: entries that it names, else any of the record."""
    supports = [support_of(words, entries) for entries in pools]
    support = next((one for one in supports if one.gap is None), supports[-1])
    if support.gap is not None:
        return declined(question, f"{name} answered from the record, but {support.gap}; so its words are kept as the "
                                  "raw answer and not taken for one.")
    told = [_told(entry) for entry in support.entries]
    cited = tuple(item for _, items in told for item in items)
    lead = f'{name}, shown the record, answers: "{" ".join(words.split())}" The record says:'
    only = value_of(support.entries[0]) if len(support.entries) == 1 else None
    return answered(question, [(lead, cited), *told], only)


def _told(entry: Entry) -> Cited:
    """The record's own words about an entry."""
    if entry.finding.value is not None and entry.finding.category is Category.LAB:
        return result(entry)
    if entry.kind in {"Procedure", "Encounter", "Immunization", "DiagnosticReport"}:
        return event(entry)
    text, shown = standing(entry)
    return text, (*shown, *(item for item in entry.evidence if item not in shown))

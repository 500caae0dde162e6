"""A section of the report in the model's words: from structured findings and nothing else.

Every sentence names the findings that it states; decoding is held to the ids given, and so is reading. What a
sentence says is still to be verified against its findings before it may stand in a report.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, create_model

from ...core.finding import Assertion, Change, Finding, Status, Value
from ...prompts.loader import load_templates
from ..expect import Json
from ..request import Request
from .amounts import amount, flag_of, number_text, unit_of
from .plain import plain, term

MOST_FINDINGS = 100
"""Of one section; more would lead to a section that nobody checks."""
MOST_SENTENCES = 24
MOST_LETTERS = 400
"""Of one sentence."""

TOOL = "report"
RECIPE = "prose/1"
TOKENS_OF_A_FINDING = 80
"""For a sentence of thirty words, its ids and the signs of JSON around them."""
MOST_TOKENS = 2000
"""Of the answer, however many findings there are."""


class TaggedSentence(BaseModel):
    """One sentence and the ids of the findings that it states, at least one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: Annotated[str, Field(min_length=1, max_length=MOST_LETTERS)]
    findings: Annotated[list[str], Field(min_length=1)]


def prose_request(title: str, findings: Sequence[Finding], *, scope: str) -> Request[list[TaggedSentence]]:
    """The sentences of one section.

    Args:
        title: of the section.
        findings: what it may state, in order; all of one patient.
        scope: opaque patient.

    Returns:
        A request whose answer names no other ids than those of `findings`; that each finding is stated, and stated
        truly, is not known from the form and is for the verifier.

    Raises:
        ValueError: no title, no finding, more than `MOST_FINDINGS`, an id twice, or findings of several patients.
    """
    ids = tuple(finding.id for finding in findings)
    if not 1 <= len(ids) <= MOST_FINDINGS or len(set(ids)) < len(ids):
        raise ValueError(f"a section needs 1 to {MOST_FINDINGS} different findings, not {len(ids)}")
    if len({finding.patient for finding in findings}) > 1:
        raise ValueError("a section is about one patient, not about several")
    texts = load_templates("prose")
    listed = "\n".join(texts["finding"].fill(id=plain(finding.id), words=finding_words(finding))
                       for finding in findings)
    words = texts["section"].fill(title=term(title, "a section's title"), findings=listed)
    return Request(TOOL, RECIPE, (words,), Json(sentences_about(ids)), scope,
                   min(MOST_TOKENS, TOKENS_OF_A_FINDING * (len(ids) + 1)))


def sentences_about(ids: Sequence[str]) -> TypeAdapter[list[TaggedSentence]]:
    """The type of a section's answer: its sentences may name these ids alone."""
    an_id: Any = Literal[tuple(ids)]
    fields: dict[str, Any] = {"findings": (list[an_id], Field(min_length=1, max_length=len(ids)))}
    model: Any = create_model("TaggedSentence", __base__=TaggedSentence, **fields)
    section: Any = Annotated[list[model], Field(min_length=1, max_length=min(MOST_SENTENCES, 2 * len(ids)))]
    return TypeAdapter(section)


def finding_words(finding: Finding) -> str:
    """All that a sentence may say of a finding, in one line: `Pleural effusion; side: left; status: present; ...`."""
    side = finding.laterality
    said = {"side": side, "site": finding.site, "status": _status(finding),
            "value": _value(finding.value) if finding.value else None,
            "change": _change(finding.change, finding.value) if finding.change else None,
            "date": (finding.date or "")[:10]}
    return "; ".join([plain(finding.name), *(f"{key}: {plain(text)}" for key, text in said.items() if text)])


def _status(finding: Finding) -> str:
    """Status and assertion; a measured value or an affirmed finding needs no second word."""
    texts = load_templates("prose")
    words = [] if finding.status is Status.MEASURED else [texts[f"status_{finding.status}"].text]
    if finding.assertion is not Assertion.AFFIRMED:
        words.append(texts[f"said_{finding.assertion}"].text)
    return ", ".join(words)


def _value(value: Value) -> str:
    flag = flag_of(value)
    extra = [f"flag {flag}" if flag else "", f"range {value.range_text}" if value.range_text else ""]
    return ", ".join(filter(None, [f"{amount(value)} {unit_of(value)}".strip(), *extra]))


def _change(change: Change, value: Value | None) -> str:
    unit = unit_of(value) if value else ""
    numbers = {"from": change.from_, "to": change.to, "by": change.delta}
    said = [f"{key} {number_text(number)} {unit}".strip() for key, number in numbers.items() if number is not None]
    days = [] if change.interval_days is None else [f"over {change.interval_days} days"]
    return " ".join([str(change.direction), *said, *days])

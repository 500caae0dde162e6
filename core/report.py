"""The report and the timeline as other programs see them (schema `caseloom.report/1`)."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Literal

from pydantic import ConfigDict, Field

from .case import FileKind
from .evidence import Evidence
from .finding import Finding
from .ids import content_id
from .refusal import Refusal
from .result import Answer
from .shown import report_html
from .words import Word


class ReportStatus(StrEnum):
    DRAFT = "draft"
    SIGNED = "signed"
    REJECTED = "rejected"


class SentenceKind(StrEnum):
    FINDING = "finding"
    COMPARISON = "comparison"
    IMPRESSION = "impression"
    LIMITATION = "limitation"


class Support(StrEnum):
    SUPPORTED = "supported"
    UNSUPPORTED = "unsupported"


class Precision(StrEnum):
    YEAR = "year"
    MONTH = "month"
    DAY = "day"
    TIME = "time"


class ReaderIdentity(Word):
    """Who interprets."""

    name: str
    model: str | None = None
    """Hub id or name of the model, never a path."""
    revision: str | None = None
    interprets: bool
    dtype: str | None = None
    """Numeric type that the model computes in, as torch calls it."""
    weights_sha256: str | None = None
    """Digest of the weights and of the configuration, tokenizer, chat template and image settings beside them; None
    where they cannot be seen, as behind a server."""
    adapters: dict[str, str] = Field(default_factory=dict)
    """SHA-256 of the adapter's weights, by the tool that reads with it."""
    origin: str | None = Field(default=None, exclude=True)
    """Digest of where the answers come from (a server's address, a recording's content); no part of a report."""
    unfit: str | None = Field(default=None, exclude=True)
    """Why this reader may not write a report, one line; None when it may."""


class CaseIdentity(Word):
    id: str
    """Digest of the sorted file digests and case.yaml."""
    patient: str
    """Opaque."""


class Outcome(StrEnum):
    """What the check of a sentence came to."""

    SUPPORTED = "supported"
    CORRECTED = "corrected"
    """Its text, or its citations, were put right from its findings."""
    MARKED = "marked"
    """It stays, as unsupported."""
    REMOVED = "removed"


class Sentence(Word):
    text: str
    evidence: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    kind: SentenceKind
    support: Support
    outcome: Outcome = Outcome.SUPPORTED
    reason: str | None = None
    """Why it was corrected or marked; None where it stands as it was written."""
    written: str | None = None
    """Its text before a correction; None where that did not change."""
    read_by: str | None = None
    """The model whose reading it tells without naming the model; every written form names it beside the text."""
    worded_by: str | None = None
    """The model that wrote it from its findings; None for the templates' words and a person's."""


class LeftOut(Word):
    """A sentence that was removed, and why; it is no statement of the report."""

    section: str
    text: str
    findings: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    kind: SentenceKind
    outcome: Literal[Outcome.REMOVED] = Outcome.REMOVED
    reason: str


class Section(Word):
    title: str
    sentences: tuple[Sentence, ...]


class TimelineEvent(Word):
    """One dated fact. Corrections add an event that names what it supersedes."""

    id: str
    kind: str
    """A finding's category, or `study` for an examination that took place."""
    text: str
    occurred_at: str | None
    """ISO 8601, as precise as `precision`; None when the source gives no date."""
    precision: Precision | None
    recorded_at: str | None = None
    evidence: tuple[str, ...]
    supersedes: str | None = None
    """Id of the event that this one corrects."""
    analyte: str | None = None
    """Name of what was measured, seen or recorded."""
    code: str | None = None
    """Its code, where the source gives one."""
    site: str | None = None
    """Where in the body, the patient's side included."""
    origin: str | None = None
    """The one record entry that says it, such as `Observation/123`; None where several sources do."""


class ReviewedSeries(Word):
    """A series, or one document, slide or record file."""

    uid: str
    """SeriesInstanceUID, or `sha256:` and the digest."""
    modality: str
    description: str = ""
    files: int


class ReviewedStudy(Word):
    """An examination, document or record that the case holds."""

    id: str
    uid: str
    """StudyInstanceUID, or `sha256:` and the digest."""
    kind: FileKind
    modality: str
    date: str | None
    description: str = ""
    body_part: str | None = None
    series: tuple[ReviewedSeries, ...]


class Conflict(Word):
    """Two sources that disagree; neither is chosen silently."""

    text: str
    findings: tuple[str, ...]
    evidence: tuple[str, ...]


class Signature(Word):
    """A person's decision, bound to what the report says."""

    name: str
    """As given."""
    account: str
    """As it is: the operating system's or the server's name of the caller."""
    signed_at: str
    content_sha256: str
    reason: str | None = None
    """Why a draft was rejected."""


class Edit(Word):
    """A sentence that a person changed; the report holds what it says now, checked like every other."""

    at: str
    """`s-2-3` for the third sentence of the second section, as it stood then."""
    section: str
    before: str
    after: str | None
    """None where the sentence was taken out."""
    objection: str | None = None
    """Why the new words are not supported by the sentence's findings; None when they are."""
    name: str
    account: str
    edited_at: str


class Addendum(Word):
    """What was added after signing; the signed report stays as it is."""

    text: str
    name: str
    account: str
    added_at: str
    content_sha256: str
    """Of what was signed, the addenda before this one, and this one's text."""


class Report(Word):
    schema_: Literal["caseloom.report/1"] = Field(default="caseloom.report/1", alias="schema",
                                                  serialization_alias="schema")
    status: ReportStatus = ReportStatus.DRAFT
    case: CaseIdentity
    question: str | None = None
    answer: Answer | None = None
    reader: ReaderIdentity
    studies: tuple[ReviewedStudy, ...] = ()
    """Everything that was given to a tool, by date."""
    sections: tuple[Section, ...]
    findings: tuple[Finding, ...]
    evidence: tuple[Evidence, ...]
    timeline: tuple[TimelineEvent, ...]
    not_read: tuple[Refusal, ...]
    left_out: tuple[LeftOut, ...] = ()
    """Sentences that their evidence does not support, with the reason; none of them is a statement of the report."""
    conflicts: tuple[Conflict, ...] = ()
    warnings: tuple[str, ...] = ()
    model_answered: bool | None = None
    """Whether a model answered anything: False where one was asked and never did, None where none was asked."""
    provenance: dict[str, Any]
    version: int = 1
    """Grows with every edit."""
    edits: tuple[Edit, ...] = ()
    signature: Signature | None = None
    addenda: tuple[Addendum, ...] = ()

    model_config = ConfigDict(populate_by_name=True)

    def _repr_html_(self) -> str:
        return report_html(self)


def precision_of(moment: str | None) -> Precision | None:
    """How precise an ISO 8601 date is: `2025` year, `2025-03` month, `2025-03-04` day, with a time: time."""
    if moment is None:
        return None
    if "T" in moment:
        return Precision.TIME
    return {4: Precision.YEAR, 7: Precision.MONTH}.get(len(moment), Precision.DAY)


def make_event(*, kind: str, text: str, occurred_at: str | None, evidence: tuple[str, ...],
               recorded_at: str | None = None, same: Sequence[Any] | None = None,
               **about: str | None) -> TimelineEvent:
    """An event under an id that follows from what it says: the same fact from two sources is one event.

    Args:
        kind: a finding's category, or `study`.
        text: what happened, in a few words.
        occurred_at: ISO 8601, or None.
        evidence: no part of the id.
        recorded_at: when it became known.
        same: what makes two events the same, where texts of different sources may differ; else text and dates do.
        about: `analyte`, `code`, `site`, `origin`, `supersedes`.
    """
    key = content_id("tl", [kind, *(same if same is not None else (text, occurred_at, recorded_at)),
                            about.get("supersedes")])
    return TimelineEvent(id=key, kind=kind, text=text, occurred_at=occurred_at, precision=precision_of(occurred_at),
                         recorded_at=recorded_at, evidence=evidence, **about)

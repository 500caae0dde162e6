"""Notes and letters: that they exist, from when, and where; what they say is not interpreted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ...core.boxes import BoxPt
from ...core.case import CaseFile, FileKind, Identity
from ...core.evidence import DocumentSpan, make_evidence
from ...core.finding import Category, Status, make_finding
from ...core.ids import normalise_identifier, normalise_name
from ...core.refusal import Refusal, RefusalCode
from ...sources.document_kind import DocumentKind
from ...sources.note import read_note
from ..base import MEASURED, ToolContext, source_of
from .harvest import RecordHarvest

LONGEST_TITLE = 120
NO_PLACE: BoxPt = (0.0, 0.0, 0.0, 0.0)
"""A text file has no page: its passages are found by their words."""


@dataclass(frozen=True)
class Text:
    """A note or document, as far as it is told of.

    Args:
        name: what kind of document it is.
        title: a line of it that identifies nobody.
        place: where that line stands on page 1.
        date: ISO 8601, or None.
        people: whom it is about.
    """

    name: str
    title: str
    place: BoxPt
    date: str | None
    people: tuple[Identity, ...]


def text_facts(file: CaseFile, context: ToolContext, harvest: RecordHarvest) -> None:
    """Add the finding that a note or a document exists; one about another patient only is refused.

    Raises:
        RefusedFile: the file cannot be read.
    """
    text = _note(file, context) if file.kind is FileKind.NOTE else _document(file, context)
    patient = context.patient
    if text is None:
        harvest.warnings.append(f"{file.path}: a laboratory report, which the labs tool reads")
    elif patient is not None and text.people and not any(patient.owns(who) for who in text.people):
        harvest.refused.append(Refusal(file=file.path, code=RefusalCode.OTHER_PATIENT,
                                       reason="the document is about another patient"))
    else:
        _add(text, file, context, harvest)


def _note(file: CaseFile, context: ToolContext) -> Text:
    note = read_note(context.root / file.path, context.limits)
    title, place = _title(((line, NO_PLACE) for line in note.lines), note.identities())
    people = note.identities()
    return Text("Clinical note" if people else "Text file that names nobody", title, place, note.date, people)


def _document(file: CaseFile, context: ToolContext) -> Text | None:
    """None for a laboratory report."""
    from ...sources.document import read_document  # documents alone need the reader of PDFs
    from ...sources.page import line_text, union

    document = read_document(context.root / file.path, file.sha256, context.cache, context.limits)
    if document.kind is DocumentKind.LAB_REPORT:
        return None
    lines = ((line_text(line), union(word.box for word in line)) for line in document.pages[0].lines)
    title, place = _title(lines, document.identities())
    return Text(document.title, title, place, document.date, document.identities())


def _add(text: Text, file: CaseFile, context: ToolContext, harvest: RecordHarvest) -> None:
    harvest.people += [who for who in text.people if who not in harvest.people]
    shown = make_evidence(source_of(file), DocumentSpan(page=1, bbox=text.place, text=text.title),
                          caption=text.name, date=text.date)
    harvest.evidence.append(shown)
    harvest.findings.append(make_finding(
        name=text.name, category=Category.RECORD, status=Status.PRESENT, evidence=(shown.id,), tool="records",
        reader=MEASURED, date=text.date, patient=context.opaque_patient))
    harvest.warnings.append(f"{file.path}: the statements of this {text.name.lower()} are not interpreted "
                            "in this version")


def _title(lines: Iterable[tuple[str, BoxPt]], people: Sequence[Identity]) -> tuple[str, BoxPt]:
    """The first line that tells nobody's name or number; an empty one where every line does."""
    names = {part for who in people for name in who.names for part in normalise_name(name).split() if len(part) > 2}
    numbers = {normalise_identifier(text) for who in people for text in who.ids} - {""}
    for line, place in lines:
        told = set(normalise_name(line).split()) & names
        if not told and not any(number in normalise_identifier(line) for number in numbers):
            return line[:LONGEST_TITLE], place
    return "", NO_PLACE

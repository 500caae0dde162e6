"""Notes and letters: that they exist, from when, and what they say of conditions, symptoms and procedures.

What a sentence says of a thing is read by rules (see `stances`): that it is so, is not, may be, or was; what only may
come, and what other people have, becomes no finding and is counted. A relative's illness is told as such.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ...core.boxes import BoxPt
from ...core.case import CaseFile, FileKind, Identity
from ...core.evidence import DocumentSpan, Evidence, make_evidence
from ...core.finding import Category, Status, Value, make_finding
from ...core.ids import normalise_identifier, normalise_name
from ...core.orders import NOT_TAKEN_UP
from ...core.refusal import Refusal, RefusalCode
from ...sources.document_kind import DocumentKind
from ...sources.fhir_fields import clean
from ...sources.note import read_note
from ..base import MEASURED, ToolContext, source_of
from .facts import without_names
from .harvest import RecordHarvest
from .notes import Passage
from .statements import STANDINGS, Said, statements_in

LONGEST_TITLE = 120
NO_PLACE: BoxPt = (0.0, 0.0, 0.0, 0.0)
"""A text file has no page: its passages are found by their words."""


@dataclass(frozen=True)
class Line:
    """A line of a text.

    Args:
        text: as read.
        page: 1-based.
        box: where it stands, `NO_PLACE` in a text file.
    """

    text: str
    page: int = 1
    box: BoxPt = NO_PLACE


@dataclass(frozen=True)
class Text:
    """A note or document.

    Args:
        name: what kind of document it is.
        lines: of all pages.
        date: ISO 8601, or None.
        people: whom it is about.
    """

    name: str
    lines: tuple[Line, ...]
    date: str | None
    people: tuple[Identity, ...]


def text_facts(file: CaseFile, context: ToolContext, harvest: RecordHarvest) -> None:
    """Add the finding that a note or a document exists, and what it says; one about another patient only is refused.

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
        harvest.people += [who for who in text.people if who not in harvest.people]
        said = statements_in("\n".join(line.text for line in text.lines))
        _add_document(text, said.orders, file, context, harvest)
        _add_statements(text, said, file, context, harvest)


def _note(file: CaseFile, context: ToolContext) -> Text:
    note = read_note(context.root / file.path, context.limits)
    people = note.identities()
    lines = tuple(Line(line) for line in note.text.splitlines())
    return Text("Clinical note" if people else "Text file that names nobody", lines, note.date, people)


def _document(file: CaseFile, context: ToolContext) -> Text | None:
    """None for a laboratory report."""
    from ...sources.document import read_document  # documents alone need the reader of PDFs
    from ...sources.page import line_text, union

    document = read_document(context.root / file.path, file.sha256, context.cache, context.limits)
    if document.kind is DocumentKind.LAB_REPORT:
        return None
    lines = tuple(Line(line_text(line), number, union(word.box for word in line))
                  for number, page in enumerate(document.pages, 1) for line in page.lines)
    return Text(document.title, lines, document.date, document.identities())


def _add_document(text: Text, orders: bool, file: CaseFile, context: ToolContext, harvest: RecordHarvest) -> None:
    title, name = _title(text.lines, text.people), text.name + (NOT_TAKEN_UP if orders else "")
    shown = make_evidence(source_of(file), DocumentSpan(page=1, bbox=title.box, text=title.text), caption=text.name,
                          date=text.date)
    harvest.evidence.append(shown)
    harvest.findings.append(make_finding(
        name=name, category=Category.RECORD, status=Status.PRESENT, evidence=(shown.id,), tool="records",
        reader=MEASURED, date=text.date, patient=context.opaque_patient))


def _add_statements(text: Text, said: Said, file: CaseFile, context: ToolContext, harvest: RecordHarvest) -> None:
    """One finding for each thing and what is said of it, with every passage that says so."""
    names = [name for who in text.people for name in who.names]
    names += context.patient.names if context.patient else ()
    for statement in said.statements:
        evidence = {item.id: item for passage in statement.passages
                    for item in [_evidence(text, passage, f"{text.name}: {statement.words}", file, names)]}
        status, assertion = STANDINGS[statement.stance]
        held = statement.attributes
        harvest.evidence += evidence.values()
        harvest.findings.append(make_finding(
            name=statement.name, category=Category.RECORD, status=status, assertion=assertion, tool="records",
            laterality=held.side, site=held.site, value=Value(text=", ".join(held.words)) if held.words else None,
            reader=MEASURED, evidence=tuple(evidence), date=text.date, patient=context.opaque_patient))
    harvest.warnings.append(f"{file.path}: {said.told(text.name.casefold())}")


def _evidence(text: Text, passage: Passage, caption: str, file: CaseFile, names: Sequence[str]) -> Evidence:
    """The passage where it stands: on its first page, boxed."""
    from ...sources.page import union

    place, held = 0, []
    for line in text.lines:
        if place < passage.end and place + len(line.text) > passage.start:
            held.append(line)
        place += len(line.text) + 1
    first = [line for line in held if line.page == held[0].page]
    box = union(line.box for line in first) if any(line.box != NO_PLACE for line in first) else NO_PLACE
    said = clean(without_names(passage.text, names))
    return make_evidence(source_of(file), DocumentSpan(page=first[0].page, bbox=box, text=said), caption=caption,
                         date=text.date)


def _title(lines: Iterable[Line], people: Sequence[Identity]) -> Line:
    """The first line of page 1 that tells nobody's name or number; an empty one where every line does."""
    names = {part for who in people for name in who.names for part in normalise_name(name).split() if len(part) > 2}
    numbers = {normalise_identifier(text) for who in people for text in who.ids} - {""}
    for line in (line for line in lines if line.page == 1 and line.text.strip()):
        told = set(normalise_name(line.text).split()) & names
        if not told and not any(number in normalise_identifier(line.text) for number in numbers):
            return Line(line.text.strip()[:LONGEST_TITLE], 1, line.box)
    return Line("")

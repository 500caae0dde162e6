"""Notes and letters: that they exist, from when, and what they say of conditions, symptoms and procedures.

What a sentence says of a thing is read by rules (see `stances`): that it is so, is not, may be, or was; what only may
come, and what other people have, becomes no finding and is counted. A relative's illness is told as such.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ...core.boxes import BoxPt
from ...core.case import CaseFile, FileKind, Identity
from ...core.evidence import DocumentSpan, Evidence, make_evidence
from ...core.finding import Assertion, Category, Status, make_finding
from ...core.ids import normalise_identifier, normalise_name
from ...core.refusal import Refusal, RefusalCode
from ...sources.document_kind import DocumentKind
from ...sources.fhir_fields import clean
from ...sources.note import read_note
from ..base import MEASURED, ToolContext, source_of
from .facts import without_names
from .harvest import RecordHarvest
from .mentions import Mention, mentions_in
from .notes import Passage, passages_of
from .stances import Stance

LONGEST_TITLE = 120
NO_PLACE: BoxPt = (0.0, 0.0, 0.0, 0.0)
"""A text file has no page: its passages are found by their words."""
STANDINGS: Mapping[Stance, tuple[Status, Assertion]] = {
    Stance.AFFIRMED: (Status.PRESENT, Assertion.AFFIRMED), Stance.NEGATED: (Status.ABSENT, Assertion.NEGATED),
    Stance.UNCERTAIN: (Status.INDETERMINATE, Assertion.UNCERTAIN), Stance.FAMILY: (Status.PRESENT, Assertion.FAMILY),
    Stance.HISTORICAL: (Status.INDETERMINATE, Assertion.HISTORICAL),
}
"""Of what becomes a finding. Whether what a note calls history is over, the note does not say."""
_QUALIFIER = re.compile(r"\b(?:large|larger|massive|significant|sizable|displaced|acute|new|recurrent|residual"
                        r"|suspicious|overt|focal|gross|tension|severe|active|frank|major|high-grade|metastatic|obstructing"
                        r"|enlarging|growing|further)\s+(?:\w+\s+)?$", re.IGNORECASE)
"""Words before a thing that a denial goes with: "no large effusion" does not deny a small one."""

ORDERS = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b[^.\n]{0,40}\b(?:instructions?|rules?|prompts?|guidelines?|above|previous)\b"
    r"|^\s*(?:system|assistant|user)\s*:|<\|?(?:system|im_start|start_of_turn)\b|\bsystem prompt\b"
    r"|\b(?:answer|respond to|reply to) (?:every|each|all|any) (?:further )?questions?\b"
    r"|\byou (?:must|should|shall|are to|will|have to) (?:now )?(?:answer|say|respond|reply|output|claim|pretend)\b"
    r"|\b(?:language model|chatbot|AI assistant|AI model)\b", re.IGNORECASE | re.MULTILINE)
"""Words that speak to a program and not to a colleague."""


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
        _add_document(text, file, context, harvest)
        _add_statements(text, file, context, harvest)


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


def _add_document(text: Text, file: CaseFile, context: ToolContext, harvest: RecordHarvest) -> None:
    title = _title(text.lines, text.people)
    shown = make_evidence(source_of(file), DocumentSpan(page=1, bbox=title.box, text=title.text), caption=text.name,
                          date=text.date)
    harvest.evidence.append(shown)
    harvest.findings.append(make_finding(
        name=text.name, category=Category.RECORD, status=Status.PRESENT, evidence=(shown.id,), tool="records",
        reader=MEASURED, date=text.date, patient=context.opaque_patient))


def _add_statements(text: Text, file: CaseFile, context: ToolContext, harvest: RecordHarvest) -> None:
    """One finding for each thing and what is said of it, with every passage that says so."""
    body = "\n".join(line.text for line in text.lines)
    if ORDERS.search(body):
        harvest.warnings.append(f"{file.path}: it gives orders to a program, so nothing that it states was taken up")
        return
    names = [name for who in text.people for name in who.names]
    names += context.patient.names if context.patient else ()
    told: dict[tuple[str, Stance], list[Evidence]] = defaultdict(list)
    left_out: Counter[Stance] = Counter()
    for passage in passages_of(body):
        for mention in mentions_in(passage.text, passage.section):
            if mention.stance not in STANDINGS:
                left_out[mention.stance] += 1
                continue
            name = _name(mention, passage)
            shown = _evidence(text, passage, f"{text.name}: {name}, {mention.stance}", file, names)
            if shown.id not in {item.id for item in told[name, mention.stance]}:
                told[name, mention.stance].append(shown)
    for (name, stance), evidence in told.items():
        status, assertion = STANDINGS[stance]
        harvest.evidence += evidence
        harvest.findings.append(make_finding(
            name=name, category=Category.RECORD, status=status, assertion=assertion, tool="records", reader=MEASURED,
            evidence=tuple(item.id for item in evidence), date=text.date, patient=context.opaque_patient))
    harvest.warnings.append(f"{file.path}: {_how_read(text, len(told), left_out)}")


def _how_read(text: Text, told: int, left_out: Mapping[Stance, int]) -> str:
    """What was taken from a text, and what was not."""
    passed = [f"{count} {words}" for stance, words in (
        (Stance.HYPOTHETICAL, "mentions of what only may come"), (Stance.OTHER, "of what other people have"),
        (Stance.FAMILY_DENIED, "of what no relative has"))
        if (count := left_out.get(stance, 0))]
    also = f"; passed over: {', '.join(passed)}" if passed else ""
    return (f"of this {text.name.lower()} {told} statements about conditions, symptoms and procedures of a fixed list "
            f"were read by rules, all else in it is not interpreted{also}")


def _name(mention: Mention, passage: Passage) -> str:
    """The thing's common name; what is denied with the word that the denial goes with."""
    name = mention.name[:1].upper() + mention.name[1:]
    qualifier = _QUALIFIER.search(passage.text[:mention.place[0]])
    if mention.stance is Stance.NEGATED and qualifier is not None:
        word = qualifier.group().split()[0].casefold()
        return f"{word[:1].upper()}{word[1:]} {name if name[:2].isupper() else name[:1].lower() + name[1:]}"
    return name


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

"""Laboratory pages as a model reads them: its rows beside those from the page's words.

Each page is shown as a picture with the identities painted over. A row that says what the page's words say makes no
second finding: the finding cites the model's reading as further evidence. A row that says otherwise, or that the words
do not hold, is a finding of its own under the model's name; one that no line of the page bears out is indeterminate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ...core.case import CaseFile, Identity
from ...core.errors import RefusedFile
from ...core.evidence import DocumentSpan, Evidence, make_evidence
from ...core.finding import Category, Finding, Status, Value
from ...core.settings import Limits
from ...readers.reading import Reading
from ...readers.recipes.lab_page import PAGE_SIDE, LabRow, lab_page_request
from ...readers.request import Request, Rgb
from ...sources.document import Document, render_page
from ...sources.document_kind import DocumentKind, kind_of_page
from ...sources.page import Page, line_text, union
from ..base import ToolContext, source_of
from ..blanking import blank_page, people_of
from ..reading import About, read_or_say, unclear
from .model_rows import ModelRow, agrees, match_rows, model_row, place_on_page
from .people import Stretch
from .results import Result
from .values import DecimalSign

MOST_PAGES = 10
"""Of one document that a model is shown; later ones are read from their words alone, and a warning says so."""
UNREAD = "Laboratory results"
"""Name of the finding that stands for a page whose answer could not be used."""

Kept = Sequence[tuple[Result, Stretch]]
_BESIDE_LETTERS = (DocumentKind.LAB_REPORT, DocumentKind.OTHER)


@dataclass
class Beside:
    """What a model adds to the results of a document.

    Args:
        confirmed: evidence of the reading that says the same, by the result's place in the list of results.
        findings: what it says otherwise or alone.
        evidence: of both.
        warnings: what a person should know.
    """

    confirmed: dict[int, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Read:
    """One page, the results that its words gave, and for whom it is read."""

    page: Page
    person: int
    results: tuple[tuple[int, Result], ...]
    """With their places in the document's list of results."""
    context: ToolContext


def read_pages(document: Document, stretches: Sequence[Sequence[Stretch]], kept: Kept, file: CaseFile,
               context: ToolContext, signs: Mapping[int, DecimalSign]) -> Beside:
    """Show a document's pages to a reader that interprets; nothing when it interprets nothing.

    Only pages that are about one person are shown: the case's patient where there is a case.

    Args:
        document: a laboratory report.
        stretches: of its pages.
        kept: the results of its words that are the patient's.
        file: the document's.
        context: reader, patient, limits.
        signs: the decimal sign of each page, by its number.
    """
    beside = Beside()
    if not context.reader.identity.interprets:
        return beside
    reads = _pages_to_read(document, stretches, kept, context, beside)
    shown, requests = _requests(reads, document, file, context, beside)
    readings, warnings = read_or_say(context, requests, _called(document.date))
    beside.warnings += warnings
    pages = [f"page {read.page.number}" for read in shown]
    beside.warnings += unclear(context, zip(pages, readings, strict=False), f"of {_called(document.date)}")
    for read, reading in zip(shown, readings, strict=False):
        _Teller(read, reading, file, document.date, beside).tell(signs[read.page.number])
    return beside


def _called(date: str | None) -> str:
    """The document, as warnings call it: by its day, never by its path."""
    return f"the laboratory report of {date[:10]}" if date else "the laboratory report"


def _pages_to_read(document: Document, stretches: Sequence[Sequence[Stretch]], kept: Kept, context: ToolContext,
                   beside: Beside) -> list[_Read]:
    """The pages that a model is shown, the first `MOST_PAGES` of them; why others are not is a warning."""
    reads: list[_Read] = []
    several = max((stretch.person for parts in stretches for stretch in parts), default=0) > 1
    for page, parts in zip(document.pages, stretches, strict=True):
        results = tuple((at, result) for at, (result, _) in enumerate(kept) if result.page.number == page.number)
        if not page.words or kind_of_page(page) not in _BESIDE_LETTERS or not (
                results or kind_of_page(page) is DocumentKind.LAB_REPORT):
            continue
        if not _of_one_person(parts, context):
            beside.warnings.append(f"page {page.number} was not shown to {context.reader.identity.name}: it is not "
                                   "about the patient alone")
            continue
        person = parts[0].person
        numbered = several and context.patient is None and person > 0
        whose = replace(context, opaque_patient=f"{context.opaque_patient}-{person}") if numbered else context
        reads.append(_Read(page, person, results, whose))
    if len(reads) > MOST_PAGES:
        beside.warnings.append(f"{context.reader.identity.name} was shown the first {MOST_PAGES} of {len(reads)} pages "
                               f"of {_called(document.date)}")
    return reads[:MOST_PAGES]


def _of_one_person(parts: Sequence[Stretch], context: ToolContext) -> bool:
    """Whether a page is about one person, and about the case's where there is a case."""
    patient = context.patient
    mine = patient is None or all(part.identity is None or patient.owns(part.identity) for part in parts)
    return mine and len({part.person for part in parts}) == 1


def _requests(reads: Sequence[_Read], document: Document, file: CaseFile, context: ToolContext,
              beside: Beside) -> tuple[list[_Read], list[Request[list[LabRow]]]]:
    """The pages with their requests, identities painted over; a page that cannot be drawn is a warning."""
    people = people_of(context.patient, (*document.identities(), *file.identities))
    shown, requests = [], []
    for read in reads:
        try:
            picture = shown_page(context.root / file.path, read.page, people, context.limits)
        except RefusedFile as error:
            beside.warnings.append(f"page {read.page.number} was not shown to {context.reader.identity.name}: "
                                   f"{error.reason}")
            continue
        shown.append(read)
        requests.append(lab_page_request(picture, scope=read.context.opaque_patient))
    return shown, requests


def shown_page(path: Path, page: Page, people: Sequence[Identity], limits: Limits) -> Rgb:
    """A page as a model is shown it: upright, identities painted over, its longer side `PAGE_SIDE` pixels, or as many
    as a picture file has.

    Args:
        path: of the document.
        page: of it.
        people: whose names, numbers and birth dates are painted over.
        limits: as for reading.

    Raises:
        RefusedFile: the page cannot be drawn.
    """
    pixels = render_page(path, page.number, PAGE_SIDE * 72.0 / max(page.width, page.height), limits)
    return upright(blank_page(pixels, page, people), page)


def upright(pixels: Rgb, page: Page) -> Rgb:
    """A page's picture turned so that its text can be read."""
    return np.ascontiguousarray(np.rot90(pixels, page.turn // 90))


class _Teller:
    """What one page's answer becomes."""

    def __init__(self, read: _Read, reading: Reading[list[LabRow]], file: CaseFile, date: str | None,
                 beside: Beside) -> None:
        self._read, self._reading, self._beside = read, reading, beside
        self._source, self._date = source_of(file), date
        self._reader = read.context.reader.identity.name
        page = read.page
        self._whole = About("labs", read.context, date).evidence(
            self._source, DocumentSpan(page=page.number, bbox=(0.0, 0.0, page.width, page.height), text=""), reading,
            caption=f"Page {page.number} as shown to {self._reader}, names, numbers and birth dates painted over")

    def tell(self, sign: DecimalSign) -> None:
        """Add to `Beside` what the answer confirms, says otherwise or says alone, and warnings of what it lacks.

        Args:
            sign: the page's decimal sign, by which the model's numbers are read.
        """
        self._beside.evidence.append(self._whole)
        if self._reading.value is None:
            about = About("labs", self._read.context, self._date)
            self._beside.findings.append(about.finding(UNREAD, Status.INDETERMINATE, [self._whole],
                                                       site=f"page {self._read.page.number}"))
            return
        typed = (model_row(row, sign) for row in self._reading.value)
        rows = [row for row in typed if row is not None]
        results = [result for _, result in self._read.results]
        matched = match_rows(rows, results)
        unborne = 0
        for at, row in enumerate(rows):
            if at not in matched:
                unborne += self._tell_alone(row)
            elif agrees(row, results[matched[at]]):
                self._beside.confirmed[self._read.results[matched[at]][0]] = self._whole.id
            else:
                self._tell_other(row, results[matched[at]])
        given = set(matched.values())
        self._warn(sum(not result.row.earlier for at, result in enumerate(results) if at not in given), unborne)

    def _warn(self, unread: int, unborne: int) -> None:
        """Say how many results of the words the model did not give, and how many of its own no line bears out."""
        page = self._read.page.number
        if unread:
            self._beside.warnings.append(f"page {page}: {self._reader} did not give {unread} of the results that were "
                                         "read from the page's words")
        if unborne:
            self._beside.warnings.append(f"page {page}: {self._reader} gave {unborne} results that no line of the page "
                                         "bears out")

    def _tell_other(self, row: ModelRow, result: Result) -> None:
        """A row of the page that model and words read differently; place, name and dates are the words'.

        The line that is cited does not say what the model says, so it is no measured value.
        """
        printed = result.value
        value = row.value.model_copy(update={"specimen": printed.specimen, "panel": printed.panel,
                                             "collected_at": printed.collected_at, "issued_at": printed.issued_at})
        self._beside.warnings.append(f"page {result.page.number}: {self._reader} gives {_amount(value)} for "
                                     f"{result.row.name}, the page's words {_amount(printed)}")
        words = sorted(result.row.words, key=lambda word: (word.line, word.place[0]))
        place = DocumentSpan(page=result.page.number, bbox=union(word.box for word in words), text=line_text(words))
        self._add(result.row.name, value, Status.INDETERMINATE, place, replace(row, code=result.code or row.code))

    def _tell_alone(self, row: ModelRow) -> bool:
        """A row that the words did not give; True where no line of the page bears it out."""
        page, words = self._read.page, place_on_page(row, self._read.page)
        box = union(word.box for word in words) if words else (0.0, 0.0, page.width, page.height)
        place = DocumentSpan(page=page.number, bbox=box, text=line_text(words))
        status = Status.MEASURED if words and row.has_result else Status.INDETERMINATE
        self._add(row.name, row.value, status, place, row)
        return not words

    def _add(self, name: str, value: Value, status: Status, place: DocumentSpan, row: ModelRow) -> None:
        date = value.collected_at or value.issued_at or self._date
        unit = f" {value.unit}" if value.unit else ""
        shown = make_evidence(self._source, place, date=date,
                              caption=f"{name}: {value.text}{unit}, page {place.page}, as read by {self._reader}")
        self._beside.evidence.append(shown)
        self._beside.findings.append(About("labs", self._read.context, date).finding(
            name, status, [shown, self._whole], category=Category.LAB, value=value, code=row.code))


def _amount(value: Value) -> str:
    """As it is written: comparator, text and unit."""
    return " ".join(filter(None, [f"{value.comparator or ''}{value.text or ''}", value.unit]))

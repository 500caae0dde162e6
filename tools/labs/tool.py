"""The tool `labs`: laboratory results out of documents."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from ...core.case import CaseFile, FileKind, Identity, Patient, Study
from ...core.errors import RefusedFile
from ...core.evidence import DocumentSpan, make_evidence
from ...core.finding import Category, Status, make_finding
from ...core.flags import flag_direction
from ...core.refusal import Refusal, RefusalCode
from ...core.result import ToolResult
from ...sources.document import Document, read_document, render_page
from ...sources.document_kind import DocumentKind, kind_of_page
from ...sources.page import line_text, union
from ..base import MEASURED, ToolContext, refuse, source_of
from ..drawing import save_png
from ..harvest import Harvest
from ..lab_terms.analytes import is_known
from .draw import ABNORMAL, DOUBTFUL, DPI, NORMAL, frame_of, marked_page
from .people import Stretch, names_person, stretch_at, stretches_of
from .read import read_pages
from .results import Result, result_of, sheet_of
from .row import Row
from .rows import rows_of
from .values import DecimalSign, decimal_sign, parts_thousands, sign_of_part

_LETTERS = (DocumentKind.LETTER, DocumentKind.DISCHARGE_LETTER, DocumentKind.RADIOLOGY_REPORT,
            DocumentKind.PATHOLOGY_REPORT)
_FEWEST_KNOWN = 2
"""Known tests that a document of unclear kind must hold to be read as a lab report."""
_AMBIGUOUS_DATE = re.compile(r"(?<![\d/-])(?:0?[1-9]|1[0-2])([/-])(?:0?[1-9]|1[0-2])\1\d{4}")


class LabsTool:
    """Reads every result of a laboratory report, with its place on the page."""

    name = "labs"

    def gate(self, study: Study) -> Refusal | None:
        """Documents only; whether one is a laboratory report shows when it is read."""
        if study.kind is FileKind.DOCUMENT:
            return None
        return refuse(study, RefusalCode.WRONG_MODALITY, "not a document; laboratory results come from PDFs and scans")

    def run(self, study: Study, context: ToolContext) -> ToolResult:
        """Results of all documents of a study; letters and reports of other kinds are refused with their kind."""
        start = time.perf_counter()
        harvest = Harvest()
        for file in study.files:
            try:
                document = read_document(context.root / file.path, file.sha256, context.cache, context.limits)
                harvest_document(document, file, context, harvest)
            except RefusedFile as error:
                harvest.refuse(file, error)
        return ToolResult(tool=self.name, findings=tuple(harvest.findings), evidence=tuple(harvest.evidence),
                          refused=tuple(harvest.refused), warnings=tuple(dict.fromkeys(harvest.warnings)),
                          reader=context.reader.identity.name, seconds=round(time.perf_counter() - start, 3))


def harvest_document(document: Document, file: CaseFile, context: ToolContext, harvest: Harvest) -> None:
    """Add a document's results to the harvest.

    Raises:
        RefusedFile: it is no laboratory report, or holds no result.
    """
    if document.kind in _LETTERS:
        raise RefusedFile(RefusalCode.NOT_A_LAB_REPORT, f"this is a {document.kind}, not a laboratory report")
    printed = printed_rows(document)
    stretches = stretches_of(document, [{row.line for row in rows} for rows in printed])
    results = results_of(document, printed, stretches, context.patient)
    known = sum(result.code is not None or is_known(result.row.name) for result, _ in results)
    if document.kind is not DocumentKind.LAB_REPORT and known < _FEWEST_KNOWN:
        raise RefusedFile(RefusalCode.NOT_A_LAB_REPORT, "this does not look like a laboratory report")
    if not results:
        raise RefusedFile(RefusalCode.NO_RESULTS, "it looks like a laboratory report, but no result could be read")
    kept = dated_results(own_results(results, file, context, harvest), harvest)
    several = max(stretch.person for page in stretches for stretch in page) > 1
    pictures = draw_pages(document, [result for result, _ in kept], file, context)
    beside = read_pages(document, stretches, kept, file, context, signs_of(document))
    for at, (result, stretch) in enumerate(kept):
        numbered = several and context.patient is None and stretch.person > 0
        patient = f"{context.opaque_patient}-{stretch.person}" if numbered else context.opaque_patient
        further = tuple(filter(None, [beside.confirmed.get(at)]))
        add_finding(result, patient, (file, pictures.get(result.page.number)), harvest, further)
    harvest.findings += beside.findings
    harvest.evidence += beside.evidence
    harvest.warnings += [*warnings_of(document, [result for result, _ in kept]), *beside.warnings]


def printed_rows(document: Document) -> list[list[Row]]:
    """The rows of results on every page; letters are passed over."""
    spaced, signs = parts_thousands(document.text), signs_of(document)
    return [[] if kind_of_page(page) in _LETTERS else
            rows_of(page, signs[page.number], month_first=document.date_order.month_first, spaced=spaced)
            for page in document.pages]


def results_of(document: Document, printed_pages: Sequence[Sequence[Row]], stretches: Sequence[Sequence[Stretch]],
               patient: Patient | None) -> list[tuple[Result, Stretch]]:
    """Every result of a document in reading order, with the stretch it stands in."""
    results = []
    for page, rows, parts in zip(document.pages, printed_pages, stretches, strict=True):
        sheet = sheet_of(page, rows)
        for printed in rows:
            stretch = stretch_at(parts, printed.line)
            row = without_person(printed, stretch, patient)
            collected, issued = stretch.moments.get("collected"), stretch.moments.get("reported")
            results.append((result_of(row, sheet, collected=collected, issued=issued), stretch))
    return results


def without_person(row: Row, stretch: Stretch, patient: Patient | None) -> Row:
    """The row without its panel where that is really somebody's name, standing alone above the results."""
    case = Identity(ids=(patient.id, *patient.aliases), names=patient.names) if patient else None
    named = any(names_person(row.panel or "", identity) for identity in (stretch.identity, case))
    return replace(row, panel=None) if named else row


def signs_of(document: Document) -> dict[int, DecimalSign]:
    """The decimal sign of each page by its number, since reports of several laboratories may be joined in one document;
    the document's where a page's numbers tell none, and a point where none do."""
    whole = decimal_sign(word.text for page in document.pages for word in page.words) or "."
    return {page.number: sign_of_part((word.text for word in page.words), whole) for page in document.pages}


def own_results(results: Sequence[tuple[Result, Stretch]], file: CaseFile, context: ToolContext,
                harvest: Harvest) -> list[tuple[Result, Stretch]]:
    """The case's patient's results; those of another person are left out and named by page."""
    if context.patient is None:
        return list(results)
    kept, strange = [], set()
    for result, stretch in results:
        if stretch.identity is None or context.patient.owns(stretch.identity):
            kept.append((result, stretch))
        else:
            strange.add(result.page.number)
    if strange:
        pages = ", ".join(str(number) for number in sorted(strange))
        harvest.refused.append(Refusal(file=file.path, code=RefusalCode.OTHER_PATIENT,
                                       reason=f"the results on page {pages} are another patient's and were left out"))
    return kept


def dated_results(kept: Sequence[tuple[Result, Stretch]], harvest: Harvest) -> list[tuple[Result, Stretch]]:
    """The results without earlier ones that no date stands with; how many those are is a warning."""
    undated = Counter(result.page.number for result, _ in kept if result.row.earlier and result.row.moment is None)
    harvest.warnings += [f"page {page}: {count} earlier result{'s' * (count > 1)} without a date "
                         f"{'were' if count > 1 else 'was'} left out" for page, count in sorted(undated.items())]
    return [(result, stretch) for result, stretch in kept if not result.row.earlier or result.row.moment is not None]


def add_finding(result: Result, patient: str, where: tuple[CaseFile, str | None], harvest: Harvest,
                further: tuple[str, ...] = ()) -> None:
    """One result as a finding with its evidence.

    Args:
        result: from the page's words.
        patient: opaque.
        where: the document's file, and the overlay of the page or None.
        harvest: takes finding and evidence.
        further: ids of evidence that says the same.
    """
    file, picture = where
    value = result.value
    date = value.collected_at or value.issued_at
    words = sorted(result.row.words, key=lambda word: (word.line, word.place[0]))
    unit = f" {value.unit}" if value.unit else ""
    evidence = make_evidence(
        source_of(file), DocumentSpan(page=result.page.number, bbox=union(word.box for word in words),
                                      text=line_text(words)),
        caption=f"{result.row.name}: {value.text}{unit}, page {result.page.number}", date=date, picture=picture)
    harvest.evidence.append(evidence)
    harvest.findings.append(make_finding(
        name=result.row.name, code=result.code, category=Category.LAB, status=result.status, value=value,
        evidence=(evidence.id, *further), tool="labs", reader=MEASURED, date=date, patient=patient))


def draw_pages(document: Document, results: Sequence[Result], file: CaseFile, context: ToolContext) -> dict[int, str]:
    """One overlay for each page with results: `Evidence.picture` by page number."""
    if context.pictures is None:
        return {}
    pictures = {}
    for page in document.pages:
        on_page = [result for result in results if result.page.number == page.number]
        if on_page:
            pixels = render_page(context.root / file.path, page.number, DPI, context.limits)
            name = f"labs-{file.sha256[:12]}-page{page.number}.png"
            frames = [(frame_of(result.row.words), colour_of(result)) for result in on_page]
            picture = marked_page(pixels, page, frames, [result.row.start for result in on_page])
            save_png(picture, context.pictures / name)
            pictures[page.number] = f"overlays/{name}"
    return pictures


def colour_of(result: Result) -> tuple[int, int, int]:
    """Colour of a result's band."""
    if result.status is Status.INDETERMINATE:
        return DOUBTFUL
    marked = result.value.flag is not None and flag_direction(result.value.flag) != "N"
    return ABNORMAL if marked or result.value.flag_computed in ("L", "H") else NORMAL


def warnings_of(document: Document, results: Sequence[Result]) -> list[str]:
    """What a person should know about the reading; no name and no path in it."""
    warnings = [f"page {result.page.number}: {doubt}" for result in results for doubt in result.doubts]
    if any(decimal_sign(word.text for word in page.words) is None for page in document.pages):
        warnings.append("points and commas are used alike as decimal signs; numbers with one of them were not read")
    warnings += [f"page {page.number}: {page.unseen} words that cannot be seen on the page were left out"
                 for page in document.pages if page.unseen]
    if not document.date_order.sure and _AMBIGUOUS_DATE.search(document.text):
        first = "month" if document.date_order.month_first else "day"
        warnings.append(f"dates such as 03/04/2025 were read with the {first} first, told from the paper format alone")
    return warnings

"""What kind of document a page is, told from its headings and content."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache

from .page import Page


class DocumentKind(StrEnum):
    """Kinds that are told apart."""

    LAB_REPORT = "lab report"
    PATHOLOGY_REPORT = "pathology report"
    RADIOLOGY_REPORT = "radiology report"
    DISCHARGE_LETTER = "discharge letter"
    LETTER = "letter"
    OTHER = "other"


_HEADINGS: dict[DocumentKind, tuple[tuple[str, float], ...]] = {
    DocumentKind.LAB_REPORT: (
        (r"lab(?:oratory)?\s+(?:report|results?|findings)|laborbefund|cumulative\s+(?:laboratory\s+)?(?:report|findings)"
         r"|(?:cbc|chemistry|blood count)\s+report", 3.0),
        (r"reference\s+(?:range|interval|values?)|normal\s+range|ref\.?\s*(?:range|interval)|referenzbereich", 3.0),
        (r"\b(?:laboratory|labor|laboratories|diagnostics|analy[sz]er)\b", 1.0),
        (r"\b(?:specimen|sample|accession|collected|drawn|sampled)\b", 1.0),
        (r"\b(?:h(?:a?e)moglobin|glucose|creatinine|potassium|sodium|leu[ck]ocytes|wbc|cholesterol|platelets)\b", 1.0)),
    DocumentKind.PATHOLOGY_REPORT: (
        (r"(?:surgical\s+)?pathology\s+report|histopathology|cytology\s+report|biopsy\s+report", 4.0),
        (r"(?:gross|macroscopic)\s+(?:description|examination)|macroscopy", 3.0),
        (r"microscopic\s+(?:description|examination)|microscopy", 2.0),
        (r"final\s+(?:pathologic(?:al)?\s+)?diagnosis|immunohistochemistry|resection margins?", 2.0)),
    DocumentKind.RADIOLOGY_REPORT: (
        (r"radiology\s+report|imaging\s+report|(?:ct|mri?|x-?ray|chest|ultrasound)\s+report", 4.0),
        (r"^\s*(?:impression|conclusion)\b", 2.0), (r"^\s*findings\s*:?", 2.0),
        (r"^\s*(?:technique|comparison|examination|indication)\s*:", 2.0)),
    DocumentKind.DISCHARGE_LETTER: (
        (r"discharge\s+(?:summary|letter|report)|entlass(?:ungs)?(?:brief|bericht)|arztbrief|epikrise", 8.0),
        (r"(?:date\s+of\s+)?(?:admission|admitted)", 1.0),
        (r"hospital\s+course|discharge\s+(?:medication|diagnos)", 2.0)),
    DocumentKind.LETTER: (
        (r"^\s*dear\b|to\s+whom\s+it\s+may\s+concern|sehr\s+geehrte|^\s*attn\b", 3.0),
        (r"^\s*(?:yours\s+\w+|sincerely|(?:kind|best|with)\s+\w*\s*regards|mit\s+freundlichen)", 3.0),
        (r"^\s*(?:clinic|referral|outpatient|follow-?up)\s+letter\s*$", 3.0),
        (r"^\s*(?:clinic|referral|outpatient|consultation)\s+letter\b", 4.0),
        (r"\bthank\s+you\s+for\b|^\s*re\s*:", 1.5),
        (r"\b(?:the|a|and|was|will|for|with|of)\b(?:\W+\w+){6}", 1.0)),
}
_PATTERNS = {kind: tuple((re.compile(source, re.IGNORECASE | re.MULTILINE), weight) for source, weight in sources)
             for kind, sources in _HEADINGS.items()}
ENOUGH = 3.0
"""Weight that a kind must reach."""

TITLE_LINES = 5
"""Lines at the top of a page in which a title stands; a report of words alone is told by it."""

_NUMBER = r"[<>≤≥]?\s?\d+(?:[.,]\d+)?"
_RANGE = rf"(?:{_NUMBER}\s*[-–—~]\s*{_NUMBER}|[<>≤≥]=?\s*{_NUMBER})"
_ROW = re.compile(rf"[^\W\d_]{{2,}}.*?\s{_NUMBER}\s*[HL*+↑↓!-]*\s.*?{_RANGE}")
FEWEST_ROWS = 3
"""Lines of name, value and range that make a table of results."""


def kind_of_page(page: Page) -> DocumentKind:
    """The page's kind by weighted headings; lines of results with ranges count for a lab report."""
    return kind_of_text(page.text)


@lru_cache(maxsize=256)
def kind_of_text(text: str) -> DocumentKind:
    """The kind of a page with this text."""
    weights = {kind: sum(weight for pattern, weight in patterns if pattern.search(text))
               for kind, patterns in _PATTERNS.items()}
    rows = result_lines(text)
    entitled = _PATTERNS[DocumentKind.LAB_REPORT][0][0].search("\n".join(text.splitlines()[:TITLE_LINES]))
    weights[DocumentKind.LAB_REPORT] += 3.0 if rows >= FEWEST_ROWS else -3.0 if rows == 0 and not entitled else 0.0
    best = max(weights, key=lambda kind: weights[kind])
    return best if weights[best] >= ENOUGH else DocumentKind.OTHER


def result_lines(text: str) -> int:
    """Number of lines that hold a name, a number and a range or limit, as rows of results do."""
    return sum(bool(_ROW.search(line)) for line in text.splitlines() if len(line) < 200)


def kind_of(pages: Sequence[Page]) -> DocumentKind:
    """A lab report when any page is one (a cover letter may lie before it), else the first kind that is known."""
    kinds = [kind_of_page(page) for page in pages]
    if DocumentKind.LAB_REPORT in kinds:
        return DocumentKind.LAB_REPORT
    return next((kind for kind in kinds if kind is not DocumentKind.OTHER), DocumentKind.OTHER)

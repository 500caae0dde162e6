"""A note cut into passages: sentences and list items, each under its heading."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .stances import Stance

_HEADING = re.compile(
    r"\s*(?P<name>family(?: (?:medical )?(?:history|hx))?|fhx?|famhx"
    r"|(?:past |prior |previous )?(?:medical|surgical|psychiatric|obstetric) (?:history|hx)|past history|pmhx?|pshx?"
    r"|(?:known )?allergies|allergy|social history|shx?|history of (?:the )?present(?:ing)? illness|hpi"
    r"|chief complaint|cc|history|medications?|meds|physical exam(?:ination)?|exam(?:ination)?|vitals|labs?|laboratory"
    r"|imaging|studies|review of systems|ros|indications?|reason for (?:exam|study|visit)"
    r"|clinical (?:history|information|indication)|comparison"
    r"|technique|findings|impressions?|conclusions?|assessment(?: and plan)?|a/p|plan|recommendations?"
    r"|diagnos[ie]s|discharge diagnos[ie]s|admission diagnos[ie]s|hospital course|course|differential(?: diagnosis)?"
    r"|immuni[sz]ations?|follow[- ]?up|instructions|discharge instructions|summary|subjective|objective|procedures?)"
    r"\s*:", re.IGNORECASE)
_SECTIONS = ((re.compile(r"fam|fhx?$"), Stance.FAMILY),
             (re.compile(r"past|prior|previous|medical|surgical|psychiatric|obstetric|pmhx?|pshx?|allerg"),
              Stance.HISTORICAL),
             (re.compile(r"differential"), Stance.UNCERTAIN),
             (re.compile(r"immuni|follow|instructions"), Stance.HYPOTHETICAL),
             (re.compile(r"^(?:plan|recommendation)"), Stance.PLANNED))
"""What a heading makes of what stands below it; any other heading ends that."""
FULL_LINE = 60
"""Characters from which on a line may have been broken by the margin."""
_LABEL = re.compile(r"\s*[A-Z][\w /()-]{0,40}:")
_BULLET = re.compile(r"^\s*(?:[-*•·–]|\(?\d{1,2}[.)])\s+")
_END = re.compile(r"(?<=[.!?])(?<!\b[A-Z]\.)(?<!\b[DM]r\.)(?<!\bMrs\.)(?<!\bvs\.)(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bSt\.)"
                  r"(?<!\bNo\.)(?<!\b\d\.)\s+(?=[\"(]?[A-Z0-9?+])|(?<=\s)\d{1,2}[.)]\s+(?=[A-Z])")


@dataclass(frozen=True)
class Passage:
    """One sentence or list item.

    Args:
        text: as written, white space collapsed.
        start: where it begins in the text.
        end: where it ends in the text.
        section: what its heading makes of it.
    """

    text: str
    start: int
    end: int
    section: Stance | None


def passages_of(text: str) -> list[Passage]:
    """The passages of a text in their order.

    Lines that go on in small letters are one sentence; a heading holds until the next heading or an empty line.
    """
    passages: list[Passage] = []
    section: Stance | None = None
    for start, end in _lines(text):
        if not text[start:end].strip():
            section = None if text[:start].rstrip("\n \t").endswith((".", ";")) else section
            continue
        for whole, last in _sentences(text, start, end):
            section, first = _under(text, whole, last, section)
            told = " ".join(text[first:last].split())
            if told:
                passages.append(Passage(told, first, last, section))
    return passages


def _lines(text: str) -> list[tuple[int, int]]:
    """Spans of lines, those that a line of small letters goes on from put together; empty lines among them."""
    spans: list[tuple[int, int]] = []
    place = 0
    for line in text.split("\n"):
        start, end = place, place + len(line)
        place = end + 1
        before = text[spans[-1][0]:spans[-1][1]].rstrip() if spans else ""
        if before and _goes_on(before, line):
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans


def _goes_on(before: str, line: str) -> bool:
    """Whether a line goes on with the sentence before it: in small letters, or behind a line as long as a page's."""
    if before.endswith((".", ":", ";", "!", "?")) or not line.strip() or _BULLET.match(line):
        return False
    full = len(before.rpartition("\n")[2]) >= FULL_LINE and not _LABEL.match(line)
    return line.strip()[:1].islower() or full


def _sentences(text: str, start: int, end: int) -> list[tuple[int, int]]:
    bullet = _BULLET.match(text[start:end])
    first = start + bullet.end() if bullet else start
    cuts = [first]
    spans = []
    for found in _END.finditer(text, first, end):
        if found.end() < end:
            spans.append((cuts[-1], found.start()))
            cuts.append(found.end())
    return [*spans, (cuts[-1], end)]


def _under(text: str, start: int, end: int, section: Stance | None) -> tuple[Stance | None, int]:
    """The section that holds, and where the sentence begins behind its heading."""
    heading = _HEADING.match(text, start, end)
    if heading is None:
        return section, start
    name = heading["name"].casefold()
    kind = next((stance for pattern, stance in _SECTIONS if pattern.match(name) or pattern.search(name)), None)
    return kind, heading.end()

"""Heading rows of tables: what each column is said to hold, and the lines below."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache

from ...sources.document_dates import moments_in, moments_in_text
from ...sources.page import PageWord
from .lines import Line, cells_of


class Role(StrEnum):
    """What a column of a table holds."""

    NAME = "name"
    VALUE = "value"
    PREVIOUS = "previous"
    FLAG = "flag"
    UNIT = "unit"
    RANGE = "range"
    LOW = "low"
    HIGH = "high"
    OTHER = "other"


_ROLES = (
    (Role.OTHER, r"delta|changes?|diff(?:erence)?|variation|trend|Δ|cut[- ]?offs?|thresholds?|detection limit|lod|loq"),
    (Role.LOW, r"lower (?:ref(?:erence|\.)? )?(?:limit|bound|value)|lower limit of normal|lln"),
    (Role.HIGH, r"upper (?:ref(?:erence|\.)? )?(?:limit|bound|value)|upper limit of normal|uln"),
    (Role.VALUE, r"in\s?-?range|out of range|within range|outside range"),
    (Role.PREVIOUS, r"prev(?:ious|\.)?|prior|last|earlier|vorwerte?|antérieur|anterior"),
    (Role.RANGE, r"ref(?:erence|\.)?|range|interval|normal|expected|limits?|normbereich|referenz(?:bereich|werte?)?|"
                 r"valeurs? de référence|referencia"),
    (Role.FLAG, r"flags?|abn(?:ormal)?|h/l|l/h|alert|indicator|interp(?:retation)?|abnormality"),
    (Role.UNIT, r"units?|einheit(?:en)?|unités?|unidad(?:es)?|uom"),
    (Role.VALUE, r"results?|values?|current|your|observed|finding|ergebnis(?:se)?|wert|messwert|résultats?|resultados?|"
                 r"measured|observation value"),
    (Role.OTHER, r"codes?|loinc|lab|site|no|nr|profile|panel|department|section|category|comments?|remarks?|notes?|"
                 r"method|methode?|specimen|sample|material|status|date|time|collected|performed|instrument"),
    (Role.NAME, r"tests?|test name|analyte|parameter|investigations?|component|examination|determination|analysis|"
                r"assay|untersuchung|analyse|prüfung|procedure|measurement|description|prueba|examen|name|item"),
    (Role.LOW, r"low(?:er)?|min(?:imum)?"),
    (Role.HIGH, r"high(?:er)?|upper|max(?:imum)?"),
)
_ROLE_PATTERNS = [(role, re.compile(rf"(?<!\w)(?:{source})(?!\w)", re.IGNORECASE)) for role, source in _ROLES]
_CELLS = (Role.VALUE, Role.UNIT, Role.RANGE, Role.FLAG)
"""Columns that can stand left of the names."""
_FEWEST_HEADINGS = 2
_LONGEST_HEADING = 5
_CLOCK = re.compile(r"\d{1,2}:\d{2}")


@dataclass(frozen=True)
class Heading:
    """One cell of a heading row."""

    role: Role
    left: float
    right: float
    height: float
    moment: str | None = None
    """When the results below were collected, where the heading says so."""
    with_unit: bool = False
    """`Reference range / units`."""
    worded: bool = True
    """It says more than a date."""


@dataclass
class Table:
    """Lines under one heading row, or without one."""

    headings: tuple[Heading, ...]
    lines: list[Line] = field(default_factory=list)

    @property
    def signature(self) -> tuple[tuple[str, int], ...]:
        """Equal for heading rows of the same columns at the same places."""
        return tuple((heading.role.value, round(heading.left / heading.height)) for heading in self.headings)


def headings_of(line: Line, *, month_first: bool) -> tuple[Heading, ...]:
    """The cells of a heading row, or nothing when the line is none.

    A heading row has at least two short cells, at least two thirds of which name a column's content (or are dates), and
    among them results, values, ranges or both limits.
    """
    cells = cells_of(line.words)
    if len(cells) < _FEWEST_HEADINGS:
        return ()
    found = [heading for heading in (heading_of(cell, month_first=month_first) for cell in cells) if heading]
    roles = {heading.role for heading in found}
    enough = len(found) >= _FEWEST_HEADINGS and 3 * len(found) >= 2 * len(cells)
    if len(found) == len(cells) and all(heading.moment and not heading.worded for heading in found):
        return tuple(found)  # nothing but dates: one column for each
    dates_only = all(heading.moment for heading in found if heading.role is Role.VALUE)
    measuring = bool(roles & {Role.VALUE, Role.RANGE}) or {Role.LOW, Role.HIGH} <= roles
    if not enough or not measuring or len(roles) < 2:
        return ()
    if dates_only and not roles & {Role.NAME, Role.RANGE, Role.UNIT}:
        return ()  # `Collected 05/28/2024   Reported 05/29/2024` heads no table
    return tuple(found)


def heading_of(cell: Sequence[PageWord], *, month_first: bool) -> Heading | None:
    """One cell of a heading row, None when it says nothing known."""
    text = " ".join(word.text for word in cell)
    role, unit, moment = content_named(text, month_first=month_first)
    if role is None:
        return None
    whole = next(((start, end) for _, start, end in moments_in_text(text, month_first=month_first)), None)
    return Heading(role, cell[0].place[0], cell[-1].place[2], cell[0].height, moment, with_unit=unit,
                   worded=whole != (0, len(text)))


@lru_cache(maxsize=8192)
def content_named(text: str, *, month_first: bool) -> tuple[Role | None, bool, str | None]:
    """What a heading says of its column: what it holds, whether units too, and of which date."""
    moments = moments_in_text(text, month_first=month_first)
    if moments and moments[0][1] == 0:
        return Role.VALUE, False, moments[0][0]
    if moments:
        iso, start, end = moments[0]
        role, _, _ = content_named(f"{text[:start]} {text[end:]}".strip(" ():[],"), month_first=month_first)
        return (role, False, iso) if role in (Role.VALUE, Role.PREVIOUS) else (None, False, None)
    if len(text.split()) > _LONGEST_HEADING or any(ch.isdigit() for ch in text):
        return None, False, None
    role = next((role for role, pattern in _ROLE_PATTERNS if pattern.search(text)), None)
    return role, role is Role.RANGE and re.search(r"\bunits?\b", text, re.IGNORECASE) is not None, None


def dated(headings: Sequence[Heading], line: Line, *, month_first: bool) -> tuple[Heading, ...] | None:
    """The headings with the dates or times of a line right below them; None when the line holds anything else."""
    moments = moments_in(line.words, month_first=month_first)
    clocks = [word for word in line.words if _CLOCK.fullmatch(word.text)]
    covered = sum(moment.last - moment.first + 1 for moment in moments)
    if not moments and len(clocks) == len(line.words):
        return tuple(with_clock(heading, clocks) for heading in headings)
    if moments and covered == len(line.words):
        spots = [(moment.iso, line.words[moment.first].place[0], line.words[moment.last].place[2])
                 for moment in moments]
        return tuple(with_moment(heading, spots) for heading in headings)
    return None


def with_clock(heading: Heading, clocks: Sequence[PageWord]) -> Heading:
    """A dated heading with the time printed below it."""
    below = [word for word in clocks if word.place[0] < heading.right and word.place[2] > heading.left]
    if heading.moment is None or "T" in heading.moment or not below:
        return heading
    hour, minute = below[0].text.split(":")
    return replace(heading, moment=f"{heading.moment}T{int(hour):02d}:{minute}")


def with_moment(heading: Heading, spots: Sequence[tuple[str, float, float]]) -> Heading:
    """A heading with the date printed below it."""
    below = [iso for iso, left, right in spots if left < heading.right and right > heading.left]
    if heading.role not in (Role.VALUE, Role.PREVIOUS) or not below:
        return heading
    return replace(heading, moment=below[0])


def tables_of(lines: Sequence[Line], *, month_first: bool) -> list[Table]:
    """Lines grouped under heading rows; lines before the first heading row form a table without one."""
    tables = [Table(headings=())]
    for line in lines:
        headings = headings_of(line, month_first=month_first)
        if headings:
            tables.append(Table(headings=headings))
            continue
        current = tables[-1]
        fresh = current.headings and not current.lines
        below = dated(current.headings, line, month_first=month_first) if fresh else None
        if below is not None:
            current.headings = below
        else:
            trimmed = without_codes(line, current.headings, month_first=month_first)
            current.lines.append(name_first(trimmed, current.headings))
    return [table for table in tables if table.lines or table.headings]


def without_codes(line: Line, headings: Sequence[Heading], *, month_first: bool) -> Line:
    """The line without what stands in columns left of the names: codes, dates, panels."""
    names = next((heading for heading in headings if heading.role is Role.NAME), None)
    before = [heading for heading in headings if names and heading.right < names.left]
    if names is None or not before or any(heading.role is not Role.OTHER for heading in before):
        return line
    edge = names.left - 0.75 * names.height
    words = tuple(word for word in line.words if word.place[0] >= edge)
    if not words or len(words) == len(line.words) or line.words[0].place[0] >= edge:
        return line
    dropped = [word for word in line.words if word.place[0] < edge]
    if dropped[-1].place[2] > words[0].place[0]:
        return line
    moments = moments_in(dropped, month_first=month_first)
    worded = " ".join(word.text for word in dropped)
    group = worded if not any(ch.isdigit() for ch in worded) and len(worded) > 3 else None
    tokens = tuple(token for token in line.tokens if token.left >= edge)
    return replace(line, words=words, tokens=tokens, moment=moments[0].iso if moments else None, group=group)


def name_first(line: Line, headings: Sequence[Heading]) -> Line:
    """The line with its name put first, where results or what belongs to them stand in columns before that of names.

    The name keeps its words, so the place that is shown is the printed one; only the order of reading changes.
    """
    names = next((heading for heading in headings if heading.role is Role.NAME), None)
    before = [heading for heading in headings if names and heading.right < names.left]
    if names is None or not any(heading.role in _CELLS for heading in before):
        return line
    after = min((heading.left for heading in headings if heading.left > names.right), default=float("inf"))
    own = [t for t in line.tokens if names.left - t.height < t.left < after - t.height]
    others = [t for t in line.tokens if t not in own]
    if not own or not others:
        return line
    width = own[-1].right - own[0].left
    shift = min(t.left for t in others) - 2.0 * line.height - width - own[0].left
    moved = [t._replace(place=(t.left + shift, t.place[1], t.right + shift, t.place[3])) for t in own]
    return replace(line, tokens=(*moved, *others))

"""Rows of results out of a page's lines, by geometry and meaning; nothing here knows a laboratory's template."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import median

from ...sources.document_dates import moments_in, occasions_in
from ...sources.page import Page
from ..lab_terms.analytes import candidates, is_known
from .cells import bare, results_of
from .columns import Column, columns_of
from .flow import flow_sheets
from .headings import Role, Table, tables_of
from .lines import Line, sides_of
from .names import with_names
from .parts import LONGEST_NAME, RANGE_LABEL, Parts, clean_name, measured, no_name, parts_of, prose
from .row import SPECIMEN, Row, Section
from .tokens import Kind, Token
from .values import DecimalSign

_PERSON = re.compile(r"(?:patient|name|dob|date of birth|birth\w*|born|mrn|id\b|pat\b|sex\b|age\b)", re.IGNORECASE)
"""Starts a line of a report's head: what stood above it headed no panel."""
_SOURCE = re.compile(r"\s{3,}(?:source|specimen|sample|material|fasting)\s*:.*", re.IGNORECASE)
"""What may stand beside the heading of a panel."""
_FARTHEST = 3.5
"""Usual distances of rows between a table's last row and one that still belongs to it."""
_ASIDE = re.compile(r"(?:method|comment|note|remark|specimen|sample|performed|verified|result checked)\w*\s?:",
                    re.IGNORECASE)


@dataclass
class Reading:
    """Rows found so far on one side of a page."""

    rows: list[Row] = field(default_factory=list)
    section: Section = field(default_factory=Section)


def rows_of(page: Page, sign: DecimalSign, *, month_first: bool, spaced: bool = False) -> list[Row]:
    """Every row of results of a page, in reading order (panels side by side one after the other).

    Args:
        page: the page.
        sign: the document's decimal sign.
        month_first: how ambiguous dates are read.
        spaced: the document parts thousands by spaces.
    """
    rows: list[Row] = []
    for side in sides_of(page, sign, spaced=spaced):
        sheets = flow_sheets(side, month_first=month_first)
        taken = {number for sheet in sheets for number in sheet.lines}
        rows.extend(row for sheet in sheets for row in sheet.rows)
        lines = with_names(line for line in side if line.number not in taken)
        tables = [(table, [parts_of(line) for line in table.lines])
                  for table in tables_of(lines, month_first=month_first)]
        reading = Reading()
        for table, cut in tables:
            alike = [parts for other, parts in tables if other.signature == table.signature]
            columns = columns_of(bodies_of(alike), table.headings)
            read_table(table, cut, columns, reading, month_first=month_first)
        rows.extend(reading.rows)
    return rows


def bodies_of(tables: Sequence[Sequence[Parts | None]]) -> list[tuple[Token, ...]]:
    """Bodies of the rows that columns are found by: those of known tests where they are most, else all that are results
    beyond doubt, else all."""
    every = [parts for table in tables for parts in table if parts is not None]
    known = [parts.body for parts in every if is_known(parts.label)]
    sure = [parts.body for parts in every if is_known(parts.label) or measured(parts.body)]
    return known if 2 * len(known) > len(sure) else sure or [parts.body for parts in every]


def read_table(table: Table, cut: Sequence[Parts | None], columns: Sequence[Column], reading: Reading, *,
               month_first: bool) -> None:
    """Add the rows of a table to the reading; lines between them name panels, go on with a name or give its range.

    Args:
        table: its lines and headings.
        cut: each of its lines as name and body.
        columns: of the table.
        reading: takes the rows.
        month_first: how ambiguous dates are read.
    """
    pitch = pitch_of(cut)
    before: Line | None = None
    fresh = 0
    for line, parts in zip(table.lines, cut, strict=True):
        found = results_of(parts, columns, table, reading.section, month_first=month_first) if parts else []
        if all(bare(row) for row in found) and (below_table(line, reading, pitch) or in_bold(line, found)):
            found = []
        if specimen := SPECIMEN.search(line.text):
            reading.section.specimen = specimen["what"].strip()
        if found:
            reading.rows.extend(replace(row, specimen=reading.section.specimen) for row in found)
            fresh = len(found)
        elif not (before and fresh and follow_up(line, before, columns, reading, fresh, pitch)):
            names = min((row.start.place[0] for row in reading.rows[-1:]), default=line.left)
            shouted = line.words[0].bold or line.text.isupper()
            if shouted or line.left <= names + 0.3 * line.height:
                heading(line, reading.section, month_first=month_first)
                fresh = 0
        before = line


def below_table(line: Line, reading: Reading, pitch: float) -> bool:
    """Whether a line lies so far below the last row that it is no longer of its table."""
    return bool(reading.rows and pitch) and line.top - reading.rows[-1].start.place[1] > _FARTHEST * pitch


def in_bold(line: Line, rows: Sequence[Row]) -> bool:
    """Whether a line of words alone is all in bold type: the heading row of another table."""
    return all(word.bold for word in line.words) and all(row.value[0].kind is Kind.TEXT for row in rows)


def pitch_of(cut: Sequence[Parts | None]) -> float:
    """Usual distance from one row of results to the next, 0 when it cannot be told."""
    tops = [parts.line.top for parts in cut if parts is not None]
    steps = [below - above for above, below in pairwise(tops) if below > above]
    return median(steps) if steps else 0.0


def follow_up(line: Line, before: Line, columns: Sequence[Column], reading: Reading, fresh: int, pitch: float) -> bool:
    """Take a line below a row as its range, an aside, or the rest of its name; False when it is none of these."""
    last = reading.rows[-fresh:]
    text = line.text.strip()
    if _ASIDE.match(text):
        return True
    label = RANGE_LABEL.match(text)
    limits = tuple(token for token in line.tokens if token.kind in (Kind.RANGE, Kind.LIMIT))
    alone = len(limits) == 1 and all(token.kind in (Kind.RANGE, Kind.LIMIT, Kind.UNIT) for token in line.tokens)
    if limits and (label or alone) and not last[0].limits:
        reading.rows[-fresh:] = [replace(row, limits=limits[:1], words=row.words + line.words) for row in last]
        return True
    if goes_on(line, before, last[0], columns, pitch):
        name = clean_name(f"{last[0].name} {text}")
        reading.rows[-fresh:] = [replace(row, name=name, words=row.words + line.words) for row in last]
        return True
    return False


def goes_on(line: Line, before: Line, row: Row, columns: Sequence[Column], pitch: float) -> bool:
    """Whether a line goes on with the name of the row above: flush with it, close to it, clear of the values."""
    if any(token.kind in (Kind.NUMBER, Kind.LIMIT, Kind.RANGE) for token in line.tokens) or prose(line):
        return False
    if no_name(line.text.strip(" ([")) or line.text.rstrip().endswith("."):
        return False
    edge = min((column.left for column in columns if column.role is not Role.OTHER), default=float("inf"))
    flush = abs(line.left - row.start.place[0]) < 0.6 * line.height
    completed = completes(row.name, line.text)
    near = line.top - before.top < (1.1 if completed else 0.85) * pitch
    alike = 0.85 < line.height / max(1e-6, row.start.height) < 1.18 and line.words[0].bold == row.start.bold
    return flush and near and (alike or completed) and line.right < edge and len(line.words) <= LONGEST_NAME


def completes(name: str, rest: str) -> bool:
    """Whether the next line makes another known name of a name (`Thyroid Stimulating`, `Hormone (TSH)`)."""
    whole = candidates(clean_name(f"{name} {rest}"))
    return bool(whole) and whole != candidates(name) and not is_known(re.sub(r"\s*\([^)]*\)", "", rest))


def heading(line: Line, section: Section, *, month_first: bool) -> None:
    """Take a line between rows as the heading of a panel, with the moment of collection it may give."""
    moments = moments_in(line.words, month_first=month_first)
    occasions = occasions_in(line.text)
    text = line.text
    if occasions:
        text = text[:occasions[0][1]]
    collected = [moment.iso for moment in moments if any(kind == "collected" for kind, *_ in occasions)]
    if collected and not clean_name(text):
        section.moment = collected[0]
        return
    name = clean_name(re.split(r"\s{3,}", text.strip())[0])
    letters = sum(ch.isalpha() for ch in name)
    if letters < 2 or len(name.split()) > 8 or prose(line) or text.rstrip().endswith(".") or not name[0].isupper():
        return
    if _PERSON.match(line.text.strip()):
        section.panel, section.moment = None, None
        return
    if no_name(_SOURCE.sub("", line.text.strip())):
        return
    section.panel = name
    section.moment = collected[0] if collected else None

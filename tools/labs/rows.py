"""Rows of results out of a page's lines, by geometry and meaning; nothing here knows a laboratory's template."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from ...sources.document_dates import moments_in, occasions_in
from ...sources.page import Page, PageWord
from .analytes import is_known
from .columns import Column, column_of, columns_of
from .layout import PRIMARY, Line, Role, Table, sides_of, tables_of
from .tokens import Kind, Token
from .values import DecimalSign, is_result_word

_ABOUT = re.compile(
    r"(?:patient|pat\b|pt\b|name|dob|date|born|birth\w*|sex\b|gender|age\b|mrn|m\.?r\.?n|id\b|accession|"
    r"(?:specimen|sample|order|lab|visit|case|account|ref\w*|report|patient|record|encounter)\s*(?:id|no|number|nr|#|:)|"
    r"order\w*|physician|provider|doctor|dr\b|requested|collect\w+|drawn|sampled|received|report\w+|print\w+|page\b|phone|tel\b|"
    r"fax|account|location|ward|room|\w*\s?director|clia|operator|s/n|serial|instrument|temp\b|qc\b|comment|note\b|notes\b|"
    r"method|interpretation|address|street|first sample|status|copy|cc\b|signed|verified|validated|medically|approved|"
    r"performed|tested at|analy[sz]ed|processed|height|weight|blood pressure|pulse|heart rate|bmi|insurance|>>|\*\s*=)(?![\w-])", re.IGNORECASE)
_SENTENCE = re.compile(r"\b(?:the|of|is|are|and|for|if|may|was|were|with|please|to|at|by|in|not|be|has|have|should|than|from|"
                       r"according|below|above|this|that|on)\b", re.IGNORECASE)
_RANGE_LABEL = re.compile(r"\(?(?:ref(?:erence)?|normal|norm|range|nr|rr|expected|interval)\b[\w .]*?\s?[:=.]?\s*", re.IGNORECASE)
_ASIDE = re.compile(r"(?:method|comment|note|remark|specimen|sample|performed|verified|result checked)\w*\s?:", re.IGNORECASE)
_LONGEST_NAME = 12
"""Words."""
_LONGEST_WORDED = 5
"""Words of a worded result that no list knows."""


@dataclass(frozen=True)
class Row:
    """One result as printed; pieces are tokens so that each knows its place."""

    name: str
    value: tuple[Token, ...]
    unit: Token | None
    limits: tuple[Token, ...]
    flag: Token | None
    words: tuple[PageWord, ...]
    line: int
    panel: str | None
    moment: str | None
    earlier: bool = False
    """From a column of previous results."""
    bold_value: bool = False


@dataclass(frozen=True)
class Parts:
    """A line that may hold a result, cut into name and body."""

    line: Line
    lead: tuple[Token, ...]
    """Marks before the name."""
    name: tuple[Token, ...]
    body: tuple[Token, ...]

    @property
    def label(self) -> str:
        return clean_name(" ".join(token.text for token in self.name))


@dataclass
class Section:
    """What holds for the rows below a panel's heading."""

    panel: str | None = None
    moment: str | None = None


@dataclass
class Reading:
    """Rows found so far on one side of a page."""

    rows: list[Row] = field(default_factory=list)
    section: Section = field(default_factory=Section)


def rows_of(page: Page, sign: DecimalSign, *, month_first: bool) -> list[Row]:
    """Every row of results of a page, in reading order (panels side by side one after the other).

    Args:
        page: the page.
        sign: the document's decimal sign.
        month_first: how ambiguous dates are read.
    """
    rows: list[Row] = []
    for lines in sides_of(page, sign):
        tables = tables_of(lines, month_first=month_first)
        reading = Reading()
        for table in tables:
            alike = [other for other in tables if other.signature == table.signature]
            columns = columns_of(bodies_of(alike), table.headings)
            read_table(table, columns, reading, month_first=month_first)
        rows.extend(reading.rows)
    return rows


def bodies_of(tables: Sequence[Table]) -> list[tuple[Token, ...]]:
    """Bodies of the rows that columns are found by: those that are results beyond doubt, else all."""
    every = [parts for table in tables for line in table.lines if (parts := parts_of(line)) is not None]
    sure = [parts.body for parts in every if is_known(parts.label) or measured(parts.body)]
    return sure or [parts.body for parts in every]


def measured(body: Sequence[Token]) -> bool:
    """Whether a body holds a number with a unit or a range."""
    kinds = {token.kind for token in body}
    return Kind.NUMBER in kinds and bool(kinds & {Kind.UNIT, Kind.RANGE, Kind.LIMIT})


def read_table(table: Table, columns: Sequence[Column], reading: Reading, *, month_first: bool) -> None:
    """Add the rows of a table to the reading; lines between them name panels, go on with a name or give its range."""
    pitch = pitch_of(table.lines)
    before: Line | None = None
    fresh = 0
    for line in table.lines:
        parts = parts_of(line)
        found = results_of(parts, columns, table, reading.section) if parts else []
        if found:
            reading.rows.extend(found)
            fresh = len(found)
        elif not (before and fresh and follow_up(line, before, columns, reading, fresh, pitch)):
            heading(line, reading.section, month_first=month_first)
            if line.left <= min((row.words[0].place[0] for row in reading.rows[-1:]), default=line.left):
                fresh = 0
        before = line


def pitch_of(lines: Sequence[Line]) -> float:
    """Usual distance from one row of results to the next, 0 when it cannot be told."""
    tops = [line.top for line in lines if parts_of(line) is not None]
    steps = [below - above for above, below in zip(tops, tops[1:], strict=False) if below > above]
    return median(steps) if steps else 0.0


def parts_of(line: Line) -> Parts | None:
    """Cut a line into marks, name and body; None when it cannot be a row: no name, no value, prose, or about a person."""
    tokens = list(line.tokens)
    lead: list[Token] = []
    while len(tokens) > 1 and tokens[0].kind is Kind.FLAG and not tokens[0].text.isalpha():
        lead.append(tokens.pop(0))
    end = name_end(tokens)
    name, body = tuple(tokens[:end]), tuple(tokens[end:])
    parts = Parts(line, tuple(lead), name, body)
    label = parts.label
    if not any(token.kind in PRIMARY for token in body) and not worded(body):
        return None
    nameless = sum(ch.isalpha() for ch in label) < 2 or tokens[0].kind in (Kind.NUMBER, Kind.RANGE, Kind.NONE)
    if nameless and not is_known(label):
        return None
    if len(label.split()) > _LONGEST_NAME or prose(line) or (occasions_in(line.text) and not measured(body)):
        return None
    return parts if is_known(label) or not no_name(label) else None


def no_name(label: str) -> bool:
    """Whether a text cannot name a test: it is about the person or the report, names a range, or explains marks."""
    explains = ": " in label or not (label[0].isalnum() or label[0] in "%#α-ωΑ-Ω")
    return explains or _ABOUT.match(label) is not None or _RANGE_LABEL.fullmatch(label) is not None


def name_end(tokens: Sequence[Token]) -> int:
    """Number of tokens that make the name: up to the first wide gap or value, whichever comes first."""
    for at in range(1, len(tokens)):
        before, token = tokens[at - 1], tokens[at]
        gap = token.left - before.right
        if gap > 1.0 * max(token.height, before.height):
            return at
        if token.kind in (Kind.NUMBER, Kind.LIMIT, Kind.RANGE) and not inside_name(tokens, at):
            return at
    return len(tokens)


def inside_name(tokens: Sequence[Token], at: int) -> bool:
    """Whether a number belongs to a name (`Factor 8 activity`): text goes on closely behind it, and a value follows."""
    token, rest = tokens[at], tokens[at + 1:]
    if not rest or token.left - tokens[at - 1].right > 0.6 * token.height:
        return False
    goes_on = rest[0].kind is Kind.TEXT and rest[0].left - token.right < 0.6 * token.height
    parted = rest[0].left - token.right > 1.5 * token.height
    value_follows = any(other.kind in (Kind.NUMBER, Kind.LIMIT, Kind.RESULT) for other in rest)
    return value_follows and (goes_on or (parted and rest[0].kind in (Kind.NUMBER, Kind.LIMIT)))


def prose(line: Line) -> bool:
    """Whether a line is a sentence rather than a row."""
    words = [token.text for token in line.tokens if token.kind is Kind.TEXT]
    joined = " ".join(words)
    return len(words) >= 6 and len(_SENTENCE.findall(joined)) >= 1 + (len(words) < 9) or len(words) >= 16


def worded(body: Sequence[Token]) -> bool:
    """Whether the body holds text that may be a result no list knows (`Escherichia coli`)."""
    return any(token.kind is Kind.TEXT and token.text[0].isalpha() for token in body)


def clean_name(text: str) -> str:
    """A name without what laboratories print around it: colons, leaders, bullets, footnote marks."""
    return re.sub(r"\s+", " ", text).strip(" :.=·•*-–|").replace(" ,", ",")


def results_of(parts: Parts, columns: Sequence[Column], table: Table, section: Section) -> list[Row]:
    """The results of one row: one, or one for each column of results."""
    cells: dict[int, list[Token]] = {}
    name = list(parts.name)
    body = list(parts.body)
    while len(name) > 1 and in_unit_column(name[-1], columns):
        body.insert(0, name.pop())
    parts = replace(parts, name=tuple(name), body=tuple(body))
    for token in body:
        column = column_of(token, columns)
        if column is not None:
            cells.setdefault(columns.index(column), []).append(token)
    wanted = [n for n, column in enumerate(columns) if column.role in (Role.VALUE, Role.PREVIOUS)]
    several = len([n for n in wanted if columns[n].moment]) > 1
    rows = []
    for n in wanted:
        column = columns[n]
        if column.role is Role.PREVIOUS and column.moment is None:
            continue
        row = row_of(parts, cells, columns, n, section)
        if row is not None and acceptable(row, table):
            moment = column.moment if several or column.role is Role.PREVIOUS else section.moment or column.moment
            rows.append(replace(row, moment=moment, earlier=column.role is Role.PREVIOUS))
    return rows


def in_unit_column(token: Token, columns: Sequence[Column]) -> bool:
    """Whether the last token of a name is really the unit beside it, by the column it stands in."""
    if token.kind is not Kind.UNIT:
        return False
    return any(column.role is Role.UNIT and abs(column.left - token.left) < 0.5 * token.height for column in columns)


def row_of(parts: Parts, cells: dict[int, list[Token]], columns: Sequence[Column], chosen: int,
           section: Section) -> Row | None:
    """The result in one column of values, with unit, range and flag from the rest of the row; None when it is empty."""
    value, rest = value_in(cells.get(chosen, []))
    if not value:
        return None
    others = [token for n, tokens in sorted(cells.items()) if n != chosen and columns[n].role not in
              (Role.VALUE, Role.PREVIOUS, Role.OTHER, Role.LOW, Role.HIGH) for token in tokens]
    near = rest + others
    unit = next((token for token in near if token.kind is Kind.UNIT), None)
    limits = limits_in(cells, columns, rest, unit)
    flag = flag_in(rest, cells, columns, chosen) or next(iter(parts.lead), None)
    words = tuple(dict.fromkeys(word for token in (*parts.lead, *parts.name, *value, *((unit,) if unit else ()), *limits,
                                                   *((flag,) if flag else ())) for word in token.words))
    return Row(name=parts.label, value=value, unit=unit, limits=limits, flag=flag, words=words,
               line=parts.line.number, panel=section.panel, moment=None,
               bold_value=all(word.bold for token in value for word in token.words))


def value_in(tokens: Sequence[Token]) -> tuple[tuple[Token, ...], list[Token]]:
    """The value of a cell (several tokens for words that no list knows), and what else stands in the cell."""
    for at, token in enumerate(tokens):
        if token.kind is Kind.NONE:
            return (), list(tokens[at + 1:])
        if token.kind in PRIMARY:
            return (token,), [*tokens[:at], *tokens[at + 1:]]
        if token.kind is Kind.TEXT and token.text[0].isalnum():
            end = at + 1
            while end < len(tokens) and tokens[end].kind is Kind.TEXT and tokens[end].left - tokens[end - 1].right < token.height:
                end += 1
            return tuple(tokens[at:end]), [*tokens[:at], *tokens[end:]]
    return (), list(tokens)


def limits_in(cells: dict[int, list[Token]], columns: Sequence[Column], rest: Sequence[Token],
              unit: Token | None) -> tuple[Token, ...]:
    """The reference range: in its column, else behind the value, else from columns of lower and upper limits."""
    kinds = (Kind.RANGE, Kind.LIMIT, Kind.RESULT)
    for n, tokens in sorted(cells.items()):
        if columns[n].role is Role.RANGE:
            found = tuple(token for token in tokens if token.kind in kinds)
            text = tuple(token for token in tokens if token.kind is Kind.TEXT and token is not unit)
            if found or text:
                return found[:1] or text
    found = tuple(token for token in rest if token.kind in kinds)
    low_high = tuple(tokens[0] for n, tokens in sorted(cells.items())
                     if columns[n].role in (Role.LOW, Role.HIGH) and tokens and tokens[0].kind is Kind.NUMBER)
    return found[:1] or low_high


def flag_in(rest: Sequence[Token], cells: dict[int, list[Token]], columns: Sequence[Column], chosen: int) -> Token | None:
    """The flag of a value: in its cell, else in a column of flags that belongs to this column of values."""
    own = next((token for token in rest if token.kind is Kind.FLAG), None)
    if own is not None:
        return own
    values = [n for n, column in enumerate(columns) if column.role in (Role.VALUE, Role.PREVIOUS)]
    for n, tokens in sorted(cells.items()):
        owner = max((v for v in values if v < n), default=min(values))
        flag = next((token for token in tokens if token.kind is Kind.FLAG), None)
        if columns[n].role is not Role.VALUE and columns[n].role is not Role.PREVIOUS and owner == chosen and flag:
            return flag
    return None


def acceptable(row: Row, table: Table) -> bool:
    """Whether a row is a result: a known name, or a unit or range, or a table whose heading row says so."""
    if is_known(row.name):
        return True
    text = " ".join(token.text for token in row.value)
    if row.value[0].kind is Kind.TEXT and len(text.split()) > _LONGEST_WORDED:
        return False
    if table.headings:
        return True
    numeric = any(token.kind in (Kind.RANGE, Kind.LIMIT) for token in row.limits)
    return row.unit is not None or numeric or (is_result_word(text) and bool(row.limits))


def follow_up(line: Line, before: Line, columns: Sequence[Column], reading: Reading, fresh: int, pitch: float) -> bool:
    """Take a line below a row as its range, an aside, or the rest of its name; False when it is none of these."""
    last = reading.rows[-fresh:]
    text = line.text.strip()
    if _ASIDE.match(text):
        return True
    label = _RANGE_LABEL.match(text)
    limits = tuple(token for token in line.tokens if token.kind in (Kind.RANGE, Kind.LIMIT))
    bare = len(limits) == 1 and all(token.kind in (Kind.RANGE, Kind.LIMIT, Kind.UNIT) for token in line.tokens)
    if limits and (label or bare) and not last[0].limits:
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
    start = row.words[0].place
    edge = min((column.left for column in columns if column.role is not Role.OTHER), default=float("inf"))
    flush = abs(line.left - start[0]) < 0.6 * line.height
    near = line.top - before.top < 0.85 * pitch if pitch else False
    alike = 0.85 < line.height / max(1e-6, row.words[0].height) < 1.18 and line.words[0].bold == row.words[0].bold
    return flush and near and alike and line.right < edge and len(line.words) <= _LONGEST_NAME


def heading(line: Line, section: Section, *, month_first: bool) -> None:
    """Take a line between rows as the heading of a panel, with the moment of collection it may give."""
    moments = moments_in(line.words, month_first=month_first)
    occasions = occasions_in(line.text)
    text = line.text
    if occasions:
        text = text[:occasions[0][1]]
    name = clean_name(re.split(r"\s{3,}", text.strip())[0])
    letters = sum(ch.isalpha() for ch in name)
    if letters < 2 or len(name.split()) > 8 or prose(line) or name.endswith(".") or not name[0].isupper():
        return
    if _ABOUT.match(line.text.strip()):
        return
    section.panel = name
    collected = [moment.iso for moment in moments if any(kind == "collected" for kind, *_ in occasions)]
    section.moment = collected[0] if collected else None

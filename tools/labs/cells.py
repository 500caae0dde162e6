"""The results of a row: one, or one for each column of results."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from ...sources.document_dates import moments_in
from ..lab_terms.analytes import is_known
from .columns import Column, column_of
from .contents import body_cells, flag_in, limits_in, value_in, worded_unit
from .headings import Heading, Role, Table
from .lines import Line
from .parts import Parts
from .row import Row, Section, words_in
from .tokens import Kind, Token

_OWN_VALUE = re.compile(r"(?:your |test |current )?(?:value|result)s?|resultado|ergebnis|résultat|risultato",
                        re.IGNORECASE)
_LONGEST_WORDED = 5
"""Words of a worded result that no list knows."""


def results_of(parts: Parts, columns: Sequence[Column], table: Table, section: Section, *,
               month_first: bool) -> list[Row]:
    """The results of one row: one, or one for each column of results, and for a number among the units (a count beside
    the share in the column of results).

    An earlier result has the date of its column, or the one printed beside it, else none.
    """
    if runs_on(parts):
        one = with_own_name(row_in_order(parts, section), parts, section)
        return [one] if one is not None and acceptable(one, table) else []
    parts = with_whole_body(parts, columns, table.headings)
    cells = cells_of(parts, columns, table.headings)
    wanted = [n for n, column in enumerate(columns) if holds_results(column, cells.get(n, []))]
    several = len([n for n in wanted if columns[n].moment]) > 1
    rows = []
    for n, cell in [(place, cell) for place in wanted for cell in amounts_in(cells.get(place, []))]:
        row = with_own_name(row_of(parts, {**cells, n: cell}, columns, n, section), parts, section)
        if row is None or not acceptable(row, table) or beside_number(row, parts):
            continue
        if columns[n].role is Role.PREVIOUS:
            beside = date_beside(row, parts.line, [columns[n] for n in wanted], month_first=month_first)
            rows.append(replace(row, moment=columns[n].moment or beside, earlier=True))
        else:
            own = columns[n].moment or section.moment
            rows.append(replace(row, moment=columns[n].moment if several else parts.line.moment or own))
    return rows if several else with_own_limits(rows)


def with_whole_body(parts: Parts, columns: Sequence[Column], headings: Sequence[Heading]) -> Parts:
    """The row with what its name took from the columns of units and of the next heading given back to its body."""
    name, body = list(parts.name), list(parts.body)
    while len(name) > 1 and in_unit_column(name[-1], columns):
        body.insert(0, name.pop())
    kept = beside_names(name, headings)
    return replace(parts, name=tuple(name[:kept]), body=(*name[kept:], *body))


def cells_of(parts: Parts, columns: Sequence[Column], headings: Sequence[Heading]) -> dict[int, list[Token]]:
    """The tokens of a row's body by the number of their column, from left to right; those of no column are left out."""
    cells: dict[int, list[Token]] = {}
    for token in body_cells(parts):
        column = cell_column(token, columns, headings)
        if column is not None:
            cells.setdefault(columns.index(column), []).append(token)
    return dict(sorted(cells.items()))


def amounts_in(tokens: Sequence[Token]) -> list[list[Token]]:
    """A cell's tokens, parted before each number that follows a unit (`58 %   4.321 /mm3` are two amounts)."""
    parts: list[list[Token]] = [[]]
    for token in tokens:
        if token.kind is Kind.NUMBER and any(other.kind is Kind.UNIT for other in parts[-1]):
            parts.append([])
        parts[-1].append(token)
    return parts


def holds_results(column: Column, tokens: Sequence[Token]) -> bool:
    """Whether a cell can hold a result: in a column of results, or a number among units."""
    return column.role in (Role.VALUE, Role.PREVIOUS) or (
        column.role is Role.UNIT and any(token.kind is Kind.NUMBER for token in tokens))


def with_own_limits(rows: Sequence[Row]) -> list[Row]:
    """The results of one line and date; where they are in several units, the range is that of the last one."""
    present = [row for row in rows if not row.earlier]
    units = {row.unit.text if row.unit else None for row in present}
    if len(units) < 2:
        return list(rows)
    return [replace(row, limits=()) if row in present[:-1] else row for row in rows]


def date_beside(row: Row, line: Line, values: Sequence[Column], *, month_first: bool) -> str | None:
    """The date printed right of a result, no other column of results between them; None where there is none."""
    edge = row.value[-1].right
    until = min((column.left for column in values if column.left > edge), default=float("inf"))
    return next((moment.iso for moment in moments_in(line.words, month_first=month_first)
                 if edge < line.words[moment.first].place[0] < until), None)


def with_own_name(row: Row | None, parts: Parts, section: Section) -> Row | None:
    """The row under the name of its heading where it is called no more than `Your value`; None where there is none."""
    if row is None or not _OWN_VALUE.fullmatch(row.name):
        return row
    last = parts.name[-1]
    labels = last.text.endswith(":") or parts.body[0].left - last.right > 1.0 * last.height
    return replace(row, name=section.panel) if section.panel and labels else None


def runs_on(parts: Parts) -> bool:
    """Whether a row is written like a sentence, `Sodium: 139 mmol/L (136-145)`: no gap as wide as between columns."""
    tokens = (*parts.name, *parts.body)
    colon = parts.name[-1].text.endswith(":")
    return colon and all(after.left - before.right < 1.0 * after.height for before, after in pairwise(tokens))


def row_in_order(parts: Parts, section: Section) -> Row | None:
    """The result of a row that runs on: the first value is the result, what follows belongs to it."""
    body = body_cells(parts)
    value, rest = value_in(body)
    if not value:
        return None
    rest = [token for token in rest if token.left >= value[0].right - 0.5 or token.kind is Kind.FLAG]
    unit = next((token for token in rest if token.kind is Kind.UNIT), parts.unit)
    limits = tuple(token for token in rest if token.kind in (Kind.RANGE, Kind.LIMIT, Kind.RESULT))[:1]
    flag = next((token for token in rest if token.kind is Kind.FLAG), next(iter(parts.lead), None))
    row = row_with(parts, section, value, unit, limits, flag)
    return replace(row, words=words_in((*parts.lead, *parts.name, *parts.body)),
                   moment=parts.line.moment or section.moment)


def row_with(parts: Parts, section: Section, value: tuple[Token, ...], unit: Token | None, limits: tuple[Token, ...],
             flag: Token | None) -> Row:
    """The result of these pieces, without a moment of its own."""
    used = (*parts.lead, *parts.name, *value, *((unit,) if unit else ()), *limits, *((flag,) if flag else ()))
    return Row(name=parts.label, value=value, unit=unit, limits=limits, flag=flag, words=words_in(used),
               start=parts.name[0].words[0], line=parts.line.number, panel=parts.line.group or section.panel,
               moment=None, bold_value=all(word.bold for token in value for word in token.words))


def cell_column(token: Token, columns: Sequence[Column], headings: Sequence[Heading]) -> Column | None:
    """The column of a token. Words that no list knows belong to the heading above them, or flush with a column."""
    if token.kind is not Kind.TEXT:
        return column_of(token, columns)
    if headings:
        over = max(headings, key=lambda heading: nearness(heading.left, heading.right, token))
        fitting = [column for column in columns if column.role is over.role]
        return max(fitting, key=lambda column: column.overlap(over.left, over.right), default=None)
    flush = [column for column in columns if nearness(column.left, column.right, token) > -1.0 * token.height]
    return max(flush, key=lambda column: nearness(column.left, column.right, token), default=None)


def nearness(left: float, right: float, token: Token) -> float:
    """Shared width of a stretch and a token; where they share none, minus the distance of the nearer flush edges."""
    shared = min(right, token.right) - max(left, token.left)
    return shared if shared > 0 else -min(abs(left - token.left), abs(right - token.right))


def in_unit_column(token: Token, columns: Sequence[Column]) -> bool:
    """Whether the last token of a name is really the unit beside it, by the column it stands in."""
    if token.kind is not Kind.UNIT:
        return False
    return any(column.role is Role.UNIT and abs(column.left - token.left) < 0.5 * token.height for column in columns)


def beside_names(name: Sequence[Token], headings: Sequence[Heading]) -> int:
    """How many tokens of a name are its own: a long one can run up to what stands flush with the next heading."""
    starts = [heading.left for heading in headings if heading.role is not Role.NAME]
    if is_known(" ".join(token.text for token in name)):
        return len(name)
    return next((at for at in range(1, len(name))
                 if any(abs(name[at].left - start) < 0.1 * name[at].height for start in starts)), len(name))


def belongs(column: Column, tokens: Sequence[Token]) -> bool:
    """Whether what stands in another column belongs to a result: its unit, range or flag, no other result."""
    if column.role in (Role.VALUE, Role.UNIT):
        return not any(token.kind in (Kind.NUMBER, Kind.LIMIT, Kind.RESULT) for token in tokens)
    return column.role not in (Role.PREVIOUS, Role.OTHER, Role.LOW, Role.HIGH)


def row_of(parts: Parts, cells: dict[int, list[Token]], columns: Sequence[Column], chosen: int,
           section: Section) -> Row | None:
    """The result in one column of values, with unit, range and flag from the rest of the row; None when it is empty."""
    value, rest = value_in(cells.get(chosen, []))
    if not value:
        return None
    near = rest + [token for n, tokens in cells.items() if n != chosen and belongs(columns[n], tokens)
                   for token in tokens]
    unit = next((token for token in near if token.kind is Kind.UNIT), parts.unit) or worded_unit(cells, columns)
    limits = limits_in(cells, columns, rest, unit)
    flag = flag_in(rest, cells, columns, chosen) or next(iter(parts.lead), None)
    return row_with(parts, section, value, unit, limits, flag)


def bare(row: Row) -> bool:
    """Whether nothing but a table around it says that a row is a result: no known name, unit, range or known words."""
    numeric = any(token.kind in (Kind.RANGE, Kind.LIMIT) for token in row.limits)
    return not (is_known(row.name) or row.unit or numeric or row.value[0].kind is Kind.RESULT)


def beside_number(row: Row, parts: Parts) -> bool:
    """Whether a row's value is a word behind a number that is none of its cells (`Barometer   101.2 kPa   Pack 4`)."""
    value = row.value[0]
    return value.kind is Kind.TEXT and not is_known(row.name) and any(
        token.kind is Kind.NUMBER and token.left < value.left for token in parts.body)


def acceptable(row: Row, table: Table) -> bool:
    """Whether a row is a result: a known name, or a unit or range, or a table whose heading row says so."""
    if row.value[0].kind is Kind.RANGE and re.search(r"\d[.,]\d", row.value[0].text):
        return False  # a row of a table of reference ranges; counts given as a range are whole numbers
    if is_known(row.name):
        return True
    text = " ".join(token.text for token in row.value)
    if row.value[0].kind is Kind.TEXT and len(text.split()) > _LONGEST_WORDED:
        return False
    if table.headings:
        return True
    numeric = any(token.kind in (Kind.RANGE, Kind.LIMIT) for token in row.limits)
    return row.unit is not None or numeric or (row.value[0].kind is Kind.RESULT and bool(row.limits))

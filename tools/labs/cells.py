"""The cells of a row: which token is the value, which the unit, the range and the flag."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from ...sources.page import PageWord
from .analytes import is_known
from .columns import Column, column_of
from .headings import Heading, Role, Table
from .lines import PRIMARY
from .parts import Parts
from .tokens import Kind, Token
from .units import is_unit
from .values import Range

_OWN_VALUE = re.compile(r"(?:your |test |current )?(?:value|result)s?", re.IGNORECASE)
_BLOOD_GROUP = re.compile(
    r"\b(?:blood (?:group|type)|abo|rh|rh\(?d\)?|rhesus|blutgruppe|groupe sanguin|grupo sangu[ií]neo)\b", re.IGNORECASE)
"""Names a test whose result `A` is a group, not the flag of an abnormal result."""
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
    start: PageWord
    """The first word of the name."""
    line: int
    panel: str | None
    moment: str | None
    earlier: bool = False
    """From a column of previous results."""
    bold_value: bool = False


@dataclass
class Section:
    """What holds for the rows below a panel's heading."""

    panel: str | None = None
    moment: str | None = None


def results_of(parts: Parts, columns: Sequence[Column], table: Table, section: Section) -> list[Row]:
    """The results of one row: one, or one for each column of results."""
    if runs_on(parts):
        one = with_own_name(row_in_order(parts, section), parts, section)
        return [one] if one is not None and acceptable(one, table) else []
    cells: dict[int, list[Token]] = {}
    name = list(parts.name)
    body = list(parts.body)
    while len(name) > 1 and in_unit_column(name[-1], columns):
        body.insert(0, name.pop())
    kept = beside_names(name, table.headings)
    name, body = name[:kept], [*name[kept:], *body]
    parts = replace(parts, name=tuple(name), body=tuple(body))
    for token in body_cells(parts):
        column = cell_column(token, columns, table.headings)
        if column is not None:
            cells.setdefault(columns.index(column), []).append(token)
    cells = dict(sorted(cells.items()))
    wanted = [n for n, column in enumerate(columns) if column.role in (Role.VALUE, Role.PREVIOUS)]
    several = len([n for n in wanted if columns[n].moment]) > 1
    rows = []
    for n in wanted:
        column = columns[n]
        if column.role is Role.PREVIOUS and column.moment is None:
            continue
        row = with_own_name(row_of(parts, cells, columns, n, section), parts, section)
        if row is not None and acceptable(row, table) and not beside_number(row, parts):
            own = section.moment or column.moment
            moment = column.moment if several or column.role is Role.PREVIOUS else parts.line.moment or own
            rows.append(replace(row, moment=moment, earlier=column.role is Role.PREVIOUS))
    return rows


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
    used = (*parts.lead, *parts.name, *parts.body)
    words = words_in(used)
    return Row(name=parts.label, value=value, unit=unit, limits=limits, flag=flag, words=words,
               start=parts.name[0].words[0], line=parts.line.number, panel=parts.line.group or section.panel,
               moment=parts.line.moment or section.moment,
               bold_value=all(word.bold for token in value for word in token.words))


def words_in(tokens: Iterable[Token]) -> tuple[PageWord, ...]:
    """The words of tokens, each once."""
    return tuple({id(word): word for token in tokens for word in token.words}.values())


def body_cells(parts: Parts) -> list[Token]:
    """The body's tokens, with words that stand close together joined to one token (`Escherichia coli`)."""
    joined: list[Token] = []
    for token in with_group(parts):
        before = joined[-1] if joined else None
        near = before is not None and token.left - before.right < 0.75 * token.height
        if before is not None and wordy(before, token) and near and before.text[-1].isalpha():
            top, bottom = min(before.place[1], token.place[1]), max(before.place[3], token.place[3])
            place = (before.left, top, token.right, bottom)
            words = words_in((before, token))
            joined[-1] = Token(Kind.TEXT, f"{before.text} {token.text}", words, place)
        else:
            joined.append(token)
    return joined


def with_group(parts: Parts) -> tuple[Token, ...]:
    """The body of a row; where it tells a blood group, an `A` that it begins with is the group and no flag."""
    body = parts.body
    if body and body[0].kind is Kind.FLAG and body[0].text == "A" and _BLOOD_GROUP.search(parts.label):
        return body[0]._replace(kind=Kind.TEXT), *body[1:]
    return body


def wordy(before: Token, token: Token) -> bool:
    """Whether two tokens beside each other can be one text: words that no list knows go on with any others."""
    if token.kind is Kind.RESULT:
        return before.kind is Kind.TEXT and token.text[0].isalpha()
    return token.kind is Kind.TEXT and before.kind in (Kind.TEXT, Kind.FLAG, Kind.RESULT)


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


def row_of(parts: Parts, cells: dict[int, list[Token]], columns: Sequence[Column], chosen: int,
           section: Section) -> Row | None:
    """The result in one column of values, with unit, range and flag from the rest of the row; None when it is empty."""
    value, rest = value_in(cells.get(chosen, []))
    if not value:
        return None
    others = [token for n, tokens in cells.items() if n != chosen and columns[n].role not in
              (Role.VALUE, Role.PREVIOUS, Role.OTHER, Role.LOW, Role.HIGH) for token in tokens]
    near = rest + others
    unit = next((token for token in near if token.kind is Kind.UNIT), parts.unit) or worded_unit(cells, columns)
    limits = limits_in(cells, columns, rest, unit)
    flag = flag_in(rest, cells, columns, chosen) or next(iter(parts.lead), None)
    used = (*parts.lead, *parts.name, *value, *((unit,) if unit else ()), *limits, *((flag,) if flag else ()))
    words = words_in(used)
    return Row(name=parts.label, value=value, unit=unit, limits=limits, flag=flag, words=words,
               start=parts.name[0].words[0], line=parts.line.number, panel=parts.line.group or section.panel,
               moment=None,
               bold_value=all(word.bold for token in value for word in token.words))


def worded_unit(cells: dict[int, list[Token]], columns: Sequence[Column]) -> Token | None:
    """A unit that is a word or a letter (`s`, `min`), where it stands in a column of units."""
    return next((token._replace(kind=Kind.UNIT) for n, tokens in cells.items() if columns[n].role is Role.UNIT
                 for token in tokens if is_unit(token.text)), None)


def value_in(tokens: Sequence[Token]) -> tuple[tuple[Token, ...], list[Token]]:
    """The value of a cell, and what else stands in the cell."""
    for at, token in enumerate(tokens):
        if token.kind is Kind.NONE:
            return (), list(tokens[at + 1:])
        if token.kind in PRIMARY or (token.kind is Kind.TEXT and token.text[0].isalnum()):
            return (token,), [*tokens[:at], *tokens[at + 1:]]
    return (), list(tokens)


def limits_in(cells: dict[int, list[Token]], columns: Sequence[Column], rest: Sequence[Token],
              unit: Token | None) -> tuple[Token, ...]:
    """The reference range: in its column, else behind the value, else from columns of lower and upper limits."""
    kinds = (Kind.RANGE, Kind.LIMIT, Kind.RESULT)
    for n, tokens in cells.items():
        if columns[n].role is Role.RANGE:
            found = tuple(token for token in tokens if token.kind in kinds)
            text = tuple(token for token in tokens if token.kind is Kind.TEXT and token is not unit)
            if found or text:
                return found[:1] or text
    found = tuple(token for token in rest if token.kind in kinds)
    low_high = [(columns[n].role, tokens[0]) for n, tokens in cells.items()
                if columns[n].role in (Role.LOW, Role.HIGH) and tokens and tokens[0].kind is Kind.NUMBER]
    if len(low_high) == 1:
        return found[:1] or (one_sided(*low_high[0]),)
    return found[:1] or tuple(token for _, token in low_high)


def one_sided(role: Role, token: Token) -> Token:
    """A lone lower or upper limit as a range."""
    number = token.number.number if token.number else None
    low, high = (number, None) if role is Role.LOW else (None, number)
    return token._replace(kind=Kind.LIMIT, range=Range(token.text, low, high))


def flag_in(rest: Sequence[Token], cells: dict[int, list[Token]], columns: Sequence[Column],
            chosen: int) -> Token | None:
    """The flag of a value: in its cell, else in a column of flags that belongs to this column of values."""
    own = next((token for token in rest if token.kind is Kind.FLAG), None)
    if own is not None:
        return own
    values = [n for n, column in enumerate(columns) if column.role in (Role.VALUE, Role.PREVIOUS)]
    for n, tokens in cells.items():
        owner = max((v for v in values if v < n), default=min(values))
        flag = next((token for token in tokens if token.kind is Kind.FLAG), None)
        if columns[n].role is not Role.VALUE and columns[n].role is not Role.PREVIOUS and owner == chosen and flag:
            return flag
    return None


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
    if is_known(row.name):
        return True
    text = " ".join(token.text for token in row.value)
    if row.value[0].kind is Kind.TEXT and len(text.split()) > _LONGEST_WORDED:
        return False
    if table.headings:
        return True
    numeric = any(token.kind in (Kind.RANGE, Kind.LIMIT) for token in row.limits)
    return row.unit is not None or numeric or (row.value[0].kind is Kind.RESULT and bool(row.limits))

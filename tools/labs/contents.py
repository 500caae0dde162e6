"""What the cells of a row hold: the value, its unit, its limits and its flag."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..lab_terms.limits import Range
from ..lab_terms.units import is_unit
from .columns import Column
from .headings import Role
from .lines import PRIMARY
from .parts import Parts
from .row import words_in
from .tokens import Kind, Token

_SEX = re.compile(r"\(?(?:m|f|males?|females?|men|women|boys|girls|mann|männer|frau|frauen)\b\s?[:(=]?|[♂♀]",
                  re.IGNORECASE)
"""Begins a range that is for one sex."""


def body_cells(parts: Parts) -> list[Token]:
    """The body's tokens, with words that stand close together joined to one token (`Escherichia coli`)."""
    joined: list[Token] = []
    for token in parts.body:
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


def wordy(before: Token, token: Token) -> bool:
    """Whether two tokens beside each other can be one text: words that no list knows go on with any others."""
    if token.kind is Kind.RESULT:
        return before.kind is Kind.TEXT and token.text[0].isalpha()
    return token.kind is Kind.TEXT and before.kind in (Kind.TEXT, Kind.FLAG, Kind.RESULT)


def value_in(tokens: Sequence[Token]) -> tuple[tuple[Token, ...], list[Token]]:
    """The value of a cell, and what else stands in the cell."""
    for at, token in enumerate(tokens):
        if token.kind is Kind.NONE:
            return (), list(tokens[at + 1:])
        if token.kind in PRIMARY or (token.kind is Kind.TEXT and token.text[0].isalnum()):
            return (token,), [*tokens[:at], *tokens[at + 1:]]
    return (), list(tokens)


def worded_unit(cells: dict[int, list[Token]], columns: Sequence[Column]) -> Token | None:
    """A unit that is a word or a letter (`s`, `min`), where it stands in a column of units."""
    return next((token._replace(kind=Kind.UNIT) for n, tokens in cells.items() if columns[n].role is Role.UNIT
                 for token in tokens if is_unit(token.text)), None)


def limits_in(cells: dict[int, list[Token]], columns: Sequence[Column], rest: Sequence[Token],
              unit: Token | None) -> tuple[Token, ...]:
    """The reference range: in its column, else behind the value, else from columns of lower and upper limits."""
    kinds = (Kind.RANGE, Kind.LIMIT, Kind.RESULT)
    for n, tokens in cells.items():
        if columns[n].role is Role.RANGE:
            if any(_SEX.match(token.text) for token in tokens):
                return (together(tokens),)
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


def together(tokens: Sequence[Token]) -> Token:
    """All of a cell as words: ranges for men and for women are told as printed, since which one holds is not known."""
    left, top, _, bottom = tokens[0].place
    return Token(Kind.TEXT, " ".join(token.text for token in tokens), words_in(tokens),
                 (left, top, tokens[-1].right, bottom))


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

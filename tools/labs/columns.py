"""Columns of a table of results: found where tokens stand above each other, told apart by what they hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from .headings import Heading, Role
from .lines import PRIMARY
from .tokens import Kind, Token

_FARTHEST = 5.0
"""Heights that a token may lie off a column."""


@dataclass(eq=False)
class Column:
    """A stretch of the page's width and what stands in it."""

    left: float
    right: float
    role: Role = Role.OTHER
    moment: str | None = None
    kinds: Counter[Kind] = field(default_factory=Counter)

    def overlap(self, left: float, right: float) -> float:
        """Shared width with a stretch; negative: the gap between them."""
        return (right if right < self.right else self.right) - (left if left > self.left else self.left)

    @property
    def is_numbers(self) -> bool:
        """Plain numbers, at least as many as ranges; a few among many units make no column of numbers."""
        numbers = self.kinds[Kind.NUMBER]
        return numbers > 0 and numbers >= self.kinds[Kind.RANGE] and 3 * numbers >= self.kinds[Kind.UNIT]

    @property
    def is_ranges(self) -> bool:
        """Ranges or limits, and fewer plain numbers."""
        return not self.is_numbers and self.kinds[Kind.RANGE] + self.kinds[Kind.LIMIT] > 0

    @property
    def is_units(self) -> bool:
        """Units, among which a few numbers may stand."""
        others = sum(self.kinds[kind] for kind in PRIMARY if kind is not Kind.NUMBER)
        return not others and self.kinds[Kind.UNIT] > 3 * self.kinds[Kind.NUMBER]

    @property
    def has_units(self) -> bool:
        """Whether most numbers bring their own unit."""
        return self.kinds[Kind.NUMBER] > 0 and 2 * self.kinds[Kind.UNIT] >= self.kinds[Kind.NUMBER]

    @property
    def is_primary(self) -> bool:
        """Anything that a result or a range can be."""
        return any(self.kinds[kind] for kind in PRIMARY)


def columns_of(bodies: Sequence[Sequence[Token]], headings: Sequence[Heading]) -> list[Column]:
    """The columns right of the names, with their roles.

    Args:
        bodies: the tokens behind the name of every row.
        headings: the table's heading row, empty when it has none.
    """
    columns = stretches(bodies)
    for tokens in bodies:
        for token in tokens:
            column = column_of(token, columns)
            if column is not None:
                column.kinds[token.kind] += 1
    give_roles(columns, headings)
    return columns


def stretches(bodies: Sequence[Sequence[Token]]) -> list[Column]:
    """Stretches of the width that tokens cover; with many rows, a single stray token does not join two of them."""
    spots = [(token.left + 0.1 * token.height, token.right - 0.1 * token.height)
             for tokens in bodies for token in tokens if token.kind is not Kind.TEXT]
    needed = 1 if len(bodies) < 10 else 2
    edges = sorted([(left, 1) for left, _ in spots] + [(right, -1) for _, right in spots])
    columns: list[Column] = []
    depth, start = 0, 0.0
    for x, step in edges:
        if step == 1 and depth + 1 == needed:
            start = x
        if step == -1 and depth == needed:
            columns.append(Column(start, x))
        depth += step
    if needed == 2:
        columns += [Column(left, right) for left, right in spots
                    if all(column.overlap(left, right) <= 0 for column in columns)]
    return sorted(columns, key=lambda column: column.left)


def column_of(token: Token, columns: Sequence[Column]) -> Column | None:
    """The column that a token shares most width with, or that lies nearest within five heights; else None."""
    left, right = token.left, token.right
    best = max(columns, key=lambda column: column.overlap(left, right), default=None)
    return best if best is not None and best.overlap(left, right) >= -_FARTHEST * token.height else None


def give_roles(columns: Sequence[Column], headings: Sequence[Heading]) -> None:
    """Roles by content; the heading row decides between several columns of numbers."""
    primary = [column for column in columns if column.is_primary]
    numbers = [column for column in primary if column.is_numbers]
    for column in columns:
        if column.is_ranges and numbers:
            column.role = Role.RANGE
        elif not column.is_primary or column.is_units:
            column.role = Role.UNIT if column.kinds[Kind.UNIT] else Role.FLAG if column.kinds[Kind.FLAG] else Role.OTHER
    if numbers:
        others = [column for column in primary if column not in numbers and not column.is_ranges]
        over = [heading_over(column, headings) for column in others]
        roles_of_numbers(numbers, headings, worded=any(found and found.role is Role.VALUE for found in over))
        if any(column.role is Role.UNIT for column in columns):
            take_counts(numbers, headings)
        candidates = [c for c in primary if c not in numbers and c.role is Role.OTHER]
    else:
        candidates = roles_without_numbers(primary, headings)
    for column in candidates:
        heading = heading_over(column, headings)
        column.role = heading.role if heading else Role.RANGE


def roles_of_numbers(numbers: Sequence[Column], headings: Sequence[Heading], *, worded: bool) -> None:
    """Results, earlier results, limits: by the headings above; without a fitting one the fullest holds the results,
    unless results in words stand under a heading of their own (`worded`).

    Where all are limits, the table is one of reference values and has no results.
    """
    for column in numbers:
        heading = heading_over(column, fitting_of(headings))
        if heading is not None:
            column.role, column.moment = heading.role, heading.moment
    if not any(column.role is Role.VALUE for column in numbers) and not worded:
        free = [column for column in numbers if column.role is Role.OTHER and not heading_over(column, headings)]
        others = free or [column for column in numbers if column.role not in (Role.LOW, Role.HIGH)]
        if others:
            max(others, key=lambda column: column.kinds[Kind.NUMBER]).role = Role.VALUE


def take_counts(numbers: Sequence[Column], headings: Sequence[Heading]) -> None:
    """Give the results' role to numbers with units that stand beside others with theirs (`62 %   4.46 10*9/L`)."""
    for column in numbers:
        heading = heading_over(column, headings)
        if column.role is Role.OTHER and column.has_units and (heading is None or heading.role is Role.UNIT):
            column.role = Role.VALUE


def fitting_of(headings: Sequence[Heading]) -> list[Heading]:
    """The headings that can stand over numbers."""
    fitting = (Role.VALUE, Role.PREVIOUS, Role.LOW, Role.HIGH, Role.OTHER)
    return [heading for heading in headings if heading.role in fitting]


def roles_without_numbers(primary: Sequence[Column], headings: Sequence[Heading]) -> list[Column]:
    """Give the results' role where no column holds plain numbers (serology, microscopy); the columns left over."""
    values = [heading for heading in headings if heading.role is Role.VALUE]
    under = [column for column in primary if (heading := heading_over(column, headings)) and heading.role is Role.VALUE]
    chosen = under or ([] if values and primary else list(primary[:1]))
    for column in chosen or list(primary[:1]):
        heading = heading_over(column, values)
        column.role, column.moment = Role.VALUE, heading.moment if heading else None
    return [column for column in primary if column.role is not Role.VALUE and column.role is Role.OTHER]


def heading_over(column: Column, headings: Sequence[Heading]) -> Heading | None:
    """The heading that stands above a column: most shared width, else nearest within two heights."""
    best = max(headings, key=lambda heading: column.overlap(heading.left, heading.right), default=None)
    if best is None or column.overlap(best.left, best.right) < -2.0 * best.height:
        return None
    return best

"""The lines of a page, parted where panels stand side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from ...sources.page import Page, PageWord, line_text
from .tokens import Kind, Token, tokens_of
from .values import DecimalSign

PRIMARY = (Kind.NUMBER, Kind.LIMIT, Kind.RANGE, Kind.RESULT, Kind.NONE)
"""Kinds that fill a result's or a range's cell."""


@dataclass(frozen=True)
class Line:
    """One line of one side of a page."""

    number: int
    """Of the line on its page."""
    words: tuple[PageWord, ...]
    tokens: tuple[Token, ...]
    moment: str | None = None
    """A date that stands in a column of its own before the names."""
    group: str | None = None
    """The panel that stands in a column of its own before the names."""

    @cached_property
    def text(self) -> str:
        """The line as text."""
        return line_text(self.words)

    @cached_property
    def top(self) -> float:
        """Upper edge of its highest word."""
        return min(word.place[1] for word in self.words)

    @cached_property
    def bottom(self) -> float:
        """Lower edge of its lowest word."""
        return max(word.place[3] for word in self.words)

    @cached_property
    def left(self) -> float:
        """Left edge of its first word."""
        return self.words[0].place[0]

    @cached_property
    def right(self) -> float:
        """Right edge of its rightmost word."""
        return max(word.place[2] for word in self.words)

    @cached_property
    def height(self) -> float:
        """Median height of its words."""
        return sorted(word.place[3] - word.place[1] for word in self.words)[len(self.words) // 2]


def sides_of(page: Page, sign: DecimalSign, *, spaced: bool = False) -> list[list[Line]]:
    """The page's lines, parted where panels stand side by side; from left to right, each from top to bottom."""
    whole = [Line(number, words, tuple(tokens_of(words, sign, spaced=spaced)))
             for number, words in enumerate(page.lines)]
    edges = gutters(whole)
    if not edges:
        return [whole]
    sides: list[list[Line]] = [[] for _ in range(len(edges) + 1)]
    for line in whole:
        parts = parted(line, edges)
        for side, words in enumerate(parts):
            if words:
                sides[side].append(Line(line.number, words, tuple(tokens_of(words, sign, spaced=spaced))))
    return sides


def parted(line: Line, edges: Sequence[float]) -> list[tuple[PageWord, ...]]:
    """A line's words by side; a line with a word or phrase across an edge stays whole, on the side where it begins."""
    bounds = [float("-inf"), *edges, float("inf")]
    parts = [tuple(w for w in line.words if low <= w.place[0] < high) for low, high in pairwise(bounds)]
    for edge in edges:
        before = max((w.place[2] for w in line.words if w.place[0] < edge), default=float("-inf"))
        after = min((w.place[0] for w in line.words if w.place[0] >= edge), default=float("inf"))
        if after - before < 0.75 * line.height:
            first = sum(line.left >= bound for bound in edges)
            return [line.words if side == first else () for side in range(len(parts))]
    return parts


def gutters(lines: Sequence[Line]) -> list[float]:
    """Left edges of panels that stand right of another one.

    Such an edge is where, on three lines or more, another name begins behind a finished result and is followed by a
    result of its own. Results that stand left of the only names make no panel.
    """
    starts: list[tuple[float, str, float]] = []
    for line in lines:
        for at in range(1, len(line.tokens) - 1):
            if begins_panel(line.tokens, at):
                starts.append((line.tokens[at].left, line.tokens[at].text, line.height))
    edges: list[float] = []
    for x, _, height in sorted(starts):
        group = [(left, text) for left, text, _ in starts if abs(left - x) < 0.5 * height]
        several = len({text for _, text in group}) >= 3
        if several and not any(abs(x - edge) < 4 * height for edge in edges):
            edges.append(min(left for left, _ in group) - 0.4 * height)
    return edges


def begins_panel(tokens: Sequence[Token], at: int) -> bool:
    """Whether a name begins at `at` behind a named and finished result, with a result of its own behind it."""
    token, before = tokens[at], tokens[at - 1]
    wide = token.left - before.right > 1.0 * token.height
    if not wide or token.kind is not Kind.TEXT or not any(ch.isalpha() for ch in token.text):
        return False
    named = next((n for n, t in enumerate(tokens[:at]) if t.kind is Kind.TEXT and t.text[0].isalpha()), at)
    finished = any(t.kind in PRIMARY for t in tokens[named + 1:at])
    rest = tokens[at:at + 8]
    return finished and any(later.kind in (Kind.NUMBER, Kind.LIMIT, Kind.RESULT)
                            and later.left - earlier.right > 0.5 * later.height for earlier, later in pairwise(rest))


def cells_of(words: Sequence[PageWord]) -> list[tuple[PageWord, ...]]:
    """Words parted at gaps wider than 0.75 of their height."""
    cells: list[list[PageWord]] = []
    for word in words:
        if cells and word.place[0] - cells[-1][-1].place[2] <= 0.75 * word.height:
            cells[-1].append(word)
        else:
            cells.append([word])
    return [tuple(cell) for cell in cells]

"""Flow sheets: tests across the page, and a row of results below them, one for each date or one named `Result`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import dropwhile, pairwise

from ...sources.document_dates import Moment, moments_in
from ...sources.page import PageWord
from ..lab_terms.analytes import is_known
from ..lab_terms.units import is_unit
from .contents import value_in
from .lines import Line, cells_of
from .parts import clean_name
from .row import Row, words_in
from .tokens import Kind, Piece, Token, joined

FEWEST_TESTS = 2
"""Known names in the heading row of a flow sheet."""
_UNITS = re.compile(r"units?|einheit(?:en)?|uom|unités?|unidad(?:es)?", re.IGNORECASE)
_RESULTS = re.compile(r"(?:your |patient |current |observed )?(?:results?|values?|ergebnis(?:se)?|wert|résultats?)\b:?",
                      re.IGNORECASE)
_FLAGS = re.compile(r"(?:flags?|abn(?:ormal)?|status|interp(?:retation)?)\b:?", re.IGNORECASE)
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_MOST_WORDS = 12
"""Of a cell that may hold several names."""
_LIMITS = (Kind.RANGE, Kind.LIMIT)


@dataclass
class Across:
    """A column of a flow sheet: one test."""

    name: str
    words: tuple[PageWord, ...]
    left: float
    right: float
    """Edges of its heading."""
    unit: Token | None = None
    limits: tuple[Token, ...] = ()
    flag: Token | None = None
    """Of a row of flags, which a sheet with a single row of results has."""

    @property
    def middle(self) -> float:
        """Of its heading."""
        return (self.left + self.right) / 2


@dataclass
class FlowSheet:
    """A heading row of tests and the rows below it, with the lines that were taken."""

    tests: list[Across]
    cells: list[tuple[Line, Across, list[Token], str | None]] = field(default_factory=list)
    """What stands below each test in each row of results, with the row's moment."""
    lines: list[int] = field(default_factory=list)

    @property
    def rows(self) -> list[Row]:
        """The results, once all rows of the sheet are known: units and limits can stand below them."""
        return [row for line, test, tokens, moment in self.cells if (row := row_of(line, test, tokens, moment))]


def flow_sheets(lines: Sequence[Line], *, month_first: bool) -> list[FlowSheet]:
    """The flow sheets among lines: a row of names of tests, then lines that begin with a date or with `Result`.

    Args:
        lines: of one side of a page, from top to bottom.
        month_first: how ambiguous dates are read.
    """
    sheets: list[FlowSheet] = []
    current: FlowSheet | None = None
    for line in lines:
        tests = tests_across(line)
        if tests:
            current = FlowSheet(tests, lines=[line.number])
            sheets.append(current)
        elif current is not None and not take(line, current, month_first=month_first):
            current = None
    return [sheet for sheet in sheets if sheet.rows]


def tests_across(line: Line) -> list[Across]:
    """The tests named by a heading row; nothing when the line is none.

    At least two cells are known tests, nearly all cells behind the first are, and there is no number that could be a
    result.
    """
    cells = cells_of(line.words)
    if len(cells) < FEWEST_TESTS or any(token.kind in _LIMITS for token in line.tokens):
        return []
    named = [test for cell in cells for test in named_in(cell)]
    known = [test for test in named if is_known(test.name)]
    if len(known) < FEWEST_TESTS or len(known) < 0.7 * (len(named) - 1):
        return []
    taken = {word for test in known for word in test.words}
    if any(token.kind in (Kind.NUMBER, *_LIMITS, Kind.RESULT) and token.words[0] not in taken for token in line.tokens):
        return []
    return [test for place, test in enumerate(named) if place or is_known(test.name)]


def named_in(cell: tuple[PageWord, ...]) -> list[Across]:
    """The names of a cell: one, or known ones that stand so close that they look like one, or even touch."""
    whole = across_of([Piece(word.text, word, word.place[0], word.place[2]) for word in cell])
    if is_known(whole.name) or len(cell) > _MOST_WORDS:
        return [whole]
    return known_names([part for word in cell for part in humps(word)]) or [whole]


def known_names(pieces: Sequence[Piece]) -> list[Across] | None:
    """Pieces parted into known names, none left over, long names first; None where that cannot be."""
    if not pieces:
        return []
    for end in range(len(pieces), 0, -1):
        first = across_of(pieces[:end])
        rest = known_names(pieces[end:]) if is_known(first.name) else None
        if rest is not None:
            return [first, *rest]
    return None


def across_of(pieces: Sequence[Piece]) -> Across:
    """A test named by pieces of words that stand side by side."""
    words = {id(piece.word): piece.word for piece in pieces}
    return Across(clean_name(joined(pieces)[-1]), tuple(words.values()), pieces[0].left, pieces[-1].right)


def humps(word: PageWord) -> list[Piece]:
    """A word cut where a capital follows a small letter (`TimeINR`), each part with its share of the width."""
    x0, _, x1, _ = word.place
    cuts = [0, *(found.start() for found in _HUMP.finditer(word.text)), len(word.text)]
    spots = [x0 + (x1 - x0) * cut / len(word.text) for cut in cuts]
    return [Piece(word.text[start:end], word, left, right)
            for (start, end), (left, right) in zip(pairwise(cuts), pairwise(spots), strict=True)]


def take(line: Line, sheet: FlowSheet, *, month_first: bool) -> bool:
    """Take a line of a flow sheet: units, ranges or the results of one date; False when it is none of these."""
    moments = moments_in(line.words, month_first=month_first)
    first = moments[0] if moments and moments[0].first == 0 else None
    spread = across(behind_label(line, sheet.tests[0]) if first is None else behind(line, first), sheet.tests)
    results = _RESULTS.match(line.text.strip())
    if first is not None or results is not None:
        moment = first.iso if first else None
        sheet.cells += [(line, test, tokens, moment) for test, tokens in spread]
    elif _FLAGS.match(line.text.strip()):
        for test, tokens in spread:
            test.flag = next((token for token in tokens if token.kind is Kind.FLAG), None)
    elif any(token.kind in _LIMITS for token in line.tokens):
        for test, tokens in spread:
            test.limits = tuple(token for token in tokens if token.kind in _LIMITS)[:1] or test.limits
    elif _UNITS.match(line.text) or all(token.kind is Kind.UNIT for token in line.tokens):
        for test, tokens in spread:
            bare = [token for token in tokens if is_unit(token.text.strip("()[]"))]
            test.unit = bare[0] if bare else test.unit
    else:
        return False
    sheet.lines.append(line.number)
    return True


def behind_label(line: Line, test: Across) -> list[Token]:
    """The tokens of a line without the words that it begins with left of the first test."""
    return list(dropwhile(lambda token: token.kind is Kind.TEXT and token.left < test.left - token.height, line.tokens))


def behind(line: Line, moment: Moment) -> list[Token]:
    """The tokens of a line behind its date."""
    edge = line.words[moment.last].place[2]
    return [token for token in line.tokens if token.left >= edge - 0.5]


def across(tokens: Sequence[Token], tests: Sequence[Across]) -> list[tuple[Across, list[Token]]]:
    """Tokens by the test that they stand under: flush with its left edge or nearest to its middle."""
    found: dict[int, list[Token]] = {}
    for token in tokens:
        distances = [min(abs(token.left - test.left), abs((token.left + token.right) / 2 - test.middle))
                     for test in tests]
        nearest = distances.index(min(distances))
        before = tests[nearest - 1] if nearest else None
        owner = nearest - 1 if before and token.kind is Kind.FLAG and nearest - 1 in found else nearest
        found.setdefault(owner, []).append(token)
    return [(tests[place], group) for place, group in sorted(found.items())]


def row_of(line: Line, test: Across, tokens: Sequence[Token], moment: str | None) -> Row | None:
    """The result of one test on one date; None where there is none."""
    value, rest = value_in(tokens)
    if not value or not is_known(test.name):
        return None
    unit = next((token for token in rest if token.kind is Kind.UNIT), test.unit)
    flag = next((token for token in rest if token.kind is Kind.FLAG), test.flag)
    used = (*value, *((flag,) if flag else ()))
    words = words_in(used)
    return Row(name=test.name, value=value, unit=unit, limits=test.limits, flag=flag, words=words, start=test.words[0],
               line=line.number, panel=None, moment=moment,
               bold_value=all(word.bold for token in value for word in token.words))

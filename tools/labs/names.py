"""Names that do not stand on the line of their value: above it, or above and below it in a cell of several lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..lab_terms.analytes import is_known
from .lines import PRIMARY, Line
from .parts import RANGE_LABEL, clean_name, no_name, prose
from .tokens import Kind, Token

_FARTHEST = 2.6
"""Line heights from a name to the value below it."""
_VALUES = (Kind.NUMBER, Kind.LIMIT, Kind.RESULT)


def with_names(lines: Iterable[Line]) -> list[Line]:
    """The lines, with values that stand without a name joined to the name around or above them.

    Three forms: a name broken over two lines with its value level with the gap between them, as in a cell that is
    centred from top to bottom; a known name with the value on the next line; and with its range between the two.
    """
    given = list(lines)
    found: list[Line] = []
    at = 0
    while at < len(given):
        line = given[at]
        before = found[-1] if found else None
        after = given[at + 1] if at + 1 < len(given) else None
        if before is not None and nameless(line) and holds_name(before):
            if after is not None and encloses(before, line, after):
                found[-1] = joined((before, after), line)
                at += 2
                continue
            if is_known(clean_name(before.text)) and near(before, line):
                found[-1] = joined((before,), line)
                at += 1
                continue
        if before is not None and after is not None and labels_range(line) and nameless(after) and (
                is_known(clean_name(before.text)) and near(before, line) and near(line, after)):
            found[-1] = joined((before,), ranged(after, line))
            at += 2
            continue
        found.append(line)
        at += 1
    return found


def nameless(line: Line) -> bool:
    """Whether a line holds a value, and nothing that could be a name."""
    kinds = [token.kind for token in line.tokens]
    if not kinds or kinds[0] not in (*_VALUES, Kind.FLAG) or not any(kind in _VALUES for kind in kinds):
        return False
    return all(RANGE_LABEL.fullmatch(token.text) for token in line.tokens if token.kind is Kind.TEXT)


def labels_range(line: Line) -> bool:
    """Whether a line holds no more than a reference range under its label: `Normal range: 136 - 145 mmol/L`."""
    found = RANGE_LABEL.match(line.text.strip())
    kinds = [token.kind for token in line.tokens]
    return found is not None and any(kind in (Kind.RANGE, Kind.LIMIT) for kind in kinds) and Kind.NUMBER not in kinds


def ranged(line: Line, limits: Line) -> Line:
    """A line of a value with the range and unit of another line set behind it, as if they stood there."""
    kept = [token for token in limits.tokens if token.kind in (Kind.RANGE, Kind.LIMIT, Kind.UNIT)]
    shift = line.right + 2.0 * line.height - kept[0].left
    top, bottom = line.tokens[0].place[1], line.tokens[0].place[3]
    moved = [token._replace(place=(token.left + shift, top, token.right + shift, bottom)) for token in kept]
    return replace(line, words=(*line.words, *limits.words), tokens=(*line.tokens, *moved))


def holds_name(line: Line) -> bool:
    """Whether a line may be a name and nothing else."""
    worded = sum(ch.isalpha() for ch in line.text) >= 2 or is_known(line.text)
    return worded and not any(t.kind in PRIMARY for t in line.tokens) and not prose(line) and not no_name(line.text)


def near(above: Line, below: Line) -> bool:
    """Whether a line follows another closely."""
    return 0.0 <= below.top - above.top < _FARTHEST * max(above.height, below.height)


def encloses(above: Line, line: Line, below: Line) -> bool:
    """Whether two lines of one name stand around a value: flush, left of it, and each nearer to it than a line."""
    if not holds_name(below) or line.left < max(above.right, below.right) + 0.5 * line.height:
        return False
    flush = abs(above.left - below.left) < 0.5 * line.height
    up, down = line.top - above.top, below.top - line.top
    return flush and 0 < up < 0.95 * line.height and 0 < down < 0.95 * line.height


def joined(names: Sequence[Line], line: Line) -> Line:
    """One line of a name and its value; the name's tokens are set left of the value, as if it stood there."""
    tokens = [token for name in names for token in name.tokens]
    text = " ".join(token.text for token in tokens)
    right = min(line.left - 2.0 * line.height, max(token.right for token in tokens))
    left = min(token.left for token in tokens)
    top, bottom = line.tokens[0].place[1], line.tokens[0].place[3]
    words = tuple(word for name in names for word in name.words)
    name = Token(Kind.TEXT, text, words, (min(left, right - 1.0), top, right, bottom))
    return replace(line, words=(*words, *line.words), tokens=(name, *line.tokens))

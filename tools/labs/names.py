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

    Two forms: a name broken over two lines with its value level with the gap between them, as in a cell that is centred
    from top to bottom; and a known name with the value on the next line.
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
        found.append(line)
        at += 1
    return found


def nameless(line: Line) -> bool:
    """Whether a line holds a value, and nothing that could be a name."""
    kinds = [token.kind for token in line.tokens]
    if not kinds or kinds[0] not in (*_VALUES, Kind.FLAG) or not any(kind in _VALUES for kind in kinds):
        return False
    return all(RANGE_LABEL.fullmatch(token.text) for token in line.tokens if token.kind is Kind.TEXT)


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

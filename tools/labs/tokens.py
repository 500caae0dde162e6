"""From words of a line to tokens that mean something: a number, a range, a unit, a flag, a worded result, text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from ...core.boxes import BoxPt
from ...sources.page import PageWord, union
from ..lab_terms.limits import Range
from ..lab_terms.units import is_unit, repaired
from .values import (
    DASH,
    DecimalSign,
    Number,
    is_flag,
    is_result_word,
    is_semiquantitative,
    is_titre,
    parse_number,
    parse_range,
    with_thousands,
)


class Kind(StrEnum):
    """What a token is, as far as its text alone tells."""

    NUMBER = "number"
    LIMIT = "limit"
    """A comparator and a number: a result beyond measurement, or a one-sided range. Its column tells which."""
    RANGE = "range"
    UNIT = "unit"
    FLAG = "flag"
    RESULT = "result"
    """Words, titres and grades that can be a result."""
    NONE = "none"
    """A dash that stands for no result."""
    TEXT = "text"


class Token(NamedTuple):
    """Words of one line that belong together."""

    kind: Kind
    text: str
    words: tuple[PageWord, ...]
    place: BoxPt
    """Upright box; one word may hold several tokens, each with its share of the width."""
    number: Number | None = None
    range: Range | None = None

    @property
    def left(self) -> float:
        """Left edge."""
        return self.place[0]

    @property
    def right(self) -> float:
        """Right edge."""
        return self.place[2]

    @property
    def height(self) -> float:
        """Height of its words."""
        return self.place[3] - self.place[1]


_SOLID = re.compile(r"\S+")
_LEADER = re.compile(r"[.…_·]{3,}")
_GLUED = re.compile(
    r"(?<=[\dA-Za-z!*+↑↓%])(?=[<>≤≥])|(?<=[!↑↓])(?=\d)|(?<=\d)(?=[(\[]\d)|(?<=[)\]])(?=[A-Za-z\d])")
_GLUED_POWER = re.compile(r"(?P<number>\d+(?:[.,]\d+)?[HL*]*)(?P<unit>[x×*]?10[\^*eE]\d{1,2}/\w+)")
_RULES = frozenset("|¦│┃║")
"""Signs that are drawn between columns."""
_WORDS_TOO = frozenset({"ph", "inr", "index", "ratio", "titer", "titre", "s", "min"})
"""Units that are words or names as well: units only beside a number or in a column of units."""
_WIDEST_RUN = 8
"""Words that one token spans at most."""


class Piece(NamedTuple):
    """A word, or a part of one."""

    text: str
    word: PageWord
    left: float
    right: float


def pieces_of(words: Sequence[PageWord]) -> list[Piece]:
    """Words without dot leaders, and parted where two things are glued together (`13<45`, `1:160!<1:40`)."""
    pieces: list[Piece] = []
    for word in words:
        x0, _, x1, _ = word.place
        step = (x1 - x0) / max(1, len(word.text))
        pieces += [Piece(part, word, x0 + start * step, x0 + (start + len(part)) * step)
                   for part, start in spots_in(word.text)]
    return pieces


@lru_cache(maxsize=16384)
def spots_in(text: str) -> tuple[tuple[str, int], ...]:
    """The parts of a word and where in it each begins."""
    spots = []
    for found in _SOLID.finditer(_LEADER.sub(lambda m: " " * len(m.group()), text)):
        start = found.start()
        for part in parted(found.group()):
            if part not in _RULES and (part.strip(".") or part == ".."):
                spots.append((part, start))
            start += len(part)
    return tuple(spots)


def parted(text: str) -> list[str]:
    """A word cut where two things touch; a count with its power of ten (`4.710^3/uL`) where the unit begins."""
    power = _GLUED_POWER.fullmatch(text)
    if power and is_unit(power["unit"]):
        return [power["number"], power["unit"]]
    return _GLUED.split(text)


def tokens_of(words: Sequence[PageWord], sign: DecimalSign, *, spaced: bool = False) -> list[Token]:
    """The tokens of one line, from left to right.

    Args:
        words: one line, from left to right.
        sign: the document's decimal sign.
        spaced: the document parts thousands by spaces.
    """
    pieces = pieces_of(words)
    tokens: list[Token] = []
    at = 0
    while at < len(pieces):
        taken, token = longest(pieces, at, sign, spaced=spaced)
        tokens.append(token)
        at += taken
    tokens = [part for token in tokens
              for part in (with_unit_parted(token, sign) if token.number and token.number.rest else (token,))]
    return [as_unit(token) if follows_number(before, token) else token
            for before, token in zip([None, *tokens], tokens, strict=False)]


def follows_number(before: Token | None, token: Token) -> bool:
    """Whether a word that may be a unit stands right behind a number (`S` is susceptible, not a second)."""
    beside = before is not None and before.kind in (Kind.NUMBER, Kind.LIMIT, Kind.RANGE)
    return beside and token.kind is Kind.TEXT and token.text.lower() in _WORDS_TOO and token.text != "S"


def as_unit(token: Token) -> Token:
    """The token taken as a unit."""
    return token._replace(kind=Kind.UNIT)


def longest(pieces: Sequence[Piece], at: int, sign: DecimalSign, *, spaced: bool) -> tuple[int, Token]:
    """The longest run of close pieces from `at` on that means something; else one piece as text."""
    reach, limit = at + 1, min(len(pieces), at + _WIDEST_RUN)
    while reach < limit and close(pieces[reach - 1], pieces[reach]):
        reach += 1
    texts = joined(pieces[at:reach])
    if spaced and (at == 0 or not close(pieces[at - 1], pieces[at])):
        texts = [with_thousands(text) for text in texts]  # nothing close before it whose number the first group can be
    for end in range(reach, at, -1):
        run = pieces[at:end]
        text = texts[end - at - 1]
        kind, number, limits = meaning(text, sign)
        if kind is not Kind.TEXT and (len(run) == 1 or kind is not Kind.FLAG):
            return end - at, token_of(kind, text, run, number, limits)
    return 1, token_of(Kind.TEXT, pieces[at].text, pieces[at:at + 1], None, None)


def joined(run: Sequence[Piece]) -> list[str]:
    """The first piece as text, the first two, and so on: parts of one word without a space between them."""
    texts = [run[0].text]
    for before, piece in pairwise(run):
        glued = piece.word is before.word and piece.left == before.right
        texts.append(f"{texts[-1]}{piece.text}" if glued else f"{texts[-1]} {piece.text}")
    return texts


def close(one: Piece, other: Piece) -> bool:
    """Whether two pieces are parted by no more than a space or two."""
    _, top, _, bottom = one.word.place
    _, other_top, _, other_bottom = other.word.place
    return other.left - one.right <= 0.75 * max(bottom - top, other_bottom - other_top)


@lru_cache(maxsize=16384)
def meaning(text: str, sign: DecimalSign) -> tuple[Kind, Number | None, Range | None]:
    """What a text is by itself."""
    if (is_unit(text) and text.lower() not in _WORDS_TOO) or (repaired(text) is not None and "/" in text):
        return Kind.UNIT, None, None
    number = parse_number(text, sign)
    twice = number is not None and number.flag is not None and is_flag(number.rest)
    if number is not None and not twice and (not number.rest or unit_or_flag(number.rest)) and " -" not in text:
        kind = Kind.LIMIT if number.comparator else Kind.NUMBER
        return kind, number, parse_range(text, sign) if number.comparator else None
    limits = parse_range(text, sign)
    if limits is not None:
        return (Kind.LIMIT if limits.low is None or limits.high is None else Kind.RANGE), None, limits
    return worded_meaning(text), None, None


def worded_meaning(text: str) -> Kind:
    """What a text is that holds neither a number nor a range."""
    if is_titre(text) or is_semiquantitative(text):
        return Kind.RESULT
    if len(text) == 1 and text in DASH:
        return Kind.NONE
    if is_flag(text):
        return Kind.FLAG
    return Kind.RESULT if is_result_word(text) else Kind.TEXT


def unit_or_flag(rest: str) -> bool:
    """Whether what follows the digits of a number may follow them."""
    bare = rest.rstrip("*!↑↓ ")
    return is_unit(bare) or repaired(bare) is not None or is_flag(bare) or not bare


def token_of(kind: Kind, text: str, run: Sequence[Piece], number: Number | None, limits: Range | None) -> Token:
    """A token over pieces."""
    words = tuple(piece.word for before, piece in zip((None, *run), run, strict=False)
                  if before is None or piece.word is not before.word)
    _, top, _, bottom = union(word.place for word in words)
    return Token(kind, text, words, (run[0].left, top, run[-1].right, bottom), number, limits)


def with_unit_parted(token: Token, sign: DecimalSign) -> list[Token]:
    """A number with a unit glued to it as two tokens, three with a mark behind the unit."""
    rest = token.number.rest if token.number else ""
    bare = rest.rstrip("*!↑↓ ")
    if not bare or not (is_unit(bare) or repaired(bare) is not None):
        return [token]
    x0, y0, x1, y1 = token.place
    edge = x1 - (x1 - x0) * len(rest) / len(token.text)
    text = token.text[:len(token.text) - len(rest)].rstrip()
    kind, number, limits = meaning(text, sign)
    parts = [Token(kind, text, token.words, (x0, y0, edge, y1), number, limits),
             Token(Kind.UNIT, bare, token.words, (edge, y0, x1, y1))]
    mark = rest[len(bare):].strip()
    return [*parts, Token(Kind.FLAG, mark, token.words, (edge, y0, x1, y1))] if mark else parts

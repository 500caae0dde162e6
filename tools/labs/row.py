"""A result as printed, and what holds for the results below a panel's heading."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ...sources.page import PageWord
from .tokens import Token

SPECIMEN = re.compile(r"(?:specimen|sample|material)(?: type)?\s*:\s*"
                      r"(?P<what>[^\W\d_][^\d:;|]*?)(?=\s{2,}|\s+#|$|[,;|]|\s\w+:)", re.IGNORECASE | re.MULTILINE)
"""A line that names what was taken from the patient."""


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
    specimen: str | None = None
    """As a line above names it for all below."""
    earlier: bool = False
    """From a column of previous results."""
    bold_value: bool = False


@dataclass
class Section:
    """What holds for the rows below a panel's heading."""

    panel: str | None = None
    moment: str | None = None
    specimen: str | None = None


def words_in(tokens: Iterable[Token]) -> tuple[PageWord, ...]:
    """The words of tokens, each once."""
    return tuple({id(word): word for token in tokens for word in token.words}.values())

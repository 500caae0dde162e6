"""Where a text holds a hospital number, whatever punctuation stands between its characters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from .spans import NUMBER, Span

FEWEST_CHARACTERS = 4
"""Of a number that is looked for wherever it stands."""

FEWEST_BEHIND_LETTERS = 5
"""Of a number in digits that is also found where a label of two letters or more is glued to it (`MRN0012345`)."""

_DIGITS_BEHIND_LETTERS = re.compile(r"(?<=[^\W\d_])(?<!\d)[\W_]?0*[1-9]\d{4,}$")
"""`MR-0012345` is also written as 12345."""
_MISREAD = {"0": "0OoDQ", "o": "0OoDQ", "d": "0DdOo", "1": "1Il|i!", "i": "1Il|i!", "l": "1Il|i!", "5": "5Ss",
            "s": "5Ss", "8": "8Bb", "b": "8Bb6", "2": "2Zz", "z": "2Zz", "6": "6Gb", "g": "6Gg9"}


def is_code(text: str) -> bool:
    """Whether a text is rather a number than a name: it holds a digit."""
    return any(character.isdigit() for character in text)


def number_spans(text: str, ids: Iterable[str], *, misread: bool) -> Iterator[Span]:
    """Places of numbers, also of a number's digits without the letters before them.

    Args:
        text: to be searched.
        ids: as written; those without a digit, or shorter than `FEWEST_CHARACTERS`, are passed over.
        misread: signs that OCR takes for each other count as equal.
    """
    whole = {text for text in ids if is_code(text)}
    tails = {tail.group() for text in whole if (tail := _DIGITS_BEHIND_LETTERS.search(text))}
    for number in sorted(whole | tails):
        pattern = _number_pattern(number, misread)
        if pattern is not None:
            yield from (Span(*match.span(), NUMBER) for match in pattern.finditer(text))


@lru_cache(maxsize=256)
def _number_pattern(number: str, misread: bool) -> re.Pattern[str] | None:
    """A number as written, and with any punctuation between its characters where it is long enough to be no value."""
    kept = [character for character in number.casefold() if character.isalnum()]
    while len(kept) > FEWEST_CHARACTERS and kept[0] == "0":
        kept = kept[1:]
    if len(kept) < FEWEST_CHARACTERS:
        return None
    between = r"[\s._/\\#:^-]?" if len(kept) > 5 or not number.strip().isdigit() else ""
    if misread and between:
        between = r"[\s._/\\#:^|,-]{0,2}"
    said = between.join(_characters(character, misread) for character in kept)
    numeric = all(character.isdigit() for character in kept)
    glued = r"|(?<=[^\W\d_]{2})" if numeric and len(kept) >= FEWEST_BEHIND_LETTERS else ""
    fraction = r"(?![.,]\d)" if numeric else ""
    return re.compile(rf"(?:(?<![^\W_]){glued})(?<!\d[.,])0*{said}(?![^\W_]){fraction}", re.IGNORECASE)


def _characters(character: str, misread: bool) -> str:
    alike = _MISREAD.get(character, "") if misread else ""
    return f"[{re.escape(character + alike)}]" if alike else re.escape(character)

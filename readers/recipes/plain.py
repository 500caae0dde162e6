"""Words of others made plain before a model sees them: data stays data.

A record, a document or a question may hold what a chat template or a tokenizer reads as control:
`<end_of_turn>`, `<start_of_image>`, `<unused94>`. A tokenizer matches such tokens anywhere in its text, so
they are broken here, visibly: the angle brackets become `‹` and `›`. "<5 mg/L" stays what it is.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST_TERM = 300
"""Characters that the name of a finding, of an object or of a procedure may have."""

_ANGLED = re.compile(r"<([|/]?(?=[^<>\s]*[A-Za-z])[\w@|/-]+)>")
_SQUARE = re.compile(r"\[(@\w+@|multimodal|/?INST)\]", re.IGNORECASE)
_JOINERS = frozenset("\u200c\u200d")
_UNSEEN = "Cf"
_SPACES = frozenset({"Cc", "Zl", "Zp"})
_LONE = re.compile(r"[\ud800-\udfff]")
_RULER = re.compile(r"([-=_*#~`═─━—–‗＝])[ \t]*([-=_*#~`═─━—–‗＝])(?:[ \t]*[-=_*#~`═─━—–‗＝])+")


def plain(text: str) -> str:
    """One line without control tokens, control characters and invisible marks.

    Args:
        text: anything, of any length.

    Returns:
        The text in one line, white space collapsed. Joiners that scripts need (U+200C, U+200D) stay.
    """
    return " ".join(_without_tokens(_seen(text)).split())


def plain_block(text: str) -> str:
    """The same line by line, empty lines left out; runs of three or more ruler characters shrink to two.

    So no ruler is forged. `+` is no ruler character: "+++" is a result.
    """
    lines = (_RULER.sub(r"\1\2", plain(line)) for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def term(text: str, what: str) -> str:
    """A short name that a prompt asks about, plain.

    Args:
        text: the name.
        what: what it is, for the error.

    Raises:
        ValueError: it is empty or longer than `LONGEST_TERM`.
    """
    words = plain(text)
    if not words or len(words) > LONGEST_TERM:
        raise ValueError(f"{what} needs 1 to {LONGEST_TERM} characters, not {len(words)}")
    return words


def _seen(text: str) -> str:
    """Only what can be seen: marks that hide or reorder text go, control characters become spaces.

    Characters of private use stay: fonts of documents put signs such as µ there.
    """
    kinds = ((character, unicodedata.category(character)) for character in _LONE.sub("\N{REPLACEMENT CHARACTER}", text))
    return "".join(" " if kind in _SPACES else character for character, kind in kinds
                   if kind != _UNSEEN or character in _JOINERS)


def _without_tokens(text: str) -> str:
    return _SQUARE.sub(r"(\1)", _ANGLED.sub("‹\\1›", text))

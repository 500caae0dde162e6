"""How many tokens a prompt will have, told before it is made."""

from __future__ import annotations

import re
from typing import Any

from .request import Request

PICTURE_TOKENS = 256
"""Soft tokens of one picture in Gemma 3 (its configuration, mm_tokens_per_image)."""
WRAPPED_PICTURE_TOKENS = 260
"""Of one picture with the two marks around it and a blank line before and after."""
TURN_TOKENS = 12
"""Of the marks around a question and before its answer."""

_PIECE = re.compile(r"[A-Za-z]+|\S|\n")


def estimated_tokens(text: str) -> int:
    """About how many tokens Gemma makes of a text: digits and signs one each, words one for four letters.

    Meant to be rather too many; it was not compared with Gemma's own tokenizer.
    """
    pieces = _PIECE.findall(text)
    return sum(-(-len(piece) // 4) if piece.isascii() else len(piece.encode("utf-8")) for piece in pieces)


def estimated_prompt(request: Request[Any]) -> int:
    """About how many tokens a request's prompt has, rather too many than too few."""
    texts = (request.system or "", *(part for part in request.parts if isinstance(part, str)))
    return TURN_TOKENS + WRAPPED_PICTURE_TOKENS * len(request.pictures) + sum(map(estimated_tokens, texts))

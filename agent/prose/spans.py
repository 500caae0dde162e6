"""Numbers that are told in words or beside them: spans of time, multiples, numbers of a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .tokens import Token

_UNITS = frozenset({"day", "week", "month", "year"})
_BEFORE = frozenset({"within", "over", "in", "after", "during", "for", "past", "last", "just", "only", "about",
                     "nearly", "approximately", "roughly", "almost", "around"})
_AFTER = frozenset({"later", "earlier", "before", "ago", "apart", "on", "prior", "previously"})
_ENDS = frozenset({".", ":", ";"})
_JOINS = {"over": frozenset({"more"}), "by": frozenset({"by"})}
_COUNTED = frozenset({"region", "slide region", "opacity"})
_LIMITING = 6


def numbered(tokens: Sequence[Token]) -> list[Token]:
    """The sentence with spans and multiples as numbers, without the numbers of a list.

    "Within a week" and "eleven weeks later" become numbers with a unit, "three times" and "2-fold" a multiple; a pair
    such as "5.1 by 0.5 mmol/L" behind a limit is none.
    """
    out: list[Token] = []
    place = 0
    tokens = _unlisted(tokens)
    while place < len(tokens):
        token, following = tokens[place], tokens[place + 1] if place + 1 < len(tokens) else None
        if following is not None and _is_span(token, following, out[-1:], tokens[place + 2:place + 3]):
            out.append(Token("number", token.text, digits=token.digits or "1", unit=following.text))
            place += 2
        elif following is not None and token.kind in ("number", "count") and following.text in ("time", "fold"):
            out.append(Token("times", token.text, digits=token.digits))
            place += 2
        else:
            out += _unpaired(token, following, out)
            place += 1
    return out


def _unlisted(tokens: Sequence[Token]) -> list[Token]:
    """Without "1." and "2)" before what they number, counted from one."""
    out: list[Token] = []
    number, place = 1, 0
    while place < len(tokens):
        token, mark = tokens[place], tokens[place + 1:place + 2]
        begins = place == 0 or tokens[place - 1].kind in _ENDS
        ends = bool(mark) and mark[0].kind in (".", ")") and place + 2 < len(tokens)
        if begins and ends and token.kind == "number" and token.digits == str(number) and token.unit is None:
            number += 1
            place += 2
        else:
            out.append(token)
            place += 1
    return out


def _is_span(token: Token, unit: Token, before: Sequence[Token], after: Sequence[Token]) -> bool:
    one = token.kind == "count" or (token.kind == "word" and token.text in ("a", "an"))
    led = any(item.text in _BEFORE for item in before) or any(item.text in _AFTER for item in after)
    return one and unit.kind == "word" and unit.text in _UNITS and led


def _unpaired(token: Token, following: Token | None, before: Sequence[Token]) -> list[Token]:
    """A number that another one follows; of a pair only where both can be of one pair."""
    if token.kind != "number" or token.pair not in _JOINS or following is None:
        return [token]
    limited = any("limit" in item.says for item in before[-_LIMITING:])
    limited = limited or any(item.text in _COUNTED for item in before[-1:])
    apart = token.unit is not None and (token.pair == "over" or token.unit != following.unit)
    if not (limited or apart):
        return [token]
    return [replace(token, pair=""), Token("word", token.pair, _JOINS[token.pair])]

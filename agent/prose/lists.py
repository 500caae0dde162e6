"""Lists that answer each other: "regions 1, 2 and 3 have 8010, 7530 and 6020", "volumes (R/L): 2536 / 2229 mL"."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from .claim import SIDES, Anchors
from .tokens import Token

_BETWEEN = frozenset({",", "/", "and", "versus", "vs"})
_SHORT_SIDES = {"r": "right", "l": "left"}


def paired(tokens: Sequence[Token], anchors: Anchors) -> list[Token]:
    """The sentence with each member of a first list put beside its number; other sentences as they are.

    Args:
        tokens: the sentence's.
        anchors: the ways to name a cited finding; names answer numbers as the numbers of regions and sides do.
    """
    tokens = _with_sides(tokens)
    names = {phrase for anchor in anchors if len(anchor) == 1 for phrase in anchor}
    for is_key in (_is_number, _is_side, lambda token: token.phrase in names and not token.says & SIDES):
        out = _by(tokens, is_key)
        if out is not None:
            return out
    return list(tokens)


def _by(tokens: Sequence[Token], is_key: Callable[[Token], bool]) -> list[Token] | None:
    """The sentence by its first list of keys that as many numbers answer; None where there is none."""
    keys = _run(tokens, 0, is_key)
    if keys is None:
        return None
    numbers = _run(tokens, keys[-1] + 1, lambda token: token.kind == "number" and not token.pair.strip("/"))
    if numbers is None or len(numbers) != len(keys):
        return None
    before, between, after = tokens[:keys[0]], tokens[keys[-1] + 1:numbers[0]], tokens[numbers[-1] + 1:]
    if any(token.kind in (";", ".") or _is_number(token) for token in between):
        return None
    unit = tokens[numbers[-1]].unit
    opens = tokens[numbers[0] - 1].kind == "("
    amounts = [replace(tokens[place], unit=tokens[place].unit or unit, pair="", opens=opens) for place in numbers]
    noun = [token for token in before[-1:] if token.phrase]
    said = [token for token in between if token.kind not in ("(", ")", ":", ",")]
    out = [*before, tokens[keys[0]], *said, amounts[0]]
    for key, amount in zip(keys[1:], amounts[1:], strict=True):
        out += [Token(",", ","), *noun, tokens[key], *said, amount]
    return [*out, *(token for token in after if token.kind != ")")]


def _with_sides(tokens: Sequence[Token]) -> list[Token]:
    """R/L and L/R as sides, and (R) with (L)."""
    out = list(tokens)
    alone = [place for place, token in enumerate(out) if token.kind == "word" and token.text in _SHORT_SIDES]
    if {out[place].text for place in alone} == set(_SHORT_SIDES):
        for place in alone:
            out[place] = Token("word", out[place].text, frozenset({_SHORT_SIDES[out[place].text]}))
    for place in range(len(out) - 2):
        pair = out[place].text, out[place + 2].text
        if out[place + 1].kind == "/" and set(pair) == {"r", "l"}:
            for at, text in ((place, pair[0]), (place + 2, pair[1])):
                out[at] = Token("word", text, frozenset({_SHORT_SIDES[text]}))
    return out


def _is_number(token: Token) -> bool:
    return token.kind == "number" and token.unit is None and not token.pair and len(token.digits) <= 2 and \
        "." not in token.digits


def _is_side(token: Token) -> bool:
    return token.kind == "word" and not token.phrase and (token.text in _SHORT_SIDES or bool(token.says & {
        "right", "left"}))


def _run(tokens: Sequence[Token], start: int, wanted: Callable[[Token], bool]) -> list[int] | None:
    """Places of the first two or more wanted tokens with nothing but marks between them."""
    run: list[int] = []
    for place in range(start, len(tokens)):
        if wanted(tokens[place]) and (not run or run[-1] < place - 1 or bool(tokens[place - 1].pair)):
            run.append(place)
        elif tokens[place].text not in _BETWEEN or not run:
            if len(run) > 1:
                return run
            run = []
    return run if len(run) > 1 else None

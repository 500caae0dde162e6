"""Lists that answer each other: "regions 1, 2 and 3 have 8010, 7530 and 6020", "volumes (R/L): 2536 / 2229 mL"."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from .tokens import Token

_BETWEEN = frozenset({",", "/", "and"})
_SHORT_SIDES = {"r": "right", "l": "left"}


def paired(tokens: Sequence[Token]) -> list[Token]:
    """The sentence with each member of a first list put beside its number; other sentences as they are."""
    tokens = _with_sides(tokens)
    keys = _run(tokens, 0, _is_key)
    if keys is None:
        return list(tokens)
    numbers = _run(tokens, keys[-1] + 1, lambda token: token.kind == "number" and not token.pair.strip("/"))
    if numbers is None or len(numbers) != len(keys):
        return list(tokens)
    before, between, after = tokens[:keys[0]], tokens[keys[-1] + 1:numbers[0]], tokens[numbers[-1] + 1:]
    unit = tokens[numbers[-1]].unit
    amounts = [replace(tokens[place], unit=tokens[place].unit or unit, pair="") for place in numbers]
    noun = [token for token in before[-1:] if token.phrase]
    out = [*before, tokens[keys[0]], *(token for token in between if token.text not in ("(", ")", ":")), amounts[0]]
    for key, amount in zip(keys[1:], amounts[1:], strict=True):
        out += [Token(",", ","), *noun, tokens[key], amount]
    return [*out, *(token for token in after if token.kind != ")")]


def _with_sides(tokens: Sequence[Token]) -> list[Token]:
    """R/L and L/R as sides."""
    out = list(tokens)
    for place in range(len(out) - 2):
        pair = out[place].text, out[place + 2].text
        if out[place + 1].kind == "/" and set(pair) == {"r", "l"}:
            for at, text in ((place, pair[0]), (place + 2, pair[1])):
                out[at] = Token("word", text, frozenset({_SHORT_SIDES[text]}))
    return out


def _is_key(token: Token) -> bool:
    plain = token.kind == "number" and token.unit is None and not token.pair and len(token.digits) <= 2 and \
        "." not in token.digits
    return plain or (token.kind == "word" and token.text in _SHORT_SIDES)


def _run(tokens: Sequence[Token], start: int, wanted: Callable[[Token], bool]) -> list[int] | None:
    """Places of the first two or more wanted tokens with nothing but marks between them."""
    run: list[int] = []
    for place in range(start, len(tokens)):
        if wanted(tokens[place]):
            run.append(place)
        elif tokens[place].text not in _BETWEEN or not run:
            if len(run) > 1:
                return run
            run = []
    return run if len(run) > 1 else None

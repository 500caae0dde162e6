"""A sentence parted where people part it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from .claim import DIRECTIONS, SIDES, Anchors
from .tokens import Token

SOFT = {",": "comma", "-": "comma", "and": "and", "or": "or", "nor": "or", "with": "with", "without": "with",
        "beside": "comma", "than": "than", "plus": "and", "&": "and", "there is": "comma",
        "there are": "comma", "at": "with", "on": "with", "unlike": "unlike", "in contrast to": "unlike",
        "as opposed to": "unlike"}
"""What joins a part to the one before, by the word or mark between them."""
HARD = frozenset({";", ".", "but", "while", "wherea", "however", "although", "though", "yet", "when"})
_NEAR = 8
"""How many words ahead the other side of "2240 mL on the right versus 1875 mL on the left" is looked for."""
_THAN = {"less than": frozenset({"decreased"}), "fewer than": frozenset({"decreased"}),
         "more than": frozenset({"increased"}), "greater than": frozenset({"increased"})}
"""Comparisons that, with no number behind them, say how what stands before differs from what follows."""
_EXCEED = frozenset({"exceed", "exceeding", "surpass", "surpasse", "outweigh"})
_TIMES = frozenset({"day", "days", "week", "weeks", "month", "months", "year", "years"})


def parted(tokens: Sequence[Token], anchors: Anchors) -> Iterable[tuple[str, list[Token]]]:
    """The parts of a sentence, each with what joins it to the one before.

    Args:
        tokens: the sentence's.
        anchors: the ways to name a cited finding.
    """
    tokens = _compared(_plain(tokens, anchors))
    link, own, between = "start", list[Token](), False
    for place, token in enumerate(tokens):
        between = "between" in token.says or (between and token.kind in ("date", "word", "number"))
        mark = _mark(own, token, tokens[place + 1:place + 2], between=between)
        if not mark:
            own.append(token)
            continue
        if own:
            yield link, own
        elif link not in ("start", "comma"):
            mark = link if mark in ("comma", "with") else mark
        link, between = mark, False
        own = [token] if token.text == "without" else []
    if own:
        yield link, own


def _compared(tokens: Sequence[Token]) -> list[Token]:
    """"Less than" with no number behind it as "less" and "than"; "versus" between two sides as a comma."""
    out: list[Token] = []
    sided = False
    for place, token in enumerate(tokens):
        ahead = tokens[place + 1:place + _NEAR]
        sided = sided or bool(token.says & SIDES)
        if sided and "versus" in token.says and any(item.says & SIDES for item in ahead):
            out.append(Token(",", ","))
        elif token.text in _EXCEED and _is_compared(ahead):
            out += [Token("word", "larger", frozenset({"increased"})), Token("word", "than")]
        elif token.text in _THAN and ahead and not _is_number(ahead[0]):
            out += [Token("word", token.text.split()[0], _THAN[token.text]), Token("word", "than")]
        else:
            out.append(token)
    return out


def _is_compared(ahead: Sequence[Token]) -> bool:
    """Whether another finding follows "exceeds", and no number and no limit."""
    named = any(item.says & SIDES or item.phrase for item in ahead[:4])
    limited = any("limit" in item.says for item in ahead[:4])
    return named and not limited and not (ahead and _is_number(ahead[0]))


def _is_number(token: Token) -> bool:
    return token.kind in ("number", "times") or "about" in token.says


def _plain(tokens: Sequence[Token], anchors: Anchors) -> list[Token]:
    """Brackets taken away; one that holds a name and a number begins a part. A semicolon within is a comma."""
    out: list[Token] = []
    names = {phrase for anchor in anchors if len(anchor) == 1 for phrase in anchor}
    depth = 0
    for place, token in enumerate(tokens):
        if token.kind == "(":
            depth += 1
            inside = _until(tokens[place + 1:], ")")
            if any(item.phrase in names for item in inside) and any(item.kind == "number" for item in inside):
                out.append(Token(",", ","))
        elif token.kind == ")":
            depth = max(0, depth - 1)
        elif depth and token.kind in ";:":
            out.append(Token(",", ","))
        else:
            out.append(replace(token, opens=token.opens or (bool(place) and tokens[place - 1].kind == "(")))
    return out


def _until(tokens: Sequence[Token], kind: str) -> Sequence[Token]:
    return tokens[:next((place for place, token in enumerate(tokens) if token.kind == kind), len(tokens))]


def _mark(own: Sequence[Token], token: Token, following: Sequence[Token], *, between: bool) -> str:
    """How the token joins what follows to what stands before; empty where it parts nothing."""
    given = _is_given(own)
    if token.phrase or (token.text == "and" and between and _spans(own, following)):
        return ""
    if token.text in ("at", "on") and not (given and _is_measure(following)):
        return ""
    if token.text in ("over", "by") and _begins_measure(own, token, following):
        return "with"
    if token.text in HARD:
        return "when" if token.text == "when" else "hard"
    if "joining" in token.says:
        return "and"
    return "colon" if token.kind == ":" else SOFT.get(token.text, "")


def _begins_measure(own: Sequence[Token], token: Token, following: Sequence[Token]) -> bool:
    """Whether "over a", "over 9 mm2" or "by 9 mm" begins another measure: one was given before, and no word of change
    stands right before."""
    given = _is_given(own)
    if token.text == "over":
        return given and bool(following) and (following[0].text in ("a", "an") or _is_measure(following))
    limited = any("limit" in item.says for item in own)
    return given and not limited and _is_measure(following) and not own[-1].says & DIRECTIONS


def _spans(own: Sequence[Token], following: Sequence[Token]) -> bool:
    """Whether "and" stands between the two ends of a span: two dates, or two numbers."""
    last = own[-1].kind if own else ""
    dated = any(item.kind == "date" for item in own) and last in ("date", "number")
    return dated or (last == "number" and bool(following) and following[0].kind == "number")


def _is_given(own: Sequence[Token]) -> bool:
    """Whether a number was given that is not that of a region."""
    return any(item.kind == "number" and (item.unit is not None or len(item.digits) > 1) for item in own)


def _is_measure(tokens: Sequence[Token]) -> bool:
    """Whether a number comes that is no span of time."""
    return bool(tokens) and ("about" in tokens[0].says or (
        tokens[0].kind == "number" and (tokens[0].unit or "").casefold() not in _TIMES))

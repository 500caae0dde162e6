"""What a number stands for by the words around it: an earlier value, a limit, a difference, a multiple, a span."""

from __future__ import annotations

from collections.abc import Sequence

from .tokens import Token

LIMITS = frozenset({"range", "upper", "lower", "detectable"})
UNDATED = LIMITS | {"by", "off", "times", "interval"}
"""Roles of numbers that no date belongs to."""
APART = frozenset({"prior", "between", "until"})
"""Roles of dates that are no number's."""
BEYOND = frozenset({"above", "over", "beyond", "exceed", "exceeding", "more than", "greater than", "in excess of"})
SHORT_OF = frozenset({"below", "under", "within", "less than"})
COMPARATORS = {"less": "<", "more": ">"}
_TIMES = frozenset({"day", "days", "week", "weeks", "month", "months", "year", "years"})
_OFF = frozenset({"too high", "too low", "above range", "below range", "above", "over", "beyond", "more than",
                  "greater than", "in excess of", "below", "under", "less than", "less", "more", "lower", "higher",
                  "larger", "smaller", "greater", "longer", "shorter", "bigger"})
"""Words between a difference and what it is a difference to."""
_MOVED_BY = frozenset({"dropped", "fell", "rose", "increased", "decreased", "lost", "gained", "grew", "shrank",
                       "climbed", "declined", "up", "down"})
"""Verbs of change: a number right after one says by how much."""
_BESIDE = {"between": "prior", "until": "now", "prior": "prior"}
"""What a number right behind a date of such a role stands for."""
_PAIRS = {"-": ("range", "range"), "x": ("long", "short"), "by": ("long", "short"), "/": ("first", "second"),
          "over": ("first", "second")}
_ROLES = (("between", "between"), ("versus", "prior"), ("prior", "prior"), ("since", "prior"), ("now", "now"))
_TOLD = (("to", "now"), ("by", "by"))


def after_word(says: frozenset[str], text: str, role: str, *, numbered: bool) -> str:
    """What the next number or date stands for after a word.

    Args:
        says: what the word says.
        text: the word.
        role: what the number stood for before the word.
        numbered: whether the number comes next.
    """
    if numbered and says & COMPARATORS.keys():
        return "less" if "less" in says else "more"
    if "limit" in says:
        return _limit_in(text)
    if says & {"detectable", "factor"}:
        return "detectable" if "detectable" in says else "times"
    if role in LIMITS and not says & {"prior", "since", "now"} and not (numbered and "by" in says):
        return "" if text == "at" else role
    if numbered and "between" in says:
        return "range"
    told = [own for kind, own in _ROLES if kind in says and (kind != "since" or text != "from" or numbered)]
    if numbered:
        told += ["by"] if text in _MOVED_BY else [own for kind, own in _TOLD if kind in says]
    return told[0] if told else role


def _limit_in(text: str) -> str:
    marks = (("upper", ("upper", "uln")), ("lower", ("lower", "lln")))
    return next((kind for kind, words in marks if any(word in text for word in words)), "range")


def after_date(role: str, date_role: str) -> str:
    """What a number right behind a date stands for, given what it stood for before the date and the date's role."""
    return _BESIDE.get(date_role, role)


def of_number(tokens: Sequence[Token], place: int, role: str) -> str:
    """What a number stands for.

    Args:
        tokens: those of its part.
        place: where it stands.
        role: what the words before it make of it.
    """
    token = tokens[place]
    before = tokens[place - 1] if place else None
    following = tokens[place + 1] if place + 1 < len(tokens) else None
    if before is not None and before.kind == "number" and before.pair:
        return _PAIRS[before.pair][1]
    if token.pair:
        return _PAIRS[token.pair][0]
    if token.unit is not None and token.unit.casefold() in _TIMES:
        return "interval"
    if role in ("less", "more", "between", ""):
        role = "bracket" if token.opens and token.comparator else ""
    if role in ("", "now") and _is_off(tokens[place + 1:place + 7]):
        return "off"
    compared = following is not None and "versus" in following.says
    if token.opens and role in LIMITS:
        return "" if compared else "bracket" if role == "range" else role
    return role


def _is_off(after: Sequence[Token]) -> bool:
    """Whether a number says how far something lies from a limit, or from what "than" names."""
    ends = any("limit" in token.says or token.text in ("than", "it") for token in after)
    return bool(after) and after[0].text in _OFF and (ends or len(after) == 1)

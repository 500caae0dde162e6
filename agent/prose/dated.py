"""Units, dates and flags of a part joined to the numbers that they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from .claim import Claim
from .roles import APART, UNDATED
from .tokens import Token


def share_units(claim: Claim) -> None:
    """In "from 7.8 to 10.6 mm" the unit is that of both."""
    for place, (one, other) in enumerate(pairwise(list(claim.amounts))):
        if one.unit is None and other.unit is not None and one.role == "prior" and other.role == "now":
            claim.amounts[place] = replace(one, unit=other.unit)


def share_flags(claim: Claim, amounts: Sequence[int], flags: Sequence[tuple[int, int]]) -> None:
    """In "from normal (13.9) to low (10.6)" each flag is of the number that stands nearest.

    Args:
        claim: the part.
        amounts: where its numbers stand.
        flags: which of its sayings are flags, and where each stands.
    """
    roles = {amount.role for amount in claim.amounts}
    if "prior" not in roles or not roles & {"", "now"}:
        return
    for at, place in flags:
        nearest = min(range(len(amounts)), key=lambda n: abs(amounts[n] - place))
        if claim.amounts[nearest].role == "prior":
            claim.sayings[at] = replace(claim.sayings[at], kind=f"was_{claim.sayings[at].kind}")


def share_dates(claim: Claim, tokens: Sequence[Token]) -> None:
    """Join each number to the date that follows it before the next number, or to the one that stands before all."""
    order = [token for token in tokens if token.kind == "date" or (token.kind == "number" and not token.phrase)]
    dates = [token for token in order if token.kind == "date"]
    apart = {id(date) for date, role in claim.dates if role in APART}
    if not claim.amounts or not dates:
        return
    if order[0].kind == "date" and len(dates) == 1:
        if id(dates[0].date) not in apart:
            claim.amounts = [replace(amount, date=dates[0].date) if amount.role not in UNDATED | {
                "prior"} else amount for amount in claim.amounts]
        return
    at = -1
    for token, following in zip(order, [*order[1:], None], strict=True):
        if token.kind != "number":
            continue
        at = next((n for n in range(at + 1, len(claim.amounts)) if claim.amounts[n].digits == token.digits), at)
        dated = following is not None and following.kind == "date" and id(following.date) not in apart
        fits = at >= 0 and claim.amounts[at].digits == token.digits and claim.amounts[at].role not in UNDATED
        if dated and fits and following is not None:
            claim.amounts[at] = replace(claim.amounts[at], date=following.date)

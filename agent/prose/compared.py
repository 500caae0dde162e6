"""Two things compared with each other in one sentence: "smaller than the right"."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from .claim import Claim

_FLAG = {"increased": "high", "decreased": "low"}


def compare(claims: list[Claim]) -> None:
    """In "smaller than the right" the word of change compares two things now, and no earlier time; and what "differs
    by" a number is no more changed than that; nor is "the difference" of a number."""
    for claim in claims:
        told = claim.amounts or any(other.of is claim and other.amounts for other in claims)
        if told:
            claim.sayings = [replace(item, kind="apart") if item.kind == "moved" and item.text.startswith("differ")
                             else item for item in claim.sayings]
        if "limit" in claim.says and any(amount.role in ("by", "off", "times") for amount in claim.amounts):
            claim.sayings = [item for item in claim.sayings if item.kind != "versus"]
            claim.amounts = [replace(amount, role={"now": "", "prior": "range"}.get(amount.role, amount.role))
                             for amount in claim.amounts]
    for before, claim in list(pairwise(claims)):
        if claim.link != "than" or claim.dates or claim.says & {"prior", "since", "detectable"}:
            continue
        said = before.says & {"increased", "decreased"}
        if len(said) != 1:
            continue
        if "limit" in claim.says:
            before.sayings = [replace(item, kind=_FLAG[item.kind]) if item.kind in said else item
                              for item in before.sayings]
            claim.link = "with"
            continue
        claim.compares = min(said)
        if before.negations:
            before.unknown.add("not")
        _share_out(before, claim, claims)
        before.sayings = [item for item in before.sayings if item.kind not in said]


def _share_out(before: Claim, claim: Claim, claims: list[Claim]) -> None:
    """In "smaller than the right, 2785 versus 3120 mL" each number is of its own thing."""
    place = next(place for place, other in enumerate(claims) if other is claim)
    after = claims[place + 1] if place + 1 < len(claims) else claim
    holder = claim if claim.amounts else after
    told = [amount for amount in holder.amounts if amount.role not in ("by", "off")]
    if len(told) != 2 or "versus" not in holder.says or before.amounts or (holder is after and after.named):
        return
    first, second = (replace(amount, role="", unit=amount.unit or told[1].unit) for amount in told)
    rest = [amount for amount in holder.amounts if amount.role in ("by", "off")]
    before.amounts, holder.amounts = [first], []
    holder.sayings = [item for item in holder.sayings if item.kind not in ("versus", "since")]
    claim.amounts = [second, *rest]
    if holder is not claim and not (holder.phrases or holder.dates or holder.unknown or holder.counts):
        del claims[place + 1]

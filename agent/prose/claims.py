"""The claims of a sentence: its parts, each with what it takes over from those beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from .claim import DIRECTIONS, EXAMINATIONS, FLAGS, SIDES, Anchors, Claim, Saying
from .parts import parts_of
from .tokens import Token, Words

CARRIED = frozenset({"past", "family", "allergy", "medication", "uncertain", "present"}) | FLAGS | DIRECTIONS
_STANDING = frozenset({"past", "present", "family"})
_LISTING = frozenset({"and", "or", "comma"})
_PLURAL = frozenset({"are", "were", "lie", "have", "both", "all", "remain"})
_APART = frozenset({"is", "are", "was", "were", "a", "an", "the"})
_VERBS = frozenset({"is", "are", "was", "were", "has", "have", "on record", "record"})


def claims_of(tokens: Sequence[Token], anchors: Anchors) -> list[Claim]:
    """The claims of a sentence in their order.

    Args:
        tokens: the sentence's.
        anchors: the ways to name a cited finding.
    """
    claims = _joined(parts_of(tokens, anchors), anchors)
    _compare(claims)
    for before, claim in pairwise(claims):
        if claim.named and claim.link in _LISTING | {"colon"}:
            claim.sayings = [item for item in reversed(before.sayings) if _holds_on(item, claim)] + claim.sayings
    for before, claim in pairwise(claims):
        _headed_side(before, claim)
    for before, claim in pairwise(claims):
        if not (claim.named or claim.amounts or "past" in before.says) and claim.link in _LISTING:
            before.sayings += [item for item in claim.sayings if item.kind == "past"]
    for earlier, claim in reversed(list(pairwise(claims))):
        _carry_back(earlier, claim)
        _shared_side(earlier, claim)
    return claims


def _joined(parts: list[Claim], anchors: Anchors) -> list[Claim]:
    """Parts without a name continue the one before; those before the first name lead it."""
    claims: list[Claim] = []
    lead: list[Claim] = []
    for place, part in enumerate(parts):
        later = any(other.named for other in parts[place:])
        led = part.phrases.union(*(other.phrases for other in lead))
        part.named = part.named or (bool(lead) and any(anchor <= led and anchor & part.phrases for anchor in anchors))
        if not part.named and not claims and later:
            lead.append(part)
            continue
        if part.named and lead:
            for other in reversed(lead):
                part.add(replace(other, sayings=[replace(item, leads=True) for item in other.sayings]))
            part.headed = part.link == "colon" and bool(part.sides)
            part.link = "start"
            lead = []
        if claims:
            _now_after(claims[-1], part)
            part.context = _context(claims[-1])
            if not part.named:
                part.inherited_directions = (claims[-1].says & DIRECTIONS) | claims[-1].inherited_directions
            if not part.sides and not part.named:
                part.inherited_sides = claims[-1].sides or claims[-1].inherited_sides
        claims.append(part)
    return claims


def _context(before: Claim) -> set[Words]:
    """What a later part continues; the number of a region gives way to a later one."""
    numbered = any(phrase[0].isdigit() for phrase in before.phrases)
    return before.phrases | {phrase for phrase in before.context if not (numbered and phrase[0].isdigit())}


def _now_after(before: Claim, part: Claim) -> None:
    """In "A, now B" and "A, previously B" the number without a word for its time is the other one."""
    if part.named or not part.amounts or not before.amounts or before.amounts[-1].role != "":
        return
    if any(amount.role == "by" for amount in before.amounts):
        return  # "by 2.8 mm (35.9 %), from …": what follows a difference says it once more
    other = {"now": "prior", "prior": "now"}.get(part.amounts[0].role)
    if other:
        before.amounts[-1] = replace(before.amounts[-1], role=other)


def _compare(claims: list[Claim]) -> None:
    """In "smaller than the right" the word of change compares two things now, and no earlier time."""
    for before, claim in list(pairwise(claims)):
        if claim.link != "than" or claim.dates or claim.says & {"prior", "since"}:
            continue
        said = before.says & {"increased", "decreased"}
        if len(said) != 1:
            continue
        if "limit" in claim.says:
            flag = {"increased": "high", "decreased": "low"}[min(said)]
            before.sayings = [replace(item, kind=flag) if item.kind in said else item for item in before.sayings]
            claim.link = "with"
            continue
        claim.compares = min(said)
        _share_out(before, claim, claims)
        before.sayings = [item for item in before.sayings if item.kind not in said]


def _share_out(before: Claim, claim: Claim, claims: list[Claim]) -> None:
    """In "smaller than the right, 2785 versus 3120 mL" each number is of its own thing."""
    place = next(place for place, other in enumerate(claims) if other is claim)
    after = claims[place + 1] if place + 1 < len(claims) else claim
    holder = claim if claim.amounts else after
    if len(holder.amounts) != 2 or "versus" not in holder.says or before.amounts or (holder is after and after.named):
        return
    first, second = (replace(amount, role="", unit=amount.unit or holder.amounts[1].unit) for amount in holder.amounts)
    before.amounts, holder.amounts = [first], []
    holder.sayings = [item for item in holder.sayings if item.kind not in ("versus", "since")]
    claim.amounts = [second]
    if holder is not claim and not (holder.phrases or holder.dates or holder.unknown or holder.counts):
        del claims[place + 1]


def _holds_on(item: Saying, claim: Claim) -> bool:
    """Whether what stands before the first of several names holds for one that is joined to it."""
    bare = not (claim.amounts or claim.sides or claim.says & ({"present", "uncertain"} | EXAMINATIONS | FLAGS
                                                              | DIRECTIONS))
    if not item.leads or (item.text == "had" and set(claim.texts) & {"has", "have"}):
        return False
    if item.kind == "negation":
        apart = bool(set(claim.texts) & _APART)
        return not claim.negations and ((bare and not apart) or claim.link == "or")
    if item.kind not in CARRIED or item.kind in claim.says or (item.kind == "uncertain" and not bare):
        return False
    if item.kind in FLAGS | DIRECTIONS:
        return not claim.says & (FLAGS | DIRECTIONS) and not claim.negations
    return item.kind not in _STANDING or not claim.says & _STANDING


def _headed_side(before: Claim, claim: Claim) -> None:
    """The side of a heading ("Left: effusion, consolidation") is that of all that stands under it."""
    if before.headed and claim.named and claim.link in _LISTING and not claim.sides:
        claim.sayings += [item for item in before.sayings if item.kind in SIDES]
        claim.headed = True


def _shared_side(earlier: Claim, claim: Claim) -> None:
    """A side after the last of several bare names ("consolidation and effusion on the left") is that of all."""
    after = [item for item in claim.sayings if item.kind in SIDES and not item.leads]
    bare = earlier.named and not (earlier.sides or earlier.amounts or earlier.dates)
    if after and claim.named and bare and claim.link in _LISTING and not set(earlier.texts) & _VERBS:
        earlier.sayings += after


def _carry_back(earlier: Claim, claim: Claim) -> None:
    """What is said after the last of several names holds for those joined before it."""
    several = bool(set(claim.texts) & _PLURAL)
    told = [item for item in claim.sayings if (not item.leads or not claim.named)
            and item.kind in FLAGS | DIRECTIONS | {"negation"}]
    if claim.link not in _LISTING | {"with"} or not told or not (claim.named or several):
        return
    taken = FLAGS | DIRECTIONS | EXAMINATIONS | SIDES | {"present", "negation"}
    free = not earlier.says & taken and not set(earlier.texts) & _VERBS
    if free and earlier.named and (several or not earlier.amounts):
        earlier.sayings += [replace(item, leads=False) for item in told]
        if several:
            earlier.texts.append("both")

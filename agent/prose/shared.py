"""What the parts of a sentence take over from each other: a flag, a side, a denial that is said once for several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from .claim import DIRECTIONS, EXAMINATIONS, FLAGS, SIDES, Claim, Saying
from .held import ENTRIES

CARRIED = frozenset({"past", "family", "uncertain", "present", *ENTRIES}) | FLAGS | DIRECTIONS
_STANDING = frozenset({"past", "present", "family"})
_KEPT_APART = frozenset(ENTRIES) | _STANDING
_OWN = frozenset({"present", "uncertain"}) | EXAMINATIONS | FLAGS | DIRECTIONS
"""What a claim says that has a word of its own, so that a denial or doubt before it may not be its."""
_ACTIVE = frozenset({"current", "currently", "active", "ongoing", "on the problem list"})
_LISTING = frozenset({"and", "or", "comma"})
_PLURAL = frozenset({"are", "were", "lie", "have", "both", "all", "remain"})
_APART = frozenset({"is", "are", "was", "were", "a", "an", "the"})
_TOO = frozenset({"not", "too", "well", "also", "as well"})
"""Words that end a claim whose predicate is that of the claim before."""
_WITHIN = frozenset({"in", "within", "inside"})
_CONTAINING = frozenset({"contain", "show", "harbor", "hold", "demonstrate", "reveal", "containing", "showing",
                         "display", "exhibit", "harboring", "has", "includes"})
_SINGULAR = frozenset({"is", "was", "has", "does"})
_VERBS = frozenset({"is", "are", "was", "were", "has", "have", "on record", "record"})


def share(claims: Sequence[Claim]) -> None:
    """Give each claim what it takes over from those beside it."""
    for before, claim in pairwise(claims):
        if before.named and claim.named and claim.link in _LISTING | {"colon"}:
            claim.sayings = [item for item in reversed(before.sayings) if _holds_on(item, claim)] + claim.sayings
    _exceeding(claims)
    for before, claim in pairwise(claims):
        _same_side(before, claim)
        _headed_side(before, claim)
        _contained(before, claim)
    _past_of_all(claims)
    for earlier, claim in reversed(list(pairwise(claims))):
        _carry_back(earlier, claim)
        _shared_side(earlier, claim)
    for place in range(1, len(claims)):
        _left_out(claims[:place], claims[place])
    for before, claim in pairwise(claims):
        _unlike(before, claim)
    for claim in claims:
        _denied(claim)


def _exceeding(claims: Sequence[Claim]) -> None:
    """What exceeds its limit is high."""
    for claim in claims:
        if {"limit", "more"} <= claim.says and not claim.says & FLAGS:
            claim.sayings.append(Saying("high", "above", leads=False))


def _same_side(before: Claim, claim: Claim) -> None:
    """The same side is the side of the claim before; without one it says nothing known."""
    if "same_side" in claim.says:
        claim.sayings += [item for item in before.sayings if item.kind in SIDES]
        claim.unknown |= set() if before.sides else {"same"}


def _past_of_all(claims: Sequence[Claim]) -> None:
    """What is said to be over in a later part is so for the name that the part continues."""
    for before, claim in reversed(list(pairwise(claims))):
        ended = [item for item in claim.sayings if item.kind in ("past", "ended")]
        if ended and not (claim.named or claim.amounts or before.says & {"past", "ended"}) and claim.link in _LISTING:
            before.sayings += ended


def _left_out(before: Sequence[Claim], claim: Claim) -> None:
    """In "X is high, Y is not" and "so is Y" the flag is that of X."""
    since = next((place for place in reversed(range(len(before))) if before[place].named), 0)
    told = next((other for other in before[since:] if other.says & (FLAGS | DIRECTIONS)), None)
    if told is None or claim.says & (FLAGS | DIRECTIONS):
        return
    words = [text for text in claim.texts if not text[:1].isdigit()]
    elliptic = bool(words) and (words[-1] in _TOO or "likewise" in claim.says)
    other_side = not claim.named and bool(claim.sides) and claim.sides != before[-1].sides and not (
        claim.amounts or claim.negations)
    if (elliptic and (claim.named or words[-1] == "not")) or other_side or (claim.sides and elliptic):
        claim.sayings += [replace(item, leads=False) for item in told.sayings if item.kind in FLAGS | DIRECTIONS]


def _unlike(before: Claim, claim: Claim) -> None:
    """What another thing is named for in contrast is not so of that thing."""
    for one, other in ((before, claim), (claim, before)):
        flags = [item for item in other.sayings if item.kind in FLAGS]
        if one.link == "unlike" and flags and not one.says & FLAGS:
            one.sayings += [replace(item, kind=f"not_{item.kind}", leads=False) for item in flags]


def _denied(claim: Claim) -> None:
    """A denial of a flag or a change is no denial of what is flagged; what is "no longer" so was so before."""
    flagged = claim.says & (FLAGS | DIRECTIONS)
    if "ended" in claim.says:
        denied = [Saying(f"not_{kind}", "not", leads=False) for kind in flagged]
        kept = [item for item in claim.sayings if item.kind not in flagged | {"ended", "present"}]
        was = [Saying(f"was_{kind}", "was", leads=False) for kind in flagged]
        claim.sayings = kept + (denied + was if flagged else [Saying("over", "no longer", leads=False)])
    elif claim.negations == 1 and any(item.kind == "present" and item.text in _ACTIVE for item in claim.sayings):
        claim.sayings = [item for item in claim.sayings if item.kind not in ("negation", "present", "now")]
        claim.sayings.append(Saying("over", "not current", leads=False))
    elif claim.negations and flagged:
        if claim.negations > 1:
            claim.unknown.add("not")
        kept = [item for item in claim.sayings if item.kind not in flagged | {"negation"}]
        claim.sayings = kept + [Saying(f"not_{kind}", "not", leads=False) for kind in flagged]


def _holds_on(item: Saying, claim: Claim) -> bool:
    """Whether what stands before the first of several names holds for one that is joined to it."""
    says = claim.says
    if not item.leads or (item.text == "had" and set(claim.texts) & {"has", "have"}):
        return False
    bare = not (claim.amounts or claim.sides or says & _OWN)
    if item.kind == "negation":
        apart = bool(set(claim.texts) & _APART)
        return not claim.negations and ((bare and not apart) or claim.link == "or")
    stops = item.kind not in CARRIED or item.kind in says or _is_over(item, claim)
    if item.kind == "uncertain":
        stops = stops or not bare or any(other.leads and other.kind == "negation" for other in claim.sayings)
    elif item.kind in ENTRIES:
        stops = stops or bool(says & _KEPT_APART) or bool(set(claim.texts[:1]) & _VERBS)
    elif item.kind in FLAGS | DIRECTIONS:
        stops = stops or bool(says & (FLAGS | DIRECTIONS)) or bool(claim.negations)
    elif item.kind in _STANDING:
        stops = stops or bool(says & _STANDING)
    return not stops


def _is_over(item: Saying, claim: Claim) -> bool:
    """Whether "past" stops before a claim that tells of now, or denies."""
    return item.kind == "past" and ("now" in claim.says or bool(claim.negations))


def _headed_side(before: Claim, claim: Claim) -> None:
    """The side of a heading ("Left: effusion, consolidation") is that of all that stands under it."""
    if before.headed and claim.named and claim.link in _LISTING and not claim.sides:
        claim.sayings += [item for item in before.sayings if item.kind in SIDES]
        claim.headed = True


def _contained(before: Claim, claim: Claim) -> None:
    """What the right lung "contains", or what is told of behind "in the right lung,", lies on the right."""
    place = before.texts[:1] and before.texts[0] in _WITHIN and not before.amounts
    holds = claim.texts[:1] and (claim.texts[0] in _CONTAINING or claim.texts[0][:1].isdigit())
    if claim.link not in _LISTING | {"with"} or claim.sides:
        return
    if place or holds or before.shared_sides:
        claim.shared_sides = (before.sides if place or holds else frozenset()) or before.shared_sides


def _shared_side(earlier: Claim, claim: Claim) -> None:
    """A side after the last of several bare names ("consolidation and effusion on the left") is that of all."""
    apart = bool(claim.says & DIRECTIONS) and bool(earlier.says & DIRECTIONS)
    after = [item for item in claim.sayings if item.kind in SIDES and not item.leads and not apart]
    bare = earlier.named and not (earlier.sides or earlier.amounts or earlier.dates)
    if after and claim.named and bare and claim.link in _LISTING and not set(earlier.texts) & _VERBS:
        earlier.shared_sides = frozenset(item.kind for item in after)


def _carry_back(earlier: Claim, claim: Claim) -> None:
    """What is said after the last of several names holds for those joined before it."""
    several = bool(set(claim.texts) & _PLURAL)
    told = [item for item in claim.sayings if (not item.leads or not claim.named)
            and item.kind in FLAGS | DIRECTIONS | {"negation"}]
    if claim.link not in _LISTING | {"with"} or not told or not (claim.named or several):
        return
    neither = claim.link == "or" and bool(claim.negations and earlier.negations)
    if neither and not earlier.says & (FLAGS | DIRECTIONS):
        earlier.sayings += [replace(item, leads=False) for item in told if item.kind != "negation"]
        if any(item.kind == "negation" and not item.leads for item in claim.sayings):
            claim.unknown.add("not")
        return
    joined = "with" in (claim.link, earlier.link)
    if (joined or set(claim.texts) & _SINGULAR) and not several:
        told = [item for item in told if item.kind != "negation"]
    taken = FLAGS | DIRECTIONS | EXAMINATIONS | SIDES | {"present", "negation", "positive"}
    free = not earlier.says & taken and not set(earlier.texts) & _VERBS
    if free and earlier.named and (several or not earlier.amounts):
        earlier.sayings += [replace(item, leads=False) for item in told]
        if several:
            earlier.texts.append("both")

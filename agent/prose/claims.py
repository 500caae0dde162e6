"""The claims of a sentence: its parts, each with what it continues."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .claim import DIRECTIONS, FLAGS, Anchors, Claim
from .compared import compare
from .parts import parts_of
from .shared import share
from .tokens import Token, Words

_STANDING = frozenset({"allergy", "medication", "condition", "procedure", "past", "present", "family"})
_BREAKS = frozenset({"hard", "when"})
_CHOOSING = frozenset({"of", "among", "amongst"})


def claims_of(tokens: Sequence[Token], anchors: Anchors) -> list[Claim]:
    """The claims of a sentence in their order.

    Args:
        tokens: the sentence's.
        anchors: the ways to name a cited finding.
    """
    claims = _joined(parts_of(tokens, anchors), anchors)
    compare(claims)
    begins = _topic_of(tokens, claims)
    share(claims[begins:])
    return claims


def _topic_of(tokens: Sequence[Token], claims: Sequence[Claim]) -> int:
    """How many claims at the beginning only name what is chosen from, as "of A, B and C, two are high" does."""
    if not tokens or tokens[0].text not in _CHOOSING:
        return 0
    told = next((place for place, claim in enumerate(claims) if claim.counts or "only" in claim.says), 0)
    if told < 2 or any(claim.amounts or claim.says & (FLAGS | DIRECTIONS) for claim in claims[:told]):
        return 0
    claims[told].link = "start"
    return told


def _joined(parts: list[Claim], anchors: Anchors) -> list[Claim]:
    """Parts without a name continue the one before; those before the first name, or a heading, lead what follows."""
    parts = _united(parts, anchors)
    claims: list[Claim] = []
    lead: list[Claim] = []
    headed: set[Words] = set()
    for place, part in enumerate(parts):
        headed = set() if part.link in _BREAKS else headed
        part.named = part.named and not (claims and _is_of_region(part, claims[-1]))
        led = part.phrases.union(headed, *(other.phrases for other in lead))
        part.named = part.named or (bool(lead or headed) and any(
            anchor <= led and anchor & part.phrases for anchor in anchors))
        rest = led.union(*(other.phrases for other in parts[place:]))
        later = any(other.named for other in parts[place:]) or any(anchor <= rest for anchor in anchors)
        if not part.named and later and (not claims or lead or _is_heading(parts, place)):
            lead.append(part)
            continue
        if _is_predicate(part, claims):
            _append(claims[-1], part)
            continue
        before: list[Claim] = []
        if part.named and lead:
            headed = led - part.phrases if part.link == "colon" else set()
            before = _led(part, lead)
            lead = []
        if claims:
            _continue(part, claims)
        claims.append(part)
        for other in before:
            other.link = "comma"
            _continue(other, claims)
            claims.append(other)
    return claims


def _is_of_region(part: Claim, before: Claim) -> bool:
    """Whether a number of nuclei is that of the region before it and names nothing by itself."""
    return part.by_unit and part.link != "than" and any(phrase[0].isdigit() for phrase in before.phrases)


def _united(parts: Sequence[Claim], anchors: Anchors) -> list[Claim]:
    """Parts that name a finding together and none alone as one: "ribs without fracture"."""
    out: list[Claim] = []
    for part in parts:
        last = out[-1] if out else None
        bare = last is not None and part.link == "with" and not (last.named or part.named or last.amounts)
        if last is not None and bare and any(anchor <= last.phrases | part.phrases for anchor in anchors):
            part.add(last)
            part.link, part.named = last.link, True
            out[-1] = part
        else:
            out.append(part)
    return out


def _is_heading(parts: Sequence[Claim], place: int) -> bool:
    """Whether a part such as "Past:" stands over what follows."""
    part, following = parts[place], parts[place + 1:place + 2]
    if part.link not in _BREAKS or part.amounts or not following:
        return False
    bare = not (part.phrases or part.unknown or part.dates) and part.says & _STANDING
    return following[0].link == "colon" or bool(bare and following[0].link == "comma" and following[0].named)


def _is_predicate(part: Claim, claims: Sequence[Claim]) -> bool:
    """Whether a part behind a colon says of the name before it that it is there or not: "Pneumothorax: none"."""
    bare = not (part.named or part.amounts or part.dates or part.phrases)
    return bare and part.link == "colon" and bool(claims) and claims[-1].named


def _append(claim: Claim, part: Claim) -> None:
    claim.sayings += [replace(item, leads=False) for item in part.sayings]
    claim.counts += part.counts
    claim.unknown |= part.unknown
    claim.units |= part.units
    claim.texts += part.texts


def _led(part: Claim, lead: Sequence[Claim]) -> list[Claim]:
    """Put what leads a part into it; what gives an earlier value is left to be told after it."""
    given = [other for other in lead if other.amounts]
    apart = [other for other in given if (len(given) > 1 and not part.amounts)
             or (part.amounts and any(amount.role == "prior" for amount in other.amounts))]
    for other in reversed(lead):
        if not any(other is one for one in apart):
            part.add(replace(other, sayings=[replace(item, leads=True) for item in other.sayings]))
    part.framed = [date for other in lead if not (other.phrases or other.amounts or other.says & {"since", "prior"})
                   for date in other.dates]
    part.headed = part.link == "colon" and any(other.sides for other in lead)
    part.link = "start"
    return apart


def _continue(part: Claim, claims: Sequence[Claim]) -> None:
    """Join a part to those before it; what is only named for contrast is passed over."""
    part.back = 2 if claims[-1].link == "unlike" and len(claims) > 1 and not part.named else 1
    before = claims[-part.back]
    if part.named and part.link in ("and", "comma", "with") and before.framed and "now" not in part.says:
        part.framed = before.framed
        part.dates += [] if part.dates else before.framed
    if part.link == "when" and before.dates and not part.dates:
        date = before.dates[-1][0]
        part.dates.append((date, ""))
        part.amounts = [replace(amount, date=date) if not amount.role else amount for amount in part.amounts]
    _now_after(before, part)
    part.context = _context(before)
    if not part.named or part.by_unit:
        part.of = before
        part.inherited_directions = (before.says & (DIRECTIONS | {"moved"})) | before.inherited_directions
        if not part.sides:
            part.inherited_sides = before.sides or before.inherited_sides


def _context(before: Claim) -> set[Words]:
    """What a later part continues; the number of a region gives way to a later one."""
    numbered = any(phrase[0].isdigit() for phrase in before.phrases)
    return before.phrases | {phrase for phrase in before.context if not (numbered and phrase[0].isdigit())}


def _now_after(before: Claim, part: Claim) -> None:
    """In "A, now B" and "A, previously B" the number without a word for its time is the other one; behind "the previous
    one," it is the earlier one."""
    if part.named or not part.amounts:
        return
    if any(amount.role == "by" for amount in before.amounts):
        return  # "by 2.8 mm (35.9 %), from …": what follows a difference says it once more
    if before.says & {"prior"} and not before.amounts and not part.says:
        part.amounts[0] = replace(part.amounts[0], role=part.amounts[0].role or "prior")
    other = {"now": "prior", "prior": "now"}.get(part.amounts[0].role)
    if other and before.amounts and before.amounts[-1].role == "":
        before.amounts[-1] = replace(before.amounts[-1], role=other)

"""Where a result lies: low, high, within or outside its range, now or at the earlier time."""

from __future__ import annotations

from ...core.finding import Category, Direction
from ..reasons import Reason
from .claim import Claim
from .held import Held
from .subjects import Moment, Subject

COPULAS = frozenset({"is", "are", "was", "were", "both", "all"})
_KINDS = ("low", "high", "normal", "outside")
_REDUCED = frozenset({"reduced", "lowered"})
_STRONG = 0.25
"""How far beyond its limit, or from its earlier value, something called marked lies at least, as a share."""
_SLIGHT = 0.15
"""By how much of its earlier value something that changed slightly did so at most."""
_NEAR = 0.1
"""How far from a limit what is slightly beyond it, or just beside it, lies at most, as a share."""



def flags(held: Held) -> Reason | None:
    """Low, high, within and outside: as the result is flagged."""
    claim, subject = held.claim, held.subject
    said = {kind for kind in _KINDS if kind in claim.says and not _is_change(kind, claim, subject)}
    said = {_on_the_right_side(kind, claim, subject) for kind in said}
    said |= {"high" if kind == "increased" else "low" for kind in flagged(claim, subject)}
    moments = _moments_of(claim, subject)
    for kind in _KINDS:
        if kind in said and not _is_flagged(kind, moments, subject):
            return Reason.FLAG
        if f"not_{kind}" in claim.says and (not subject.flag or _is_flagged(kind, moments, subject)):
            return Reason.FLAG
        if f"was_{kind}" in claim.says and not any(fits(kind, moment.flag) for moment in subject.moments
                                                   if moment.rank == 0):
            return Reason.FLAG
    if "normalized" in claim.says and not (subject.flag == "normal" and any(
            moment.rank == 0 and moment.flag in ("low", "high") for moment in subject.moments)):
        return Reason.FLAG
    if "slight" in claim.says and not (any(map(_is_slight, moments)) or _moved_by(subject, most=_SLIGHT)):
        return Reason.FLAG
    strong = any(map(_is_strong, moments)) or _moved_by(subject, least=_STRONG)
    return Reason.FLAG if "strong" in claim.says and not strong else None


def _on_the_right_side(kind: str, claim: Claim, subject: Subject) -> str:
    """What "below the limit" says where the limit is the upper one, and "above the limit" where it is the lower one."""
    limits = {item.text for item in claim.sayings if item.kind == "limit"}
    value = subject.findings[0].value
    if not limits or value is None:
        return kind
    upper = any("upper" in text for text in limits) or (value.low is None and value.high is not None)
    lower = any("lower" in text for text in limits) or (value.high is None and value.low is not None)
    return "normal" if (kind == "low" and upper) or (kind == "high" and lower) else kind


def _is_change(kind: str, claim: Claim, subject: Subject) -> bool:
    """Whether "reduced" tells of a change and not of a range."""
    texts = {item.text for item in claim.sayings if item.kind == kind}
    fell = any(change.direction.value in ("decreased", "improved") for change in subject.changes)
    return kind == "low" and texts <= _REDUCED and fell


def _is_flagged(kind: str, moments: list[Moment], subject: Subject) -> bool:
    if not moments:
        return fits(kind, subject.flag)
    return all(fits(kind, moment.flag) for moment in moments)


def fits(kind: str, flag: str) -> bool:
    """Whether a result that is flagged so is what a word of this kind says."""
    return flag not in ("", "normal") if kind == "outside" else flag == kind


def _moments_of(claim: Claim, subject: Subject) -> list[Moment]:
    """The values that a flag is said of: of its dates, the earlier one where the words say so, else the latest."""
    while claim.of is not None and not (claim.dates or claim.amounts or claim.says & {"prior", "now"}):
        claim = claim.of
    roles = {amount.role for amount in claim.amounts if amount.role in ("", "prior", "now")}
    if "prior" in roles and len(roles) > 1:
        return [moment for moment in subject.moments if moment.rank == 1][:1]
    dated = [said for said, role in claim.dates if role != "prior"]
    found = [moment for moment in subject.moments if moment.flag and any(
        said.is_of(when) for said in dated for when in moment.dates)]
    if found:
        return found[:1]
    earlier = roles == {"prior"} or (not roles and "prior" in claim.says and "now" not in claim.says)
    rank = 0 if earlier and subject.changes else 1
    return [moment for moment in subject.moments if moment.rank == rank][:1]


def _is_slight(moment: Moment) -> bool:
    low, high, number = moment.value.low, moment.value.high, moment.number
    return number is not None and any(limit and abs(number / limit - 1) <= _NEAR for limit in (low, high))


def _is_strong(moment: Moment) -> bool:
    low, high, number = moment.value.low, moment.value.high, moment.number
    return number is not None and bool((low and number <= (1 - _STRONG) * low) or (
        high and number >= (1 + _STRONG) * high))


def _moved_by(subject: Subject, least: float = 0.0, most: float = float("inf")) -> bool:
    """Whether a change is a share of the earlier value between two bounds, and no stable one."""
    return any(change.relative is not None and change.direction is not Direction.STABLE
               and least <= abs(change.relative) <= most for change in subject.changes)


def flagged(claim: Claim, subject: Subject) -> set[str]:
    """Words of change that say where a result without an earlier one lies: "is decreased"."""
    if subject.changes or not subject.flag:
        return set()
    lab = subject.findings[0].category is Category.LAB
    copula = bool(set(claim.texts) & COPULAS) and not set(claim.texts) & {"has", "have", "since"}
    leads = any(item.leads and item.kind in ("increased", "decreased") for item in claim.sayings)
    verbs = {item.text for item in claim.sayings if item.kind in ("increased", "decreased")}
    return {kind for kind in claim.says & {"increased", "decreased"}
            if lab and (copula or leads) and verbs <= {"increased", "decreased", "diminished", "down", "up"}}

"""Whether something is there: now, at the earlier examination, and for how long."""

from __future__ import annotations

from ...core.finding import Category, Direction, Status
from ..reasons import Reason
from .claim import DIRECTIONS, Claim
from .held import Held
from .subjects import Subject

_AS_SUCH = {"increased": ("worsened",), "worsened": ("increased",), "decreased": ("improved",),
            "improved": ("decreased",)}
"""What a change can be called as well, so that neither is denied."""
_TURNED = Reason.PRESENCE


def presence(held: Held) -> Reason | None:
    """A denial stands where the finding denies, at the time that is spoken of, and nowhere else."""
    claim, subject = held.claim, held.subject
    if "persisting" in claim.says and not _lasts(subject):
        return Reason.NO_CHANGE
    over = "over" in claim.says and not subject.resources
    if (over and not (subject.changes and _states(subject) == (True, False))) or _is_no_result(claim, subject):
        return _TURNED
    denied = claim.negations % 2 == 1
    if subject.changes:
        told = not claim.negations and claim.says & (DIRECTIONS | {"over"} | _denials(claim))
        return None if told else _at_its_time(claim, subject, denied=denied)
    if claim.negations and claim.says & DIRECTIONS:
        return _TURNED
    stated = claim.named or claim.negations
    return _TURNED if stated and denied != subject.is_negated else None


def _is_no_result(claim: Claim, subject: Subject) -> bool:
    """Whether a number is called positive, or what was measured is called undetectable."""
    numeric = any(item.category is Category.LAB and item.number is not None for item in subject.findings)
    low = any((moment.value.comparator or "").startswith("<") for moment in subject.moments)
    return ("positive" in claim.says and numeric) or (
        "undetectable" in claim.says and not (low or subject.is_negated))


def not_so_changed(held: Held) -> Reason | None:
    """A change that is denied was none of that kind, where a change was looked for at all."""
    denied = {kind.removeprefix("not_") for kind in held.claim.says if kind.startswith("not_")} & DIRECTIONS
    if not denied:
        return None
    known = {kind for change in held.subject.changes for kind in (change.direction.value, *_AS_SUCH.get(
        change.direction.value, ()))}
    if not known:
        return Reason.NO_CHANGE
    return Reason.CHANGE if denied & known else None


def _denials(claim: Claim) -> set[str]:
    return {kind for kind in claim.says if kind.startswith("not_")}


def _at_its_time(claim: Claim, subject: Subject, *, denied: bool) -> Reason | None:
    """Whether what changed was or is there, as it is said of the earlier or the later examination."""
    earlier = "prior" in claim.says or any(role == "prior" or (
        not any(said.is_of(when) for when in subject.later_dates)
        and any(said.is_of(when) for when in subject.prior_dates)) for said, role in claim.dates)
    now = bool(claim.says & {"now", "persisting"}) or any(
        any(said.is_of(when) for when in subject.later_dates) for said, _ in claim.dates)
    states = [_states(subject)[0 if earlier and not now else 1]]
    if earlier and now and not denied:
        states = list(_states(subject))
    if denied:
        return _TURNED if any(states) else None
    stated = bool(claim.says & {"present", "persisting"})
    return _TURNED if stated and not all(states) else None


def _states(subject: Subject) -> tuple[bool, bool]:
    """Whether something was there at the earlier and is there at the later examination."""
    change = subject.changes[0]
    absent = all(item.status is Status.ABSENT for item in subject.findings if item.change is not None)
    if change.direction is Direction.NEW:
        return False, True
    if change.direction is Direction.RESOLVED:
        return True, False
    return not absent, not absent


def _lasts(subject: Subject) -> bool:
    """Whether something is known to have been there before and to be there still, as a record's entry is."""
    if subject.changes:
        return _states(subject) == (True, True)
    return bool(subject.resources) or len(subject.moments) > 1

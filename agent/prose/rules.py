"""What must agree between a claim and the subject that it is held against; each rule gives a reason, or nothing."""

from __future__ import annotations

from collections.abc import Callable

from ...core.evidence import EvidenceKind
from ...core.finding import Category, Direction
from ..reasons import Reason
from .amounts import amounts, counts
from .claim import DIRECTIONS, FLAGS
from .dates import DateSaid
from .flags import COPULAS, fits, flagged, flags
from .held import ENTRIES, Held, name
from .lexicon import stems
from .state import not_so_changed, presence
from .subjects import Subject

_PICTURES = frozenset({EvidenceKind.VOLUME_REGION, EvidenceKind.VOLUME_SLICE})
_EXAMINATIONS = {"ct": _PICTURES, "mr": _PICTURES, "film": frozenset({EvidenceKind.IMAGE_BOX}),
                 "slide": frozenset({EvidenceKind.SLIDE_REGION})}
_MR_ONLY = frozenset({"foreground volume", "signal intensity"})
_KINDRED = {"parent": {"mother", "father"}, "sibling": {"sister", "brother"}, "child": {"son", "daughter"}}
_RELATIVES = frozenset({"mother", "father", "sister", "brother", "son", "daughter", "aunt", "uncle", "cousin", "niece",
                        "nephew", "grandmother", "grandfather", "grandparent", "maternal", "paternal", *_KINDRED})
_ALIKE = {"increased": {"increased", "worsened"}, "decreased": {"decreased", "improved"}}
_EVENTS = ENTRIES["procedure"] | ENTRIES["vaccine"] | {"Observation"}
_ORDINALS = ("first", "second", "third", "fourth", "fifth")


def words(held: Held) -> Reason | None:
    """Every word says something known or belongs to the subject."""
    claim, subject = held.claim, held.subject
    left = claim.phrases - subject.phrases
    return Reason.MORE if claim.unknown or left else None


def side(held: Held) -> Reason | None:
    """Sides that are named are the subject's."""
    said = held.claim.sides or held.claim.inherited_sides
    shared = held.claim.shared_sides
    if shared and not said and held.subject.sides and not shared & held.subject.sides:
        return Reason.SIDE
    if held.subject.is_negated and not held.subject.sides:
        return None  # what is nowhere is on neither side
    return None if said <= held.subject.sides else Reason.SIDE


def dates(held: Held) -> Reason | None:
    """Every date is the subject's, an earlier examination's where the words say so."""
    linked = {id(amount.date) for amount in held.claim.amounts if amount.date is not None}
    for said, role in held.claim.dates:
        if id(said) not in linked and not _date_holds(said, role, held.subject):
            return Reason.DATE
    return None


def _date_holds(said: DateSaid, role: str, subject: Subject) -> bool:
    record = not subject.changes
    if role in ("prior", "between") and not record:
        return any(said.is_of(moment) for moment in subject.prior_dates)
    if role == "prior" and any(item.category is not Category.RECORD for item in subject.findings):
        return False
    known = subject.dates | subject.prior_dates if not role else subject.later_dates
    return any(said.is_of(moment) for moment in known)


def kind_of_value(held: Held) -> Reason | None:
    """A total is no value of one side, and a mean is no median."""
    claim, subject = held.claim, held.subject
    one_side = "whole" in claim.says and subject.sides and not claim.sides
    mean = "mean" in claim.says and "median" in subject.name
    return Reason.MORE if one_side or mean else None


def ranking(held: Held) -> Reason | None:
    """The highest is the highest of those cited, the second the second, and only it is so."""
    claim, subject = held.claim, held.subject
    alike = [item for item in held.subjects if item.name == subject.name and item.latest is not None]
    for kind, best in (("superlative", max), ("least", min)):
        if kind in claim.says and len(alike) > 1 and subject.latest != best(item.latest or 0.0 for item in alike):
            return Reason.COMPARISON
    place = next((_ORDINALS.index(text) + 1 for text in claim.texts if text in _ORDINALS), None)
    own = {word for item in subject.findings for word in stems(item.site or "") if word.isdigit()}
    if place is not None and (own or {"1"}) != {str(place)}:
        return Reason.NOT_NAMED
    if "only" in claim.says and not _is_only(held):
        return Reason.MORE
    same = {when[:10] for item in held.subjects if item is not subject for when in item.dates}
    together = any(when[:10] in same for when in subject.dates)
    return Reason.DATE if "same_day" in claim.says and not together else None


def _is_only(held: Held) -> bool:
    """Whether others are cited, and none of them is flagged, or of the same name changed, in the way that is said."""
    others = [item for item in held.subjects if item is not held.subject]
    flag = held.claim.says & FLAGS
    if flag:
        return bool(others) and not any(fits(kind, item.flag) for kind in flag for item in others)
    others = [item for item in others if item.name == held.subject.name]
    said = held.claim.says & DIRECTIONS
    return bool(others and said) and not any(said & {change.direction.value for change in item.changes}
                                             for item in others)


def certainty(held: Held) -> Reason | None:
    """Doubt is said only of what is in doubt."""
    doubt = held.claim.says & {"uncertain", "indeterminate"}
    return Reason.TOO_DOUBTFUL if doubt and not held.subject.is_doubtful else None


def standing(held: Held) -> Reason | None:
    """Past, present and family are not confused in what records say."""
    claim, subject = held.claim, held.subject
    if subject.findings[0].category is not Category.RECORD:
        family = "family" in claim.says
        return Reason.STANDING if family else None
    if not claim.named and not claim.says & {"past", "over", "present", "family"}:
        return None
    past = bool(claim.says & {"past", "over"})
    relatives = {word for text in claim.texts for word in stems(text) if word in _RELATIVES}
    own = {word for item in subject.findings for word in stems((item.value.text if item.value else None) or "")}
    if subject.is_family:
        wrong = ("family" not in claim.says and not relatives) or not all(
            word in own or _KINDRED.get(word, set()) & own for word in relatives)
    else:
        event = bool(subject.resources & _EVENTS)  # it lies in the past anyhow
        verbs = set(claim.texts) & {"is", "are", "has", "have"}
        dated = bool(claim.dates) and not verbs and "present" not in claim.says  # what is dated need not be so now
        wrong = "family" in claim.says or (past != subject.is_past and not (event and past) and not (
            dated and subject.is_past))
    return Reason.STANDING if wrong else None


def entries(held: Held) -> Reason | None:
    """Conditions are conditions, medications are medications."""
    for item in held.claim.sayings:
        kinds = ENTRIES.get(item.kind)
        weak = item.text in ("take", "taken", "taking", "received", "given", "performed", "problem", "use", "shot")
        told = held.subject.is_family and item.kind == "condition"
        if kinds and not (weak or told) and not held.subject.resources & kinds:
            return Reason.ENTRY
    if not held.claim.named:
        return None
    bare = next((kind for kind in ("allergy", "vaccine") if held.subject.resources & ENTRIES[kind]), "")
    said = bare in held.claim.says or (bare == "allergy" and ("reaction",) in held.claim.phrases)
    return Reason.ENTRY if bare and not said else None


def direction(held: Held) -> Reason | None:
    """A change is said as it was measured, and only where one was measured."""
    claim, subject = held.claim, held.subject
    if claim.compares:
        return None
    said = (claim.says & DIRECTIONS) - flagged(claim, subject)
    if "enlarged" in claim.texts and set(claim.texts) & COPULAS and not claim.says & {"prior", "since", "versus"}:
        return Reason.MORE  # that is a state, and no change
    earlier = claim.says & {"prior", "versus", "since"} - ({"since"} if "from" in claim.texts else set())
    if "already" in claim.says and {item.direction for item in subject.changes} in (set(), {Direction.NEW}):
        return Reason.NO_CHANGE
    if not subject.changes:
        record = subject.findings[0].category is Category.RECORD
        wrong = said or "moved" in claim.says or (earlier and not record and len(subject.moments) < 2)
        return Reason.NO_CHANGE if wrong else None
    if not _moved(held):
        return Reason.CHANGE
    known = {item.direction.value for item in subject.changes}
    wide = {other for kind in known for other in ({kind} | ({"worsened"} & _ALIKE.get(kind, set())))}
    read = all(item.is_read for item in subject.findings if item.change)
    if read:
        wide |= {kind for kind, alike in _ALIKE.items() if alike & known}
    else:
        wide = known
    return None if said <= wide else Reason.CHANGE


def _moved(held: Held) -> bool:
    """Whether a change that is spoken of was one, and lies beyond or within what can be told from noise as said."""
    says, changes = held.claim.says, held.subject.changes
    unmoved = all(change.direction is Direction.STABLE for change in changes)
    if "moved" in says and "under_least" not in says and unmoved:
        return False
    passed = [abs(change.delta) > change.least_detectable for change in changes
              if change.delta is not None and change.least_detectable is not None]
    beyond = "over_least" not in says or "stable" in says or all(passed)
    return beyond and not ("under_least" in says and any(passed))


def examination(held: Held) -> Reason | None:
    """What is called a film has a film's evidence; what only MR or only CT gives is not called the other."""
    for kind in held.claim.says & set(_EXAMINATIONS):
        if not held.subject.kinds & _EXAMINATIONS[kind]:
            return Reason.EXAMINATION
        read = any(item.is_read for item in held.subject.findings)
        if kind in ("ct", "mr") and not read and (held.subject.name in _MR_ONLY) != (kind == "mr"):
            return Reason.EXAMINATION
    return None


def reader(held: Held) -> Reason | None:
    """The model is named only where it read."""
    said = "model" in held.claim.says
    return Reason.READER if said and not any(i.is_read for i in held.subject.findings) else None


RULES: tuple[Callable[[Held], Reason | None], ...] = (
    name, words, kind_of_value, ranking, side, amounts, dates, presence, certainty, standing, entries, flags, direction,
    not_so_changed, examination, reader, counts)

"""What must agree between a claim and the subject that it is held against; each rule gives a reason, or nothing."""

from __future__ import annotations

from collections.abc import Callable

from ...core.evidence import EvidenceKind
from ...core.finding import Category, Direction
from ..reasons import Reason
from .amounts import amounts, counts
from .claim import DIRECTIONS, Claim
from .dates import DateSaid
from .held import ENTRIES, Held, name
from .lexicon import stems
from .subjects import Subject

_PICTURES = frozenset({EvidenceKind.VOLUME_REGION, EvidenceKind.VOLUME_SLICE})
_EXAMINATIONS = {"ct": _PICTURES, "mr": _PICTURES, "film": frozenset({EvidenceKind.IMAGE_BOX}),
                 "slide": frozenset({EvidenceKind.SLIDE_REGION})}
_MR_ONLY = frozenset({"foreground volume", "signal intensity"})
_RELATIVES = frozenset({"mother", "father", "sister", "brother", "maternal", "paternal"})
_ALIKE = {"increased": {"increased", "worsened"}, "decreased": {"decreased", "improved"}}
_ORDINALS = ("first", "second", "third", "fourth", "fifth")
_COPULAS = frozenset({"is", "are", "was", "were", "both", "all"})


def words(held: Held) -> Reason | None:
    """Every word says something known or belongs to the subject."""
    claim, subject = held.claim, held.subject
    left = claim.phrases - subject.phrases
    return Reason.MORE if claim.unknown or left else None


def side(held: Held) -> Reason | None:
    """Sides that are named are the subject's."""
    said = held.claim.sides or held.claim.inherited_sides
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
    known = subject.dates | (subject.prior_dates if not role else frozenset())
    return any(said.is_of(moment) for moment in known)


def presence(held: Held) -> Reason | None:
    """A denial stands where the finding denies, and nowhere else."""
    claim, subject = held.claim, held.subject
    denied = claim.negations % 2 == 1
    changed = {kind for kind in claim.says & DIRECTIONS if subject.changes}
    if claim.negations and (changed or claim.says & {"low", "high", "normal", "outside"}):
        return Reason.PRESENCE
    if changed:
        return None
    if not claim.named and not claim.negations:
        return None
    return None if denied == subject.is_negated else Reason.PRESENCE


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
    """Whether others of the same name are cited, and none of them changed in the way that is said."""
    others = [item for item in held.subjects if item is not held.subject and item.name == held.subject.name]
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
    if not claim.named and not claim.says & {"past", "present", "family"}:
        return None
    past = any(item.kind == "past" for item in claim.sayings)
    relatives = {word for text in claim.texts for word in stems(text) if word in _RELATIVES}
    own = {word for item in subject.findings for word in stems((item.value.text if item.value else None) or "")}
    if subject.is_family:
        wrong = ("family" not in claim.says and not relatives) or not relatives <= own
    else:
        event = bool(subject.resources & (ENTRIES["procedure"] | ENTRIES["vaccine"]))  # it lies in the past anyhow
        wrong = "family" in claim.says or (past != subject.is_past and not (event and past))
    return Reason.STANDING if wrong else None


def entries(held: Held) -> Reason | None:
    """Conditions are conditions, medications are medications."""
    for item in held.claim.sayings:
        kinds = ENTRIES.get(item.kind)
        weak = item.text in ("take", "taken", "taking", "received", "given", "performed", "problem", "use", "shot")
        if kinds and not weak and not held.subject.resources & kinds:
            return Reason.ENTRY
    if not held.claim.named:
        return None
    bare = next((kind for kind in ("allergy", "vaccine") if held.subject.resources & ENTRIES[kind]), "")
    return Reason.ENTRY if bare and bare not in held.claim.says else None


def flags(held: Held) -> Reason | None:
    """Low, high, within and outside: as the result is flagged."""
    claim, subject = held.claim, held.subject
    said = claim.says & {"low", "high", "normal", "outside"}
    said |= {"high" if kind == "increased" else "low" for kind in _flagged(claim, subject)}
    if not said:
        return None
    flag = _flag_at(claim, subject)
    fine = {"low": flag == "low", "high": flag == "high", "normal": flag == "normal",
            "outside": flag not in ("", "normal")}
    if not all(fine[kind] for kind in said):
        return Reason.FLAG
    return Reason.FLAG if "slight" in claim.says and not _is_slight(subject) else None


def _flag_at(claim: Claim, subject: Subject) -> str:
    """The flag of the value that the claim dates, else the latest value's."""
    dated = [said for said, role in claim.dates if role != "prior"]
    for moment in subject.moments:
        if moment.flag and dated and any(said.is_of(when) for said in dated for when in moment.dates):
            return moment.flag
    return subject.flag


def _is_slight(subject: Subject) -> bool:
    for moment in subject.moments:
        low, high, number = moment.value.low, moment.value.high, moment.number
        if number is not None and ((low and low > number >= 0.9 * low) or (high and high < number <= 1.1 * high)):
            return True
    return False


def _flagged(claim: Claim, subject: Subject) -> set[str]:
    """Words of change that say where a result without an earlier one lies: "is decreased"."""
    if subject.changes or not subject.flag:
        return set()
    lab = subject.findings[0].category is Category.LAB
    copula = bool(set(claim.texts) & _COPULAS) and not set(claim.texts) & {"has", "have", "since"}
    leads = any(item.leads and item.kind in ("increased", "decreased") for item in claim.sayings)
    verbs = {item.text for item in claim.sayings if item.kind in ("increased", "decreased")}
    return {kind for kind in claim.says & {"increased", "decreased"}
            if lab and (copula or leads) and verbs <= {"increased", "decreased", "diminished", "down", "up"}}


def direction(held: Held) -> Reason | None:
    """A change is said as it was measured, and only where one was measured."""
    claim, subject = held.claim, held.subject
    if claim.compares:
        return None
    said = (claim.says & DIRECTIONS) - _flagged(claim, subject)
    if "enlarged" in claim.texts and set(claim.texts) & _COPULAS and not claim.says & {"prior", "since", "versus"}:
        return Reason.MORE  # that is a state, and no change
    earlier = claim.says & {"prior", "versus", "since"} - ({"since"} if "from" in claim.texts else set())
    if "already" in claim.says and {item.direction for item in subject.changes} in (set(), {Direction.NEW}):
        return Reason.NO_CHANGE
    if not subject.changes:
        record = subject.findings[0].category is Category.RECORD
        wrong = said or "moved" in claim.says or (earlier and not record and len(subject.moments) < 2)
        return Reason.NO_CHANGE if wrong else None
    return None if _moved(held) and said <= _directions(subject) else Reason.CHANGE


def _directions(subject: Subject) -> set[str]:
    """Words for its changes. What a model calls worse may be called larger and the other way round, better smaller;
    what was measured is told as it was measured."""
    known = {item.direction.value for item in subject.changes}
    if not all(item.is_read for item in subject.findings if item.change):
        return known
    return known | {kind for kind, alike in _ALIKE.items() if alike & known} | (
        {"worsened"} if "increased" in known else set())


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
    examination, reader, counts)

"""The rules that a claim must pass against one finding; each gives the reason why it does not, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..core.evidence import EvidenceKind
from ..core.finding import Assertion, Finding, Status
from ..report.wording import number_text
from .claims import DateMention, Quantity, Reading, Role, words_of
from .compose_labs import flag_of
from .compose_records import is_past
from .facts import Facts
from .prose.units import POINTS
from .reasons import Reason
from .vocabulary import (
    CHECKED_WORDS,
    DIRECTIONS,
    FAMILY,
    HIGH,
    INDETERMINATE,
    LESS,
    LOW,
    NEGATIONS,
    NORMAL,
    OUTSIDE,
    PAST,
    REVIEWED_LABELS,
    SIDES,
    UNCERTAIN,
    neutral_words,
)


@dataclass(frozen=True)
class Stated:
    """A claim held against a finding.

    Args:
        facts: the finding.
        reading: what the claim says beside the finding's own words.
        names: the finding's names that the claim holds.
        phrases: the finding's other words that the claim holds: place, specimen, panel, words of a value, reader.
        lead: the claim's lead.
    """

    facts: Facts
    reading: Reading
    names: frozenset[str]
    phrases: frozenset[str]
    lead: str

    @property
    def words(self) -> frozenset[str]:
        """Words beside the finding's own."""
        return self.reading.words

    @property
    def finding(self) -> Finding:
        """The finding itself."""
        return self.facts.finding


def side(stated: Stated) -> Reason | None:
    """Sides that are named are the finding's."""
    said = {SIDES[word] for word in stated.words if word in SIDES}
    known = {stated.finding.laterality.value} if stated.finding.laterality else set()
    known |= {SIDES[word] for word in words_of(stated.finding.site or "") if word in SIDES}
    return None if said <= known else Reason.SIDE


def numbers(stated: Stated) -> Reason | None:
    """Every number is the finding's, in its unit, and stands for what it stands for there."""
    wrong = any(not _number_holds(quantity, stated.facts) for quantity in stated.reading.quantities)
    return Reason.NUMBER if wrong else None


def _number_holds(quantity: Quantity, facts: Facts) -> bool:
    own = facts.unit
    points = POINTS if own == "%" else ()
    units = {Role.OVER: ("day", "days"), Role.RELATIVE: ("%",), Role.RANGE: (own, None), Role.BY: (own, *points),
             Role.DETECTABLE: (own, *points)}.get(quantity.role, (own,))
    if quantity.unit not in units or (quantity.role is Role.VALUE and quantity.comparator != _comparator(facts)):
        return False
    signed = quantity.role not in (Role.BY, Role.RELATIVE)
    return any(_same(quantity, number, signed) for number in _numbers_of(facts, quantity.role) if number is not None)


def _numbers_of(facts: Facts, role: Role) -> tuple[float | None, ...]:
    """What a number in this role may be; "by" and a percentage are said without their sign."""
    value, change = facts.finding.value, facts.finding.change
    if role is Role.VALUE:
        return (facts.finding.number,)
    if role is Role.RANGE:
        return (value.low, value.high) if value else ()
    if change is None:
        return ()
    relative = None if change.relative is None else round(change.relative * 100, 1)
    return {Role.FROM: (change.from_,), Role.TO: (change.to,), Role.BY: (change.delta,), Role.RELATIVE: (relative,),
            Role.OVER: (change.interval_days,), Role.DETECTABLE: (change.least_detectable,)}.get(role, ())


def _comparator(facts: Facts) -> str:
    return (facts.finding.value.comparator or "") if facts.finding.value else ""


def _same(quantity: Quantity, number: float, signed: bool) -> bool:
    """Equal as written, or equal when the finding's number is rounded to more digits than it is written with."""
    if signed and (quantity.sign == "-") != (number < 0):
        return False
    written = number_text(abs(number))
    if float(quantity.digits) == float(written):
        return True
    decimals = len(quantity.digits.partition(".")[2])
    needed = len(written.partition(".")[2])
    return decimals >= needed and round(abs(number), decimals) == float(quantity.digits)


def dates(stated: Stated) -> Reason | None:
    """Every date is the finding's; one that follows "from" or "since" is the earlier examination's."""
    wrong = any(not _date_holds(mention, stated.facts) for mention in stated.reading.dates)
    return Reason.DATE if wrong else None


def _date_holds(mention: DateMention, facts: Facts) -> bool:
    prior = facts.finding.change is not None and mention.role in (Role.FROM, Role.SINCE)
    known = facts.prior_dates if prior else facts.dates
    return any(date.startswith(mention.text) for date in known)


def presence(stated: Stated) -> Reason | None:
    """A denial stands where the finding denies, and nowhere else."""
    denied = bool(stated.words & NEGATIONS)
    return None if denied == stated.facts.is_negated else Reason.PRESENCE


def certainty(stated: Stated) -> Reason | None:
    """Doubt, history and family are said where the finding says so, and nowhere else."""
    finding, words = stated.finding, stated.words
    own = words_of(" ".join(stated.names))
    doubtful = finding.status is Status.INDETERMINATE
    uncertain = finding.assertion is Assertion.UNCERTAIN
    said = bool(words & UNCERTAIN), bool(words & INDETERMINATE), bool(words & PAST), bool(words & FAMILY)
    if (said[0] and not (uncertain or doubtful)) or (said[1] and not doubtful) or (
            doubtful and not (words | own) & (INDETERMINATE | UNCERTAIN)) or (uncertain and not said[0]):
        return Reason.CERTAINTY
    if said[2] != is_past(finding) or said[3] != (finding.assertion is Assertion.FAMILY):
        return Reason.STANDING
    return None


def flags(stated: Stated) -> Reason | None:
    """Low, high, within: as the result is flagged."""
    words, flag = stated.words, flag_of(stated.finding)
    wrong = ((words & LOW and flag != "low") or (words & HIGH and flag != "high")
             or (words & NORMAL and flag != "normal") or (words & OUTSIDE and flag in ("", "normal")))
    return Reason.FLAG if wrong else None


def direction(stated: Stated) -> Reason | None:
    """A change is said as it was measured, and only where one was measured."""
    said = {DIRECTIONS[word] for word in stated.words if word in DIRECTIONS}
    known = {stated.finding.change.direction} if stated.finding.change else set()
    return None if said <= known else Reason.CHANGE


def detectable(stated: Stated) -> Reason | None:
    """Less than can be detected is said of what is less."""
    if not stated.words & LESS:
        return None
    change = stated.finding.change
    least, delta = (change.least_detectable, change.delta) if change else (None, None)
    is_less = least is not None and delta is not None and abs(delta) < least
    return None if is_less else Reason.CHANGE


def reader(stated: Stated) -> Reason | None:
    """What a model read is told under the model's name."""
    return None if stated.facts.reader is None or stated.facts.reader in stated.phrases else Reason.READER


def entries(stated: Stated) -> Reason | None:
    """Conditions are conditions, medications are medications."""
    return None if stated.facts.agrees_with_entry_words(stated.words) else Reason.ENTRY


def vocabulary(stated: Stated) -> Reason | None:
    """Nothing is said beyond the finding."""
    flagged = words_of(stated.finding.value.flag or "") if stated.finding.value else frozenset()
    left = stated.words - neutral_words() - CHECKED_WORDS - flagged
    return Reason.MORE if left else None


def kind_of_evidence(stated: Stated) -> Reason | None:
    """What is called a film has a film's evidence."""
    kinds: frozenset[EvidenceKind] = REVIEWED_LABELS[stated.lead]
    return None if kinds & stated.facts.evidence_kinds else Reason.EXAMINATION


CLAIM_RULES: tuple[Callable[[Stated], Reason | None], ...] = (
    side, numbers, dates, presence, certainty, flags, direction, detectable, reader, entries,
    vocabulary)
REVIEWED_RULES: tuple[Callable[[Stated], Reason | None], ...] = (kind_of_evidence, numbers, dates, vocabulary)

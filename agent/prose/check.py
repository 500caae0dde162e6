"""A sentence held against the findings that it cites."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from ..facts import Facts
from ..reasons import Reason, Tried, nearest
from .amounts import counts
from .claim import DIRECTIONS, FLAGS, Claim
from .claims import claims_of
from .flags import fits
from .held import Held
from .lists import paired
from .rules import RULES
from .spans import numbered
from .subjects import Subject, subjects_of
from .tokens import Token, Words, tokens_of
from .units import measure_of, plain_unit


@dataclass(frozen=True)
class Checked:
    """What a sentence came to.

    Args:
        reason: why it is not supported; None when it is.
        stated: ids of the findings that it states.
    """

    reason: Reason | None
    stated: frozenset[str]


def check(text: str, cited: Sequence[Facts]) -> Checked:
    """Hold each claim of a sentence against the cited findings.

    Args:
        text: the sentence.
        cited: its findings with their evidence.
    """
    subjects = subjects_of(cited)
    claims = _claims(text, cited, subjects)
    if not any(claim.named for claim in claims):
        if _counts_all(claims, subjects):
            return Checked(None, frozenset(facts.finding.id for facts in cited))
        return Checked(Reason.NOT_NAMED, frozenset())
    matched: dict[int, list[Subject]] = {}
    reason = _match(claims, subjects, matched) or _doubts(claims, matched) or _comparisons(claims, matched)
    stated = {finding.id for fitting in matched.values() for subject in fitting for finding in subject.findings}
    return Checked(reason, frozenset() if reason else frozenset(stated))


def _claims(text: str, cited: Sequence[Facts], subjects: Sequence[Subject]) -> list[Claim]:
    anchors = frozenset(anchor for subject in subjects for anchor in subject.anchors)
    readers = {(facts.reader,) for facts in cited if facts.reader}
    phrases = {phrase for subject in subjects for phrase in subject.phrases} | readers
    units = {plain_unit(moment.value.unit) for item in subjects for moment in item.moments if moment.value.unit}
    tokens = numbered([_without_reader(token, readers) for token in tokens_of(text, phrases, units)])
    return claims_of(paired(tokens, anchors), anchors)


def _match(claims: Sequence[Claim], subjects: Sequence[Subject], matched: dict[int, list[Subject]]) -> Reason | None:
    """Find for each claim the subjects that bear it out; the reason for the first that none does."""
    given = frozenset(amount.unit for claim in claims for amount in claim.amounts if amount.unit) | frozenset(
        text for claim in claims for text in claim.texts if len(text) > 1 and measure_of(text))
    for place, claim in enumerate(claims):
        if place and _is_count(claim) and claim.of is not None:
            matched[place] = matched[place - claim.back]
            if reason := counts(Held(claim, matched[place][0], subjects, given)):
                return reason
            continue
        if _is_rest(claims[:place + 1]):
            taken = {id(item) for fitting in matched.values() for item in fitting}
            matched[place] = [item for item in subjects if id(item) not in taken]
            if not matched[place] or not all(fits(kind, item.flag) for item in matched[place]
                                             for kind in claim.says & FLAGS):
                return Reason.FLAG
            continue
        tried = [_tried(Held(claim, subject, subjects, given)) for subject in subjects]
        fitting = [subject for one, subject in zip(tried, subjects, strict=True) if one.reason is None]
        if place and _goes_on(claim):
            fitting = [subject for subject in fitting if subject in matched[place - claim.back]]
        if place and "thus" in claim.says:  # a conclusion is drawn of the same thing, and is no cause of another
            fitting = [subject for subject in fitting if subject in matched[place - 1]]
        if not fitting:
            # What passes all rules and still does not fit is not what the claim continues.
            return nearest(tried) or Reason.NUMBER
        matched[place] = fitting
    return None


def _goes_on(claim: Claim) -> bool:
    """Whether a claim can only be of what the claim that it continues is of."""
    by_number = any(phrase[0].isdigit() for phrase in claim.phrases)
    ranks = bool(claim.says & {"superlative", "least"}) and not (claim.amounts or by_number)
    return not claim.sides and (ranks or not (claim.named or claim.phrases))


def _tried(held: Held) -> Tried:
    for passed, rule in enumerate(RULES):
        if reason := rule(held):
            return Tried(passed, reason)
    return Tried(len(RULES), None)


def _doubts(claims: Sequence[Claim], matched: dict[int, list[Subject]]) -> Reason | None:
    """What is in doubt is said to be, wherever in the sentence."""
    said = {id(subject) for place, fitting in matched.items() for subject in fitting
            if claims[place].says & {"uncertain", "indeterminate"}}
    for place, fitting in matched.items():
        if claims[place].named and all(item.is_doubtful and id(item) not in said for item in fitting):
            return Reason.TOO_CERTAIN
    return None


def _comparisons(claims: Sequence[Claim], matched: dict[int, list[Subject]]) -> Reason | None:
    """What is called smaller than another is smaller."""
    for place, claim in enumerate(claims):
        if not claim.compares:
            continue
        pairs = [(one, other) for one in matched[place - 1] for other in matched[place]
                 if (one is not other and one.name == other.name) or (one.findings[0].value and other.findings[0].value
                 and one is not other and one.findings[0].value.unit == other.findings[0].value.unit)]
        if not pairs or not all(_is_so(one, other, claim.compares) for one, other in pairs):
            return Reason.COMPARISON
    return None


def _is_so(one: Subject, other: Subject, how: str) -> bool:
    first, second = (next((m.number for m in item.moments if m.rank == 1), None) for item in (one, other))
    if first is None or second is None:
        return False
    return first > second if how == "increased" else first < second


def _is_count(claim: Claim) -> bool:
    """Whether a part only says how many of those named are flagged so."""
    bare = not (claim.named or claim.phrases or claim.amounts or claim.dates or claim.unknown or claim.negations)
    return bare and bool(claim.counts) and bool(claim.says & FLAGS) and not claim.says & DIRECTIONS


def _is_rest(claims: Sequence[Claim]) -> bool:
    """Whether the last part flags all that is not named before it: "apart from X, the panel is normal"."""
    claim = claims[-1]
    bare = not (claim.named or claim.amounts or claim.unknown or claim.negations or claim.counts or claim.sides)
    told = "rest" in claim.says or any("except" in other.says for other in claims[:-1])
    return bare and told and len(claims) > 1 and bool(claim.says & FLAGS) and not claim.says & DIRECTIONS


def _counts_all(claims: Sequence[Claim], subjects: Sequence[Subject]) -> bool:
    """Whether a sentence that names nothing counts the results that it cites, and says nothing else."""
    claim = claims[0]
    plain = not (claim.unknown or claim.phrases or claim.amounts or claim.dates)
    said = claim.says & {"low", "high", "normal", "outside"}
    wanted = {"low": ("low",), "high": ("high",), "normal": ("normal",), "outside": ("low", "high")}
    if len(claims) != 1 or not plain or len(said) != 1 or len(claim.counts) != 1 or claim.negations:
        return False
    return claim.counts[0][0] == len(subjects) and all(item.flag in wanted[min(said)] for item in subjects)


def _without_reader(token: Token, readers: Collection[Words]) -> Token:
    """The name of the model that read says no more than that."""
    return replace(token, phrase=(), says=frozenset({"model"})) if token.phrase in readers else token

"""Each sentence against the findings and evidence it cites, by rules alone.

A sentence is taken apart into claims. A claim holds when one cited finding explains all of it: its name, its side,
every number with its unit and what the number stands for, every date, presence or absence, how certain it is, the
direction of a change, the model that read it, and every other word. The sentences of the templates are held against
the templates' own grammar and vocabulary; any other sentence is parted as people write (`prose`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ..core.evidence import Evidence
from ..core.finding import Direction, Finding
from ..core.report import LeftOut, Outcome, Section, Sentence, SentenceKind, Support
from .claims import Claim, claims_of, fold, masked, range_forms, read, without_exact, written_forms
from .correct import corrected, narrowed
from .facts import Facts, Known, known_facts
from .prose.check import check
from .reasons import Reason, Tried, nearest
from .rules import CLAIM_RULES, REVIEWED_RULES, Stated
from .vocabulary import REVIEWED_LABELS, neutral_words

_COUNT = re.compile(r"^(\d+) further (.+)$")
_QUOTED = re.compile(r"“[^”]*”")
_NOT_A_TEMPLATE = frozenset({Reason.NOT_NAMED, Reason.MORE, Reason.NOT_STATED})
"""What the templates' grammar says of a sentence that is none of the templates'."""


class Verified(NamedTuple):
    """Sections that still hold a sentence, what was left out, and a warning for each sentence that does not stand as
    it was written; a warning names the section, the finding ids and the reason, never a patient's data."""

    sections: tuple[Section, ...]
    left_out: tuple[LeftOut, ...]
    warnings: list[str]


@dataclass(frozen=True)
class Judged:
    """What a sentence came to: why it is not supported (None when it is), the findings that it states, and the model
    that read them where it does not name it."""

    reason: Reason | None
    stated: frozenset[str] = frozenset()
    unnamed: str | None = None


def verify(sections: Sequence[Section], findings: Sequence[Finding], evidence: Sequence[Evidence]
           ) -> tuple[tuple[Section, ...], list[str]]:
    """The sections with what their evidence supports, and the warnings; see `verified`."""
    done = verified(sections, findings, evidence)
    return done.sections, done.warnings


def verified(sections: Sequence[Section], findings: Sequence[Finding], evidence: Sequence[Evidence], *,
             mark: bool = False) -> Verified:
    """Each sentence as it is supported, corrected from its findings, marked, or removed.

    Args:
        sections: composed or written sections.
        findings: the report's numbered findings.
        evidence: the report's numbered evidence.
        mark: keep, marked as unsupported, what would be corrected or removed: for what a person wrote.
    """
    known = known_facts(findings, evidence)
    kept: list[Section] = []
    left_out: list[LeftOut] = []
    warnings: list[str] = []
    for section in sections:
        own: list[Sentence] = []
        for sentence in section.sentences:
            result = _outcome(sentence, known, own, mark=mark)
            if isinstance(result, Reason):
                left_out.append(_left_out(section, sentence, result))
                warnings.append(_warning(section, sentence, result, "left out of"))
                continue
            own.append(result)
            if result.outcome is not Outcome.SUPPORTED and result.reason:
                warnings.append(_warning(section, sentence, result.reason, f"{result.outcome.value} in"))
        if own:
            kept.append(Section(title=section.title, sentences=tuple(own)))
    return Verified(tuple(kept), tuple(left_out), warnings)


def _outcome(sentence: Sentence, known: Known, before: Sequence[Sentence], *, mark: bool
             ) -> Sentence | Reason:
    """The sentence as it may stand, or why it may not."""
    found = judged(sentence, known)
    if not found.reason:
        kept = narrowed(sentence, found.stated, [known.facts[key] for key in sentence.findings])
        return kept.model_copy(update={"read_by": found.unnamed}) if found.unnamed else kept
    if mark:
        return sentence.model_copy(update={"support": Support.UNSUPPORTED, "outcome": Outcome.MARKED,
                                           "reason": found.reason.value})
    fresh = corrected(sentence, found.reason, known)
    if fresh is None or judged(fresh, known).reason or any(item.text == fresh.text for item in before):
        return found.reason
    return fresh


def _left_out(section: Section, sentence: Sentence, reason: Reason) -> LeftOut:
    return LeftOut(section=section.title, text=sentence.text, findings=sentence.findings, evidence=sentence.evidence,
                   kind=sentence.kind, reason=reason.value)


def _warning(section: Section, sentence: Sentence, reason: str, what: str) -> str:
    about = f" about {', '.join(sentence.findings[:5])}" if sentence.findings else ""
    return f"A sentence{about} was {what} “{section.title}”: {reason}."


def objection(sentence: Sentence, known: Known) -> str:
    """Why a sentence may not stand by itself; empty when it may. By itself it must name the model that read."""
    found = judged(sentence, known)
    return (found.reason or (Reason.READER if found.unnamed else None)) or ""


def judged(sentence: Sentence, known: Known) -> Judged:
    """Hold a sentence against the findings that it cites, as a template's, and where it is none, as free prose."""
    if any(key not in known.evidence for key in sentence.evidence):
        return Judged(Reason.NO_SUCH_EVIDENCE)
    if any(key not in known.facts for key in sentence.findings):
        return Judged(Reason.NO_SUCH_FINDING)
    if sentence.kind is SentenceKind.LIMITATION and not sentence.findings:
        return Judged(_limitation_objection(sentence, known))
    cited = [known.facts[key] for key in sentence.findings]
    reason = _citation_objection(sentence, cited)
    return Judged(reason) if reason else _told(sentence, cited, known)


def _told(sentence: Sentence, cited: Sequence[Facts], known: Known) -> Judged:
    """What the sentence says against its findings; what it cites is in order."""
    reason = _claims_objection(sentence, cited, known)
    if not reason:
        return Judged(None, frozenset(sentence.findings))
    told = check(sentence.text, cited)
    if not told.reason:
        return Judged(None, told.stated, _unnamed(sentence, told.stated, known))
    return Judged(told.reason if reason in _NOT_A_TEMPLATE else reason)


def _unnamed(sentence: Sentence, stated: frozenset[str], known: Known) -> str | None:
    """The models that read what the sentence states and that it does not name."""
    text = fold(sentence.text)
    told = [known.facts[key] for key in sorted(stated)]
    read = {facts.finding.reader: facts.reader for facts in told if facts.reader}
    left = [name for name, folded in sorted(read.items()) if folded not in text]
    return ", ".join(left) or None


def _limitation_objection(sentence: Sentence, known: Known) -> Reason | None:
    """A limitation states no finding, so it holds no measured number outside a quotation."""
    left = read(_QUOTED.sub(" ", fold(sentence.text)), known.units)
    return Reason.NO_FINDING if any(item.unit for item in left.quantities) else None


def _citation_objection(sentence: Sentence, cited: Sequence[Facts]) -> Reason | None:
    if not cited or not sentence.evidence:
        return Reason.NOTHING_CITED
    given = set(sentence.evidence)
    if not given <= {key for facts in cited for key in facts.evidence_ids}:
        return Reason.FOREIGN_EVIDENCE
    if any(not given & facts.evidence_ids for facts in cited):
        return Reason.WITHOUT_EVIDENCE
    if len({facts.finding.patient for facts in cited}) > 1:
        return Reason.SEVERAL_PATIENTS
    return _comparison_objection(given, cited) if sentence.kind is SentenceKind.COMPARISON else None


def _comparison_objection(given: set[str], cited: Sequence[Facts]) -> Reason | None:
    if not any(facts.finding.change for facts in cited):
        return Reason.NO_CHANGE
    for facts in cited:
        change = facts.finding.change
        if change is None:
            continue
        one_sided = change.direction is Direction.NEW
        if not (one_sided or given & facts.prior_ids) or not given & facts.current_ids:
            return Reason.ONE_EXAMINATION
    return None


def _claims_objection(sentence: Sentence, cited: Sequence[Facts], known: Known) -> Reason | None:
    claims = claims_of(sentence.text)
    counted = _COUNT.match(claims[0].text) if len(claims) == 1 else None
    if counted:
        return _count_objection(counted, cited)
    stated: set[str] = set()
    for claim in claims:
        held = {facts.finding.id: hold(claim, facts, known) for facts in cited}
        supporting = {key for key, tried in held.items() if tried.reason is None}
        if not supporting:
            return nearest(held.values())
        stated |= supporting
    return None if stated == set(sentence.findings) else Reason.NOT_STATED


def _count_objection(counted: re.Match[str], cited: Sequence[Facts]) -> Reason | None:
    if int(counted.group(1)) != len(cited):
        return Reason.COUNT
    left = read(counted.group(2), ())
    if left.quantities or left.dates or not left.words <= neutral_words():
        return Reason.MORE_THAN_A_COUNT
    fits = all(facts.agrees_with_entry_words(left.words) for facts in cited)
    return None if fits else Reason.OTHER_ENTRIES


def hold(claim: Claim, facts: Facts, known: Known) -> Tried:
    """Hold a claim against one finding."""
    reviewed = claim.lead in REVIEWED_LABELS
    around = frozenset(phrase for phrase in facts.phrases if any(name in phrase for name in facts.names))
    left, seen = masked(claim.item if reviewed else claim.text, facts.names | around)
    names = seen & facts.names
    if not reviewed and not names:
        return Tried(-1, Reason.NOT_NAMED)
    for form in range_forms(facts.range_text):
        left = without_exact(left, f"range {form}")
    for form in written_forms(facts.value_text) if facts.finding.change is None else ():
        left = without_exact(left, form)
    left, phrases = masked(left, facts.phrases)
    phrases |= seen & around
    stated = Stated(facts=facts, reading=read(left, known.units), names=names, phrases=phrases, lead=claim.lead)
    rules = REVIEWED_RULES if reviewed else CLAIM_RULES
    for passed, rule in enumerate(rules):
        if reason := rule(stated):
            return Tried(passed, reason)
    return Tried(len(rules), None)

"""Each sentence against the findings and evidence it cites, by rules alone.

A sentence is taken apart into claims. A claim holds when one cited finding explains all of it: its name, its side,
every number with its unit and what the number stands for, every date, presence or absence, how certain it is, the
direction of a change, the model that read it, and every other word (which must belong to the finding or to the
templates' own vocabulary).
A sentence holds when each claim holds and each cited finding is stated.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..core.evidence import Evidence
from ..core.finding import Direction, Finding
from ..core.report import Section, Sentence, SentenceKind
from .claims import Claim, claims_of, fold, masked, read, without_exact
from .facts import Facts, Known, known_facts
from .rules import CLAIM_RULES, REVIEWED_RULES, Stated
from .vocabulary import REVIEWED_LABELS, neutral_words

_COUNT = re.compile(r"^(\d+) further (.+)$")
_QUOTED = re.compile(r"“[^”]*”")


def verify(sections: Sequence[Section], findings: Sequence[Finding], evidence: Sequence[Evidence]
           ) -> tuple[tuple[Section, ...], list[str]]:
    """The sections without what their evidence does not support.

    Args:
        sections: composed or written sections.
        findings: the report's numbered findings.
        evidence: the report's numbered evidence.

    Returns:
        The sections that still hold a sentence, and one warning for each sentence left out; a warning names the
        section, the finding ids and the reason, never a patient's data.
    """
    known = known_facts(findings, evidence)
    kept: list[Section] = []
    warnings: list[str] = []
    for section in sections:
        checked = [(sentence, objection(sentence, known)) for sentence in section.sentences]
        warnings += [_warning(section, sentence, reason) for sentence, reason in checked if reason]
        sentences = tuple(sentence for sentence, reason in checked if not reason)
        if sentences:
            kept.append(Section(title=section.title, sentences=sentences))
    return tuple(kept), warnings


def _warning(section: Section, sentence: Sentence, reason: str) -> str:
    about = f" about {', '.join(sentence.findings[:5])}" if sentence.findings else ""
    return f"A sentence{about} was left out of “{section.title}”: {reason}."


def objection(sentence: Sentence, known: Known) -> str:
    """Why a sentence is not supported; empty when it is."""
    if any(key not in known.evidence for key in sentence.evidence):
        return "it cites evidence that does not exist"
    if any(key not in known.facts for key in sentence.findings):
        return "it cites a finding that does not exist"
    if sentence.kind is SentenceKind.LIMITATION and not sentence.findings:
        return _limitation_objection(sentence, known)
    cited = [known.facts[key] for key in sentence.findings]
    return _citation_objection(sentence, cited) or _claims_objection(sentence, cited, known)


def _limitation_objection(sentence: Sentence, known: Known) -> str:
    """A limitation states no finding, so it holds no measured number outside a quotation."""
    left = read(_QUOTED.sub(" ", fold(sentence.text)), known.units)
    return "it states a measurement without a finding" if any(item.unit for item in left.quantities) else ""


def _citation_objection(sentence: Sentence, cited: Sequence[Facts]) -> str:
    if not cited or not sentence.evidence:
        return "it cites no finding or no evidence"
    given = set(sentence.evidence)
    if not given <= {key for facts in cited for key in facts.evidence_ids}:
        return "it cites evidence that is not its findings'"
    if any(not given & facts.evidence_ids for facts in cited):
        return "it cites a finding without its evidence"
    if len({facts.finding.patient for facts in cited}) > 1:
        return "its findings are of different patients"
    return _comparison_objection(given, cited) if sentence.kind is SentenceKind.COMPARISON else ""


def _comparison_objection(given: set[str], cited: Sequence[Facts]) -> str:
    for facts in cited:
        change = facts.finding.change
        if change is None:
            return "it compares without a measured change"
        one_sided = change.direction is Direction.NEW
        if not (one_sided or given & facts.prior_ids) or not given & facts.current_ids:
            return "it compares without evidence of both examinations"
    return ""


def _claims_objection(sentence: Sentence, cited: Sequence[Facts], known: Known) -> str:
    claims = claims_of(sentence.text)
    counted = _COUNT.match(claims[0].text) if len(claims) == 1 else None
    if counted:
        return _count_objection(counted, cited)
    stated: set[str] = set()
    for claim in claims:
        held = {facts.finding.id: hold(claim, facts, known) for facts in cited}
        supporting = {key for key, (_, reason) in held.items() if not reason}
        if not supporting:
            return max(held.values())[1]
        stated |= supporting
    return "" if stated == set(sentence.findings) else "it cites a finding that it does not state"


def _count_objection(counted: re.Match[str], cited: Sequence[Facts]) -> str:
    if int(counted.group(1)) != len(cited):
        return "its count is not that of its findings"
    left = read(counted.group(2), ())
    if left.quantities or left.dates or not left.words <= neutral_words():
        return "it says more than a count"
    fits = all(facts.agrees_with_entry_words(left.words) for facts in cited)
    return "" if fits else "it counts entries of another kind"


def hold(claim: Claim, facts: Facts, known: Known) -> tuple[int, str]:
    """Hold a claim against one finding.

    Returns:
        How many rules the claim passes, and the reason why it does not pass the next; an empty reason when it
        passes all.
    """
    reviewed = claim.lead in REVIEWED_LABELS
    left, names = masked(claim.item if reviewed else claim.text, facts.names)
    if not reviewed and not names:
        return -1, "it does not name its finding"
    left = without_exact(left, f"range {facts.range_text}" if facts.range_text else "")
    if facts.finding.change is None:
        left = without_exact(left, facts.value_text)
    left, phrases = masked(left, facts.phrases)
    stated = Stated(facts=facts, reading=read(left, known.units), names=names, phrases=phrases, lead=claim.lead)
    for passed, rule in enumerate(REVIEWED_RULES if reviewed else CLAIM_RULES):
        if reason := rule(stated):
            return passed, reason
    return len(CLAIM_RULES), ""

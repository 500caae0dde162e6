"""What a radiology report states of known findings, and how far another text states the same. Pure but for its list.

A statement is a finding of `data/report_terms.csv` with what is said of it (present, absent, uncertain, in the past),
the patient's side and its sizes. The list holds the labels of CheXpert (Irvin et al., AAAI 2019) and CT-RATE (arXiv
2403.17834), the conditions of the MedGemma 1.5 report, and tubes and devices; the forms are our own collection, English
alone. What a sentence says of a mention is told by the rules of the records tool (`tools/records/stances.py`, in the
manner of NegEx and ConText). Nothing else in a text is looked at.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from ...tools.records.attributes import attributes_of
from ...tools.records.notes import passages_of
from ...tools.records.stances import Span, Stance, stance_of

_STATUS = {Stance.AFFIRMED: "present", Stance.NEGATED: "absent", Stance.UNCERTAIN: "uncertain",
           Stance.HISTORICAL: "historical"}
_NUMBER = r"(\d+(?:\.\d+)?)"
_SIZE = re.compile(rf"(?<![\w.]){_NUMBER}(?:\s*[x×]\s*{_NUMBER})?(?:\s*[x×]\s*{_NUMBER})?\s*-?(mm|cm)\b", re.IGNORECASE)
_ONTO = re.compile(r"(?:\s+[\w-]+){0,3}\s+")
_DEGREE = re.compile(r"\b(large|larger|massive|significant|sizable|displaced|suspicious|tension|gross|frank)\s+$",
                     re.IGNORECASE)
"""Words before a finding that a denial goes with: "no large effusion" does not deny a small one."""
_GAP = 5
"""Words that may stand within a form."""
FIELDS = ("reports", "n", "tp", "fp", "fn", "named_tp", "named_fp", "named_fn", "both", "same_status", "contradicted",
          "sided", "same_side", "sized", "same_size")


@dataclass(frozen=True, order=True)
class Stated:
    """One finding, and what is said of it.

    Args:
        status: present, absent, uncertain or historical; "absent, large" where only that degree is denied.
        side: left, right, bilateral or empty.
        sizes: in mm, the largest first; of what is present or uncertain.
    """

    status: str
    side: str
    sizes: tuple[float, ...]


@cache
def _terms() -> tuple[tuple[str, ...], re.Pattern[str]]:
    """Names of findings, and what finds their forms: the group `f3` is a form of the name at place 3 of the list.

    Abbreviations in capitals count as they are written alone. In a form, ` * ` stands for up to five words; the mention
    is what stands behind it, so that "the heart is not enlarged" is denied.
    """
    text = (files("caseloom.evals") / "data" / "report_terms.csv").read_text(encoding="utf-8")
    forms = [(form, row["name"]) for row in csv.DictReader(text.splitlines()) for form in row["forms"].split("|")]
    forms.sort(key=lambda item: (-len(item[0]), item[0]))
    parts = "|".join(_form(form, place) for place, (form, _) in enumerate(forms))
    return tuple(name for _, name in forms), re.compile(rf"(?<![\w-])(?:{parts})(?![\w-])")


def _form(form: str, place: int) -> str:
    before, _, mention = form.rpartition(" * ")
    found = f"(?P<f{place}>{re.escape(mention)})"
    found = rf"{re.escape(before)}\s+(?:[\w-]+\s+){{0,{_GAP}}}?{found}" if before else found
    return found if form.isupper() else f"(?i:{found})"


def statements_of(text: str) -> dict[str, frozenset[Stated]]:
    """What a report states, by finding.

    Args:
        text: findings and impression, with or without headings.
    """
    names, pattern = _terms()
    told: dict[str, set[Stated]] = {}
    for passage in passages_of(text):
        mentions = {found.span(form): names[int(form[1:])] for found in pattern.finditer(passage.text)
                    if (form := found.lastgroup) is not None}
        spans = list(mentions)
        sizes = _sizes_by_mention(passage.text, spans)
        for span, name in mentions.items():
            stance = stance_of(passage.text, span, spans, passage.section)
            if stance in _STATUS:
                told.setdefault(name, set()).add(_stated(passage.text, span, stance, sizes.get(span, ())))
    return {name: _merged(said) for name, said in told.items()}


def _stated(sentence: str, span: Span, stance: Stance, sizes: tuple[float, ...]) -> Stated:
    placed = stance in {Stance.AFFIRMED, Stance.UNCERTAIN}
    side = attributes_of(sentence, span).side if placed else None
    degree = _DEGREE.search(sentence[:span[0]]) if stance is Stance.NEGATED else None
    status = f"{_STATUS[stance]}, {degree[1].casefold()}" if degree else _STATUS[stance]
    return Stated(status, side.value if side else "", sizes if placed else ())


def _merged(said: Iterable[Stated]) -> frozenset[Stated]:
    """What is said twice, once with and once without side or size, once: the impression repeats the findings."""
    kept = set(said)
    for one in sorted(kept, key=lambda item: (bool(item.side), bool(item.sizes))):
        others = [other for other in kept - {one} if other.status == one.status
                  and one.side in ("", other.side) and one.sizes in ((), other.sizes)]
        if others:
            kept.discard(one)
    return frozenset(kept)


def _sizes_by_mention(sentence: str, spans: list[Span]) -> dict[Span, tuple[float, ...]]:
    """Sizes in mm by the mention that they belong to."""
    held: dict[Span, tuple[float, ...]] = {}
    for found in _SIZE.finditer(sentence) if spans else ():
        owner = _owner(sentence, spans, found.span())
        scale = 10.0 if found[4].casefold() == "cm" else 1.0
        numbers = (round(float(part) * scale, 2) for part in found.groups()[:3] if part)
        held[owner] = tuple(sorted((*held.get(owner, ()), *numbers), reverse=True))
    return held


def _owner(sentence: str, spans: list[Span], size: Span) -> Span:
    """The mention that a size stands right before ("8 mm calcified nodule"), else the last one before it."""
    after = next((span for span in spans if span[0] >= size[1]), None)
    before = next((span for span in reversed(spans) if span[1] <= size[0]), None)
    if after is not None and _ONTO.fullmatch(sentence[size[1]:after[0]]):
        return after
    return before or after or spans[0]


def statement_marks(truth: str, said: str) -> dict[str, dict[str, float]]:
    """Marks by finding of a text against the true one: `tp`, `fp`, `fn` of whole statements; `named_` of findings, with
    whatever is said of them; and of findings that both name, whether status, side and sizes are the same.

    Args:
        truth: the report.
        said: the text that is scored.
    """
    wanted, given = statements_of(truth), statements_of(said)
    return {name: _marks(wanted.get(name, frozenset()), given.get(name, frozenset()))
            for name in sorted({*wanted, *given})}


def _marks(wanted: frozenset[Stated], given: frozenset[Stated]) -> dict[str, float]:
    counts = {"n": 1, "tp": len(wanted & given), "fp": len(given - wanted), "fn": len(wanted - given),
              "named_tp": bool(wanted and given), "named_fp": not wanted, "named_fn": not given}
    if wanted and given:
        status, side, sizes = (({getattr(one, part) for one in wanted}, {getattr(one, part) for one in given})
                               for part in ("status", "side", "sizes"))
        sided, sized = any(side[0] | side[1]), any(sizes[0] | sizes[1])
        counts |= {"both": 1, "same_status": status[0] == status[1],
                   "contradicted": {"present", "absent"} == status[0] | status[1] and not status[0] & status[1],
                   "sided": sided, "same_side": sided and side[0] == side[1],
                   "sized": sized, "same_size": sized and sizes[0] == sizes[1]}
    return {name: float(number) for name, number in counts.items()}

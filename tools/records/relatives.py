"""Which relative a question asks about, and which relatives a source names for what it tells of the family."""

from __future__ import annotations

import re

from ...core.evidence import DocumentSpan, Evidence
from .entries import Entry

KIN = (r"(?:great-?)?grand(?:mother|father|parent|son|daughter)s?"
       r"|(?:step)?(?:mother|father|brother|sister|son|daughter)s?|parents?|siblings?|aunts?|uncles?|cousins?|nieces?|nephews?|children|child|mom|mum|dad")
_ONE = (rf"(?:(?:{KIN})'s )?(?:(?:maternal|paternal|half|foster|adoptive|adopted)[ -])?\b(?:{KIN})\b(?:[- ]in[- ]law)?"
        r"(?! history)")
KINSHIP = re.compile(rf"\b{_ONE}(?:'s?)?", re.IGNORECASE)
"""A relative, as a question or a note names one."""
_RUN = rf"{_ONE}(?:(?:, and|, or|,| and| or|/|&) ?(?:(?:his|her|their|the|an?|one) )?{_ONE})*"
_BEFORE = re.compile(rf"(?P<of>(?:\bin|\bof|\()\s*(?:(?:his|her|their|the|an?|one)\s+)?)?(?P<who>{_RUN})")
_BEHIND = re.compile(rf"\s*(?:,|:|-|\(|in\b|of\b)?\s*(?:(?:his|her|their|the|an?|one|patient's)\s+)*(?P<who>{_RUN})\s*"
                     r"(?=[,;.)]|and\b|$)")
GROUPS = {"parent": ("mother", "father"), "sibling": ("brother", "sister"), "child": ("son", "daughter"),
          "grandparent": ("grandmother", "grandfather")}
_SAME_KIN = {"mom": "mother", "mum": "mother", "dad": "father"}
UNRELATED = frozenset({"law", "foster", "adoptive", "adopted"})


def asked_relatives(question: str) -> tuple[str, ...]:
    """The relatives that a question names, in the singular; none where it asks about the family as a whole."""
    text = question.casefold().replace("’", "'")
    return tuple(dict.fromkeys(_singular(found) for found in re.findall(_ONE, text)))


def told_relatives(entry: Entry) -> tuple[str, ...]:
    """The relatives of whom a source tells it, as it words them; none where it does not name one.

    A resource names its relationship. In a sentence it is the relative directly behind the thing ("stroke in her
    brother"), else the last one before it ("her brother died of a stroke") that does not belong to another thing.
    """
    if not entry.is_noted:
        value = entry.finding.value
        return (value.text.casefold(),) if value and value.text else ()
    found = [who for item in entry.evidence for who in _in_sentence(_sentence(item), entry.names)]
    return tuple(dict.fromkeys(found))


def is_of(asked: tuple[str, ...], told: tuple[str, ...]) -> bool:
    """Whether one of the relatives told of is one of those asked about.

    "Sibling" is answered by a brother or sister, and "mother" by a "natural mother"; an adopted one, one by marriage,
    or a relative's relative by no shorter name.

    Args:
        asked: from `asked_relatives`.
        told: from `told_relatives`.
    """
    return any(_is_one(kin, who) for one in asked for kin in (one, *GROUPS.get(one, ())) for who in told)


def _is_one(asked: str, told: str) -> bool:
    wanted, held = set(re.findall(r"\w+", asked)), set(re.findall(r"\w+", _singular(told)))
    return wanted <= held and "s" not in held - wanted and not (held - wanted) & UNRELATED


def _singular(kin: str) -> str:
    kin = _SAME_KIN.get(kin, kin)
    return "child" if kin == "children" else re.sub(r"(?<!')s$", "", kin)


def _sentence(evidence: Evidence) -> str:
    place = evidence.locator
    text = place.text if isinstance(place, DocumentSpan) else evidence.caption.partition("“")[2]
    return text.casefold().replace("’", "'")


def _in_sentence(text: str, names: tuple[str, ...]) -> list[str]:
    places = [found.span() for name in names for found in
              re.finditer(rf"(?<!\w){re.escape(name.casefold())}(?!\w)", text)]
    if not places:
        return []
    start, end = min(places, key=lambda place: (place[0], -place[1]))
    behind = _BEHIND.match(text, end)
    before = None if behind else next(iter([*_BEFORE.finditer(text, 0, start)][::-1]), None)
    chosen = behind or (before if before is not None and (not before["of"] or _leads(text, before)) else None)
    return re.findall(_ONE, chosen["who"]) if chosen else []


def _leads(text: str, before: re.Match[str]) -> bool:
    """Whether "in the mother" begins its sentence, so that it belongs to what follows."""
    return not text[:before.start()].strip(" .:-")

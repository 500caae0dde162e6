"""Side, place, size and course of a thing, as the sentence that mentions it says them right beside it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...core.finding import Laterality
from .stances import Span

_SIDES = {"left": Laterality.LEFT, "right": Laterality.RIGHT, "bilateral": Laterality.BILATERAL,
          "both": Laterality.BILATERAL}
_SIZE = r"tiny|trace|minimal|small|moderate|large|massive|\d+(?:\.\d+)?[ -]?(?:mm|cm)"
_COURSE = (r"new|increased|increasing|enlarging|growing|larger|decreased|decreasing|smaller|improved|improving|worse"
           r"|worsened|worsening|unchanged|stable|persistent")
_BETWEEN = r"mild|severe|marked|solid|calcified|loculated|layering|simple|acute|chronic|known|partial|subtle"
_SIDE = r"(?:left|right)(?:[- ]sided)?|bilateral"
_BEFORE = re.compile(rf"(?:(?:{_SIZE}|{_COURSE}|{_BETWEEN}|{_SIDE})(?:,? and |[ -]to[ -]|, | ))+$", re.IGNORECASE)
_ORGAN = "lobe|lung|base|apex|hemithorax|breast|kidney|hip|knee"
_PLACE = rf"(?:left|right)(?:[- ](?:upper|middle|lower))?(?: (?:{_ORGAN}))?(?: base| apex)?"
_AFTER = re.compile(rf"^,? (?:(?:in|on|at|of|within) the (?P<place>{_PLACE})\b|bilaterally\b|on both sides\b)",
                    re.IGNORECASE)
_IS = re.compile(r"^(?:,| (?:is|are|has|have|was|were|remains?)(?: (?:slightly|mildly|now|since))?) "
                 rf"(?P<course>{_COURSE})\b(?! (?:in|on|at) the)", re.IGNORECASE)
_ONE = re.compile(rf"(?P<said>{_SIZE}|{_COURSE})|(?P<side>{_SIDE})", re.IGNORECASE)
_SIDE_WORD = re.compile(r"left|right|bilateral|both", re.IGNORECASE)
_ANOTHER = (re.compile(r"\b(?:left|right)(?:[- ]sided)?,? and (?:an? |the )?$", re.IGNORECASE),
            re.compile(r"^ (?:and|or) (?:in |on |at )?(?:the )?(?:left|right)\b", re.IGNORECASE))
"""Right before the lead, or right behind the place: another one on another side is told in the same breath."""


@dataclass(frozen=True)
class Attributes:
    """What is said of a thing besides that it is there.

    Args:
        side: the patient's.
        site: the place where the text names one that is more than a side, as written in small letters.
        words: size and course, as written, in the order of the text.
    """

    side: Laterality | None = None
    site: str | None = None
    words: tuple[str, ...] = ()


NOTHING = Attributes()


def attributes_of(sentence: str, mention: Span) -> Attributes:
    """What stands right before a thing ("small left") and right behind it ("on the left", "is new").

    Args:
        sentence: one sentence or line.
        mention: start and end of the thing in it.
    """
    lead, rest = _BEFORE.search(sentence[:mention[0]]), sentence[mention[1]:]
    placed = _AFTER.match(rest)
    if _ANOTHER[0].search(sentence[:lead.start() if lead else mention[0]]) or (
            _ANOTHER[1].match(rest[placed.end() if placed else 0:])):
        return NOTHING
    before = list(_ONE.finditer(lead.group())) if lead else []
    course = _IS.match(rest[placed.end():] if placed else rest)
    words = [found["said"] for found in before if found["said"]] + ([course["course"]] if course else [])
    said = " ".join([*(found["side"] for found in before if found["side"]), placed.group() if placed else ""])
    sides = {_SIDES[word.casefold()] for word in _SIDE_WORD.findall(said)}
    place = (placed["place"] or "").casefold() if placed else ""
    return Attributes(side=sides.pop() if len(sides) == 1 else None, site=place if " " in place else None,
                      words=tuple(dict.fromkeys(word.casefold() for word in words)))

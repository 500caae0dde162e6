"""What a sentence says of a thing that it mentions: that it is so, is not, may be, was, may come, or is another's.

Rules over triggers and their reach, in the manner of NegEx (Chapman et al., J Biomed Inform 34:301-310, 2001) and
ConText (Harkema et al., J Biomed Inform 42:839-851, 2009): words before or after a mention change what is said of it,
as far as words that end their reach; longer triggers hide shorter ones within ("no change" hides "no"). The triggers
and their reach are our own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from .triggers import ENDS, Effect, Reach, triggers

Span = tuple[int, int]

FARTHEST_BEFORE = 8
"""Words between a mention and a trigger behind it at most."""
_JOINT = re.compile(r"(?:[\s,/&()]|\b(?:and|or|nor|and/or|as well as|also|the|a|an|any|of|early|small|mild|moderate"
                    r"|severe|large|left|right|bilateral|acute|chronic|new|rib|hip|lower|upper|lobe|in|on|at|base|lung"
                    r"|stage|sided|left-sided|right-sided)\b)*")
"""What may stand between two things that are told together."""
_ASIDE = re.compile(r",\s*(?:which|who|that|though|although|initially|first)\b[^,]*,")
"""A clause put in between, which a later word reaches over."""
_NEW_SUBJECT = re.compile(r",\s*(?:small|moderate|large|mild|severe|marked|extensive|stable|unchanged|persistent"
                          r"|bilateral|diffuse|chronic|known|trace|minimal|left|right|old)\b"
                          r"(?!.*(?:\b(?:or|nor)\b|[a-z]/[a-z]))")
"""After "no X, small Y" the second thing is there; in "no X, small Y or Z" and "no X, small Y/Z" it is not."""


class Stance(StrEnum):
    """What is said of a thing."""

    AFFIRMED = "affirmed"
    NEGATED = "negated"
    UNCERTAIN = "uncertain"
    HISTORICAL = "historical"
    HYPOTHETICAL = "hypothetical"
    FAMILY = "family"
    FAMILY_DENIED = "family denied"
    """No relative has it, which says nothing of the patient."""
    OTHER = "other"
    PLANNED = "planned"
    """Of a heading: procedures named below it are to come; it says nothing of conditions."""
    UNSAID = "unsaid"
    """It is named, and whether it is so is not said: a test ordered, a box not ticked."""


@dataclass(frozen=True)
class _Cue:
    """A trigger as it stands in a sentence."""

    start: int
    end: int
    effect: Effect
    reach: Reach


def stance_of(sentence: str, mention: Span, mentions: Sequence[Span] = (), section: Stance | None = None) -> Stance:
    """What a sentence says of one of the things that it mentions.

    Args:
        sentence: one sentence or line.
        mention: start and end of the thing in it.
        mentions: of all things in it, in order.
        section: what the heading above the sentence makes of everything below it, such as family history.
    """
    text = sentence.casefold()
    around = sorted({mention, *mentions})
    cues = [cue for cue in _cues(text) if not any(start <= cue.start and cue.end <= end for start, end in around)]
    acting = [cue for cue in cues if _acts(cue, mention, around, cues, text)]
    return _settled(acting, mention, section)


def _cues(text: str) -> list[_Cue]:
    """The triggers of a sentence, those inside longer ones left out."""
    found = [_Cue(*match.span(), effect, reach) for effect, reach, pattern in triggers()
             for match in pattern.finditer(text)]
    found.sort(key=lambda cue: (cue.start - cue.end, cue.start))
    kept: list[_Cue] = []
    for cue in found:
        if all(cue.end <= other.start or cue.start >= other.end for other in kept):
            kept.append(cue)
    return sorted(kept, key=lambda cue: cue.start)


def _acts(cue: _Cue, mention: Span, around: Sequence[Span], cues: Sequence[_Cue], text: str) -> bool:
    """Whether a trigger reaches a mention."""
    if cue.effect is Effect.NOTHING:
        return False
    if cue.reach is Reach.TOUCHING:
        return _last_before(cue, mention, around, text, farthest=0)
    if cue.reach in {Reach.BEFORE, Reach.BESIDE} and _last_before(cue, mention, around, text):
        return True
    if cue.reach in {Reach.LIST, Reach.BESIDE, Reach.ONTO}:
        return _first_after(cue, mention, around, text)
    if cue.reach is Reach.BEFORE or cue.end > mention[0] or ENDS[cue.effect].search(text[cue.end:mention[0]]):
        return False
    return cue.effect is not Effect.NEGATED or not _is_overruled(cue, mention, cues, text)


def _is_overruled(cue: _Cue, mention: Span, cues: Sequence[_Cue], text: str) -> bool:
    """Whether doubt begins between a denial and a mention, or something new does ("no X, small Y")."""
    doubted = any(other.effect in {Effect.UNCERTAIN, Effect.NOTHING} and other.reach is not Reach.BEFORE
                  and cue.end < other.start and other.end <= mention[0] and text[cue.end:other.start].strip()
                  for other in cues)
    return doubted or any(found.start() < mention[0] for found in _NEW_SUBJECT.finditer(text, cue.end))


def _first_after(cue: _Cue, mention: Span, around: Sequence[Span], text: str) -> bool:
    """Whether a mention is the first behind a trigger, or told together with it."""
    behind = [span for span in around if span[0] >= cue.end and span[0] <= mention[0]]
    if not behind or behind[-1] != mention or ENDS[cue.effect].search(text[cue.end:behind[0][0]]):
        return False
    if cue.reach is Reach.ONTO and text[cue.end:behind[0][0]].strip():
        return False
    return all(_JOINT.fullmatch(text[one[1]:other[0]]) for one, other in pairwise(behind))


def _last_before(cue: _Cue, mention: Span, around: Sequence[Span], text: str, farthest: int = FARTHEST_BEFORE) -> bool:
    """Whether a mention is the last before a trigger, at most `farthest` words away, or told together with it."""
    before = [span for span in around if span[1] <= cue.start and span[0] >= mention[0]]
    if not before or before[0] != mention:
        return False
    gap = _ASIDE.sub(" ", text[before[-1][1]:cue.start])
    if len(gap.split()) > farthest or ENDS[cue.effect].search(gap) or "," in gap.strip(" ,"):
        return False
    return all(_JOINT.fullmatch(text[one[1]:other[0]]) for one, other in pairwise(before))


def _settled(acting: Sequence[_Cue], mention: Span, section: Stance | None) -> Stance:
    """What stands of everything that reaches a mention.

    Whose it is comes first; then whether anything is said of it, and what is yet to come; then doubt, denial and their
    opposite, of which the nearest counts; then time.
    """
    effects = {cue.effect for cue in acting}
    if Effect.OTHER in effects:
        return Stance.OTHER
    if Effect.FAMILY in effects or section is Stance.FAMILY:
        return Stance.FAMILY_DENIED if Effect.NEGATED in effects else Stance.FAMILY
    for effect in (Effect.UNSAID, Effect.HYPOTHETICAL):
        if effect in effects:
            return Stance(effect)
    weighed = [cue for cue in acting if cue.effect in {Effect.UNCERTAIN, Effect.NEGATED, Effect.AFFIRMED}]
    if weighed:
        nearest = min(weighed, key=lambda cue: (
            cue.effect is Effect.AFFIRMED or cue.reach in {Reach.AFTER, Reach.LIST, Reach.ONTO},
            _distance(cue, mention)))
        return Stance(nearest.effect)
    return Stance.HISTORICAL if Effect.HISTORICAL in effects else section or Stance.AFFIRMED


def _distance(cue: _Cue, mention: Span) -> int:
    return mention[0] - cue.end if cue.end <= mention[0] else cue.start - mention[1]

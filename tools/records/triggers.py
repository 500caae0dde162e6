"""Words that change what a sentence says of the things it mentions, how far they reach, and what ends their reach."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files

import yaml


class Effect(StrEnum):
    """What a trigger makes of a mention."""

    NEGATED = "negated"
    UNCERTAIN = "uncertain"
    HISTORICAL = "historical"
    HYPOTHETICAL = "hypothetical"
    FAMILY = "family"
    OTHER = "other"
    AFFIRMED = "affirmed"
    """It says that the thing is there, against a denial or doubt farther away ("cough (+)")."""
    UNSAID = "unsaid"
    """It only names the thing: a test for it, a ward called after it, a box that is not ticked."""
    NOTHING = "nothing"
    """It looks like a trigger and is none ("no change in"); it hides the shorter ones in it."""


class Reach(StrEnum):
    """Which mentions a trigger acts on."""

    AFTER = "after"
    """All behind it, up to what ends it."""
    LIST = "list"
    """The next one behind it, and what is told together with that."""
    BEFORE = "before"
    """The last one before it, and what is told together with that."""
    TOUCHING = "touching"
    """The one that it directly follows, and what is told together with that."""
    ONTO = "onto"
    """The one that directly follows it, and what is told together with that."""
    BESIDE = "beside"
    """The ones on both sides."""


@cache
def triggers() -> tuple[tuple[Effect, Reach, re.Pattern[str]], ...]:
    """Every trigger of the table `note_triggers.yaml`, for text in small letters."""
    file = files("caseloom.tools.records") / "data" / "note_triggers.yaml"
    table = yaml.safe_load(file.read_text(encoding="utf-8"))
    words = {name: f"(?:{'|'.join(forms)})" for name, forms in table["words"].items()}

    def whole(pattern: str) -> str:
        return re.sub(r"<(\w+)>", lambda found: words.get(found[1], found[0]), pattern)

    return tuple((Effect(rule["effect"]), Reach(rule["reach"]), re.compile(whole(pattern))) for rule in table["rules"]
                 for pattern in (*(rf"\b(?:{phrase})\b" for phrase in rule.get("phrases", ())),
                                 *rule.get("patterns", ())))


_TURN = (r";|\n|\b(?:but|however|although|though|yet|except(?: for)?|apart from|aside from|other than|besides|whereas"
         r"|while|nevertheless|still|despite|in spite of|on the other hand)\b")
_CLAIM = (r"\b(?:there (?:is|are|was|were)(?! no)|reports|reporting|complain(?:s|ed|ing) of|c/o|positive for"
          r"|present(?:s|ed|ing)? with|presence of|has|(?<!having )had|shows?|reveals?|now with|develop(?:s|ed)"
          r"|with (?!history)|w/(?!o)|admits|endorses|notes|experienc\w+"
          r"|(?:is|are|was|were) (?:seen|present|noted|stable|unchanged|found)|where|which|takes"
          r"|treated|appears well|due to|secondary to|because of"
          r"|, (?:he|she|they|patient|the patient|pt) )\b|(?:^|(?<=[\s,]))\+\s?\w")
_SELF = r";|\b(?:the patient|patient|pt|he himself|she herself|herself|himself)\b|\bbut\b"

ENDS: Mapping[Effect, re.Pattern[str]] = {
    Effect.NEGATED: re.compile(rf"{_TURN}|{_CLAIM}"), Effect.UNCERTAIN: re.compile(rf"{_TURN}|{_CLAIM}"),
    Effect.HISTORICAL: re.compile(
        rf"{_TURN}|\b(?:now|there (?:is|are)|present(?:s|ed|ing)? with|complain(?:s|ing) of|denie[sd])\b"),
    Effect.HYPOTHETICAL: re.compile(r";|\n|\bbut\b"), Effect.FAMILY: re.compile(_SELF), Effect.OTHER: re.compile(_SELF),
    Effect.AFFIRMED: re.compile(_TURN), Effect.UNSAID: re.compile(_TURN), Effect.NOTHING: re.compile(r";"),
}
"""What ends the reach of a trigger, by its effect."""

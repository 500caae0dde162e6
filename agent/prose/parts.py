"""Each part of a sentence read for what it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from .claim import FLAGS, Amount, Anchors, Claim, Saying
from .dated import share_dates, share_flags, share_units
from .lexicon import flag_words
from .parting import parted
from .roles import APART, BEYOND, COMPARATORS, SHORT_OF, after_date, after_word, of_number
from .tokens import Token
from .units import measure_of

_OF_TWO = {**dict.fromkeys(("higher", "larger", "greater", "bigger", "denser", "longer"), "superlative"),
           **dict.fromkeys(("lower", "smaller", "shorter"), "least")}
"""Comparatives that, behind "the", rank one of two."""
_JUST = {"just under": "low", "just below": "low", "just over": "high", "just above": "high"}
"""Where what lies just beside a limit lies; beside a number the same words say "about"."""
_IMPLIED = (("nuclei", "nucleus"), ("hu", "attenuation"))
"""Units, by how they begin, that name what they measure."""
_ADVERBS = frozenset({"just", "a", "as", "relative", "merely", "much"})
"""Words between a preposition and its number that change nothing."""
_COUNTED = frozenset({"ct", "mr", "film", "slide", "condition", "medication", "allergy", "procedure"})
_COUNT_NOUNS = frozenset({"result", "value", "scan", "examination", "study", "day", "week", "month", "year", "finding",
                          "image"})


def parts_of(tokens: Sequence[Token], anchors: Anchors) -> list[Claim]:
    """Each part of a sentence as it is read on its own."""
    parts = [_Part(link, own, anchors).read() for link, own in parted(tokens, anchors)]
    for before, part in pairwise(parts):
        if part.link in ("and", "with") and before.amounts and all(amount.about for amount in before.amounts):
            part.amounts = [replace(amount, about=True) for amount in part.amounts]
    return parts


@dataclass
class _Part:
    """One part while it is read. `role` is what the next number or date stands for by the words before it."""

    link: str
    tokens: list[Token]
    anchors: Anchors
    role: str = ""
    about: bool = False
    places: list[int] = field(default_factory=list)
    """Where the claim's amounts stand."""
    flagged: list[tuple[int, int]] = field(default_factory=list)
    """Which of the claim's sayings are flags, and where they stand."""

    def read(self) -> Claim:
        self.claim = Claim(self.link)
        for place, token in enumerate(self.tokens):
            self.claim.texts.append(token.text)
            if token.kind == "date":
                self._date(token)
            elif token.kind in ("number", "times"):
                self._number(token, place)
            elif token.kind == "count":
                self.claim.counts.append((int(token.digits), _noun(self.tokens[place + 1:])))
            elif token.kind == "→":
                self._earlier()
                self.role = "now"
            elif token.kind == "word" and not self._is_preposition(token, place):
                self._word(token, place)
            elif token.kind == "sign":
                self.claim.unknown.add(token.text)
        share_flags(self.claim, self.places, self.flagged)
        share_units(self.claim)
        share_dates(self.claim, self.tokens)
        return self.claim

    def _at(self, place: int) -> Token | None:
        return self.tokens[place] if 0 <= place < len(self.tokens) else None

    def _after(self, place: int, over: frozenset[str] = frozenset()) -> Token | None:
        """What follows, words such as "about" and "only" passed over, and those that say one of `over`."""
        return next((token for token in self.tokens[place + 1:]
                     if not token.says & ({"about", "only"} | over) and token.text not in _ADVERBS), None)

    def _is_preposition(self, token: Token, place: int) -> bool:
        """Whether "above" or "within" says where something is, or what a difference exceeds, and flags no result."""
        if token.text in BEYOND | SHORT_OF and any(
                "detectable" in item.says for item in self.tokens[place + 1:place + 3]):
            self.claim.sayings.append(Saying("over_least" if token.text in BEYOND else "under_least", token.text,
                                             leads=False))
            return True
        return token.text == "within" and not any("limit" in item.says for item in self.tokens[place + 1:place + 5])

    def _date(self, token: Token) -> None:
        if token.date is not None:
            self.claim.dates.append((token.date, self.role if self.role in APART | {"now"} else ""))
        self.role = "until" if self.role == "between" else ""

    def _word(self, token: Token, place: int) -> None:
        """Take over a word, and what it makes of the next number."""
        claim, following = self.claim, self._after(place)
        leads = not claim.named
        says = self._phrase(token) if token.phrase else self._said(token, following)
        if token.text in _JUST and any("limit" in item.says for item in self.tokens[place + 1:place + 5]):
            says = frozenset({_JUST[token.text], "slight"})
        leads = not claim.named if token.phrase else leads
        numbered = self._is_numbered(token, place)
        if not (numbered and says & {"only", "less", "more"}):
            if says & {"prior", "now"} and following is None and claim.amounts and not claim.amounts[-1].role:
                claim.amounts[-1] = replace(claim.amounts[-1], role="prior" if "prior" in says else "now")
            if self.claim.texts[-2:-1] == ["from"]:
                says = frozenset(f"was_{kind}" if kind in FLAGS else kind for kind in says)
            self.flagged += [(len(claim.sayings) + n, place) for n, kind in enumerate(says) if kind in FLAGS]
            claim.sayings += [Saying(kind, token.text, leads) for kind in says]
            self.about = self.about or "about" in says
            if "to" in says and numbered:
                self._earlier()
        if "only" not in says:
            self.role = after_word(says, token.text, self.role, numbered=numbered)
        if "by" in says and following is not None and following.kind == "date":
            self.role = "now"

    def _is_numbered(self, token: Token, place: int) -> bool:
        """Whether a number comes next; behind "from" and "to" a flag may stand between: "from normal (13.9)"."""
        following = self._after(place)
        if following is not None and following.kind in ("number", "times") and not following.opens:
            return True
        ends = self._after(place, FLAGS) if "to" in token.says or token.text == "from" else None
        return ends is not None and ends.kind == "number"

    def _said(self, token: Token, following: Token | None) -> frozenset[str]:
        """What a word says that belongs to no finding; what says nothing is kept as unknown."""
        if token.text == "without":
            return frozenset({"negation"})
        if self.claim.texts[-2:-1] == ["the"] and token.text in _OF_TWO:
            return frozenset({_OF_TWO[token.text]})
        if "normal" in token.says and following is not None and following.pair == "-":
            return frozenset({"limit"})
        if not token.says and measure_of(token.text) is not None:
            self.claim.units.add(token.text)
        elif not token.says and token.text not in ("and", "or"):
            self.claim.unknown.add(token.text)
        return token.says

    def _phrase(self, token: Token) -> frozenset[str]:
        """Take over a phrase of a finding; what it says beside naming it."""
        claim = self.claim
        claim.phrases.add(token.phrase)
        claim.named = claim.is_named_by(self.anchors)
        says = token.says & ({"indeterminate", "family"} | (FLAGS if token.phrase in flag_words() else set()))
        if "candidate" in token.phrase:
            says = says | {"indeterminate"}
        return says | {"bilateral"} if token.phrase == ("lung",) and "both" in claim.texts[-3:-1] else says

    def _earlier(self) -> None:
        """The number before a "to" is the earlier one."""
        amounts = self.claim.amounts
        if amounts and amounts[-1].role in ("", "now"):
            amounts[-1] = replace(amounts[-1], role="prior")

    def _number(self, token: Token, place: int) -> None:
        claim, before, following = self.claim, self._at(place - 1), self._at(place + 1)
        if self._is_of_name(token):
            claim.phrases.add((token.digits,))
            return
        beside = claim.dates[-1][1] if before is not None and before.kind == "date" and claim.dates else ""
        self.role = after_date(self.role, beside)
        role = "times" if token.kind == "times" else of_number(self.tokens, place, self.role)
        if before is not None and "versus" in before.says and claim.amounts and not claim.amounts[-1].role:
            claim.amounts[-1] = replace(claim.amounts[-1], role="now")
        unit = following.unit if token.unit is None and token.pair and following is not None else token.unit
        self.places.append(place)
        claim.amounts.append(Amount(token.digits, token.sign, token.comparator or COMPARATORS.get(self.role, ""), unit,
                                    role, self.about))
        self._implied(unit or "")
        spans = role == "range" and following is not None and following.text in ("to", "and")
        self.role, self.about = "range" if spans else "until" if beside == "between" else "", False

    def _implied(self, unit: str) -> None:
        """Nuclei and Hounsfield units name what they measure."""
        claim = self.claim
        implied = next((word for start, word in _IMPLIED if unit.casefold().startswith(start)), None)
        if implied == "nucleus" or (implied and not claim.named):
            claim.phrases.add((implied,))
            claim.by_unit = not claim.named
            claim.named = claim.is_named_by(self.anchors)

    def _is_of_name(self, token: Token) -> bool:
        """Whether a number belongs to a name, as that of a region."""
        named = any("region" in text or "opacity" in text for text in self.claim.texts[-4:-1])
        return named and token.unit is None and not token.pair and len(token.digits) == 1 and token.kind == "number"


def _noun(tokens: Sequence[Token]) -> Token | None:
    """What is counted: the first word after a count that is more than an article or an adjective."""
    words = [token for token in tokens if token.kind == "word"][:4]
    return next((token for token in words
                 if token.phrase or token.says & _COUNTED or token.text in _COUNT_NOUNS), None)

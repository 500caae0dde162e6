"""Each part of a sentence read for what it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from .claim import FLAGS, Amount, Anchors, Claim, Saying
from .lexicon import flag_words
from .parting import parted
from .tokens import Token
from .units import measure_of

_TIMES = frozenset({"day", "days", "week", "weeks", "month", "months", "year", "years"})
_LIMITS = frozenset({"range", "upper", "lower", "detectable"})
_UNDATED = _LIMITS | {"by", "off", "times", "interval"}
"""Roles of numbers that no date belongs to."""
_BEYOND = frozenset({"above", "over", "beyond", "exceed", "exceeding", "more than", "greater than", "in excess of"})
_SHORT_OF = frozenset({"below", "under", "within", "less than"})
_OFF = _BEYOND | _SHORT_OF - {"within"} | {"less", "more", "lower", "higher", "larger", "smaller", "greater", "longer",
                                           "shorter", "bigger"}
"""Words between a difference and what it is a difference to."""
_MOVED_BY = frozenset({"dropped", "fell", "rose", "increased", "decreased", "lost", "gained", "grew", "shrank",
                       "climbed", "declined"})
"""Verbs of change: a number right after one says by how much."""
_OF_TWO = {**dict.fromkeys(("higher", "larger", "greater", "bigger", "denser", "longer"), "superlative"),
           **dict.fromkeys(("lower", "smaller", "shorter"), "least")}
"""Comparatives that, behind "the", rank one of two."""
_ADVERBS = frozenset({"just", "a", "as", "relative", "merely", "much"})
"""Words between a preposition and its number that change nothing."""
_APART = frozenset({"prior", "between", "until"})
_BESIDE = {"between": "prior", "until": "now", "prior": "prior"}
"""What a number right behind a date of such a role stands for."""
_PAIRS = {"-": ("range", "range"), "x": ("long", "short"), "by": ("long", "short"), "/": ("first", "second"),
          "over": ("first", "second")}
_COUNTED = frozenset({"ct", "mr", "film", "slide", "condition", "medication", "allergy", "procedure"})
_COUNT_NOUNS = frozenset({"result", "value", "scan", "examination", "study", "day", "week", "month", "year", "finding",
                          "image"})
_ROLES = (("between", "between"), ("versus", "prior"), ("prior", "prior"), ("since", "prior"), ("now", "now"))


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

    def read(self) -> Claim:
        self.claim = Claim(self.link)
        for place, token in enumerate(self.tokens):
            self.claim.texts.append(token.text)
            if token.kind == "date":
                self._date(token)
            elif token.kind == "number":
                self._number(token, place)
            elif token.kind == "times":
                comparator = {"less": "<", "more": ">"}.get(self.role, "")
                self.claim.amounts.append(Amount(token.digits, "", comparator, None, "times", self.about))
                self.role, self.about = "", False
            elif token.kind == "count":
                self.claim.counts.append((int(token.digits), _noun(self.tokens[place + 1:])))
            elif token.kind == "→":
                self._earlier()
                self.role = "now"
            elif token.kind == "word" and not self._is_preposition(token, place):
                self._word(token, self._after(place))
            elif token.kind == "sign":
                self.claim.unknown.add(token.text)
        share_units(self.claim)
        date_amounts(self.claim, self.tokens)
        return self.claim

    def _at(self, place: int) -> Token | None:
        return self.tokens[place] if 0 <= place < len(self.tokens) else None

    def _after(self, place: int) -> Token | None:
        """What follows, words such as "about" and "only" passed over."""
        return next((token for token in self.tokens[place + 1:]
                     if not token.says & {"about", "only"} and token.text not in _ADVERBS), None)

    def _is_preposition(self, token: Token, place: int) -> bool:
        """Whether "above" or "within" says where something is, or what a difference exceeds, and flags no result."""
        if token.text in _BEYOND | _SHORT_OF and any(
                "detectable" in item.says for item in self.tokens[place + 1:place + 3]):
            self.claim.sayings.append(Saying("over_least" if token.text in _BEYOND else "under_least", token.text,
                                             leads=False))
            return True
        return token.text == "within" and not any("limit" in item.says for item in self.tokens[place + 1:place + 5])

    def _date(self, token: Token) -> None:
        if token.date is not None:
            self.claim.dates.append((token.date, self.role if self.role in _APART | {"now"} else ""))
        self.role = "until" if self.role == "between" else ""

    def _word(self, token: Token, following: Token | None) -> None:
        claim, says = self.claim, token.says
        leads = not claim.named
        before = claim.texts[-2:-1]
        if before == ["the"] and token.text in _OF_TWO and not token.phrase:
            says = frozenset({_OF_TWO[token.text]})
        if "normal" in says and following is not None and following.pair == "-":
            says = frozenset({"limit"})
        if token.text == "at" and self.role in _LIMITS:
            self.role = ""
        if token.phrase:
            says = self._phrase(token)
            leads = not claim.named
        elif token.text == "without":
            says = frozenset({"negation"})
        elif not says and token.text not in ("and", "or") and measure_of(token.text) is None:
            claim.unknown.add(token.text)
        elif not says and measure_of(token.text) is not None:
            claim.units.add(token.text)
        numbered = following is not None and following.kind in ("number", "times") and not following.opens
        if "only" in says and numbered:
            return
        if says & {"less", "more"} and numbered:
            self.role = "less" if "less" in says else "more"
            return
        if says & {"prior", "now"} and following is None and claim.amounts and not claim.amounts[-1].role:
            claim.amounts[-1] = replace(claim.amounts[-1], role="prior" if "prior" in says else "now")
        claim.sayings += [Saying(kind, token.text, leads) for kind in says]
        self.about = self.about or "about" in says
        if "to" in says and numbered:
            self._earlier()
        self.role = role_of(says, token.text, self.role, numbered=numbered)
        if "by" in says and following is not None and following.kind == "date":
            self.role = "now"

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
        self.role = _BESIDE.get(beside, self.role)
        paired = before is not None and before.kind == "number" and before.pair
        unit = following.unit if token.unit is None and token.pair and following is not None else token.unit
        role = self.role if self.role not in ("less", "more", "between") else ""
        if paired and before is not None:
            role = _PAIRS[before.pair][1]
        elif token.pair:
            role = _PAIRS[token.pair][0]
        elif unit is not None and unit.casefold() in _TIMES:
            role = "interval"
        elif role in ("", "now") and self._is_off(place + 1):
            role = "off"
        if before is not None and "versus" in before.says and claim.amounts and not claim.amounts[-1].role:
            claim.amounts[-1] = replace(claim.amounts[-1], role="now")
        comparator = token.comparator or {"less": "<", "more": ">"}.get(self.role, "")
        claim.amounts.append(Amount(token.digits, token.sign, comparator, unit, role, self.about))
        if unit is not None and unit.casefold().startswith("nuclei"):
            claim.phrases.add(("nucleus",))
            claim.by_unit = not claim.named
            claim.named = claim.is_named_by(self.anchors)
        spans = role == "range" and following is not None and following.text == "to"
        self.role, self.about = "range" if spans else "until" if beside == "between" else "", False

    def _is_off(self, place: int) -> bool:
        """Whether a number says how far something lies from a limit, or from what "than" names."""
        after = self.tokens[place:place + 6]
        ends = any("limit" in token.says or token.text in ("than", "it") for token in after)
        return bool(after) and after[0].text in _OFF and (ends or after[-1:] == after[:1])

    def _is_of_name(self, token: Token) -> bool:
        """Whether a number belongs to a name, as that of a region."""
        named = any("region" in text or "opacity" in text for text in self.claim.texts[-4:-1])
        return named and token.unit is None and not token.pair and len(token.digits) == 1


def role_of(says: frozenset[str], text: str, role: str, *, numbered: bool) -> str:
    """What the next number or date stands for after a word, given what it stood for before the word."""
    if "limit" in says:
        return next((kind for kind, marks in (("upper", ("upper", "uln")), ("lower", ("lower", "lln")))
                     if any(mark in text for mark in marks)), "range")
    if says & {"detectable", "factor"}:
        return "detectable" if "detectable" in says else "times"
    if role in _LIMITS and not says & {"prior", "since", "now"} and not (numbered and "by" in says):
        return role
    for kind, own in _ROLES:
        if kind in says and (kind != "since" or text != "from" or numbered):
            return own
    if numbered and text in _MOVED_BY:
        return "by"
    told = {"to": "now", "by": "by"}
    return next((told[kind] for kind in told if numbered and kind in says), role)


def _noun(tokens: Sequence[Token]) -> Token | None:
    """What is counted: the first word after a count that is more than an article or an adjective."""
    words = [token for token in tokens if token.kind == "word"][:4]
    return next((token for token in words
                 if token.phrase or token.says & _COUNTED or token.text in _COUNT_NOUNS), None)


def share_units(claim: Claim) -> None:
    """In "from 7.8 to 10.6 mm" the unit is that of both."""
    for place, (one, other) in enumerate(pairwise(list(claim.amounts))):
        if one.unit is None and other.unit is not None and one.role == "prior" and other.role == "now":
            claim.amounts[place] = replace(one, unit=other.unit)


def date_amounts(claim: Claim, tokens: Sequence[Token]) -> None:
    """Join each number to the date that follows it before the next number, or to the one that stands before all."""
    order = [token for token in tokens if token.kind == "date" or (token.kind == "number" and not token.phrase)]
    dates = [token for token in order if token.kind == "date"]
    apart = {id(date) for date, role in claim.dates if role in _APART}
    if not claim.amounts or not dates:
        return
    if order[0].kind == "date" and len(dates) == 1:
        if id(dates[0].date) not in apart:
            claim.amounts = [replace(amount, date=dates[0].date) if amount.role not in _UNDATED | {
                "prior"} else amount for amount in claim.amounts]
        return
    at = -1
    for token, following in zip(order, [*order[1:], None], strict=True):
        if token.kind != "number":
            continue
        at = next((n for n in range(at + 1, len(claim.amounts)) if claim.amounts[n].digits == token.digits), at)
        dated = following is not None and following.kind == "date" and id(following.date) not in apart
        fits = at >= 0 and claim.amounts[at].digits == token.digits and claim.amounts[at].role not in _UNDATED
        if dated and fits and following is not None:
            claim.amounts[at] = replace(claim.amounts[at], date=following.date)

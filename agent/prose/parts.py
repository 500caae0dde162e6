"""A sentence parted where people part it, and each part read for what it says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from .claim import DIRECTIONS, Amount, Anchors, Claim, Saying
from .tokens import Token
from .units import measure_of

SOFT = {",": "comma", "-": "comma", "and": "and", "or": "or", "nor": "or", "with": "with", "without": "with",
        "beside": "comma", "than": "than", "plus": "and", "&": "and", "there is": "comma",
        "there are": "comma", "at": "with"}
"""What joins a part to the one before, by the word or mark between them."""
HARD = frozenset({";", ".", "but", "while", "wherea", "however", "although", "though", "yet", "when"})
_TIMES = frozenset({"day", "days", "week", "weeks", "month", "months", "year", "years"})
_LIMITS = frozenset({"range", "upper", "lower", "detectable"})
_UNDATED = _LIMITS | {"by", "interval"}
"""Roles of numbers that no date belongs to."""
_BEYOND = frozenset({"above", "over", "beyond", "exceed", "exceeding", "more than", "greater than", "in excess of"})
_SHORT_OF = frozenset({"below", "under", "within", "less than"})
_MOVED_BY = frozenset({"dropped", "fell", "rose", "increased", "decreased", "lost", "gained", "grew", "shrank",
                       "climbed", "declined"})
"""Verbs of change: a number right after one says by how much."""
_APART = frozenset({"prior", "between", "until"})
_PAIRS = {"-": ("range", "range"), "x": ("long", "short"), "by": ("long", "short"), "/": ("first", "second"),
          "over": ("first", "second")}
_COUNTED = frozenset({"ct", "mr", "film", "slide", "condition", "medication", "allergy", "procedure"})
_COUNT_NOUNS = frozenset({"result", "value", "scan", "examination", "study", "day", "week", "month", "year", "finding",
                          "image"})
_ROLES = (("between", "between"), ("versus", "prior"), ("prior", "prior"), ("since", "prior"), ("now", "now"))


def parts_of(tokens: Sequence[Token], anchors: Anchors) -> list[Claim]:
    """Each part of a sentence as it is read on its own."""
    return [_Part(link, own, anchors).read() for link, own in _parted(_plain(tokens, anchors))]


def _plain(tokens: Sequence[Token], anchors: Anchors) -> list[Token]:
    """Brackets taken away; one that holds a name and a number begins a part. A semicolon within is a comma."""
    out: list[Token] = []
    names = {phrase for anchor in anchors for phrase in anchor}
    depth = 0
    for place, token in enumerate(tokens):
        if token.kind == "(":
            depth += 1
            inside = _until(tokens[place + 1:], ")")
            if any(item.phrase in names for item in inside) and any(item.kind == "number" for item in inside):
                out.append(Token(",", ","))
        elif token.kind == ")":
            depth = max(0, depth - 1)
        else:
            out.append(Token(",", ",") if depth and token.kind in ";:" else token)
    return out


def _until(tokens: Sequence[Token], kind: str) -> Sequence[Token]:
    return tokens[:next((place for place, token in enumerate(tokens) if token.kind == kind), len(tokens))]


def _parted(tokens: Sequence[Token]) -> Iterable[tuple[str, list[Token]]]:
    link, own, between = "start", list[Token](), False
    for place, token in enumerate(tokens):
        between = "between" in token.says or (between and token.kind in ("date", "word"))
        mark = _mark(own, token, tokens[place + 1:place + 2], between=between)
        if not mark:
            own.append(token)
            continue
        if own:
            yield link, own
        elif link not in ("start", "comma"):
            mark = link if mark in ("comma", "with") else mark
        link, between = mark, False
        own = [token] if token.text == "without" else []
    if own:
        yield link, own


def _mark(own: Sequence[Token], token: Token, following: Sequence[Token], *, between: bool) -> str:
    """How the token joins what follows to what stands before; empty where it parts nothing."""
    joins_dates = token.text == "and" and between and own and own[-1].kind == "date"
    if token.phrase or joins_dates or (token.text == "at" and not _is_number(following)):
        return ""
    if token.text in ("over", "by") and _begins_measure(own, token, following):
        return "with"
    if token.text in HARD:
        return "hard"
    if "joining" in token.says:
        return "and"
    return "colon" if token.kind == ":" else SOFT.get(token.text, "")


def _begins_measure(own: Sequence[Token], token: Token, following: Sequence[Token]) -> bool:
    """Whether "over a" or "by 9 mm" begins another measure: one was given, and no word of change stands before."""
    given = any(item.kind == "number" for item in own)
    if token.text == "over":
        return given and bool(following) and following[0].text in ("a", "an")
    return given and _is_number(following) and not own[-1].says & DIRECTIONS


def _is_number(tokens: Sequence[Token]) -> bool:
    return bool(tokens) and (tokens[0].kind == "number" or "about" in tokens[0].says)


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
            elif token.kind == "count":
                self.claim.counts.append((int(token.digits), _noun(self.tokens[place + 1:])))
            elif token.kind == "→":
                self._earlier()
                self.role = "now"
            elif token.kind == "word" and not self._is_preposition(token, place):
                self._word(token, self._at(place + 1))
            elif token.kind == "sign":
                self.claim.unknown.add(token.text)
        share_units(self.claim)
        date_amounts(self.claim, self.tokens)
        return self.claim

    def _at(self, place: int) -> Token | None:
        return self.tokens[place] if 0 <= place < len(self.tokens) else None

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
        if token.phrase:
            says = self._phrase(token)
            leads = not claim.named
        elif token.text == "without":
            says = frozenset({"negation"})
        elif not says and token.text not in ("and", "or") and measure_of(token.text) is None:
            claim.unknown.add(token.text)
        elif not says and measure_of(token.text) is not None:
            claim.units.add(token.text)
        numbered = following is not None and following.kind == "number"
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

    def _phrase(self, token: Token) -> frozenset[str]:
        """Take over a phrase of a finding; what it says beside naming it."""
        claim = self.claim
        claim.phrases.add(token.phrase)
        claim.named = claim.is_named_by(self.anchors)
        says = token.says & {"indeterminate"}
        if "candidate" in token.phrase:
            says = says | {"indeterminate"}
        return says | {"bilateral"} if token.phrase == ("lung",) and "both" in claim.texts[-3:-1] else says

    def _earlier(self) -> None:
        """The number before a "to" is the earlier one."""
        amounts = self.claim.amounts
        if amounts and not amounts[-1].role:
            amounts[-1] = replace(amounts[-1], role="prior")

    def _number(self, token: Token, place: int) -> None:
        claim, before, following = self.claim, self._at(place - 1), self._at(place + 1)
        if self._is_of_name(token):
            claim.phrases.add((token.digits,))
            return
        paired = before is not None and before.kind == "number" and before.pair
        unit = following.unit if token.unit is None and token.pair and following is not None else token.unit
        role = self.role if self.role not in ("less", "more", "between") else ""
        if paired and before is not None:
            role = _PAIRS[before.pair][1]
        elif token.pair:
            role = _PAIRS[token.pair][0]
        elif unit is not None and unit.casefold() in _TIMES:
            role = "interval"
        if before is not None and "versus" in before.says and claim.amounts and not claim.amounts[-1].role:
            claim.amounts[-1] = replace(claim.amounts[-1], role="now")
        comparator = token.comparator or {"less": "<", "more": ">"}.get(self.role, "")
        claim.amounts.append(Amount(token.digits, token.sign, comparator, unit, role, self.about))
        if unit is not None and unit.casefold().startswith("nuclei"):
            claim.phrases.add(("nucleus",))
            claim.named = claim.is_named_by(self.anchors)
        spans = role == "range" and following is not None and following.text == "to"
        self.role, self.about = "range" if spans else "", False

    def _is_of_name(self, token: Token) -> bool:
        """Whether a number belongs to a name, as that of a region."""
        named = any("region" in text or "opacity" in text for text in self.claim.texts[-4:-1])
        return named and token.unit is None and not token.pair and len(token.digits) == 1


def role_of(says: frozenset[str], text: str, role: str, *, numbered: bool) -> str:
    """What the next number or date stands for after a word, given what it stood for before the word."""
    if "limit" in says:
        return next((kind for kind, marks in (("upper", ("upper", "uln")), ("lower", ("lower", "lln")))
                     if any(mark in text for mark in marks)), "range")
    if "detectable" in says:
        return "detectable"
    if role in _LIMITS and not says & {"prior", "since", "now"}:
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

"""A sentence parted into claims: what each names, and what it says of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from .dates import DateSaid
from .tokens import Token, Words
from .units import measure_of

SOFT = {",": "comma", "-": "comma", "and": "and", "or": "or", "nor": "or", "with": "with", "without": "with",
        "beside": "comma", "than": "than", "as well as": "and", "plus": "and", "&": "and", "there is": "comma",
        "there are": "comma", "at": "with"}
HARD = {";": "hard", ".": "hard", "but": "hard", "while": "hard", "wherea": "hard", "however": "hard",
        "although": "hard", "though": "hard", "yet": "hard", "when": "hard"}
FLAGS = frozenset({"low", "high", "normal", "outside"})
DIRECTIONS = frozenset({"new", "resolved", "improved", "worsened", "stable", "increased", "decreased"})
CARRIED = frozenset({"past", "family", "allergy", "medication", "uncertain", "present"}) | FLAGS | DIRECTIONS
EXAMINATIONS = frozenset({"ct", "mr", "film", "slide"})
_PLURAL = frozenset({"are", "were", "lie", "have", "both", "all", "remain"})
_VERBS = frozenset({"is", "are", "was", "were", "has", "have", "on record", "record"})
_TIMES = frozenset({"day", "days", "week", "weeks", "month", "months", "year", "years"})


@dataclass(frozen=True)
class Amount:
    """A number as said. `role`: `value`, `prior`, `now`, `by`, `range`, `upper`, `lower`, `detectable`, `interval`,
    `long`, `short`, `first`, `second` (of two pressures), or empty."""

    digits: str
    sign: str
    comparator: str
    unit: str | None
    role: str
    about: bool = False
    date: DateSaid | None = None

    @property
    def number(self) -> float:
        """With its sign."""
        return -float(self.digits) if self.sign == "-" else float(self.digits)


@dataclass(frozen=True)
class Saying:
    """A word that says something, and whether it stands before the first name of its claim."""

    kind: str
    text: str
    leads: bool


@dataclass
class Claim:
    """One part of a sentence with what it says.

    Args:
        link: what joins it to the part before.
        phrases: phrases of findings, its own.
        context: those of the parts that it continues; empty where it names its finding itself.
        unknown: words that say nothing known and belong to no finding.
    """

    link: str
    phrases: set[Words] = field(default_factory=set)
    context: set[Words] = field(default_factory=set)
    amounts: list[Amount] = field(default_factory=list)
    dates: list[tuple[DateSaid, str]] = field(default_factory=list)
    sayings: list[Saying] = field(default_factory=list)
    counts: list[tuple[int, Token | None]] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)
    texts: list[str] = field(default_factory=list)
    named: bool = False
    inherited_sides: frozenset[str] = frozenset()
    compares: str = ""
    """`increased` or `decreased`: how the part before compares with this one."""

    @property
    def says(self) -> frozenset[str]:
        """All that its words say."""
        return frozenset(item.kind for item in self.sayings)

    @property
    def negations(self) -> int:
        """How many denials it holds."""
        return sum(item.kind == "negation" for item in self.sayings)

    @property
    def sides(self) -> frozenset[str]:
        """Sides that it names."""
        return frozenset(kind for kind in self.says if kind in ("right", "left", "bilateral"))

    def add(self, other: Claim) -> None:
        """Take over what another part says."""
        self.phrases |= other.phrases
        self.amounts = other.amounts + self.amounts
        self.dates = other.dates + self.dates
        self.sayings = other.sayings + self.sayings
        self.counts += other.counts
        self.unknown |= other.unknown
        self.texts = other.texts + self.texts


Anchors = Collection[frozenset[Words]]


def claims_of(tokens: Sequence[Token], anchors: Anchors) -> list[Claim]:
    """The claims of a sentence in their order.

    Args:
        tokens: the sentence's.
        anchors: the ways to name a cited finding, each a set of phrases.
    """
    parts = [_read(link, own, anchors) for link, own in _parted(_plain(list(tokens), anchors))]
    claims = _joined(parts, anchors)
    _compare(claims)
    _carry_on(claims)
    _carry_back(claims)
    return claims


def _plain(tokens: list[Token], anchors: Anchors) -> list[Token]:
    """Brackets taken away; one that holds a name of its own begins a part. A semicolon within is a comma."""
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
        elif depth and token.kind in ";:":
            out.append(Token(",", ","))
        else:
            out.append(token)
    return out


def _until(tokens: Sequence[Token], kind: str) -> list[Token]:
    inside = []
    for token in tokens:
        if token.kind == kind:
            break
        inside.append(token)
    return inside


def _parted(tokens: Sequence[Token]) -> Iterable[tuple[str, list[Token]]]:
    link, own, between = "start", list[Token](), False
    for place, token in enumerate(tokens):
        between = "between" in token.says or ((between and token.kind in ("date", "word") and token.text != "and") or (
            between and token.text == "and"))
        following = tokens[place + 1:place + 2]
        joins_dates = token.text == "and" and any(item.kind == "date" for item in own[-1:]) and between
        if token.text in ("over", "by") and _parts_amounts(own, token, following):
            token = Token("word", "with")
        mark = HARD.get(token.text) or SOFT.get(token.text) or ("colon" if token.kind == ":" else None)
        if mark is None or token.phrase or joins_dates or (token.text == "at" and not _is_number(following)):
            own.append(token)
            continue
        if own:
            yield link, own
        elif link not in ("start", "comma"):
            mark = link if mark in ("comma", "with") else mark
        link = mark
        own = [token] if token.text == "without" else []
        between = between and joins_dates
    if own:
        yield link, own


def _parts_amounts(own: Sequence[Token], token: Token, following: Sequence[Token]) -> bool:
    """Whether "over a" or "by 9 mm" begins another measure: one was given, and no word of change stands before."""
    given = any(item.kind == "number" for item in own)
    if token.text == "over":
        return given and bool(following) and following[0].text in ("a", "an")
    return given and _is_number(following) and not own[-1].says & DIRECTIONS


def _is_number(tokens: Sequence[Token]) -> bool:
    return bool(tokens) and (tokens[0].kind == "number" or "about" in tokens[0].says)


def _read(link: str, tokens: list[Token], anchors: Anchors) -> Claim:
    claim = Claim(link)
    role, about = "", False
    for place, token in enumerate(tokens):
        claim.texts.append(token.text)
        following = tokens[place + 1] if place + 1 < len(tokens) else None
        if token.kind == "date" and token.date is not None:
            claim.dates.append((token.date, role if role in ("prior", "now", "between", "until") else ""))
            role = "until" if role == "between" else ""
        elif token.kind == "number":
            _number(claim, token, tokens, place, (role, about))
            if token.unit and token.unit.casefold().startswith("nuclei"):
                claim.phrases.add(("nucleus",))
                claim.named = claim.named or any(anchor <= claim.phrases for anchor in anchors)
            role, about = ("second" if token.pair else ""), False
        elif token.kind == "count":
            claim.counts.append((int(token.digits), _noun(tokens[place + 1:])))
        elif token.kind == "→":
            _from(claim)
            role = "now"
        elif token.kind == "word":
            if token.text in ("above", "below", "over", "under", "beyond") and any(
                    "detectable" in item.says for item in tokens[place + 1:place + 3]):
                continue
            if token.text == "within" and not any("limit" in item.says for item in tokens[place + 1:place + 5]):
                continue
            role = _word(claim, token, following, role, anchors)
            about = about or "about" in token.says
        elif token.kind == "sign":
            claim.unknown.add(token.text)
    _date_amounts(claim, tokens)
    return claim


def _word(claim: Claim, token: Token, following: Token | None, role: str, anchors: Anchors) -> str:
    """Take over a word; the role that the next number or date has by it."""
    says = token.says
    if token.phrase:
        claim.phrases.add(token.phrase)
        claim.named = claim.named or any(anchor <= claim.phrases for anchor in anchors)
        says = (says & {"indeterminate"}) | ({"indeterminate"} if "candidate" in token.phrase else set())
        if token.phrase in {("lung",)} and "both" in claim.texts[-2:-1]:
            says = says | {"bilateral"}
    elif not says and token.text not in ("and", "or", "without") and measure_of(token.text) is None:
        claim.unknown.add(token.text)
    if token.text == "without":
        says = frozenset({"negation"})
    numbered = following is not None and following.kind == "number"
    if says & {"less", "more"} and numbered:
        return "less" if "less" in says else "more"
    if says & {"prior", "now"} and claim.amounts and claim.amounts[-1].role == "" and following is None:
        claim.amounts[-1] = replace(claim.amounts[-1], role="prior" if "prior" in says else "now")
    leads = not claim.named
    claim.sayings += [Saying(kind, token.text, leads) for kind in says]
    if "to" in says and numbered and claim.amounts:
        _from(claim)
    return _role(says, token.text, role, numbered=numbered)


def _role(says: frozenset[str], text: str, role: str, *, numbered: bool) -> str:
    if "limit" in says:
        return "upper" if "upper" in text or text == "uln" else "lower" if "lower" in text or text == "lln" else "range"
    if "detectable" in says:
        return "detectable"
    if role in ("range", "upper", "lower", "detectable") and not says & {"prior", "since", "now"}:
        return role
    for kind, own in (("between", "between"), ("versus", "prior"), ("prior", "prior"), ("since", "prior"),
                      ("now", "now")):
        if kind in says and (kind != "since" or text != "from" or numbered):
            return own
    if numbered and "to" in says:
        return "now"
    if numbered and "by" in says:
        return "by"
    return role


def _from(claim: Claim) -> None:
    """The number before a `to` is the earlier one."""
    if claim.amounts and claim.amounts[-1].role == "":
        claim.amounts[-1] = replace(claim.amounts[-1], role="prior")


def _number(claim: Claim, token: Token, tokens: list[Token], place: int, cue: tuple[str, bool]) -> None:
    role, about = cue
    before = tokens[place - 1] if place else None
    following = tokens[place + 1] if place + 1 < len(tokens) else None
    number = (token.digits,)
    if token.unit is None and not token.pair and number in _own(claim, token):
        claim.phrases.add(number)
        return
    unit = token.unit
    if unit is None and token.pair and following is not None:
        unit = following.unit
    if before is not None and before.kind == "number" and before.pair:
        role = {"-": "range", "x": "short", "by": "short", "/": "second", "over": "second"}[before.pair]
        role = "range" if before.pair == "-" else role
    elif token.pair:
        role = {"-": "range", "x": "long", "by": "long", "/": "first", "over": "first"}[token.pair]
    elif unit is not None and unit.casefold() in _TIMES:
        role = "interval"
    comparator = token.comparator or {"less": "<", "more": ">"}.get(role, "")
    role = "" if role in ("less", "more", "between") else role
    if "versus" in (before.says if before else ()) and claim.amounts and claim.amounts[-1].role == "":
        claim.amounts[-1] = replace(claim.amounts[-1], role="now")
    claim.amounts.append(Amount(token.digits, token.sign, comparator, unit, role, about))


def _own(claim: Claim, token: Token) -> frozenset[Words]:
    """Numbers that belong to a name, such as that of a region."""
    return frozenset({(token.digits,)}) if token.phrase or (set(claim.texts[-4:-1]) & {
        "region", "slide region", "opacity", ","} and len(token.digits) == 1 and (
            "region" in " ".join(claim.texts) or "opacity" in " ".join(claim.texts))) else frozenset()


def _noun(tokens: Sequence[Token]) -> Token | None:
    """What is counted: the first word after a count that is more than an article or an adjective."""
    words = [token for token in tokens if token.kind == "word"][:4]
    return next((token for token in words if token.phrase or token.says & {
        "ct", "mr", "film", "slide", "condition", "medication", "allergy", "procedure"} or token.text in (
            "result", "value", "scan", "examination", "study", "day", "week", "month", "year", "finding", "image")), None)


def _date_amounts(claim: Claim, tokens: list[Token]) -> None:
    """Each number with the date that follows it before the next number, or that stands before all of them."""
    order = [token for token in tokens if token.kind == "date" or (token.kind == "number" and not token.phrase)]
    kinds = [token.kind for token in order]
    amounts = [amount for amount in claim.amounts if amount.role not in ("range", "upper", "lower", "detectable")]
    roles = {id(date): role for date, role in claim.dates}
    if not amounts or "date" not in kinds:
        return
    apart = ("prior", "between", "until")
    if kinds[0] == "date" and kinds.count("date") == 1:
        date = order[0].date
        if date is not None and roles.get(id(date)) not in apart:
            claim.amounts = [replace(amount, date=date) if amount in amounts and amount.role not in (
                "by", "interval", "prior") else amount for amount in claim.amounts]
        return
    at = -1
    for token, following in zip(order, [*order[1:], None], strict=True):
        if token.kind == "number":
            at = next((n for n in range(at + 1, len(claim.amounts)) if claim.amounts[n].digits == token.digits), at)
            if following is not None and following.kind == "date" and at >= 0 and roles.get(
                    id(following.date)) not in apart and claim.amounts[at].digits == token.digits:
                claim.amounts[at] = replace(claim.amounts[at], date=following.date)


def _joined(parts: list[Claim], anchors: Anchors) -> list[Claim]:
    """Parts without a name continue the one before; those before the first name lead it."""
    claims: list[Claim] = []
    lead: list[Claim] = []
    for place, part in enumerate(parts):
        later = any(other.named for other in parts[place:])
        led = part.phrases.union(*(other.phrases for other in lead))
        part.named = part.named or (bool(lead) and any(anchor <= led and anchor & part.phrases for anchor in anchors))
        if not part.named and not claims and later:
            lead.append(part)
            continue
        if part.named and lead:
            for other in reversed(lead):
                part.add(replace(other, sayings=[replace(item, leads=True) for item in other.sayings]))
            part.link = "start"
            lead = []
        if claims:
            _now_after(claims[-1], part)
            part.context = _context(claims[-1])
            if not part.sides and not part.named:
                part.inherited_sides = claims[-1].sides or claims[-1].inherited_sides
        claims.append(part)
    return claims


def _context(before: Claim) -> set[Words]:
    """What a later part continues; the number of a region gives way to a later one."""
    numbered = any(phrase[0].isdigit() for phrase in before.phrases)
    return before.phrases | {phrase for phrase in before.context if not (numbered and phrase[0].isdigit())}


def _now_after(before: Claim, part: Claim) -> None:
    """In "A, now B" and "A, previously B" the number without a word for its time is the other one."""
    if part.named or not part.amounts or not before.amounts or before.amounts[-1].role != "":
        return
    other = {"now": "prior", "prior": "now"}.get(part.amounts[0].role)
    if other:
        before.amounts[-1] = replace(before.amounts[-1], role=other)


def _compare(claims: Sequence[Claim]) -> None:
    """In "smaller than the right" the word of change compares two things now, and no earlier time."""
    for before, claim in zip(claims, claims[1:], strict=False):
        if claim.link != "than" or claim.dates or claim.says & {"prior", "since"}:
            continue
        said = before.says & {"increased", "decreased"}
        if len(said) != 1:
            continue
        if "limit" in claim.says:
            flag = {"increased": "high", "decreased": "low"}[min(said)]
            before.sayings = [replace(item, kind=flag) if item.kind in said else item for item in before.sayings]
            claim.link = "with"
            continue
        claim.compares = min(said)
        before.sayings = [item for item in before.sayings if item.kind not in said]


def _carry_on(claims: list[Claim]) -> None:
    """What stands before the first of several names holds for those joined to it."""
    for before, claim in zip(claims, claims[1:], strict=False):
        if not claim.named or claim.link not in ("and", "or", "comma", "colon"):
            continue
        bare = not (claim.amounts or claim.sides or claim.says & {"present", "uncertain", *EXAMINATIONS, *FLAGS, *DIRECTIONS})
        own = claim.says & (FLAGS | DIRECTIONS)
        for item in before.sayings:
            kind = item.kind
            if (kind == "negation" and item.leads and not claim.negations and (bare or claim.link == "or")) or (kind in CARRIED and item.leads and kind not in claim.says and (bare or kind != "uncertain") and not (
                    kind in FLAGS | DIRECTIONS and (own or claim.negations)) and not (
                    kind in ("past", "present", "family") and claim.says & {"past", "present", "family"})):
                claim.sayings.insert(0, item)


def _carry_back(claims: list[Claim]) -> None:
    """What is said after the last of several names holds for those joined before it."""
    for place in range(len(claims) - 1, 0, -1):
        claim = claims[place]
        several = bool(set(claim.texts) & _PLURAL)
        after = [item for item in claim.sayings if not item.leads or not claim.named]
        told = [item for item in after if item.kind in FLAGS | DIRECTIONS | {"negation"}]
        if claim.link not in ("and", "or", "comma", "with") or not told or (not claim.named and not several):
            continue
        earlier = claims[place - 1]
        free = not earlier.says & (FLAGS | DIRECTIONS | EXAMINATIONS | {"present", "left", "right", "bilateral"}) and not earlier.negations and not set(
            earlier.texts) & _VERBS
        if free and earlier.named and (several or not earlier.amounts):
            earlier.sayings += [replace(item, leads=False) for item in told]
            if several:
                earlier.texts.append("both")


def hard_groups(claims: Sequence[Claim]) -> Callable[[int], int]:
    """Which clause a claim stands in."""
    numbers: list[int] = []
    for claim in claims:
        numbers.append((numbers[-1] if numbers else 0) + (claim.link == "hard"))
    return numbers.__getitem__

"""A line cut into the name of a test and what stands behind it; lines that cannot be results are told apart here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from ...core.flags import DOWN, UP
from ...sources.document_dates import occasions_in
from ...sources.page import union
from ..lab_terms.analytes import is_known
from ..lab_terms.units import is_unit, repaired
from .lines import PRIMARY, Line
from .tokens import Kind, Token
from .values import is_flag, is_titre

_ABOUT = re.compile(
    r"(?:patient|pat\b|pt\b|name|dob|date|born|birth\w*|sex\s*(?:$|[:/])|gender|age\b|mrn|m\.?r\.?n|id\b|accession|"
    r"(?:specimen|sample|order|lab|visit|case|account|ref\w*|report|patient|record|encounter)\s*(?:id|no|number|nr|#|:)|"
    r"(?:specimen|sample) (?:volume|type|tube|source)|\d{1,2}\)(?=\s)|"
    r"order\w*|physician|provider|doctor|dr\b|requested|collect\w+|drawn|sampled|received|report\w+|print\w+|page\b|"
    r"phone|tel\b|fax|seite|blatt|iban|www|helpline|account|location|ward|room|\w*\s?director|clia|operator|s/n|serial|instrument|temp\b|qc\b|"
    r"comment|soit\b|resultado anterior|(?:previous|prior|last) (?:result|value)|vorwert|"
    r"note\b|notes\b|method|interpretation|address|street|first sample|status|copy|cc\b|signed|verified|"
    r"validated|medically|approved|performed|tested at|analy[sz]ed|processed|height|weight|blood pressure|pulse|"
    r"heart rate|bmi|insurance|>>|\*\s*=)(?![\w-])", re.IGNORECASE)
_SENTENCE = re.compile(
    r"\b(?:the|of|is|are|and|for|if|may|was|were|with|please|to|at|by|in|not|be|has|have|should|than|from|according|"
    r"below|above|this|that|on)\b", re.IGNORECASE)
_VERB = re.compile(r"\b(?:is|are|was|were|has|have|been)$", re.IGNORECASE)
_BAND = re.compile(
    r"(?:near |above |very |extremely |mildly |moderately |severely )?(?:optimal|desirable|borderline(?:[ -]high)?|"
    r"high|low|normal|moderate|intermediate|extreme|average|deficien(?:t|cy)|insufficien(?:t|cy)|sufficien(?:t|cy)|"
    r"(?:pre-?|non-?)?diabet(?:es|ic)|increased|decreased|categor(?:y|ies)|risk|(?:primary|secondary) prevention|"
    r"(?:ckd )?(?:stage|grade) ?\w{0,2})(?: risk)?|risk (?:category|categories|groups?|levels?)(?: \([^)]*\))?",
    re.IGNORECASE)
"""Names a band of a table of reference or risk values, not a test."""
_BANDS = re.compile(rf"(?:{_BAND.pattern})[ :]*(?:[<>≤≥]|\d)", re.IGNORECASE)
"""Begins a line that lists such bands (`Optimal <100, near optimal 100-129`)."""
RANGE_LABEL = re.compile(
    r"\(?(?:standard |your |valor(?:es)? de |valeurs? de )?(?:r[eé]f(?:erence)?|ref(?:er[eê]ncia|erencia)|référence|"
    r"referenz\w*|normal|norm|range|nr|rr|expected|interval)\b[\w .]*?\s?[:=.]?\s*",
    re.IGNORECASE)
_CODE = re.compile(r"[A-Z]{0,3}[-.]?\d[\d.-]*[A-Z]?")
"""A laboratory's own number of a test, or a LOINC code, in front of its name."""
_UNIT_IN_NAME = re.compile(r"(?P<name>.*[\w)%#])(?:\s*[(\[]\s*(?P<bracketed>[^()\[\]]+?)\s*[)\]]|,\s*(?P<listed>\S+))")
_BLOOD_GROUP = re.compile(
    r"\b(?:blood (?:group|type)|abo|rh|rh\(?d\)?|rhesus|blutgruppe|groupe sanguin|grupo sangu[ií]neo)\b", re.IGNORECASE)
"""Names a test whose result `A` is a group, not the flag of an abnormal result."""
_POINTED = re.compile(rf"([{UP}{DOWN}]+)(\w.*)")
"""A name with an arrow in front of it that is the result's flag."""
LONGEST_NAME = 12
"""Words."""
_SAID = (Kind.TEXT, Kind.LIMIT, Kind.RANGE)
_FEWEST_OF_A_SENTENCE = 6
"""Words."""


@dataclass(frozen=True)
class Parts:
    """A line that may hold a result, cut into name and body."""

    line: Line
    lead: tuple[Token, ...]
    """Marks before the name."""
    name: tuple[Token, ...]
    body: tuple[Token, ...]
    unit: Token | None = None
    """The unit, where it stands in the name: `Glucose (mg/dL)`."""

    @cached_property
    def label(self) -> str:
        """The name as printed, cleaned, without its unit (`%` is part of many names and stays)."""
        name = name_of(self.name)
        found = _UNIT_IN_NAME.fullmatch(name) if self.unit else None
        if self.unit is None or found is None or (self.unit.text == "%" and "%" not in found["name"]):
            return name
        return clean_name(found["name"])


def parts_of(line: Line) -> Parts | None:
    """Cut a line into marks, name and body; None for prose, personal data, and lines without a name or a value."""
    tokens = list(line.tokens)
    lead: list[Token] = []
    while len(tokens) > 1 and tokens[0].kind is Kind.FLAG and marks_row(tokens):
        lead.append(tokens.pop(0))
    tokens = behind_code(tokens)
    pointed = _POINTED.match(tokens[0].text)
    if pointed:
        lead.append(tokens[0]._replace(kind=Kind.FLAG, text=pointed[1]))
        tokens[0] = tokens[0]._replace(text=pointed[2])
    end = name_end(tokens)
    name, body = tuple(tokens[:end]), with_group(tokens[:end], tuple(tokens[end:]))
    if not any(token.kind in PRIMARY for token in body) and not worded(body):
        return None
    body = as_one_value(signs_as_flags(body))
    parts = Parts(line, tuple(lead), name, body, unit_in_name(name, body))
    label = parts.label
    nameless = sum(ch.isalpha() for ch in label) < 2 or tokens[0].kind in (Kind.NUMBER, Kind.RANGE, Kind.NONE)
    if nameless and not is_known(label):
        return None
    if len(label.split()) > LONGEST_NAME or prose(line) or (occasions_in(line.text) and not measured(body)):
        return None
    return parts if is_known(label) or not no_name(label) else None


def marks_row(tokens: Sequence[Token]) -> bool:
    """Whether a flag at the start of a line is a mark of the row, not part of a name: a sign, or set apart."""
    apart = tokens[1].left - tokens[0].right > 1.0 * tokens[0].height
    return not tokens[0].text.isalpha() or (apart and tokens[1].kind is Kind.TEXT)


def behind_code(tokens: list[Token]) -> list[Token]:
    """The tokens without a code that stands apart in front of a name with a value."""
    if len(tokens) < 3 or not _CODE.fullmatch(tokens[0].text) or is_known(tokens[0].text):
        return tokens
    named = tokens[1].kind is Kind.TEXT and sum(ch.isalpha() for ch in tokens[1].text) >= 2
    apart = tokens[1].left - tokens[0].right > 1.0 * tokens[0].height
    valued = any(token.kind in PRIMARY or token.kind is Kind.TEXT for token in tokens[2:])
    return tokens[1:] if named and apart and valued else tokens


def with_group(name: Sequence[Token], body: tuple[Token, ...]) -> tuple[Token, ...]:
    """The body of a row; where it tells a blood group, an `A` that it begins with is the group and no flag."""
    if body and body[0].kind is Kind.FLAG and body[0].text == "A" and _BLOOD_GROUP.search(name_of(name)):
        return body[0]._replace(kind=Kind.TEXT), *body[1:]
    return body


def as_one_value(body: tuple[Token, ...]) -> tuple[Token, ...]:
    """The body with a word and the titre or limit close behind it as one value (`Reactive 1:16`, `Detected, <15`)."""
    joined: list[Token] = []
    for token in body:
        before = joined[-1] if joined else None
        near = before is not None and token.left - before.right < 0.75 * token.height
        if before is not None and near and before.kind is Kind.RESULT and adds_to(before, token):
            words = (*before.words, *token.words)
            text = token.text if token.kind is Kind.LIMIT else f"{before.text} {token.text}"
            joined[-1] = token._replace(text=text, words=words, place=union(word.place for word in words))
        else:
            joined.append(token)
    return tuple(joined)


def adds_to(word: Token, token: Token) -> bool:
    """Whether a titre or a limit adds to a worded result; a limit does only behind a comma, and a titre without a
    comparator (else they are the range)."""
    titre = is_titre(token.text) and token.text[0].isdigit() and not is_titre(word.text)
    return titre or (token.kind is Kind.LIMIT and word.text.endswith(","))


def signs_as_flags(body: tuple[Token, ...]) -> tuple[Token, ...]:
    """The body, with signs behind a number taken as its flag, not as a graded result (`11,8   +`) or none (`98 -`)."""
    flagged: list[Token] = []
    behind = False
    for before, token in zip((None, *body), body, strict=False):
        beside = before is not None and token.left - before.right < 1.0 * token.height
        near = token.kind is Kind.NONE and beside and before is not None and before.kind is Kind.NUMBER
        sign = near or (behind and token.kind is Kind.RESULT and is_flag(token.text))
        flagged.append(token._replace(kind=Kind.FLAG) if sign else token)
        behind = behind or token.kind in (Kind.NUMBER, Kind.LIMIT)
    return tuple(flagged)


def name_of(tokens: Sequence[Token]) -> str:
    """Tokens of a name as text, cleaned."""
    return clean_name(" ".join(token.text for token in tokens))


def unit_in_name(name: Sequence[Token], body: Sequence[Token]) -> Token | None:
    """The unit that a name ends with in brackets or behind a comma, where the row gives none elsewhere."""
    found = _UNIT_IN_NAME.fullmatch(name_of(name))
    text = (found["bracketed"] or found["listed"]) if found else None
    if not text or not (is_unit(text) or repaired(text)) or any(token.kind is Kind.UNIT for token in body):
        return None
    last = name[-1]
    return last._replace(kind=Kind.UNIT, text=text, number=None, range=None)


@lru_cache(maxsize=8192)
def no_name(label: str) -> bool:
    """Whether a text cannot name a test: it is about the person or the report, names a range, or explains marks."""
    explains = ": " in label or ";" in label or not (label[0].isalnum() or label[0] in "%#α-ωΑ-Ω")
    if is_flag(label) or _BAND.fullmatch(label) or _BANDS.match(label) or _VERB.search(label):
        return True
    return explains or _ABOUT.match(label) is not None or RANGE_LABEL.fullmatch(label) is not None


def name_end(tokens: Sequence[Token]) -> int:
    """Number of tokens that make the name: up to the first wide gap or value, whichever comes first."""
    for at in range(1, len(tokens)):
        before, token = tokens[at - 1], tokens[at]
        gap = token.left - before.right
        if gap > 1.0 * max(token.height, before.height):
            return at
        if token.kind in (Kind.NUMBER, Kind.LIMIT, Kind.RANGE) and not inside_name(tokens, at):
            return at
        if before.text.endswith(":") and (token.kind in PRIMARY or _BLOOD_GROUP.search(name_of(tokens[:at]))):
            return at
    return len(tokens)


def inside_name(tokens: Sequence[Token], at: int) -> bool:
    """Whether a number belongs to a name (`Factor 8 activity`): text goes on closely behind it, and a value follows."""
    token, rest = tokens[at], tokens[at + 1:]
    if not rest or token.left - tokens[at - 1].right > 0.6 * token.height:
        return False
    if is_known(name_of(tokens[:at + 1])) and rest[0].kind in (Kind.NUMBER, Kind.LIMIT):
        return True
    goes_on = rest[0].kind is Kind.TEXT and rest[0].left - token.right < 0.6 * token.height
    parted = rest[0].left - token.right > 1.5 * token.height
    value_follows = any(other.kind in (Kind.NUMBER, Kind.LIMIT, Kind.RESULT) for other in rest)
    return value_follows and (goes_on or (parted and rest[0].kind in (Kind.NUMBER, Kind.LIMIT)))


def prose(line: Line) -> bool:
    """Whether a line is a sentence rather than a row."""
    words = [token.text for token in line.tokens if token.kind is Kind.TEXT]
    if len(words) < _FEWEST_OF_A_SENTENCE:
        return False
    ends = sum(len(word) > 3 and word.endswith((".", ";")) for word in words[:-1])
    signs = len(_SENTENCE.findall(" ".join(token.text for token in line.tokens if token.kind in _SAID))) + ends
    return signs >= 1 + (len(words) < 9) or len(words) >= 16


def worded(body: Sequence[Token]) -> bool:
    """Whether the body holds text that may be a result no list knows (`Escherichia coli`)."""
    return any(token.kind is Kind.TEXT and token.text[0].isalpha() for token in body)


def measured(body: Sequence[Token]) -> bool:
    """Whether a body holds a number with a unit or a range."""
    kinds = {token.kind for token in body}
    return Kind.NUMBER in kinds and bool(kinds & {Kind.UNIT, Kind.RANGE, Kind.LIMIT})


@lru_cache(maxsize=8192)
def clean_name(text: str) -> str:
    """A name without what laboratories print around it: colons, leaders, bullets, footnote marks."""
    return re.sub(r"\s+", " ", text).strip(" :.=·•*-–|").replace(" ,", ",")

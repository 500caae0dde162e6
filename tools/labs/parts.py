"""A line cut into the name of a test and what stands behind it; lines that cannot be results are told apart here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ...sources.document_dates import occasions_in
from .analytes import is_known
from .layout import PRIMARY, Line
from .tokens import Kind, Token

_ABOUT = re.compile(
    r"(?:patient|pat\b|pt\b|name|dob|date|born|birth\w*|sex\s*(?:$|[:/])|gender|age\b|mrn|m\.?r\.?n|id\b|accession|"
    r"(?:specimen|sample|order|lab|visit|case|account|ref\w*|report|patient|record|encounter)\s*(?:id|no|number|nr|#|:)|"
    r"order\w*|physician|provider|doctor|dr\b|requested|collect\w+|drawn|sampled|received|report\w+|print\w+|page\b|"
    r"phone|tel\b|fax|account|location|ward|room|\w*\s?director|clia|operator|s/n|serial|instrument|temp\b|qc\b|"
    r"comment|note\b|notes\b|method|interpretation|address|street|first sample|status|copy|cc\b|signed|verified|"
    r"validated|medically|approved|performed|tested at|analy[sz]ed|processed|height|weight|blood pressure|pulse|"
    r"heart rate|bmi|insurance|>>|\*\s*=)(?![\w-])", re.IGNORECASE)
_SENTENCE = re.compile(
    r"\b(?:the|of|is|are|and|for|if|may|was|were|with|please|to|at|by|in|not|be|has|have|should|than|from|according|"
    r"below|above|this|that|on)\b", re.IGNORECASE)
RANGE_LABEL = re.compile(
    r"\(?(?:standard |your )?(?:ref(?:erence)?|normal|norm|range|nr|rr|expected|interval)\b[\w .]*?\s?[:=.]?\s*",
    re.IGNORECASE)
LONGEST_NAME = 12
"""Words."""


@dataclass(frozen=True)
class Parts:
    """A line that may hold a result, cut into name and body."""

    line: Line
    lead: tuple[Token, ...]
    """Marks before the name."""
    name: tuple[Token, ...]
    body: tuple[Token, ...]

    @property
    def label(self) -> str:
        """The name as printed, cleaned."""
        return clean_name(" ".join(token.text for token in self.name))


def parts_of(line: Line) -> Parts | None:
    """Cut a line into marks, name and body; None for prose, personal data, and lines without a name or a value."""
    tokens = list(line.tokens)
    lead: list[Token] = []
    while len(tokens) > 1 and tokens[0].kind is Kind.FLAG and not tokens[0].text.isalpha():
        lead.append(tokens.pop(0))
    end = name_end(tokens)
    name, body = tuple(tokens[:end]), tuple(tokens[end:])
    parts = Parts(line, tuple(lead), name, body)
    label = parts.label
    if not any(token.kind in PRIMARY for token in body) and not worded(body):
        return None
    nameless = sum(ch.isalpha() for ch in label) < 2 or tokens[0].kind in (Kind.NUMBER, Kind.RANGE, Kind.NONE)
    if nameless and not is_known(label):
        return None
    if len(label.split()) > LONGEST_NAME or prose(line) or (occasions_in(line.text) and not measured(body)):
        return None
    return parts if is_known(label) or not no_name(label) else None


def no_name(label: str) -> bool:
    """Whether a text cannot name a test: it is about the person or the report, names a range, or explains marks."""
    explains = ": " in label or not (label[0].isalnum() or label[0] in "%#α-ωΑ-Ω")
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
        if before.text.endswith(":") and token.kind in PRIMARY:
            return at
    return len(tokens)


def inside_name(tokens: Sequence[Token], at: int) -> bool:
    """Whether a number belongs to a name (`Factor 8 activity`): text goes on closely behind it, and a value follows."""
    token, rest = tokens[at], tokens[at + 1:]
    if not rest or token.left - tokens[at - 1].right > 0.6 * token.height:
        return False
    goes_on = rest[0].kind is Kind.TEXT and rest[0].left - token.right < 0.6 * token.height
    parted = rest[0].left - token.right > 1.5 * token.height
    value_follows = any(other.kind in (Kind.NUMBER, Kind.LIMIT, Kind.RESULT) for other in rest)
    return value_follows and (goes_on or (parted and rest[0].kind in (Kind.NUMBER, Kind.LIMIT)))


def prose(line: Line) -> bool:
    """Whether a line is a sentence rather than a row."""
    words = [token.text for token in line.tokens if token.kind is Kind.TEXT]
    joined = " ".join(words)
    return (len(words) >= 6 and len(_SENTENCE.findall(joined)) >= 1 + (len(words) < 9)) or len(words) >= 16


def worded(body: Sequence[Token]) -> bool:
    """Whether the body holds text that may be a result no list knows (`Escherichia coli`)."""
    return any(token.kind is Kind.TEXT and token.text[0].isalpha() for token in body)


def measured(body: Sequence[Token]) -> bool:
    """Whether a body holds a number with a unit or a range."""
    kinds = {token.kind for token in body}
    return Kind.NUMBER in kinds and bool(kinds & {Kind.UNIT, Kind.RANGE, Kind.LIMIT})


def clean_name(text: str) -> str:
    """A name without what laboratories print around it: colons, leaders, bullets, footnote marks."""
    return re.sub(r"\s+", " ", text).strip(" :.=·•*-–|").replace(" ,", ",")

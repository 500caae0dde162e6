"""A sentence as tokens: dates, numbers with units, words that say something, and what parts it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, field

from .dates import DateSaid, date_at
from .lexicon import sayings, stem
from .units import measure_of, plain_unit

Words = tuple[str, ...]
_WORD = re.compile(r"[^\W_]+")
_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?![\d,])|\d+(?:\.\d+)?")
_TWO = re.compile(r"\s*(?P<kind>-|–|x|×|/|over(?!\s*[\d.,]+\s*(?:day|week|month|year))|by)\s*(?=\d)")
_UNIT_END = re.compile(r"[,;:.)\]]+$")
_LONGEST_UNIT = 5
_LONGEST_PHRASE = 9
_COUNTS = {word: number for number, word in enumerate(
    ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
     "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"])}
_MULTIPLES = {"doubled": "2", "doubling": "2", "double": "2", "twice": "2", "twofold": "2", "tripled": "3",
              "tripling": "3", "triple": "3", "thrice": "3", "threefold": "3", "quadrupled": "4", "fourfold": "4",
              "fivefold": "5", "sixfold": "6", "sevenfold": "7", "eightfold": "8", "ninefold": "9", "tenfold": "10",
              "halved": "0.5", "half": "0.5"}
_SHORTENED = frozenset({"i e", "e g", "vs", "approx", "ca", "resp", "incl", "max", "min", "avg", "ref", "dr", "pt",
                        "hx", "abs", "rel"})
"""Words that a point shortens, and that end no sentence."""
_POINT = re.compile(r"\.(?=\s|$)")


@dataclass(frozen=True)
class Token:
    """One piece of a sentence.

    Args:
        kind: `date`, `number`, `count`, `times` (a multiple), `word`, or a mark (`,` `;` `(` `)` `:` `/` `.` `-` `→`).
        text: as compared.
        says: what a word says (keys of `data/words.yaml`); empty for a word that says nothing known.
        phrase: the words of a phrase that belongs to a cited finding.
        digits, sign, comparator, unit: of a number.
        pair: mark between this number and the next, as in 13.5-17.5, 11.8 x 9.4 and 138/84.
        opens: whether it stands first in brackets.
    """

    kind: str
    text: str
    says: frozenset[str] = frozenset()
    phrase: Words = ()
    date: DateSaid | None = None
    digits: str = ""
    sign: str = ""
    comparator: str = ""
    unit: str | None = None
    pair: str = ""
    opens: bool = False


@dataclass
class _Reader:
    raw: str
    low: str
    phrases: Collection[Words]
    units: Collection[str]
    tokens: list[Token] = field(default_factory=list)


def even(text: str) -> str:
    """The text with compatible forms made one, powers of ten kept apart from the ten."""
    text = re.sub(r"(?<=10)\s?([⁰¹²³⁴⁵⁶⁷⁸⁹]+)", lambda m: "^" + unicodedata.normalize("NFKC", m.group(1)), text)
    text = unicodedata.normalize("NFKC", text).replace("−", "-").replace("’", "'").replace("‐", "-").replace("‑", "-")
    return " ".join(text.replace("->", "→").replace("—", " – ").split())


def tokens_of(text: str, phrases: Collection[Words], units: Collection[str]) -> list[Token]:
    """A sentence's tokens.

    Args:
        text: the sentence.
        phrases: those that belong to cited findings.
        units: units of cited findings, plain.
    """
    raw = even(text)
    low = raw.lower() if len(raw.lower()) == len(raw) else raw
    reader = _Reader(raw, low, phrases, units)
    place = 0
    while place < len(raw):
        place = _next(reader, place)
    return reader.tokens


def _next(reader: _Reader, place: int) -> int:
    if reader.raw[place].isspace():
        return place + 1
    dated = date_at(reader.low, place) if not reader.raw[place - 1:place].isalnum() or not place else None
    found = _phrase(reader, place)
    if dated is not None and not (found and found[1] > dated[1]):
        reader.tokens.append(Token("date", reader.low[place:dated[1]], date=dated[0]))
        return dated[1]
    if reader.raw[place].isdigit() and not (found and found[0].phrase and not _NUMBER.fullmatch(
            reader.raw[place:found[1]])):
        return _number(reader, place)
    if found is not None:
        reader.tokens.append(found[0])
        return found[1]
    return _mark(reader, place)


def _mark(reader: _Reader, place: int) -> int:
    mark = reader.raw[place]
    if mark == "-" and reader.raw[place - 1:place].isalpha() and reader.raw[place + 1:place + 2].isalpha():
        return place + 1
    dash = mark in "-–" and reader.raw[place + 1:place + 2] == " "
    if mark == "." and reader.tokens and reader.tokens[-1].text in _SHORTENED:
        return place + 1
    if mark in ",;():[]/→" or dash or _POINT.match(reader.raw, place):
        reader.tokens.append(Token({"[": "(", "]": ")", "–": "-"}.get(mark, mark), mark))
    elif mark in "<>≤≥~≈+-" or mark.isalnum():
        kinds = frozenset({"about"}) if mark in "~≈" else frozenset()
        reader.tokens.append(Token("sign" if mark in "<>≤≥+-" else "word", mark, kinds))
    return place + 1


def _phrase(reader: _Reader, place: int) -> tuple[Token, int] | None:
    """The longest phrase that begins here, a cited finding's before one that says something."""
    words: list[str] = []
    best: tuple[Token, int] | None = None
    at = place
    known = sayings()
    for _ in range(_LONGEST_PHRASE):
        found = _WORD.match(reader.low, at)
        if found is None:
            break
        words.append(stem(found.group()))
        key = tuple(words)
        owned, says = key in reader.phrases, known.get(key, frozenset())
        end = found.end() + (2 if reader.low[found.end():found.end() + 2] == "'s" else 0)
        end += reader.low[end:end + 1] == "+" and owned
        if owned or says:
            best = (Token("word", " ".join(key), says, key if owned else ()), end)
        elif best is None and len(words) == 1:
            best = (Token("word", words[0]), end)
        gap = re.match(r"[ '’/-]{1,2}(?=\w)|\. ?(?=[^\W\d_]\.)", reader.low[end:])
        if gap is None:
            break
        at = end + gap.end()
    return _counted(best)


def _counted(found: tuple[Token, int] | None) -> tuple[Token, int] | None:
    if found is not None and found[0].text in _COUNTS and not found[0].phrase:
        return Token("count", found[0].text, digits=str(_COUNTS[found[0].text])), found[1]
    if found is not None and found[0].text in _MULTIPLES and not found[0].phrase:
        return Token("times", found[0].text, digits=_MULTIPLES[found[0].text]), found[1]
    return found


def _number(reader: _Reader, place: int) -> int:
    found = _NUMBER.match(reader.raw, place)
    if found is None:
        return place + 1
    unit, end = _unit(reader, found.end())
    pair = _TWO.match(reader.low, end)
    sign, comparator = _before(reader)
    reader.tokens.append(Token("number", found.group(), digits=found.group().replace(",", ""), sign=sign, unit=unit,
                               comparator=comparator, pair=pair.group("kind").replace("–", "-").replace("×", "x")
                               if pair else ""))
    return pair.end() if pair else end


def _before(reader: _Reader) -> tuple[str, str]:
    """Sign and comparator that stand before a number; their tokens are taken away."""
    sign = comparator = ""
    while reader.tokens:
        last = reader.tokens[-1]
        if last.kind == "sign" and last.text in "+-" and not sign:
            sign = last.text
        elif last.kind == "word" and last.text in ("minus",) and not sign:
            sign = "-"
        elif last.kind == "sign" and not comparator:
            comparator = {"≤": "<=", "≥": ">="}.get(last.text, last.text)
        else:
            break
        reader.tokens.pop()
    return sign, comparator


def _unit(reader: _Reader, place: int) -> tuple[str | None, int]:
    """The unit after a number, the longest that is known, and where it ends."""
    start = place + (reader.raw[place:place + 1] in ("-", " "))
    pieces = list(re.finditer(r"\S+", reader.raw[start:start + 60]))[:_LONGEST_UNIT]
    if not pieces or pieces[0].start() != 0:
        return None, place
    for count in range(len(pieces), 0, -1):
        whole = reader.raw[start:start + pieces[count - 1].end()]
        form = _UNIT_END.sub("", re.split(r"\(|\[L|→", whole)[0]).rstrip()
        known = measure_of(form) is not None or plain_unit(form) in reader.units
        if form and known and (not form[0].isdigit() or form.startswith("10")):
            return form, start + len(form)
    return None, place

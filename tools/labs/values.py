"""Numbers, limits, ranges, flags and worded results as laboratories print them. Pure text in, typed values out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from ...core.flags import DOWN, UP
from ..lab_terms.limits import Range

DecimalSign = Literal[".", ","]

DASH = "-‐‑‒–—−~"
_COMPARATOR = r"[<>]\s?[oO][rR]\s?=|<=|>=|=<|=>|≤|≥|<|>"
_COMPARATORS = {"≤": "<=", "≥": ">=", "=<": "<=", "=>": ">="}
_PLAIN = {".": r"\d{1,3}(?:[,'\u2009\u202f]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+",
          ",": r"\d{1,3}(?:[.'\u2009\u202f]\d{3})+(?:,\d+)?|\d+(?:,\d+)?|,\d+"}
_FLAG = (rf"°(?!\s?[CF])|\+{{1,4}}|-{{1,4}}|\*{{1,3}}|!{{1,3}}|[{UP}]{{1,3}}|[{DOWN}]{{1,3}}|"
         r"\^{1,3}(?!\d)|(?-i:v{1,2})|\(?(?:HH|LL|AA|[HLA])\*?!?\)?")
_WORDED_FLAGS = (r"(?:above|below|within|outside)(?: (?:the )?(?:range|limits?|normal|reference))?|"
                 r"high|low|abnormal|abn|critical(?:ly)?(?: (?:high|low))?|crit|panic|hi|lo|normal|n")
FLAG_WORD = re.compile(rf"(?:{_FLAG}|[\[(](?:HH?|LL?|A)[\])]|{_WORDED_FLAGS})", re.IGNORECASE)
_SEMIQUANTITATIVE = re.compile(r"[*!↑↓]{0,3}\s?(?:[1-4]\s?\+|\+{1,4}|[1-4]\+{1,3}|\+/-|±)")
_TITRE = re.compile(r"(?P<comparator><=|>=|<|>|≤|≥)?\s*1\s?:\s?\d+")
_SPACED = re.compile(r"(?<![\d.,\w])[1-9]\d{0,2}(?: \d{3})+(?![\d.,]*\d)")
_DATE_LIKE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}$|\d{1,2}:\d{2}")
_SIGNED = re.compile(r"(?<![\d.,])(\d+)([.,])(\d+)(?![\d.,]*\d)")


@dataclass(frozen=True)
class Number:
    """A printed number: `text` holds comparator and digits as printed, `rest` what followed (a unit), if anything."""

    text: str
    number: float
    comparator: str | None
    flag: str | None
    rest: str


def decimal_sign(texts: Iterable[str]) -> DecimalSign | None:
    """The decimal sign of a document, by majority of the numbers that leave no doubt; None when both are as frequent.

    A number leaves no doubt when its sign is followed by other than three digits, or preceded by a bare zero; dates,
    times and numbers with several signs say nothing. Without any such number the sign is a point.

    Args:
        texts: the document's words.
    """
    counts = Counter(sign for text in texts if "." in text or "," in text for sign in signs_in(text))
    if counts["."] == counts[","] and counts["."]:
        return None
    return "," if counts[","] > counts["."] else "."


def sign_of_part(texts: Iterable[str], otherwise: DecimalSign) -> DecimalSign:
    """The decimal sign of a page: that of its own numbers, by majority of those that leave no doubt.

    Args:
        texts: the page's words.
        otherwise: the document's, where the page's numbers tell none.
    """
    counts = Counter(sign for text in texts if "." in text or "," in text for sign in signs_in(text))
    if counts["."] == counts[","]:
        return otherwise
    return "," if counts[","] > counts["."] else "."


@lru_cache(maxsize=16384)
def signs_in(text: str) -> str:
    """The decimal signs of the numbers in a word that leave no doubt, one after the other."""
    if _DATE_LIKE.search(text):
        return ""
    return "".join(sign for whole, sign, fraction in _SIGNED.findall(text)
                   if len(fraction) != 3 or whole == "0" or len(whole) > 3)


def to_number(digits: str, sign: DecimalSign) -> float | None:
    """Digits as printed to a number; None when they do not follow the document's decimal sign."""
    plain = digits.replace("−", "-").replace("–", "-").strip()
    if not re.fullmatch(rf"[+-]?\s?(?:{_PLAIN[sign]})", plain):
        return None
    for mark in ("." if sign == "," else ",", "'", "\u2009", "\u202f", " "):
        plain = plain.replace(mark, "")
    return float(plain.replace(",", "."))


def parse_number(text: str, sign: DecimalSign) -> Number | None:
    """A number with what may stand around it: comparator, flag before or after, unit glued to it.

    Args:
        text: such as `5,76+`, `<0.01`, `88.2L%`, `*142`, `29.5H`, `41%`.
        sign: the document's decimal sign.

    Returns:
        None when the text is not one number.
    """
    match = re.fullmatch(rf"(?P<before>[*!↑↓]{{1,3}}\s?)?(?P<comparator>{_COMPARATOR})?\s?"
                         rf"(?P<digits>[+\-−]?(?:{_PLAIN[sign]}))"
                         rf"(?P<after>\s?(?:{_FLAG})(?![A-Za-z/]))?(?P<rest>\s?[^\d\s+\-.,<>].*)?", text)
    if match is None:
        return None
    number = to_number(match["digits"], sign)
    if number is None:
        return None
    comparator = re.sub(r"[\sorOR]", "", match["comparator"] or "")
    flag = (match["after"] or match["before"] or "").strip() or None
    return Number(text=comparator + match["digits"], number=number, flag=flag,
                  rest=(match["rest"] or "").strip(),
                  comparator=_COMPARATORS.get(comparator, comparator) if comparator else None)


def parse_range(text: str, sign: DecimalSign) -> Range | None:
    """A reference range with numbers: `70 - 99`, `(<14)`, `[7.35-7.45]`, `up to 5.0`, `≥60`, `-2.0-2.0`.

    Returns:
        None when it is none, or when its lower limit lies above the upper one.
    """
    bare = text.strip().strip("()[]").strip()
    shown = bare.replace("\u2009", " ")
    number = rf"[+\-−]?(?:{_PLAIN[sign]})"
    between = rf"(?:\s*(?:[{DASH}]|\.\.|to|bis|à)\s*|\s+(?:a|até|hasta|tot|til)\s+)"
    match = re.fullmatch(rf"({number}){between}({number})", bare)
    if match:
        low, high = to_number(match[1], sign), to_number(match[2], sign)
        return Range(text=shown, low=low, high=high) if low is not None and high is not None and low <= high else None
    match = re.fullmatch(rf"(?P<word>{_COMPARATOR}|up to|bis|less than|below|under|greater than|more than|above|over|"
                         rf"from|ab)\s*(?P<limit>{number})", bare, re.IGNORECASE)
    if match is None:
        return None
    limit = to_number(match["limit"], sign)
    word = match["word"].lower()
    above = word.startswith(">") or word in ("=>", "≥", "greater than", "more than", "above", "over", "from", "ab")
    return Range(text=shown, low=limit if above else None, high=None if above else limit)


def parts_thousands(text: str) -> bool:
    """Whether a text parts thousands by spaces for certain: it holds a group `000`, which is no number of its own."""
    return re.search(r"(?<![\d.,])[1-9]\d{0,2} 000(?![\d.,]*\d)", text) is not None


def with_thousands(text: str) -> str:
    """The text with thin spaces in numbers whose thousands are parted by spaces (`150 000`)."""
    return _SPACED.sub(lambda found: found.group().replace(" ", "\u2009"), text)


def is_titre(text: str) -> bool:
    """Whether it is a dilution such as `1:160`."""
    return _TITRE.fullmatch(text.rstrip(" *!↑↓")) is not None


def is_semiquantitative(text: str) -> bool:
    """Whether it is a graded result such as `2+`, `+++` or `+/-`."""
    return _SEMIQUANTITATIVE.fullmatch(text) is not None


def is_flag(text: str) -> bool:
    """Whether it is a flag that stands alone: `H`, `LL`, `*`, `↑`, `High`, `(L)`."""
    return FLAG_WORD.fullmatch(text) is not None


_RESULT_WORDS = re.compile(
    r"(?:weakly |strongly |faintly )?(?:negative|positive|neg|pos|non-?\s?reactive|reactive|(?:not |"
    r"un)?detected|equivocal|borderline|indeterminate|inconclusive|trace|none(?: (?:seen|detected|observed))?|"
    r"not seen|absent|present|few|rare|occasional|moderate|many|numerous|small|large|normal|abnormal|"
    r"no growth(?: .{1,20})?|growth|mixed flora|yellow|(?:pale |light |dark )?(?:straw|amber|yellow|brown|"
    r"orange|colou?rless)|clear|(?:slightly |sl )?(?:cloudy|hazy|turbid)|pending|to follow|in process|"
    r"in progress|preliminary|see (?:note|comment|below|report)|qns|quantity not sufficient|"
    r"insufficient(?: .{1,20})?|ha?emoly[sz]ed|lipa?emic|icteric|clotted|cancelled|canceled|not (?:done|"
    r"performed|reported|calculated|tested|available|indicated)|unable to .{1,30}|tnp|dnr|(?-i:N/?A|n/?a)|"
    r"invalid|repeat(?:ed)?|rejected|folgt|negativ|positiv|nicht nachweisbar|nachweisbar|immune|non-?\s?immune|"
    r"susceptible|resistant|intermediate|sensitive|compatible|incompatible)", re.IGNORECASE)
_PRESENCE = re.compile(r"(?:weakly |strongly |faintly )?(?:neg(?:ativ)?e?|pos(?:itiv)?e?|(?:non-?\s?)?reactive|"
                       r"(?:not |un)?detected|(?:nicht )?nachweisbar|present|absent)", re.IGNORECASE)
_WAITING = re.compile(
    r"(?:(?:test|analysis|sample|specimen) )?(?:was |is )?"
    r"(?:pending|to follow|in pro(?:cess|gress)|qns|quantity not sufficient|insufficient.*|ha?emoly[sz]ed|clotted|"
    r"cancell?ed|not (?:done|performed|reported|available|tested)|tnp|dnr|invalid|rejected|folgt|see .*|"
    r"(?-i:N/?A|n/?a))",
    re.IGNORECASE)


def tells_presence(text: str) -> bool:
    """Whether it says that something is there or not, without an amount: `Negative`, `Reactive`, `Not detected`."""
    return _PRESENCE.fullmatch(text.strip(" .*!")) is not None


def is_result_word(text: str) -> bool:
    """Whether it is a worded result: `Negative`, `Not Detected`, `None seen`, `Trace`, `PENDING`."""
    return _RESULT_WORDS.fullmatch(text.strip(" .,*!")) is not None


def is_no_result(text: str) -> bool:
    """Whether it says that there is no result (yet): `PENDING`, `QNS`, `Hemolyzed`, `to follow`."""
    return _WAITING.fullmatch(text.strip(" .*!")) is not None

"""Units as people write them: what they measure, how they convert, and whether a written number is the finding's."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from math import floor, log10

from ...core.analytes import substance_of
from ...report.wording import number_text

_LENGTH = {"m": 1.0, "cm": 1e-2, "mm": 1e-3, "um": 1e-6}
_VOLUME = {"l": 1.0, "dl": 1e-1, "cl": 1e-2, "ml": 1e-3, "cc": 1e-3, "ul": 1e-6, "fl": 1e-15, "cm3": 1e-3, "mm3": 1e-6}
_MASS = {"kg": 1e3, "g": 1.0, "mg": 1e-3, "ug": 1e-6, "mcg": 1e-6, "ng": 1e-9, "pg": 1e-12}
_AMOUNT = {"mol": 1.0, "mmol": 1e-3, "umol": 1e-6, "nmol": 1e-9, "pmol": 1e-12,
           "eq": 1.0, "meq": 1e-3, "ueq": 1e-6}
_ACTIVITY = {"u": 1.0, "iu": 1.0, "mu": 1e-3, "miu": 1e-3, "uu": 1e-6, "uiu": 1e-6, "ku": 1e3}
_DAY = 86400.0
_TIME = {"day": 1.0, "days": 1.0, "week": 7.0, "weeks": 7.0, "month": 30.44, "months": 30.44, "year": 365.25,
         "years": 365.25, "h": 1 / 24, "hour": 1 / 24, "hours": 1 / 24, "min": 60 / _DAY, "minute": 60 / _DAY,
         "minutes": 60 / _DAY, "s": 1 / _DAY, "sec": 1 / _DAY, "second": 1 / _DAY, "seconds": 1 / _DAY,
         "ms": 1e-3 / _DAY}
POINTS = ("percentage points", "percentage point")
"""Of a difference of two percentages, and of no value."""
_PLAIN = {"%": ("share", 0.01), "percent": ("share", 0.01), "1": ("share", 1.0), "hu": ("hu", 1.0),
          "mmhg": ("pressure", 1.0), "kpa": ("pressure", 7.50062), "au": ("arbitrary", 1.0),
          "lb": ("mass", 453.592), **dict.fromkeys(("cel", "°c", "degc"), ("temperature", 1.0)),
          "kg/m2": ("bmi", 1.0), "ph": ("ph", 1.0), "/min": ("rate", 1.0),
          **dict.fromkeys(("percentagepoints", "percentagepoint", "percentpoints", "points", "pp"), ("points", 0.01))}
_ABOUT_ONE_DIGIT = 0.125
"""How far, as a share, "about 3" may lie from the exact number."""
_WORDS = (("kilogram", "kg"), ("milligram", "mg"), ("microgram", "ug"), ("nanogram", "ng"), ("picogram", "pg"),
          ("gram", "g"), ("millimole", "mmol"), ("micromole", "umol"), ("nanomole", "nmol"),
          ("international unit", "iu"), ("hounsfield unit", "hu"), ("milliunit", "mu"), (r"(?<!arbitrary )unit", "u"),
          ("micromet(?:er|re)", "um"),
          ("deci(?:liter|litre)", "dl"), ("femto(?:liter|litre)", "fl"), ("micro(?:liter|litre)", "ul"))
"""Units in words, and their symbols; those of length and volume that need more stand in `plain_unit`."""
_COUNTED = r"(?:nuclei|cells|cell|copies)"
_CODES = {"creatinine": "2160-0", "glucose": "2345-7", "cholesterol": "2093-3", "bilirubin": "1975-2",
          "calcium": "17861-6", "uric acid": "3084-1", "triglycerides": "2571-8", "urea nitrogen": "3094-0"}
"""LOINC codes by which the molar mass of a substance is found, for conversions between mass and amount."""


@lru_cache(maxsize=4096)
def plain_unit(unit: str) -> str:
    """A unit as compared: small letters, `u` for micro, `/` for per, no blanks; G/L and T/L as powers of ten."""
    text = {"G/L": "10^9/l", "T/L": "10^12/l", "G/l": "10^9/l", "T/l": "10^12/l"}.get(unit.strip(), unit)
    text = re.sub(r"10\s*([⁰¹²³⁴⁵⁶⁷⁸⁹]+)", lambda m: "10^" + unicodedata.normalize("NFKC", m.group(1)), text)
    text = unicodedata.normalize("NFKC", text).strip().casefold().replace("μ", "u").replace("×", "x")
    for long, short in (("square millimet", "sqmm"), ("square micromet", "squm"), ("cubic centimet", "cbcm")):
        text = re.sub(rf"{long}(?:er|re)s?", short, text)
    text = text.replace("sqmm", "mm2").replace("squm", "um2").replace("cbcm", "cm3")
    for word, short in _WORDS:
        text = re.sub(rf"\b{word}s?\b", short, text)
    text = re.sub(r"\bmillilit(?:er|re)s?\b", "ml", re.sub(r"\blit(?:er|re)s?\b", "l", text))
    text = re.sub(r"\bcentimet(?:er|re)s?\b", "cm", re.sub(r"\bmillimet(?:er|re)s?\b", "mm", text))
    text = re.sub(r"\s*\bper\b\s*", "/", text)
    text = re.sub(r"^(?:beats|breaths)? ?/ ?min(?:ute)?$|^bpm$", "/min", text)
    for long in ("arbitrary units", "a.u.", "a.u", "[arb'u]"):
        text = text.replace(long, "au")
    text = text.replace("mm[hg]", "mmhg")
    text = re.sub(rf"^{_COUNTED}\s*/", "/", re.sub(r"\^(?=[23]\b)", "", re.sub(r"\s+", "", text)))
    text = re.sub(r"^k/", "10^3/", re.sub(r"^x", "", text))
    return re.sub(r"^10[*^]?(\d{1,2})/", r"10^\1/", text.replace("**", "^"))


@lru_cache(maxsize=2048)
def measure_of(unit: str) -> tuple[str, float] | None:
    """What a unit measures and its size in that measure's base; None for a unit that is not known."""
    text = plain_unit(unit)
    if text in _PLAIN:
        return _PLAIN[text]
    for kind, table in (("length", _LENGTH), ("volume", _VOLUME), ("mass", _MASS), ("time", _TIME),
                        ("amount", _AMOUNT), ("activity", _ACTIVITY)):
        if text in table:
            return kind, table[text]
    area = re.fullmatch(r"(m|cm|mm|um)2", text)
    if area:
        return "area", _LENGTH[area.group(1)] ** 2
    return _ratio(text)


def _ratio(text: str) -> tuple[str, float] | None:
    above, slash, below = text.partition("/")
    if not slash:
        return None
    power = re.fullmatch(r"10\^(\d{1,2})", above)
    count = 10.0 ** int(power.group(1)) if power else 1.0 if above == "" else None
    lower = measure_of(below.removesuffix("feu")) if "/" not in below else None
    upper = ("count", count) if count is not None else measure_of(above)
    if upper is None or lower is None:
        return None
    suffix = " feu" if below.endswith("feu") else ""
    return f"{upper[0]}/{lower[0]}{suffix}", upper[1] / lower[1]


def factor(unit: str, other: str, substance: str) -> float | None:
    """What a number in `unit` is multiplied by to stand in `other`; None where they measure different things.

    Args:
        unit: as in the finding; an unknown unit converts to itself alone.
        other: as written.
        substance: the finding's name in small letters, for conversions between mass and amount.
    """
    if plain_unit(unit) == plain_unit(other):
        return 1.0
    one, two = measure_of(unit), measure_of(other)
    if one is None or two is None:
        return None
    if one[0] == two[0]:
        return one[1] / two[1]
    known = next((substance_of(code) for name, code in _CODES.items() if name in substance), None)
    molar = known.molar_mass if known else None
    if molar and one[0].startswith("mass/") and two[0] == one[0].replace("mass", "amount", 1):
        return one[1] / two[1] / molar
    if molar and one[0].startswith("amount/") and two[0] == one[0].replace("amount", "mass", 1):
        return one[1] / two[1] * molar
    return None


def decimals_of(digits: str) -> int:
    """Digits after the point."""
    return len(digits.partition(".")[2])


def significant(digits: str) -> int:
    """Digits that count; zeros at the end of a whole number do not."""
    bare = digits.replace(".", "").lstrip("0")
    return len(bare if "." in digits else bare.rstrip("0"))


def is_written(digits: str, number: float, printed: str | None, *, loose: bool = False, about: bool = False) -> bool:
    """Whether a number is the finding's within the precision that the finding is printed with.

    Args:
        digits: as written, without sign.
        number: the finding's, without sign.
        printed: the finding's digits as a source printed them, or None.
        loose: the number was converted, or is told within its precision: rounding to two digits that count is the same.
        about: the sentence says "about": so is rounding, and that to a whole number which stays near.
    """
    own = printed if printed is not None and re.fullmatch(r"\d+(?:\.\d+)?", printed) else number_text(number)
    unrounded = printed is None and ("." in digits or significant(f"{number:.12g}") > 4)
    if decimals_of(digits) > decimals_of(own) and significant(digits) > significant(own):
        return False
    written = float(digits)
    if abs(written - float(own)) <= 1e-9 * max(1.0, abs(written)):
        return True
    if about and significant(digits) == 1 and written >= 1:
        return abs(floor(number + 0.5) - written) < 1e-9 and abs(number - written) <= _ABOUT_ONE_DIGIT * number
    if not (loose or about or unrounded) or significant(digits) < 2:
        return False
    return abs(round_like(number, digits) - written) <= 1e-9 * max(1.0, abs(written))


def is_converted(digits: str, number: float) -> bool:
    """Whether a number is one that was converted from another unit, rounded as it is written."""
    written = float(digits)
    if written == 0 or significant(digits) > 5:
        return written == number
    exact = abs(number - written) <= 1e-9 * max(1.0, abs(written))
    enough = len(digits.replace(".", "").lstrip("0")) >= 2 or decimals_of(digits) > 0
    rounded = floor(number + 0.5 + 1e-9) if "." not in digits else round_like(number, digits)
    return exact or (enough and abs(rounded - written) <= 1e-9 * max(1.0, abs(written)))


def round_like(number: float, digits: str) -> float:
    """A number rounded to the decimals, or for a whole number the digits that count, of what is written."""
    if "." in digits or number == 0:
        scale = 10.0 ** decimals_of(digits)
        return floor(number * scale + 0.5 + 1e-9) / scale
    place = max(0, floor(log10(abs(number))) + 1 - max(significant(digits), 2))
    step = 10.0 ** place
    return floor(number / step + 0.5 + 1e-9) * step

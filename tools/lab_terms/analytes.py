"""Names of laboratory tests to LOINC, by name, specimen and unit; none rather than a wrong code."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from .units import ucum_of

_SPECIMENS = {
    "urine": r"(?<=[(\[])u(?=[)\]])|(?<=, )ua?$|^d?u(?=-\w{2})|urine|urinalysis|urinary|urin|microscopy|microscopic|"
             r"sediment|dipstick",
    "arterial": r"arterial|blood gas|abg|gases|pao2|paco2|sao2|pha|(?:po2|pco2|so2|ph|hco3)\(a\)",
    "csf": r"csf|cerebrospinal|liquor|spinal fluid",
    "stool": r"stool|f(?:a?e)ces|f(?:a?e)cal",
    "fluid": r"pleural|ascit\w+|synovial|peritoneal|body fluid|drain|semen|saliva|sweat",
    "plasma": r"plasma(?! reagin| cells?)",
    "serum": r"serum",
    "blood": r"(?<!arterial )whole blood|edta(?! plasma)|venous blood|blood count|capillary",
}
_SPECIMEN_PATTERNS = [(name, re.compile(rf"(?<!\w)(?:{source})(?!\w)", re.IGNORECASE))
                      for name, source in _SPECIMENS.items()]
_TRAILING_SPECIMEN = re.compile(
    r"[\s,(\[]+(?:in )?(?:serum|plasma|whole blood|blood|s|p|b|u|ser|urine|random urine|spot urine)[)\]]?$",
    re.IGNORECASE)
_PREFIX = re.compile(r"^f?(?:[BPSU]|Sg|Pt|dU)-(?=\w{2})")
"""The Nordic way of saying in what something is measured: `S-Natrium`, `fP-Glukos`."""
_SAYS_HOW = re.compile(
    r"total|calc\w*|est\w*|auto\w*|manual|direct|quant\w*|qual\w*|abs\w*|rel\w*|#|%|jaffe|enzymatic|enz|ise|ifcc|"
    r"ngsp|dcct|dpd|bcg|bcp|immunoassay|clia|eclia|cmia|elisa|turbidimetry|photometric|hexokinase|god[- ]?pap|uricase|"
    r"urease|biuret|westergren|high[- ]sensitivity|hs|ultrasensitive|"
    r"\d\w{2} gen\w*|gen(?:eration)? ?\d|lc-?ms\S*|in .*",
    re.IGNORECASE)
"""In brackets behind a name: how it was measured, not what."""
_FOOTNOTE = re.compile(r"(?:\s\d{1,2}\)|\s?[*†‡§]+|(?i:\s(?:lvl|level)))$")
_SAME = {"serum": "serum", "plasma": "serum", "blood": "blood", "arterial": "arterial", "urine": "urine"}


@dataclass(frozen=True)
class Analyte:
    """One row of the table: a LOINC code and what has to hold for it."""

    code: str
    display: str
    specimen: str
    """`serum` (or plasma), `blood`, `arterial`, `urine`."""
    units: frozenset[str]
    """UCUM units it is reported in; empty: results without a unit."""
    source: str


@lru_cache(maxsize=8192)
def plain(name: str) -> str:
    """A test's name as compared: accents and case off, letters, digits, %, # and + kept, one space between words."""
    text = unicodedata.normalize("NFKD", name)
    text = "".join(ch for ch in text if not unicodedata.combining(ch)).casefold()
    text = text.replace("haem", "hem").replace("oestr", "estr").replace("leuco", "leuko").replace("foet", "fet")
    return " ".join(re.sub(r"[^a-z0-9%#+]+", " ", text).split())


@cache
def table() -> dict[str, tuple[Analyte, ...]]:
    """Analytes by plain name; several where specimen or unit decides."""
    text = (files("caseloom.tools.lab_terms") / "data" / "loinc.csv").read_text(encoding="utf-8")
    found: dict[str, list[Analyte]] = {}
    for row in csv.DictReader(text.splitlines()):
        analyte = Analyte(code=row["code"], display=row["display"], specimen=row["specimen"], source=row["source"],
                          units=frozenset(row["units"].split()))
        for name in row["names"].split("|"):
            found.setdefault(plain(name), []).append(analyte)
    return {name: tuple(analytes) for name, analytes in found.items()}


@cache
def known_codes() -> frozenset[str]:
    """Every LOINC code of the table."""
    return frozenset(analyte.code for analytes in table().values() for analyte in analytes)


@lru_cache(maxsize=8192)
def candidates(name: str) -> tuple[Analyte, ...]:
    """Analytes of a name as printed, also when parts of it stand in brackets or its specimen follows a comma."""
    for form in forms_of(name):
        found = table().get(form)
        if found:
            return found
    return ()


_LOOK_ALIKES = str.maketrans({"c": "e", "o": "e", "0": "e", "1": "l", "i": "l", "j": "l", "t": "l", "f": "l", "5": "s",
                              "8": "b"})
_DIGITS = str.maketrans({"0": "o", "1": "l", "i": "l"})
_SHORTEST_MISREAD = 6
"""Letters that a name must have to be told in spite of misread ones."""


def folded(plain_name: str) -> str:
    """A plain name with letters that OCR takes for each other made one."""
    return plain_name.replace("rn", "m").translate(_LOOK_ALIKES).replace(" ", "")


@cache
def _by_look() -> dict[str, str | None]:
    """Plain names by how they look; None where several look alike."""
    found: dict[str, str | None] = {}
    for name in table():
        look = folded(name)
        known = found.get(look, name)
        alike = known is not None and {a.code for a in table()[known]} == {a.code for a in table()[name]}
        found[look] = known if alike else None
    return found


@cache
def _by_digits() -> dict[str, str]:
    """Plain names with 0 and 1 made the letters that they look like; where two come together they are one test."""
    return {name.translate(_DIGITS).replace(" ", ""): name for name in table()}


def misread(name: str) -> str | None:
    """The only known name that a misread one can be (`Haematoerit` is `haematocrit`); None for known and others.

    Short names are told in spite of 0 and O, 1, I and l mixed up only (`HbAlc` is `hba1c`).
    """
    if is_known(name):
        return None
    digits = _by_digits().get(plain(name).translate(_DIGITS).replace(" ", ""))
    return digits or next((known for form in forms_of(name) if len(form) >= _SHORTEST_MISREAD
                 and (known := _by_look().get(folded(form)))), None)


def forms_of(name: str) -> list[str]:
    """Plain forms to look a name up by, most specific first: whole, without specimen, outside and in brackets."""
    bare = _TRAILING_SPECIMEN.sub("", _FOOTNOTE.sub("", _PREFIX.sub("", name.strip())))
    inside = re.findall(r"[(\[]([^)\]]+)[)\]]", bare)
    outside = [re.sub(r"\s*[(\[][^)\]]*[)\]]", "", bare)] if _may_be_dropped(bare, inside) else []
    swapped = re.sub(r"^l(?=g[AGME]\b)", "I", name)
    return [form for form in dict.fromkeys(map(plain, (name, bare, swapped, *outside, *inside))) if form]


def _may_be_dropped(name: str, inside: Sequence[str]) -> bool:
    """Whether what a name holds in brackets does not make it another test: it names the same one, its unit, specimen or
    method (`Creatinine (Jaffe)`), and not a part or another matter of it (`ALP (bone)`, `Folate (RBC)`)."""
    outside = table().get(plain(re.sub(r"\s*[(\[][^)\]]*[)\]]", "", name)), ())
    codes = {analyte.code for analyte in outside}
    return all(_SAYS_HOW.fullmatch(text.strip()) or ucum_of(text) or specimen_in(text)
               or codes & {analyte.code for analyte in table().get(plain(text), ())}
               or (text.isupper() and plain(text) not in table() and _initials(name).startswith(text[:2].lower()))
               for text in inside)


def _initials(name: str) -> str:
    return "".join(word[0] for word in plain(re.sub(r"[(\[].*", "", name)).split())


@lru_cache(maxsize=16384)
def is_known(name: str) -> bool:
    """Whether the table knows the name, whatever the specimen."""
    return bool(candidates(name))


@lru_cache(maxsize=4096)
def specimen_in(*texts: str | None) -> str | None:
    """The specimen that the first of these texts names, as the table calls it; one that names several tells none."""
    for text in texts:
        named = [name for name, pattern in _SPECIMEN_PATTERNS if text and pattern.search(text)]
        if len({_SAME.get(name, name) for name in named}) == 1:
            return named[0]
    return None


def analyte_of(name: str, specimen: str | None, unit: str | None, *, numeric: bool) -> Analyte | None:
    """The analyte that name, specimen and unit agree on.

    Args:
        name: as printed.
        specimen: as `specimen_in` tells it from name, panel and page; None when nothing is said, which then means the
            analyte's usual specimen, if it has a single one in the table; arterial blood is never taken for granted,
            nor what is measured in it and in urine alone (`pH`).
        unit: as printed, or None.
        numeric: the result is a number.

    Returns:
        None when no analyte of the name fits, or when several do.
    """
    found = candidates(name)
    if specimen is not None:
        wanted = _SAME.get(specimen)
        narrowed = [analyte for analyte in found if analyte.specimen == wanted]
        loose = specimen in ("serum", "plasma", "blood") and not narrowed
        found = tuple(narrowed or ([a for a in found if a.specimen in ("serum", "blood")] if loose else []))
    else:
        usual = [analyte for analyte in found if analyte.specimen in ("serum", "blood")]
        found = tuple(usual or (found if all(analyte.specimen != "arterial" for analyte in found) else ()))
    fitting = [analyte for analyte in found if unit_fits(analyte, unit, numeric=numeric)]
    return fitting[0] if len({analyte.code for analyte in fitting}) == 1 else None


def unit_fits(analyte: Analyte, unit: str | None, *, numeric: bool) -> bool:
    """Whether a result in this unit can be this analyte: a number needs its unit, words need none."""
    if unit is None:
        return not numeric or not analyte.units or "1" in analyte.units
    return ucum_of(unit) in analyte.units

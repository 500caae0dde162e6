"""Printed units to UCUM."""

from __future__ import annotations

import csv
import re
import unicodedata
from functools import cache, lru_cache
from importlib.resources import files


@cache
def table() -> dict[str, str]:
    """UCUM code by plain form (see `plain`)."""
    text = (files("caseloom.tools.lab_terms") / "data" / "units.csv").read_text(encoding="utf-8")
    return {plain(row["printed"]): row["ucum"] for row in csv.DictReader(text.splitlines())}


def plain(unit: str) -> str:
    """A printed unit as compared: superscripts, micro signs, powers of ten and spaces in one form.

    G/L and T/L (10*9 and 10*12 per litre) differ from g/L by case alone and are told apart here.
    """
    text = unicodedata.normalize("NFKC", unit).strip().rstrip(".,;")
    text = {"G/L": "10^9/l", "G/l": "10^9/l", "T/L": "10^12/l", "T/l": "10^12/l"}.get(text, text)
    text = text.replace("μ", "u").replace("µ", "u").replace("×", "x").replace("∕", "/").replace("⁄", "/")
    text = re.sub(r"\s+", "", text).lower()
    text = re.sub(r"(?<![a-z])mc(?=(?:g|l|iu|u|mol|kat)(?![a-z]))", "u", text)
    text = re.sub(r"^(?:thousands?|thous?|k)/", "10^3/", text)
    text = re.sub(r"^(?:millions?|mill?|m)/(?=ul|mm3|mm\^3|cmm)", "10^6/", text)
    text = re.sub(r"^[x*]?10[\^*e]?\*?\(?(\d{1,2})\)?(?=/)", r"10^\1", text)
    text = re.sub(r"/(?:mm\^?3|cu?mm)", "/ul", text).replace("cells/", "/")
    return re.sub(r"/(?:hr|std)\b", "/h", text)


@lru_cache(maxsize=4096)
def ucum_of(unit: str) -> str | None:
    """The UCUM code of a printed unit, None when it is not known."""
    return table().get(plain(unit))


def is_unit(text: str) -> bool:
    """Whether the text is a known unit."""
    return bool(text) and ucum_of(text) is not None


@lru_cache(maxsize=4096)
def repaired(unit: str) -> str | None:
    """The only known unit that differs from an unknown one by I, l and 1 mixed up (`ulU/mL` is `uIU/mL`), else None."""
    if is_unit(unit):
        return None
    candidate = re.sub(r"^([mµμu]?)[1l|I]U(?=/|$)", r"\1IU", unit)
    candidate = re.sub(r"/[1I|]$", "/L", re.sub(r"/([dmuµμ])[1I|]$", r"/\1L", candidate))
    return candidate if candidate != unit and is_unit(candidate) else None

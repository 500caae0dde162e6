"""Laboratory units in UCUM, taken apart far enough to convert between them.

Base units, prefixes and the grammar are those of the Unified Code for Units of Measure (ucum.org, version 2.1, sections
2.1 and 4.2): terms joined by `.` and `/`, read from left to right, an exponent behind a unit, `10*3` for powers of
ten, annotations in braces. Units on scales with an offset (Cel) or a logarithm are not converted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

Dimension = tuple[tuple[str, int], ...]

_PREFIXES: Mapping[str, float] = {"": 1.0, "k": 1e3, "h": 1e2, "da": 1e1, "d": 1e-1, "c": 1e-2, "m": 1e-3, "u": 1e-6,
                                  "n": 1e-9, "p": 1e-12, "f": 1e-15, "M": 1e6, "G": 1e9, "T": 1e12}
_METRIC: Mapping[str, tuple[float, Mapping[str, int]]] = {
    "g": (1.0, {"g": 1}), "L": (1.0, {"L": 1}), "l": (1.0, {"L": 1}), "m": (1.0, {"m": 1}), "s": (1.0, {"s": 1}),
    "mol": (1.0, {"mol": 1}), "eq": (1.0, {"eq": 1}), "osm": (1.0, {"osm": 1}), "Pa": (1.0, {"Pa": 1}),
    "kat": (1.0, {"mol": 1, "s": -1}), "U": (1.0, {"U": 1}), "[IU]": (1.0, {"U": 1}), "[iU]": (1.0, {"U": 1}),
    "m[Hg]": (133322.387415, {"Pa": 1}),
}
"""Units that take a prefix. The enzyme unit U and the international unit [IU] count as one: UCUM keeps them apart, yet
what is printed as either means the same of any one analyte."""
_OTHER: Mapping[str, tuple[float, Mapping[str, int]]] = {
    "%": (1e-2, {}), "[ppth]": (1e-3, {}), "min": (60.0, {"s": 1}), "h": (3600.0, {"s": 1}), "d": (86400.0, {"s": 1}),
}
"""Units that take none; what stands in brackets and is not listed is a unit of its own."""
_PLAIN_ANNOTATIONS = frozenset({"{ratio}", "{INR}", "{cells}", "{RBCs}", "{WBCs}"})
"""Annotations that only say what is counted; any other one tells a unit from the same one without it."""
_TERM = re.compile(r"(?P<sign>[./]?)(?:(?P<number>\d+(?:[*^]-?\d+)?)|(?P<unit>(?:[A-Za-z%']|\[[^\]]*\])+)"
                   r"(?P<power>[+-]?\d+)?)?(?P<note>\{[^}]*\})?")
_KATAL = 1e-6 / 60
"""Mol per second in one enzyme unit: 1 U is 1 umol/min."""


@dataclass(frozen=True)
class Unit:
    """A unit as a factor on its base units.

    Args:
        factor: how many of its base units it is.
        dimension: the base units with their exponents, sorted; annotations that matter among them.
    """

    factor: float
    dimension: Dimension


@lru_cache(maxsize=4096)
def unit_of(code: str) -> Unit | None:
    """A UCUM code taken apart; None where it holds a unit that is not known here.

    Amounts of substance or mass in both parts (`mmol/mol`, `mg/g`) do not cancel: as a share they are another quantity
    than `%`. Volumes do (`L/L`).
    """
    factor, dimension, place = 1.0, Counter[str](), 0
    flat = code.replace("(24.h)", "d")
    if not flat:
        return None
    while place < len(flat):
        term = _TERM.match(flat, place)
        if term is None or term.end() == place:
            return None
        place = term.end()
        known = _term(term)
        if known is None:
            return None
        sign = -1 if term["sign"] == "/" else 1
        factor *= known[0] ** sign
        for base, power in known[1].items():
            dimension[base if sign > 0 or base not in {"mol", "g"} else f"/{base}"] += sign * power
    return Unit(factor, _cancelled(dimension))


def _term(term: re.Match[str]) -> tuple[float, Mapping[str, int]] | None:
    note = {term["note"]: 1} if term["note"] and term["note"] not in _PLAIN_ANNOTATIONS else {}
    if term["number"]:
        base, _, exponent = re.sub(r"[*^]", " ", term["number"]).partition(" ")
        return float(float(base) ** int(exponent or 1)), note
    if not term["unit"]:
        return (1.0, note) if term["note"] else None
    known = _atom(term["unit"])
    power = int(term["power"] or 1)
    if known is None:
        return None
    return known[0] ** power, {**{base: each * power for base, each in known[1].items()}, **note}


def _atom(name: str) -> tuple[float, Mapping[str, int]] | None:
    if name in _OTHER:
        return _OTHER[name]
    for base, (factor, dimension) in _METRIC.items():
        prefix = name.removesuffix(base)
        if name.endswith(base) and prefix in _PREFIXES:
            return factor * _PREFIXES[prefix], dimension
    return (1.0, {name: 1}) if re.fullmatch(r"\[[^\]]*\]", name) else None


def _cancelled(dimension: Counter[str]) -> Dimension:
    return tuple(sorted((base, power) for base, power in dimension.items() if power))


def ratio(one: str, other: str, *, molar_mass: float | None = None, charge: int | None = None) -> float | None:
    """By what a number in the first unit is multiplied to be one in the second; None where they do not convert.

    Args:
        one: UCUM code.
        other: UCUM code.
        molar_mass: of the analyte in g/mol; with it mass and amount of substance convert.
        charge: of its ion; with it equivalents and amount of substance convert.
    """
    first, second = unit_of(one), unit_of(other)
    if first is None or second is None:
        return None
    if first.dimension == second.dimension:
        return first.factor / second.factor
    for a, b in ((first, second), (second, first)):
        for heavy, light, factor in (("g", "mol", 1 / molar_mass if molar_mass else None),
                                     ("eq", "mol", 1 / charge if charge else None), ("U", "kat", _KATAL)):
            if factor is not None and _swapped(a.dimension, heavy, light) == b.dimension:
                found = a.factor * factor / b.factor
                return found if a is first else 1 / found
    return None


def _swapped(dimension: Dimension, old: str, new: str) -> Dimension | None:
    """The dimension with one base unit in the place of another; None where it does not hold the first once."""
    held = Counter(dict(dimension))
    if held.pop(old, 0) != 1:
        return None
    for base, power in {"kat": {"mol": 1, "s": -1}}.get(new, {new: 1}).items():
        held[base] += power
    return _cancelled(held)

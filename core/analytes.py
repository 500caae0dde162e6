"""What makes laboratory results comparable: which LOINC codes mean one analyte, and its molar mass.

The codes of a pair are one analyte, in one specimen, as mass and as amount of substance; each stands with its page at
loinc.org/CODE. Molar masses follow from the formula and the standard atomic weights (IUPAC, Pure Appl Chem 94:573-600,
2022, abridged); formulas are those of PubChem for the named compound. What is customary where a name covers several
compounds is said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

_WEIGHTS: Mapping[str, float] = {"H": 1.008, "C": 12.011, "N": 14.007, "O": 15.999, "Na": 22.990, "Mg": 24.305,
                                 "P": 30.974, "Cl": 35.45, "K": 39.098, "Ca": 40.078, "Fe": 55.845, "Co": 58.933,
                                 "I": 126.90}


@dataclass(frozen=True)
class Substance:
    """One analyte in one specimen.

    Args:
        codes: its LOINC codes, by which it is known whatever its unit.
        formula: of what is weighed, such as `C6H12O6`.
        charge: of its ion, where results are given in equivalents.
    """

    codes: tuple[str, ...]
    formula: str
    charge: int | None = None

    @cached_property
    def molar_mass(self) -> float:
        """In g/mol."""
        return sum(_WEIGHTS[element] * int(count or 1)
                   for element, count in re.findall(r"([A-Z][a-z]?)(\d*)", self.formula))


SUBSTANCES = (
    Substance(("2345-7", "14749-6"), "C6H12O6"),  # glucose
    Substance(("2160-0", "14682-9"), "C4H7N3O"),  # creatinine
    Substance(("3094-0", "22664-7"), "N2"),  # urea: its mass is given as that of its two nitrogen atoms
    Substance(("3084-1", "14933-6"), "C5H4N4O3"),  # uric acid
    Substance(("1975-2", "14631-6"), "C33H36N4O6"),  # bilirubin, total
    Substance(("1968-7", "14629-0"), "C33H36N4O6"),  # bilirubin, direct: customarily as unconjugated bilirubin
    Substance(("17861-6", "2000-8"), "Ca", charge=2),
    Substance(("19123-9", "2601-3"), "Mg", charge=2),
    Substance(("2777-1", "14879-1"), "P"),  # phosphate: its mass is given as that of its phosphorus
    Substance(("2498-4",), "Fe"),
    Substance(("2951-2",), "Na", charge=1),
    Substance(("2823-3",), "K", charge=1),
    Substance(("2075-0",), "Cl", charge=1),
    Substance(("1963-8",), "CHO3", charge=1),  # bicarbonate
    Substance(("2028-9",), "CO2", charge=1),  # carbon dioxide, total: equivalents as bicarbonate
    Substance(("2093-3", "14647-2"), "C27H46O"),  # cholesterol
    Substance(("2085-9", "14646-4"), "C27H46O"),
    Substance(("13457-7", "39469-2"), "C27H46O"),
    Substance(("43396-1", "70204-3"), "C27H46O"),
    Substance(("2571-8", "14927-8"), "C57H104O6"),  # triglycerides: customarily as triolein
    Substance(("3024-7", "14920-3"), "C15H11I4NO4"),  # thyroxine, free
    Substance(("3051-0", "14928-6"), "C15H12I3NO4"),  # triiodothyronine, free
    Substance(("2284-8", "14732-2"), "C19H19N7O6"),  # folate: as folic acid
    Substance(("2132-9", "14685-2"), "C63H88CoN14O14P"),  # vitamin B12: as cyanocobalamin
    Substance(("62292-8",), "C27H44O2"),  # 25-hydroxyvitamin D: as that of D3
    Substance(("2143-6",), "C21H30O5"),  # cortisol
    Substance(("38483-4",), "C4H7N3O"),  # creatinine in blood
    Substance(("2339-0",), "C6H12O6"),  # glucose in blood
    Substance(("6299-2",), "N2"),  # urea nitrogen in blood
    Substance(("49765-1",), "Ca", charge=2),  # calcium in blood
)
_BY_CODE: Mapping[str, Substance] = {code: item for item in SUBSTANCES for code in item.codes}


def substance_of(code: str | None) -> Substance | None:
    """The substance that a LOINC code measures, where its molar mass is known."""
    return _BY_CODE.get(code or "")


def analyte_key(code: str) -> str:
    """One name for all LOINC codes of one analyte: its first code; a code that stands alone is its own."""
    known = _BY_CODE.get(code)
    return known.codes[0] if known else code

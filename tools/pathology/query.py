"""What a text query asks for, where it is something that is measured."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .fields import Measure

_FILLER = frozenset((
    "a", "an", "any", "area", "areas", "at", "by", "field", "fields", "find", "in", "is", "me", "most", "necrosis-like",
    "of", "on", "place", "places", "region", "regions", "show", "slide", "the", "tissue", "very", "where", "which",
    "with"))
"""Words beside the measure that change nothing."""
_STAIN_H = r"h(?:a)?ematoxylin|h(?:a)?ematoxyphilic|basophilic|basophilia"
_STAIN_E = r"eosin|eosinophilic|eosinophilia"
_MANY = r"high|higher|highest|dense|densest|many|most|rich|strong|strongest|crowded|packed|more|dark|darkest"
_FEW = r"low|lower|lowest|sparse|sparsest|few|fewest|poor|weak|weakest|less|least|pale|palest|scarce"
_LARGE, _SMALL = r"large|larger|largest|big|enlarged", r"small|smaller|smallest|tiny"
_VARIED = r"variable|varied|varying|uneven|pleomorphic|pleomorphism|anisonucleosis"
_SIZE = r"nuclear\s+(?:size|area)|(?:size|area)\s+of\s+nuclei|nuclei|nucleus"
_NUCLEI = r"nuclei|nuclear\s+density|cellularity|cells?|cellular\s+density"
_JOIN = r"[\s-]+"


@dataclass(frozen=True)
class Wanted:
    """What to rank fields by.

    Args:
        measure: the quantity.
        largest: whether its largest values come first.
        caution: what the words mean beyond the measure, so what this is not; or empty.
    """

    measure: Measure
    largest: bool
    caution: str = ""

    @property
    def words(self) -> str:
        """As in `high nuclear density`."""
        return f"{'high' if self.largest else 'low'} {self.measure}"


_SPACING = r"nuclear\s+spacing|spacing(?:\s+of\s+nuclei)?"
_STROMA = ("what is rich in eosin and poor in nuclei is often stroma, and may as well be muscle, keratin or blood")
_NOT_NECROSIS = "little haematoxylin is what necrosis has too, and plain stroma, fat and mucus as well"
_NOT_ATYPIA = "the size of nuclei varies with mixed kinds of cells too; no atypia is graded"
_PATTERNS: tuple[tuple[str, Measure, bool, str], ...] = (
    (rf"(?:{_VARIED}){_JOIN}(?:{_SIZE})|pleomorphism|anisonucleosis|variation\s+of\s+(?:{_SIZE})",
     Measure.VARIATION, True, _NOT_ATYPIA),
    (rf"(?:{_LARGE}){_JOIN}(?:{_SIZE})|karyomegaly", Measure.AREA, True, ""),
    (rf"(?:{_SMALL}){_JOIN}(?:{_SIZE})", Measure.AREA, False, ""),
    (rf"(?:wide|large|high){_JOIN}(?:{_SPACING})", Measure.SPACING, True, ""),
    (rf"(?:narrow|small|low|close){_JOIN}(?:{_SPACING})", Measure.SPACING, False, ""),
    (rf"(?:{_MANY}){_JOIN}(?:{_NUCLEI})|(?:nuclei|nucleus|cell){_JOIN}(?:rich|dense|crowding)|hypercellular(?:ity)?|"
     r"nuclear\s+(?:crowding|density)|cellularity|densely\s+cellular|cellular|densest", Measure.DENSITY, True, ""),
    (rf"(?:{_FEW}){_JOIN}(?:{_NUCLEI})|(?:nuclei|cell){_JOIN}poor|hypocellular(?:ity)?|paucicellular|acellular|"
     r"(?:without|no)\s+nuclei", Measure.DENSITY, False, ""),
    (rf"necrosis-like|necrosis-like\s+low\s+(?:{_STAIN_H})", Measure.HAEMATOXYLIN, False, _NOT_NECROSIS),
    (rf"(?:{_FEW}){_JOIN}(?:{_STAIN_H})|(?:{_STAIN_H}){_JOIN}poor", Measure.HAEMATOXYLIN, False, _NOT_NECROSIS),
    (rf"(?:{_MANY}){_JOIN}(?:{_STAIN_H})|(?:{_STAIN_H})(?:{_JOIN}rich)?|blue", Measure.HAEMATOXYLIN, True, ""),
    (rf"(?:{_FEW}){_JOIN}(?:{_STAIN_E})|(?:{_STAIN_E}){_JOIN}poor", Measure.EOSIN, False, ""),
    (rf"(?:{_MANY}){_JOIN}(?:{_STAIN_E})|(?:{_STAIN_E})(?:{_JOIN}rich)?|pink", Measure.EOSIN, True, ""),
    (r"stroma(?:l)?|fibrous|eosin-rich\s+stroma|stroma/eosin-rich", Measure.STROMA, True, _STROMA),
)
"""(words, measure, largest first, caution), tried in this order."""

KNOWN = ("dense or few nuclei; large, small or variable nuclei; wide or narrow nuclear spacing; high or low "
         "haematoxylin; high or low eosin; stroma (eosin-rich)")


def understand(query: str) -> Wanted | None:
    """What is asked for, when every word of the query is about one thing that is measured; else None.

    Args:
        query: in words, such as "dense nuclei".
    """
    text = re.sub(r"\s+", " ", query.casefold()).strip(" .?!,;:")
    for pattern, measure, largest, caution in _PATTERNS:
        found = re.search(rf"(?<![\w-])(?:{pattern})(?![\w-])", text)
        if found:
            rest = re.findall(r"[\w-]+", text[:found.start()] + " " + text[found.end():])
            if all(word in _FILLER for word in rest):
                return Wanted(measure, largest, caution)
    return None

"""Words with a meaning that is checked, and the words that carry none."""

from __future__ import annotations

import re
from functools import cache

from ..core.finding import Direction
from .claims import fold, words_of
from .phrases import STUDY_LABELS, templates

SIDES = {"right": "right", "left": "left", "bilateral": "bilateral", "both": "bilateral"}
NEGATIONS = frozenset({"no", "not", "without", "absent", "never", "negative", "denies", "denied", "neither", "nor",
                       "none", "excluded", "excludes", "free", "lacks"})
UNCERTAIN = frozenset({"uncertain", "possible", "possibly", "probable", "probably", "likely", "suspected", "may",
                       "might", "questionable"})
INDETERMINATE = frozenset({"indeterminate", "candidate", "candidates", "unknown"})
PAST = frozenset({"past", "previous", "previously", "former", "formerly"})
FAMILY = frozenset({"family"})
LOW = frozenset({"low", "below", "reduced"})
HIGH = frozenset({"high", "above", "elevated", "raised"})
LESS = frozenset({"less"})
"""Than can be detected."""
OUTSIDE = frozenset({"outside", "abnormal"})
NORMAL = frozenset({"within", "normal"})
DIRECTIONS = {
    "new": Direction.NEW, "resolved": Direction.RESOLVED, "improved": Direction.IMPROVED, "better": Direction.IMPROVED,
    "stable": Direction.STABLE, "unchanged": Direction.STABLE, "worsened": Direction.WORSENED,
    "worse": Direction.WORSENED, "increased": Direction.INCREASED, "larger": Direction.INCREASED,
    "grew": Direction.INCREASED, "rose": Direction.INCREASED, "decreased": Direction.DECREASED,
    "smaller": Direction.DECREASED, "shrank": Direction.DECREASED, "fell": Direction.DECREASED,
}
_MEDICATION = frozenset({"MedicationRequest", "MedicationStatement", "MedicationAdministration", "MedicationDispense",
                         "Medication"})
ENTRY_WORDS = (
    (frozenset({"condition", "conditions"}), frozenset({"Condition"})),
    (frozenset({"medication", "medications"}), _MEDICATION),
    (frozenset({"allergies", "allergy", "intolerances", "intolerance"}), frozenset({"AllergyIntolerance"})),
    (frozenset({"procedure", "procedures"}), frozenset({"Procedure"})),
    (frozenset({"immunization", "immunizations"}), frozenset({"Immunization"})),
)
"""Words that name a kind of record entry, and the FHIR resources that they stand for."""

REVIEWED_LABELS = {fold(label): kinds for label, kinds in STUDY_LABELS.values()}
"""What a sentence on a reviewed examination may be headed with, and the evidence that it can have."""

CHECKED_WORDS = (frozenset(SIDES) | NEGATIONS | UNCERTAIN | INDETERMINATE | PAST | FAMILY | LOW | HIGH | NORMAL
                 | OUTSIDE | LESS | frozenset(DIRECTIONS))
"""Words that a rule of their own decides on."""

_NO_FINDING = ("context_", "limit_", "reviewed_without_finding", "impression_none")


@cache
def neutral_words() -> frozenset[str]:
    """The words of the finding templates that no rule decides on."""
    texts = [re.sub(r"\{\{\w+\}\}", " ", template.text) for key, template in templates().items()
             if not key.startswith(_NO_FINDING)]
    return words_of(" ".join(texts)) - CHECKED_WORDS

"""What is asked about a chest film, in words that the model was trained or tested on."""

from __future__ import annotations

import re

from ...core.finding import Laterality
from ..asked import finding_name

OBJECTS = ("right lung", "left lung", "cardiac silhouette", "mediastinum", "right hilar structures",
           "left hilar structures", "right costophrenic angle", "left costophrenic angle")
"""Where these are is asked of every film: objects of Chest ImaGenome, on whose boxes MedGemma 1.5 was trained
(Technical Report, 3.2.4). Both lungs and the heart are measured too, so that the two can be held against each other."""

FINDINGS = ("atelectasis", "cardiomegaly", "consolidation", "edema", "lung opacity", "pleural effusion", "pneumonia",
            "pneumothorax")
"""Whether these are there is asked of every film: the five conditions of CheXpert's evaluation (Irvin et al., AAAI
2019), the five of MS-CXR-T, whose change is asked too, and lung opacity."""

_SIDED = ("{} lung", "{} upper lung zone", "{} mid lung zone", "{} lower lung zone", "{} hilar structures",
          "{} apical zone", "{} costophrenic angle", "{} cardiophrenic angle", "{} hemidiaphragm", "{} clavicle",
          "{} cardiac silhouette", "{} upper abdomen")
ANATOMY = frozenset({*(name.format(side) for name in _SIDED for side in ("right", "left")), "trachea", "spine",
                     "aortic arch", "mediastinum", "upper mediastinum", "svc", "cardiac silhouette",
                     "cavoatrial junction", "right atrium", "descending aorta", "carina", "abdomen"})
"""The 36 objects of Chest ImaGenome (Wu et al., NeurIPS Datasets and Benchmarks 2021)."""

_NAMED = ANATOMY | {*OBJECTS, *FINDINGS}
_TERMS = {"edema": "Pulmonary edema"}


def film_name(thing: str) -> str:
    """The standard term of a finding or structure on a chest film."""
    return _TERMS.get(thing.casefold(), finding_name(thing))


def side_of(words: str) -> Laterality | None:
    """The patient's side that words name; None when they name none or both."""
    said = {side for side in (Laterality.RIGHT, Laterality.LEFT)
            if re.search(rf"\b{side.value}\b", words, re.IGNORECASE)}
    return said.pop() if len(said) == 1 else None


def is_of_another(label: str, asked: str) -> bool:
    """Whether a box's label names the other side, or another known structure or finding, than was asked for.

    Args:
        label: as a model wrote it, in any words.
        asked: name of the structure or finding.
    """
    if side_of(asked) and side_of(label) not in (None, side_of(asked)):
        return True
    said, wanted = (re.sub(r"\b(?:right|left)\s+", "", " ".join(words.casefold().split())) for words in (label, asked))
    known = {re.sub(r"^(?:right|left) ", "", name) for name in _NAMED}
    return said != wanted and said in known

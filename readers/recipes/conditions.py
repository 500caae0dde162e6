"""The conditions on which MedGemma 1.5's reading of volumes was measured, by modality and part of the body.

What was never measured is not asked unless somebody asks it. Accuracy on balanced sets was 61 percent for CT and 65 for
MRI, where chance is 50, and macro F1 on CT-RATE was 27 percent (MedGemma 1.5 Technical Report, Tables 4 and 5): one
answer is weak evidence. Names are those of the sources, in lower case and singular; the report's "hemorrhage" of head
and brain is asked as intracranial hemorrhage.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

REPORT = "MedGemma 1.5 Technical Report, arXiv 2604.05081, section 3.2.1"
CT_RATE = "CT-RATE, the 18 abnormality labels of its published label files, arXiv 2403.17834"


@dataclass(frozen=True)
class Condition:
    """One condition that a model is asked about.

    Args:
        name: as it is asked and as a finding is called.
        modality: CT or MR.
        part: chest, abdomen, head, brain or knee.
        source: where its reading was measured.
    """

    name: str
    modality: str
    part: str
    source: str


_MEASURED = {
    ("CT", "chest", REPORT): ("cardiac calcification", "suspicious lung nodule"),
    ("CT", "chest", CT_RATE): (
        "medical material", "arterial wall calcification", "cardiomegaly", "pericardial effusion",
        "coronary artery wall calcification", "hiatal hernia", "lymphadenopathy", "emphysema", "atelectasis",
        "lung nodule", "lung opacity", "pulmonary fibrotic sequela", "pleural effusion", "mosaic attenuation pattern",
        "peribronchial thickening", "consolidation", "bronchiectasis", "interlobular septal thickening"),
    ("CT", "abdomen", REPORT): ("aortic aneurysm", "renal calculus", "tumor", "appendicitis"),
    ("CT", "head", REPORT): ("intracranial hemorrhage",),
    ("MR", "head", REPORT): ("acute infarct", "intracranial hemorrhage", "multiple sclerosis"),
    ("MR", "knee", REPORT): ("meniscal tear", "fracture"),
    ("MR", "abdomen", REPORT): ("liver disease", "pancreatic lesion"),
}
CONDITIONS = tuple(Condition(name, modality, part, source)
                   for (modality, part, source), names in _MEASURED.items() for name in names)

_PARTS = {
    "chest": re.compile(r"chest|thorax|lung|torso", re.IGNORECASE),
    "abdomen": re.compile(r"abd|liver|pancrea|torso", re.IGNORECASE),
    "head": re.compile(r"head|brain|skull", re.IGNORECASE),
    "knee": re.compile(r"knee", re.IGNORECASE),
}


def body_parts(words: str | None) -> tuple[str, ...]:
    """The parts of the body that a header's or a person's words name.

    Args:
        words: such as BodyPartExamined (DICOM PS3.16, Annex L): "CHEST", "ABDOMENPELVIS", "BRAIN".

    Returns:
        Of chest, abdomen, head and knee those that are named; none for words that name no one of them.
    """
    return tuple(part for part, pattern in _PARTS.items() if pattern.search(words or ""))


def conditions_for(modality: str, body_part: str | None) -> tuple[str, ...]:
    """What a model is asked about a study without being told to.

    Args:
        modality: CT or MR, as the series says.
        body_part: words for the part of the body. Without any that is known nothing is asked: a haemorrhage of the
            head has no place in a question about an abdomen.

    Returns:
        Names of conditions, in a fixed order.
    """
    parts = body_parts(body_part)
    return tuple(condition.name for condition in CONDITIONS
                 if condition.modality == modality.upper() and condition.part in parts)

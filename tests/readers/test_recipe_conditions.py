"""What a model is asked about a CT or MRI without being told to."""

from __future__ import annotations

import pytest

from caseloom.readers.recipes.conditions import CONDITIONS, CT_RATE, REPORT, body_parts, conditions_for
from caseloom.readers.recipes.plain import term


def test_chest_ct_is_asked_the_reports_two_and_the_eighteen_of_ct_rate() -> None:
    asked = conditions_for("CT", "CHEST")
    assert asked[:2] == ("cardiac calcification", "suspicious lung nodule")
    assert asked[2:] == (
        "medical material", "arterial wall calcification", "cardiomegaly", "pericardial effusion",
        "coronary artery wall calcification", "hiatal hernia", "lymphadenopathy", "emphysema", "atelectasis",
        "lung nodule", "lung opacity", "pulmonary fibrotic sequela", "pleural effusion", "mosaic attenuation pattern",
        "peribronchial thickening", "consolidation", "bronchiectasis", "interlobular septal thickening")


@pytest.mark.parametrize(("modality", "body_part", "asked"), [
    ("CT", "ABDOMENPELVIS", ("aortic aneurysm", "renal calculus", "tumor", "appendicitis")),
    ("CT", "HEAD", ("intracranial hemorrhage",)), ("ct", "Brain", ("intracranial hemorrhage",)),
    ("MR", "BRAIN", ("acute infarct", "intracranial hemorrhage", "multiple sclerosis")),
    ("MR", "right knee", ("meniscal tear", "fracture")),
    ("MR", "ABDOMEN", ("liver disease", "pancreatic lesion")),
    ("CT", "KNEE", ()), ("MR", "CHEST", ()), ("CT", None, ()), ("CT", "", ()), ("CT", "HAND", ()), ("PT", "CHEST", ()),
    ("MR", "PELVIS", ()), ("CT", "TSPINE", ()), ("CT", "thoracic spine", ()),
])
def test_what_was_measured_for_the_part_is_asked(modality: str, body_part: str | None, asked: tuple[str, ...]) -> None:
    assert conditions_for(modality, body_part) == asked


def test_a_study_of_several_parts_is_asked_for_each() -> None:
    assert body_parts("CHESTABDPELVIS") == ("chest", "abdomen")
    both = conditions_for("CT", "CHESTABDPELVIS")
    assert both == conditions_for("CT", "CHEST") + conditions_for("CT", "ABDOMEN")


def test_the_report_names_seven_of_each_and_ct_rate_eighteen() -> None:
    counts = {(modality, source): sum(one.modality == modality and one.source == source for one in CONDITIONS)
              for modality in ("CT", "MR") for source in (REPORT, CT_RATE)}
    assert counts == {("CT", REPORT): 7, ("MR", REPORT): 7, ("CT", CT_RATE): 18, ("MR", CT_RATE): 0}


def test_every_name_fits_into_a_question() -> None:
    assert all(term(one.name, "a condition") == one.name for one in CONDITIONS)

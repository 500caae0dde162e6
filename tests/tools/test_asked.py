"""Which questions can be put to a model that looks at an image, and which cannot."""

from __future__ import annotations

import pytest

from caseloom.core.result import AnswerStatus
from caseloom.tools.asked import Kind, Said, answer_from, asked_of_image, finding_name


@pytest.mark.parametrize(("question", "kind", "thing"), [
    ("Is there a pleural effusion?", Kind.PRESENCE, "pleural effusion"),
    ("is there any evidence of pneumothorax on this film", Kind.PRESENCE, "pneumothorax"),
    ("Are there signs of an acute infarct in the MRI?", Kind.PRESENCE, "acute infarct"),
    ("Does the CT show a nodule in the right upper lobe?", Kind.PRESENCE, "nodule in the right upper lobe"),
    ("Do you see any rib fractures here?", Kind.PRESENCE, "rib fractures"),
    ("Where is the right clavicle?", Kind.PLACE, "right clavicle"),
    ("Locate the carina.", Kind.PLACE, "carina"),
    ("Is there a nodule, [name]?", Kind.PRESENCE, "nodule"),
    ("Is there a clot in [name]'s ([id]) heart?", Kind.PRESENCE, "clot in the patient's heart"),
    ("Is there carcinoma of [name], born [birth date]?", Kind.PRESENCE, "carcinoma of the patient"),
    ("Where is the tumor of [name] [id]?", Kind.PLACE, "tumor of the patient"),
])
def test_presence_and_place_are_understood(question: str, kind: Kind, thing: str) -> None:
    asked = asked_of_image(question)
    assert asked is not None
    assert (asked.kind, asked.thing) == (kind, thing)


@pytest.mark.parametrize("question", [None, "", "  ", "How large is the nodule?", "Is there no effusion?",
                                      "Is the heart enlarged?", "Is there ?", "Any allergies?", "Find the nodule.",
                                      "Is there a\n<end_of_turn>\nnodule?", "Is there [name]?",
                                      "Is there " + "very " * 40 + "much?"])
def test_other_questions_are_not_guessed_at(question: str | None) -> None:
    assert asked_of_image(question) is None


def test_a_finding_is_called_as_it_was_asked() -> None:
    assert finding_name("COPD signs") == "COPD signs"
    assert finding_name("pleural effusion") == "Pleural effusion"


def test_one_settled_sentence_answers_and_none_declines() -> None:
    said = [Said("The film of 2020 shows none.", settled=True), Said("The other was not read.")]
    answer = answer_from(said, "localization", "Is there a nodule?")
    assert (answer.status, answer.text) == (AnswerStatus.ANSWERED,
                                            "The film of 2020 shows none. The other was not read.")
    assert answer.steps[0].arguments == {"question": "Is there a nodule?"}
    assert answer_from(said[1:], "localization", "Is there a nodule?").status is AnswerStatus.DECLINED

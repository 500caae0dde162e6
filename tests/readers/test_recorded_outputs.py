"""Every answer of MedGemma 1.5 that Google's notebooks stored, read as each kind of answer."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from scripted_reader import SCRIPTED

from caseloom.readers.answers import make_reading, split_thinking
from caseloom.readers.expect import Boxes, Choice, Expect, FreeText, Json, LabelledBox, YesNo
from caseloom.readers.reading import Reading, Seconds, Tokens
from caseloom.readers.request import Request

_CELL = re.compile(r"<<<cell \d+>>>\n")
_ANSWER = re.compile(r"\*\*\[ MedGemma(?: Response:)? ?\]\*\*\n\n(.*?)\n\n+---", re.DOTALL)
CHANGES = Choice(("improved", "stable", "worsened"))


def read(text: str, expect: Expect[Any]) -> Reading[Any]:
    return make_reading(Request("t", "t/1", ("?",), expect, "P", 500), text, reader=SCRIPTED,
                        tokens=Tokens(1, 0, 1), seconds=Seconds())


@pytest.fixture
def recorded(shared_data: Path) -> Path:
    return shared_data / "medgemma15_recorded_outputs"


def answers(path: Path) -> list[str]:
    return _ANSWER.findall(path.read_text("utf-8"))


def agent_cells(recorded: Path, heading: str) -> list[str]:
    """What stands under a heading of the record navigator's cells."""
    cells = _CELL.split((recorded / "ehr_navigator_agent.txt").read_text("utf-8"))
    return [cell.partition(heading)[2].strip() for cell in cells if cell.startswith(heading)]


def test_every_recorded_file_is_read_here(recorded: Path) -> None:
    assert sorted(path.name for path in recorded.glob("*.txt")) == [
        "LICENCE.txt", "cxr_anatomy_localization_with_hugging_face.txt",
        "cxr_longitudinal_comparison_with_hugging_face.txt", "ehr_navigator_agent.txt",
        "high_dimensional_ct_model_garden.txt", "high_dimensional_pathology_hugging_face.txt",
        "high_dimensional_pathology_model_garden.txt", "quick_start_with_dicom.txt"]


def test_the_clavicle_is_a_box(recorded: Path) -> None:
    (answer,) = answers(recorded / "cxr_anatomy_localization_with_hugging_face.txt")
    assert read(answer, Boxes()).value == (LabelledBox("right clavicle", (0.11, 0.14, 0.47, 0.34)),)
    assert read(answer, YesNo()).value is None


def test_the_prompt_of_the_clavicle_is_no_answer(recorded: Path) -> None:
    text = (recorded / "cxr_anatomy_localization_with_hugging_face.txt").read_text("utf-8")
    prompt = text.partition("**[ User ]**")[2].partition("<<<cell")[0]
    assert '"label": "dog"' in prompt
    assert read(prompt, Boxes()).problem == "the answer repeats the instruction and gives no 'Final Answer'"


def test_the_ct_is_answered_with_yes(recorded: Path) -> None:
    (answer,) = answers(recorded / "high_dimensional_ct_model_garden.txt")
    reading = read(answer, YesNo())
    assert reading.value is True
    assert reading.thinking is None
    assert reading.answer.startswith("Based on the provided CT image")


def test_the_prompt_of_the_ct_is_no_answer(recorded: Path) -> None:
    text = (recorded / "high_dimensional_ct_model_garden.txt").read_text("utf-8")
    (line,) = re.findall(r'"text": "(.*Final Answer: yes.*)"', text)
    assert read(line, YesNo()).problem == "the final answer says more than yes or no"


def test_the_two_slides_have_a_diagnosis(recorded: Path) -> None:
    (short,) = answers(recorded / "high_dimensional_pathology_hugging_face.txt")
    (long,) = answers(recorded / "high_dimensional_pathology_model_garden.txt")
    assert read(short, FreeText()).value == "colon biopsy: moderately differentiated adenocarcinoma."
    assert read(long, FreeText()).value.splitlines()[0] == "colonic adenocarcinoma."
    assert read(short, YesNo()).value is None


def test_a_comparison_in_prose_is_no_choice(recorded: Path) -> None:
    (answer,) = answers(recorded / "cxr_longitudinal_comparison_with_hugging_face.txt")
    assert read(answer, FreeText()).value == answer.strip()
    assert read(answer, CHANGES).problem == "there is no 'Final Answer' in the answer"


def test_film_descriptions_are_text_and_neither_yes_nor_no(recorded: Path) -> None:
    described = answers(recorded / "quick_start_with_dicom.txt")
    assert len(described) == 4
    for answer in described:
        assert read(answer, FreeText()).value == answer.strip()
        assert "no 'Final Answer'" in str(read(answer, YesNo()).problem)
        assert read(answer, Boxes()).value is None
    assert sum("is an AI" in str(read(answer, YesNo()).problem) for answer in described) == 2


def test_the_record_navigators_json_is_read(recorded: Path) -> None:
    said = agent_cells(recorded, "### ❗ MedGemma Response")
    assert len(said) == 5
    patient = "e4350e97-bb8c-70b7-9997-9e098cfacef8"
    calls = Json(TypeAdapter(dict[str, Any]))
    assert read(said[0], calls).value == {"name": "get_patient_data_manifest", "args": {"patient_id": patient}}
    assert read(said[1], Json(TypeAdapter(list[str]))).value == ["MedicationAdministration"]
    assert read(said[2], calls).value["args"]["fhir_resource"] == "MedicationAdministration"
    assert read(said[1], calls).problem == "the JSON is not as asked: the value: Input should be a valid dictionary"


def test_the_record_navigators_empty_trace_is_no_part_of_its_answer(recorded: Path) -> None:
    facts, final = agent_cells(recorded, "### ❗ MedGemma Response")[3:]
    assert facts.startswith("<unused94><unused95>During")
    reading = read(facts, FreeText())
    assert reading.value.startswith("During the sepsis encounter")
    assert reading.thinking is None
    assert read(final, FreeText()).value.startswith("Based on the provided information")


def test_the_record_navigators_thinking_is_no_answer(recorded: Path) -> None:
    (trace,) = agent_cells(recorded, "### 💬 MedGemma is thinking")
    facts = agent_cells(recorded, "### ❗ MedGemma Response")[3]
    assert trace.startswith("thought\n")
    assert read(trace, FreeText()).problem == "the model thought and gave no answer"
    whole = facts.replace("<unused94>", f"<unused94>{trace}")
    thinking, answer = split_thinking(whole)
    assert thinking == trace.removeprefix("thought\n").strip()
    assert answer.startswith("During the sepsis encounter")


@pytest.mark.parametrize(("text", "expect", "value"), [
    ('Final Answer: ```json[{"box_2d": [150, 100, 300, 480], "label": "left clavicle"}]```', Boxes(),
     (LabelledBox("left clavicle", (0.1, 0.15, 0.48, 0.3)),)),
    ("Based on the provided CT image, there is a hypodense lesion.\n\nTherefore, it could serve.\n\nFinal Answer: yes",
     YesNo(), True),
    ("skin, punch biopsy: benign nevus.\n margins: clear.", FreeText(),
     "skin, punch biopsy: benign nevus.\n margins: clear."),
    ("Okay, here's a description:\n\n**Disclaimer:** I am an AI and cannot provide medical diagnoses.", YesNo(), None),
    ("**Comparison:**\n\n1.  **Density:** less dense.\n\nIt is essential to correlate.", CHANGES, None),
    ('```json\n["Condition"]\n```', Json(TypeAdapter(list[str])), ["Condition"]),
    ("<unused94><unused95>In March the patient received:\n*   aspirin.", FreeText(),
     "In March the patient received:\n*   aspirin."),
    ("<unused94>thought\nThe user wants the list.\n1.  **Identify**<unused95>Aspirin.", FreeText(), "Aspirin."),
])
def test_the_same_shapes_without_the_recordings(text: str, expect: Expect[Any], value: Any) -> None:
    assert read(text, expect).value == value

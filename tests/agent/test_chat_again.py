"""What runs again in a chat: with parameters of the user's, cited under ids of its own, kept with the conversation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from langchain_core.messages import AIMessage
from scripted_chat import ScriptedChat, call

from caseloom.agent.chat.history import History
from caseloom.agent.chat.session import Chat
from caseloom.agent.chat.shelf import Shelf
from caseloom.agent.door import open_chat
from caseloom.core.report import Report


@pytest.fixture(scope="module")
def about_the_demo(demo: Path, reviewed: tuple[Report, Path]) -> Chat:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CASELOOM_HOME", str(reviewed[1].parent / "home"))
        return open_chat(demo, keep=False)


@pytest.fixture
def chat(about_the_demo: Chat) -> Chat:
    """A chat with a history and a shelf of its own."""
    context = replace(about_the_demo.context, shelf=Shelf(about_the_demo.context.report.evidence))
    model = about_the_demo.model.model_copy(update={"context": context})
    return replace(about_the_demo, context=context, model=model, history=History(None))


def driven(chat: Chat, *script: object) -> Chat:
    return replace(chat, model=ScriptedChat(script=list(script)))


def test_a_nodule_is_measured_on_the_slice_that_is_asked_for(chat: Chat) -> None:
    answer = chat.ask("Measure the nodule again on slice 106")
    assert answer.status == "answered"
    assert "slice 106" in answer.text and "mm" in answer.text
    shown, = answer.evidence
    assert shown.id == "R1" and shown.locator.index == 105  # type: ignore[union-attr]
    assert shown.picture and (chat.context.folder / shown.picture).is_file()
    assert not (chat.context.folder / "overlays" / Path(shown.picture).name).exists()
    missed = chat.ask("Measure the nodule again on slice 40")
    assert missed.status == "not_in_case" and "lies on slices 10" in missed.text


def test_its_evidence_can_be_opened_and_keeps_its_id(chat: Chat, tmp_path: Path) -> None:
    file = tmp_path / "chat.jsonl"
    shelved = tmp_path / "chat.evidence.jsonl"
    context = replace(chat.context, shelf=Shelf(chat.context.report.evidence, shelved))
    kept = replace(chat, history=History(file), context=context,
                   model=chat.model.model_copy(update={"context": context}))
    first, = kept.ask("Measure the nodule on slice 106").evidence
    assert "R1: Axial CT slice 106" in kept.ask("Show me R1").text
    assert kept.ask("Measure the nodule on slice 106").evidence == (first,)
    later = replace(chat.context, shelf=Shelf(chat.context.report.evidence, shelved))
    model = chat.model.model_copy(update={"context": later})
    other = replace(kept, context=later, model=model).ask("Measure the nodule on slice 105")
    assert {item.id for item in other.evidence} == {"R2"}
    assert later.shown_evidence("r1") == first


def test_what_the_report_shows_already_keeps_the_reports_id(chat: Chat) -> None:
    answer = chat.ask("What is the cardiothoracic ratio?")
    again = driven(chat, call("run_tool", tool="localization"), AIMessage(content="\n".join(
        f"{one.text} [{', '.join(one.evidence)}]" for one in answer.sentences))).ask("again")
    assert {item.id for item in again.evidence} == {item.id for item in answer.evidence}
    assert all(item.id.startswith("E") for item in again.evidence)


def test_a_slide_is_searched_by_words_and_by_a_region_that_was_cited(chat: Chat) -> None:
    found = chat.ask("Search the slide for large nuclei here")
    assert "nuclear area" in found.text and found.evidence[0].kind == "slide_region"
    assert all(key.startswith("R") for one in found.sentences for key in one.evidence)
    alike = chat.ask(f"Find regions like {found.evidence[-1].id}")
    assert "distance between the descriptors" in alike.text
    refused = driven(chat, call("search_slide", like="E1"), AIMessage(content="Not in this case.")).ask("x")
    assert refused.status == "not_in_case"


def test_a_model_may_reword_what_ran_again_but_not_change_it(chat: Chat) -> None:
    measured = chat.ask("Measure the nodule on slice 106")
    sentence = next(one for one in measured.sentences if "long-axis" in one.text)
    line = f"{sentence.text} [{', '.join(sentence.evidence)}]"
    number = sentence.text.split()[-2]  # of the short axis, the last that is told
    asked = call("measure_on_slice", slice=106)
    assert driven(chat, asked, AIMessage(content=line)).ask("x").status == "answered"
    assert driven(chat, asked, AIMessage(content=line.replace(number, "23.1"))).ask("x").status == "declined"
    assert driven(chat, asked, AIMessage(content=line.replace("R1", "R7"))).ask("x").status == "declined"
    assert driven(chat, asked, AIMessage(content=line.replace("right", "left"))).ask("x").status == "declined"


@pytest.mark.parametrize(("wrong", "reason"), [
    (call("measure_on_slice", slice=0), "slice: Input should be greater"),
    (call("measure_on_slice", slice=10, patient="P-1"), "patient: Extra inputs"),
    (call("list_opacities", zone="upper lobe"), "zone: Input should be"),
    (call("search_slide", like="../x"), "like: String should match"),
    (call("read_documents", words="x", file="/etc/passwd"), "file: Extra inputs")])
def test_wrong_parameters_reach_no_tool(chat: Chat, wrong: AIMessage, reason: str) -> None:
    asked = driven(chat, wrong, AIMessage(content="Not in this case."))
    asked.ask("x")
    assert reason in str(asked.model.seen[-1][-1].content)  # type: ignore[attr-defined]


def test_letters_are_quoted_with_their_place_and_without_names(chat: Chat) -> None:
    answer = chat.ask("What does the letter say about the chest CT?")
    assert answer.status == "answered" and "[name]" in answer.text and "Sample" not in answer.text
    place = answer.evidence[0].locator
    assert place.page == 1 and place.bbox[2] > place.bbox[0] > 0  # type: ignore[union-attr]
    missed = chat.ask("Is there a repeat chest CT?")
    assert missed.status == "not_in_case" and "stand in the letter of 2025-11-13" in missed.text


def test_the_film_before_that(chat: Chat) -> None:
    assert chat.ask("Compare the film with the one before").status == "answered"
    again = chat.ask("and the one before that?")
    assert again.steps[0].arguments["back"] == 2
    assert again.status == "not_in_case" and "1 film before" in again.text

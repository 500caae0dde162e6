"""The volume tool with a reader that interprets: what it asks, what it makes of the answers, what stays as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_ct import FIRST_HU, block, series_of, study_of, write_nifti, write_slices
from PIL import Image
from scripted_reader import ScriptedReader

from caseloom.core.case import FileKind, Identity, Series
from caseloom.core.errors import ReaderFailed
from caseloom.core.evidence import VolumeRegion
from caseloom.core.finding import Category, Finding, Status
from caseloom.core.result import AnswerStatus, ToolResult
from caseloom.core.settings import Limits
from caseloom.readers.measure import MeasureReader
from caseloom.readers.protocol import Reader
from caseloom.readers.recipes.conditions import conditions_for
from caseloom.readers.recipes.ct import window_ct
from caseloom.readers.request import Request
from caseloom.sources.volume import load_volume
from caseloom.tools.base import ToolContext
from caseloom.tools.volume import VolumeTool
from caseloom.tools.volume.part import Part
from caseloom.tools.volume.read import parts_shown
from caseloom.tools.volume.telling import Telling
from caseloom.tools.volume.tool import DECLINED


def answers(request: Request[Any]) -> str:
    question = str(request.parts[-1])
    if '"pleural effusion"' in question:
        return "<unused94>thought\nlooks wet<unused95>Fluid on the left. Final Answer: yes"
    return "I am not sure." if '"hiatal hernia"' in question else "Final Answer: no"


def run(root: Path, series: Series, reader: Reader, *, pictures: Path | None = None,
        question: str | None = None) -> ToolResult:
    context = ToolContext(root=root, patient=None, opaque_patient="P-0", reader=reader, pictures=pictures, cache=root,
                          question=question)
    return VolumeTool().run(study_of(series), context)


def of_model(result: ToolResult) -> dict[str, Finding]:
    return {item.name: item for item in result.findings if item.reader == "scripted"}


def centre(request: Request[Any]) -> list[tuple[int, ...]]:
    return [tuple(picture.pixels[16, 20]) for picture in request.pictures]


@pytest.fixture
def chest(tmp_path: Path) -> Series:
    """Twelve slices whose header says chest, numbered by the scanner from head to feet."""
    paths = write_slices(tmp_path / "ct", block(12), numbers=list(range(12, 0, -1)))
    return series_of(tmp_path, paths, body_part="CHEST")


def test_answers_become_findings_beside_what_was_measured(tmp_path: Path, chest: Series) -> None:
    reader = ScriptedReader(answers)
    result = run(tmp_path, chest, reader, pictures=tmp_path / "overlays")
    read = of_model(result)
    assert len(read) == len(reader.requests) == len(conditions_for("CT", "chest"))
    assert {name: item.status for name, item in read.items() if item.status is not Status.ABSENT} == {
        "Pleural effusion": Status.PRESENT, "Hiatal hernia": Status.INDETERMINATE}
    assert {(item.category, item.confidence, item.tool, item.date) for item in read.values()} == {
        (Category.OBSERVATION, None, "volume", "2025-03-04")}
    shown = {item.id: item for item in result.evidence}
    evidence = {name: shown[item.evidence[0]] for name, item in read.items()}
    assert evidence["Pleural effusion"].raw_answer == "Fluid on the left. Final Answer: yes"
    assert evidence["Hiatal hernia"].raw_answer == "I am not sure."
    caption, place = evidence["Pleural effusion"].caption, evidence["Pleural effusion"].locator
    assert "12 of 12 slices as shown to scripted, asked whether pleural effusion is there" in caption
    assert isinstance(place, VolumeRegion)
    assert place.slice_range == (0, 11)
    assert place.bbox_mm == (-2.0, -2.0, -2.5, 126.0, 126.0, 57.5)
    assert any("hiatal hernia" in text and "neither yes nor no" in text for text in result.warnings)
    (picture,) = {item.picture for item in evidence.values()}
    with Image.open(tmp_path / str(picture)) as sheet:
        assert sheet.size == (1000, 28 + 750), "a title and three rows of four slices"


def test_what_is_measured_is_the_same_with_any_reader(tmp_path: Path, chest: Series) -> None:
    alone = run(tmp_path, chest, MeasureReader())
    beside = run(tmp_path, chest, ScriptedReader(answers))
    assert alone.findings
    assert {item.reader for item in alone.findings} == {"measure"}
    assert tuple(item for item in beside.findings if item.reader == "measure") == alone.findings
    assert beside.evidence[:len(alone.evidence)] == alone.evidence
    assert alone.warnings == beside.warnings[:len(alone.warnings)]


def test_a_reader_that_fails_costs_nothing_that_was_measured(tmp_path: Path, chest: Series) -> None:
    def down(request: Request[Any]) -> str:
        raise ReaderFailed("the server does not answer")

    alone = run(tmp_path, chest, MeasureReader())
    result = run(tmp_path, chest, ScriptedReader(down), question="Is there a nodule?")
    assert result.findings == alone.findings
    assert result.warnings[-1] == "scripted did not read the CT of 2025-03-04: the server does not answer"
    assert result.answer is not None
    assert result.answer.status is AnswerStatus.DECLINED
    assert "does not answer" in result.answer.text


def test_all_questions_share_their_slices(tmp_path: Path, chest: Series) -> None:
    reader = ScriptedReader(answers)
    run(tmp_path, chest, reader)
    first, *others = reader.requests
    assert all(one is other for request in others
               for one, other in zip(first.pictures, request.pictures, strict=True))
    assert {request.scope for request in reader.requests} == {"P-0"}
    assert all(request.parts[:-1] == first.parts[:-1] for request in others)
    assert "center of the chest" in str(first.parts[0])


@pytest.mark.parametrize(("numbers", "from_head"), [(range(12, 0, -1), True), (range(1, 13), False), ((), False)],
                         ids=["head first", "feet first", "no numbers"])
def test_slices_are_shown_in_the_scanners_order(tmp_path: Path, numbers: range, from_head: bool) -> None:
    paths = write_slices(tmp_path / "ct", block(12), numbers=list(numbers))
    reader = ScriptedReader(answers)
    run(tmp_path, series_of(tmp_path, paths, body_part="CHEST"), reader)
    expected = window_ct(FIRST_HU + np.arange(12, dtype=np.int16))
    assert centre(reader.requests[0]) == [tuple(colour) for colour in (expected[::-1] if from_head else expected)]


def test_of_more_slices_85_are_shown_and_said(tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "ct.nii", block(120))
    reader = ScriptedReader(answers)
    result = run(tmp_path, series_of(tmp_path, [path], body_part="CHEST"), reader)
    assert len(reader.requests[0].pictures) == 85
    (evidence,) = (item for item in result.evidence if "asked whether pleural effusion" in item.caption)
    assert "85 of 120 slices" in evidence.caption
    assert isinstance(evidence.locator, VolumeRegion)
    assert evidence.locator.slice_range == (1, 119), "the formula takes the last slice and never the first"


def test_slices_of_a_nifti_file_are_turned_to_the_usual_view(tmp_path: Path) -> None:
    readers = [ScriptedReader(answers), ScriptedReader(answers)]
    run(tmp_path, series_of(tmp_path, [write_nifti(tmp_path / "ct.nii", block(12))], body_part="CHEST"), readers[0])
    run(tmp_path, series_of(tmp_path, write_slices(tmp_path / "ct", block(12)), body_part="CHEST"), readers[1])
    for one, other in zip(*(reader.requests[0].pictures for reader in readers), strict=True):
        np.testing.assert_array_equal(one.pixels, other.pixels)


def test_without_a_known_part_of_the_body_only_the_user_asks(tmp_path: Path) -> None:
    series = series_of(tmp_path, write_slices(tmp_path / "ct", block(12)))
    reader = ScriptedReader(answers)
    result = run(tmp_path, series, reader)
    assert reader.requests == []
    assert any("case.yaml can name a body_part" in text for text in result.warnings)
    asked = run(tmp_path, series, reader, question="Is there a pleural effusion?")
    assert [str(request.parts[-1]).count('"pleural effusion"') for request in reader.requests] == [1]
    assert "center" not in str(reader.requests[0].parts[0])
    assert list(of_model(asked)) == ["Pleural effusion"]


def test_the_users_question_is_asked_once_and_answered_with_its_evidence(tmp_path: Path, chest: Series) -> None:
    reader = ScriptedReader(answers)
    result = run(tmp_path, chest, reader, question="Is there any pleural effusion in this CT?")
    assert len(reader.requests) == len(conditions_for("CT", "chest"))
    assert result.answer is not None
    assert result.answer.status is AnswerStatus.ANSWERED
    assert result.answer.text == ("scripted, shown 12 of 12 slices of the CT of 2025-03-04, reads pleural effusion as "
                                  "present.")
    finding = of_model(result)["Pleural effusion"]
    assert result.answer.sentences[0].evidence == finding.evidence == tuple(item.id for item in result.answer.evidence)
    other = run(tmp_path, chest, reader, question="Are there any rib fractures?")
    assert other.answer is not None
    assert other.answer.text.endswith("reads rib fractures as absent.")
    assert "Rib fractures" in of_model(other)


def test_a_name_in_the_question_reaches_neither_model_nor_finding(tmp_path: Path, chest: Series) -> None:
    known = Identity(ids=("MRN-77123",), names=("Quillfeather^Ada",))
    named = chest.model_copy(update={"files": tuple(file.model_copy(update={"identities": (known,)})
                                                    for file in chest.files)})
    reader = ScriptedReader(answers)
    result = run(tmp_path, named, reader, question="Is there a clot in Ada Quillfeather's (MRN-77123) heart?")
    assert len(reader.requests) == len(conditions_for("CT", "chest")) + 1
    said = result.model_dump_json() + "".join(str(part) for request in reader.requests for part in request.parts
                                              if isinstance(part, str))
    assert "clot in the patient's heart" in said
    assert "Quillfeather" not in said
    assert "77123" not in said


@pytest.mark.parametrize(("question", "words"), [("How large is the heart?", "put the question as 'Is there"),
                                                 ("Where is the nodule?", "put the question as 'Is there"),
                                                 ("Is there a hiatal hernia?", "no usable answer about hiatal hernia")])
def test_what_cannot_be_answered_is_declined_with_the_reason(tmp_path: Path, chest: Series, question: str,
                                                              words: str) -> None:
    result = run(tmp_path, chest, ScriptedReader(answers), question=question)
    assert result.answer is not None
    assert result.answer.status is AnswerStatus.DECLINED
    assert words in result.answer.text
    alone = run(tmp_path, chest, MeasureReader(), question=question).answer
    assert alone is not None
    assert (alone.text, alone.status) == (DECLINED, AnswerStatus.DECLINED)


def test_an_mr_is_asked_by_its_own_recipe(tmp_path: Path) -> None:
    paths = write_slices(tmp_path / "mr", block(6, air=-30), modality="MR")
    reader = ScriptedReader(answers)
    result = run(tmp_path, series_of(tmp_path, paths, FileKind.MR, body_part="BRAIN"), reader)
    assert {request.recipe for request in reader.requests} == {"mri/1"}
    assert set(of_model(result)) == {"Acute infarct", "Intracranial hemorrhage", "Multiple sclerosis"}


def test_a_volume_of_unknown_modality_is_shown_to_nobody(tmp_path: Path) -> None:
    reader = ScriptedReader(answers)
    path = write_nifti(tmp_path / "what.nii", block(6, air=0) + 100)
    result = run(tmp_path, series_of(tmp_path, [path], FileKind.VOLUME, body_part="HEAD"), reader,
                 question="Is there a haemorrhage?")
    assert reader.requests == []
    assert result.answer is not None
    assert result.answer.status is AnswerStatus.DECLINED


@pytest.mark.parametrize(("named", "seen", "asked"), [
    ("HEAD", (Part.CHEST,), ("chest",)), ("HEAD", (Part.HEAD, Part.CHEST), ("head",)),
    ("CHEST", (), ("chest",)), ("ABDOMEN", (Part.ABDOMEN,), ("abdomen",)), ("HEAD", (Part.ABDOMEN,), ("head",))])
def test_what_is_asked_follows_the_images_where_they_contradict_the_header(
        tmp_path: Path, named: str, seen: tuple[Part, ...], asked: tuple[str, ...]) -> None:
    series = series_of(tmp_path, write_slices(tmp_path / "ct", block(3)), body_part=named)
    telling = Telling(load_volume(series, tmp_path, Limits()), series, None, ToolContext(
        root=tmp_path, patient=None, opaque_patient="P-0", reader=MeasureReader(), pictures=None, cache=tmp_path),
        parts=seen)
    assert parts_shown(telling, study_of(series)) == asked

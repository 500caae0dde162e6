"""The localization tool with a reader that interprets: boxes on the stored image, findings, the user's question."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from made_film import film_study, run_on_film
from PIL import Image
from scripted_reader import ScriptedReader

from caseloom.core.boxes import Box
from caseloom.core.errors import ReaderFailed
from caseloom.core.evidence import Evidence, ImageBox
from caseloom.core.finding import Category, Finding, Laterality, Status
from caseloom.core.refusal import RefusalCode
from caseloom.core.result import AnswerStatus, ToolResult
from caseloom.readers.protocol import Reader
from caseloom.readers.request import Request
from caseloom.tools.base import ToolContext
from caseloom.tools.localization import LocalizationTool
from caseloom.tools.localization.structures import ANATOMY, FINDINGS, OBJECTS

BOX = (100, 150, 460, 700)
"""(x0, y0, x1, y1) in thousandths of the padded square."""


def boxes_say(*labelled: tuple[str, Box]) -> str:
    return "Final Answer: ```json" + json.dumps(
        [{"box_2d": [box[1], box[0], box[3], box[2]], "label": label} for label, box in labelled]) + "```"


class Film:
    """A script: what is said of each structure and finding, by name."""

    def __init__(self, said: Mapping[str, str], otherwise: str = "I cannot tell.") -> None:
        self._said, self._otherwise = said, otherwise

    def __call__(self, request: Request[Any]) -> str:
        match = re.search(r"Where is the (.+?)\?|Is there (.+?) in this", str(request.parts[-1]))
        assert match is not None
        return self._said.get(f"where {match[1]}" if match[1] else match[2], self._otherwise)


def run(path: Path, reader: Reader, *, pictures: Path | None = None, question: str | None = None,
        **fields: object) -> ToolResult:
    context = ToolContext(root=path.parent, patient=None, opaque_patient="P-0", reader=reader, pictures=pictures,
                          cache=path.parent, question=question)
    return LocalizationTool().run(film_study(path, **fields), context)


def told(result: ToolResult, name: str, category: Category = Category.OBSERVATION
         ) -> tuple[Finding, list[Evidence], list[Box]]:
    finding, = (item for item in result.findings if (item.name, item.category, item.is_read) == (name, category, True))
    evidence = [item for item in result.evidence if item.id in finding.evidence]
    return finding, evidence, [item.locator.box for item in evidence if isinstance(item.locator, ImageBox)]


def on_square(box: Box, columns: int, rows: int) -> Box:
    """A box of thousandths of the padded square in pixels of the film, computed apart from the code under test."""
    side = max(columns, rows)
    left, top = (side - columns) / 2, (side - rows) / 2
    return (box[0] * side / 1000 - left, box[1] * side / 1000 - top, box[2] * side / 1000 - left,
            box[3] * side / 1000 - top)


@pytest.fixture
def film(shared_data: Path) -> Path:
    """MONOCHROME1, 1955 rows and 1841 columns, orientation L\\F."""
    return shared_data / "dicom_single" / "RG1_J2KI.dcm"


def test_structures_are_placed_on_the_stored_image(film: Path, tmp_path: Path) -> None:
    reader = ScriptedReader(Film({"where right lung": boxes_say(("right lung", BOX))}))
    result = run(film, reader, pictures=tmp_path / "overlays")
    finding, (evidence,), (box,) = told(result, "Right lung", Category.ANATOMY)
    assert (finding.status, finding.laterality, finding.confidence) == (Status.PRESENT, Laterality.RIGHT, None)
    assert box == pytest.approx(on_square(BOX, 1841, 1955), abs=1.0)
    assert evidence.raw_answer == boxes_say(("right lung", BOX))
    assert evidence.picture is not None
    measured = {item.picture for item in result.evidence if item.raw_answer is None}
    assert evidence.picture not in measured, "what was measured keeps its own picture"
    with Image.open(tmp_path / evidence.picture) as drawn:
        assert max(drawn.size) == 1024
        colours = np.asarray(drawn).astype(int)
    assert (np.abs(colours - (230, 140, 190)).sum(axis=-1) == 0).sum() > 500, "the model's dashes"


def test_the_film_is_shown_bright_where_dense(film: Path) -> None:
    reader = ScriptedReader(Film({}))
    run(film, reader)
    pixels = reader.requests[0].pictures[0].pixels
    assert pixels.shape == (1955, 1955, 3)
    assert (pixels[:, :57] == 0).all(), "padded with black"
    spine, lung = pixels[600:900, 950:1000], pixels[500:700, 300:450]
    assert spine.mean() > lung.mean() + 40


@pytest.mark.parametrize(("turn", "orientation"), [("mirrored", ["R", "F"]), ("upside down", ["R", "H"])])
def test_boxes_of_a_turned_film_lie_in_its_stored_pixels(film: Path, tmp_path: Path, turn: str,
                                                         orientation: list[str]) -> None:
    header = pydicom.dcmread(film)
    stored = header.pixel_array
    header.decompress()
    turned = stored[:, ::-1] if turn == "mirrored" else stored[::-1, ::-1]
    header.PixelData = np.ascontiguousarray(turned).tobytes()
    header.PatientOrientation = orientation
    header.save_as(tmp_path / "turned.dcm")
    readers = [ScriptedReader(Film({"where right lung": boxes_say(("right lung", BOX))})) for _ in range(2)]
    (x0, y0, x1, y1), = told(run(film, readers[0]), "Right lung", Category.ANATOMY)[2]
    finding, _, (box,) = told(run(tmp_path / "turned.dcm", readers[1]), "Right lung", Category.ANATOMY)
    rows, columns = stored.shape
    expected = (columns - x1, y0, columns - x0, y1) if turn == "mirrored" else (
        columns - x1, rows - y1, columns - x0, rows - y0)
    assert box == expected
    assert finding.laterality is Laterality.RIGHT
    assert readers[0].requests[0].pictures[0].sha256 == readers[1].requests[0].pictures[0].sha256


def test_boxes_of_a_picture_turned_by_exif(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "cxr_nih" / "00000001_000.png"
    exif = Image.Exif()
    exif[274] = 6
    with Image.open(source) as picture:
        picture.convert("L").transpose(Image.Transpose.ROTATE_90).save(tmp_path / "turned.png", exif=exif)
        width = picture.width
    script = Film({"where left lung": boxes_say(("left lung", (500, 100, 900, 800)))})
    (x0, y0, x1, y1), = told(run(source, ScriptedReader(script)), "Left lung", Category.ANATOMY)[2]
    (box,) = told(run(tmp_path / "turned.png", ScriptedReader(script)), "Left lung", Category.ANATOMY)[2]
    assert box == (y0, width - x1, y1, width - x0)


def test_findings_are_present_absent_or_indeterminate(film: Path) -> None:
    script = Film({"pleural effusion": "Blunted angle.\nFinal Answer: yes", "edema": "Final Answer: no"})
    result = run(film, ScriptedReader(script))
    whole = (0.0, 0.0, 1841.0, 1955.0)
    for name, status, words in (("Pleural effusion", Status.PRESENT, "Blunted angle.\nFinal Answer: yes"),
                                ("Pulmonary edema", Status.ABSENT, "Final Answer: no"),
                                ("Pneumothorax", Status.INDETERMINATE, "I cannot tell.")):
        finding, (evidence,), boxes = told(result, name)
        assert (finding.status, evidence.raw_answer, boxes) == (status, words, [whole])
    lung, (evidence,), boxes = told(result, "Left lung", Category.ANATOMY)
    assert (lung.status, boxes) == (Status.INDETERMINATE, [whole])
    assert "placed no box" in evidence.caption
    assert any("pneumothorax" in text and "on the film of 2025-03-04" in text for text in result.warnings)


@pytest.mark.parametrize("answer", [boxes_say(("left lung", BOX)), boxes_say(("right lung", (0, 0, 20, 1000))),
                                    boxes_say(("mediastinum", BOX)), "Final Answer: ```json[]```"],
                         ids=["other side", "in the padding", "another structure", "no box"])
def test_a_box_that_cannot_be_used_leaves_the_structure_indeterminate(film: Path, answer: str) -> None:
    result = run(film, ScriptedReader(Film({"where right lung": answer})))
    finding, (evidence,), _ = told(result, "Right lung", Category.ANATOMY)
    assert (finding.status, evidence.raw_answer) == (Status.INDETERMINATE, answer)
    assert any("no usable box of right lung" in text for text in result.warnings)


def test_a_place_that_contradicts_itself_is_indeterminate(film: Path) -> None:
    other = (500, 150, 860, 700)
    said = {"where right lung": boxes_say(("right lung", BOX), ("right lung", other)),
            "where left lung": boxes_say(("left lung", BOX)), "where mediastinum": boxes_say(("mediastinum", BOX)),
            "where cardiac silhouette": boxes_say(("heart", other))}
    result = run(film, ScriptedReader(Film(said)))
    statuses = {name: told(result, name, Category.ANATOMY)[0].status
                for name in ("Right lung", "Left lung", "Mediastinum", "Cardiac silhouette")}
    assert statuses == {"Right lung": Status.INDETERMINATE, "Left lung": Status.INDETERMINATE,
                        "Mediastinum": Status.INDETERMINATE, "Cardiac silhouette": Status.PRESENT}
    assert any("2 boxes were given of right lung" in text for text in result.warnings)
    assert any("same box was given of left lung and mediastinum" in text for text in result.warnings)


def test_what_is_measured_is_the_same_with_any_reader(film: Path, tmp_path: Path) -> None:
    alone = run_on_film(film, pictures=tmp_path / "one" / "overlays")
    beside = run(film, ScriptedReader(Film({})), pictures=tmp_path / "other" / "overlays")
    assert beside.findings[:len(alone.findings)] == alone.findings
    assert beside.evidence[:len(alone.evidence)] == alone.evidence
    assert {item.reader for item in alone.findings} == {"measure"}
    for path in (tmp_path / "one").rglob("*.png"):
        assert (tmp_path / "other" / path.relative_to(tmp_path / "one")).read_bytes() == path.read_bytes()


def test_a_reader_that_fails_costs_nothing_that_was_measured(film: Path) -> None:
    def down(request: Request[Any]) -> str:
        raise ReaderFailed("the server does not answer")

    alone, result = run_on_film(film), run(film, ScriptedReader(down), question="Is there a nodule?")
    assert (result.findings, result.evidence) == (alone.findings, alone.evidence)
    failed = "scripted did not read the film of 2025-03-04: the server does not answer"
    assert result.warnings == (*alone.warnings, failed)
    assert result.answer is not None
    assert result.answer.status is AnswerStatus.DECLINED


def test_everything_is_asked_in_one_go_about_one_picture(film: Path) -> None:
    reader = ScriptedReader(Film({}))
    run(film, reader)
    assert len(reader.requests) == len(OBJECTS) + len(FINDINGS)
    assert len({request.pictures[0].sha256 for request in reader.requests}) == 1
    assert len({id(request.pictures[0]) for request in reader.requests}) <= 2
    assert {request.scope for request in reader.requests} == {"P-0"}
    assert set(OBJECTS) < ANATOMY
    assert len(ANATOMY) == 36


def test_what_no_gate_lets_in_is_shown_to_nobody(film: Path, tmp_path: Path) -> None:
    reader = ScriptedReader(Film({}))
    assert [item.code for item in run(film, reader, view="LL").refused] == [RefusalCode.WRONG_VIEW]
    blank = tmp_path / "blank.png"
    Image.fromarray(np.full((512, 512), 90, np.uint8)).save(blank)
    result = run(blank, reader, question="Is there a nodule?")
    assert result.refused
    assert reader.requests == []
    assert result.answer is not None
    assert "No frontal chest film could be read" in result.answer.text


def test_a_structure_that_the_user_asks_for_is_placed_and_answered(film: Path) -> None:
    reader = ScriptedReader(Film({"where right clavicle": boxes_say(("right clavicle", (140, 110, 470, 340)))}))
    result = run(film, reader, question="Where is the right clavicle?")
    finding, _, (box,) = told(result, "Right clavicle", Category.ANATOMY)
    assert result.answer is not None
    assert result.answer.status is AnswerStatus.ANSWERED
    assert f"[{', '.join(f'{edge:.0f}' for edge in box)}]" in result.answer.text
    assert result.answer.sentences[0].evidence == finding.evidence


def test_a_finding_is_placed_only_when_it_is_read_as_present(film: Path) -> None:
    place = {"where pneumonia": boxes_say(("pneumonia", (600, 600, 800, 800)))}
    absent = run(film, ScriptedReader(Film(place | {"pneumonia": "Final Answer: no"})),
                 question="Where is the pneumonia?")
    assert absent.answer is not None
    assert absent.answer.text == "scripted reads pneumonia as absent on the film of 2025-03-04."
    statuses = [item.status for item in absent.findings if item.name == "Pneumonia"]
    assert statuses == [Status.ABSENT, Status.INDETERMINATE]
    present = run(film, ScriptedReader(Film(place | {"pneumonia": "Final Answer: yes"})),
                  question="Where is the pneumonia?")
    assert present.answer is not None
    assert present.answer.text.startswith("scripted places pneumonia on the film of 2025-03-04 at [")
    assert {item.status for item in present.findings if item.name == "Pneumonia"} == {Status.PRESENT}


def test_a_finding_without_a_place_is_present_and_its_place_unanswered(film: Path) -> None:
    script = Film({"pneumothorax": "Final Answer: yes", "where pneumothorax": "Final Answer: ```json[]```"})
    result = run(film, ScriptedReader(script), question="Where is the pneumothorax?")
    assert result.answer is not None
    assert result.answer.status is AnswerStatus.DECLINED
    assert "reads pneumothorax as present" in result.answer.text
    assert "no usable place" in result.answer.text


@pytest.mark.parametrize(("question", "words", "status"), [
    ("Is there a rib fracture?", "reads rib fracture as absent", AnswerStatus.ANSWERED),
    ("Is there a pneumothorax?", "no usable answer about pneumothorax", AnswerStatus.DECLINED),
    ("How big is the heart?", "put the question as", AnswerStatus.DECLINED)])
def test_questions_about_a_film(film: Path, question: str, words: str, status: AnswerStatus) -> None:
    result = run(film, ScriptedReader(Film({"rib fracture": "Final Answer: no"})), question=question)
    assert result.answer is not None
    assert result.answer.status is status
    assert words in result.answer.text

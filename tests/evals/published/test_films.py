"""Chest ImaGenome and MS-CXR-T in the shapes that they are distributed in."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from made_ct_rate import table
from made_mimic import FILMS, write_mimic
from PIL import Image
from scripted_reader import ScriptedReader

from caseloom.core.errors import NothingUsable
from caseloom.evals.published.evaluate import Wish, evaluate
from caseloom.evals.published.imagenome import TASK
from caseloom.evals.published.task import Source
from caseloom.memory.home import Home
from caseloom.readers.measure import MeasureReader
from caseloom.readers.request import Request

BOXES = {"right lung": (0, 0, 20, 50), "left lung": (20, 0, 40, 50)}
HEAD = ("original_x1", "original_y1", "original_x2", "original_y2")


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_mimic(tmp_path_factory.mktemp("mimic"))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def write_silver(root: Path) -> Path:
    rows = [[number, subject, study, film, f"files/{film}.dcm", "PA"]
            for number, (film, (subject, study)) in enumerate(FILMS.items())]
    head = ["", "subject_id", "study_id", "dicom_id", "path", "ViewPosition"]
    table(root / "silver_dataset" / "splits" / "test.csv", head, [*rows, [9, "10000009", "5", "gone", "", "PA"]])
    table(root / "silver_dataset" / "splits" / "images_to_avoid.csv", head[1:], [rows[1][1:]])
    with zipfile.ZipFile(root / "silver_dataset" / "scene_graph.zip", "w") as archive:
        for film in FILMS:
            objects = [{"bbox_name": name, "name": name, **dict(zip(HEAD, box, strict=True))}
                       for name, box in BOXES.items()]
            archive.writestr(f"scene_graph/{film}_SceneGraph.json", json.dumps({"image_id": film, "objects": objects}))
    return root


def boxes(request: Request[Any]) -> str:
    """The left half of the padded square for the right lung, nothing for the other; blind, the whole square."""
    if not request.pictures[0].pixels.any():
        return 'Final Answer: ```json[{"box_2d": [0, 0, 1000, 1000], "label": "lung"}]```'
    if "right lung" in str(request.parts[-1]):
        return 'Final Answer: ```json[{"box_2d": [0, 0, 1000, 500], "label": "right lung"}]```'
    return "Final Answer: ```json[]```"


def test_silver_boxes_by_hand(films: Path, home: Home, tmp_path: Path) -> None:
    root = write_silver(tmp_path / "imagenome")
    reader = ScriptedReader(boxes)
    result = evaluate("chest-imagenome", Source(root, films / "files"), reader, home)
    iou, found = result.scores
    # 50 x 40 is padded to 50 x 50: half of it ends at column 20 of the film, the edge of the right lung
    assert (iou.ours.value, found.ours.value) == (pytest.approx(1 / 2), pytest.approx(1 / 2))
    assert iou.baselines["nothing"].value == pytest.approx(1 / 2)
    assert iou.baselines["majority"].value == pytest.approx(1.0)
    assert iou.baselines["blind"].value == pytest.approx(1 / 2)
    assert (result.cases, result.units, result.answered) == (2, 2, 2)
    assert result.problems[0].reason == "no box was given"
    assert any("silver" in note for note in result.notes) and any("1 of the 3 films" in note for note in result.notes)


def test_gold_boxes_are_found_by_the_record_list(films: Path, home: Home, tmp_path: Path) -> None:
    root = tmp_path / "chest-imagenome" / "1.0.0"
    table(root / "gold_dataset" / "gold_bbox_coordinate_annotations_1000images.csv", ["image_id", "bbox_name", *HEAD],
          [["aaaa-1.dcm", "right lung", 0.0, 0.0, 20.0, 50.0], ["aaaa-1.dcm", "carina", "", "", "", ""],
           ["aaaa-1.dcm", "svc", 100, 100, 120, 120]])
    table(root / "utils" / "cxr-record-list_view.csv", ["subject_id", "study_id", "dicom_id", "path", "ViewPosition"],
          [[subject, study, film, "", "PA"] for film, (subject, study) in FILMS.items()])
    result = evaluate("chest-imagenome", Source(tmp_path, films), ScriptedReader(boxes), home, wish=Wish(blind=False))
    assert (result.questions, result.scores[0].ours.value) == (1, pytest.approx(1.0))
    assert any("gold" in note for note in result.notes)


def test_unpacked_graphs_and_a_sample(films: Path, home: Home, tmp_path: Path) -> None:
    root = write_silver(tmp_path / "imagenome")
    with zipfile.ZipFile(root / "silver_dataset" / "scene_graph.zip") as archive:
        archive.extractall(root / "silver_dataset")
    (root / "silver_dataset" / "scene_graph.zip").unlink()
    result = evaluate("chest-imagenome", Source(root, films, limit=1), ScriptedReader(boxes), home,
                      wish=Wish(blind=False))
    assert (result.cases, result.questions) == (1, 2)
    assert any("sample" in note for note in result.notes)


def test_a_film_that_our_own_tool_refuses_is_told_as_unread(films: Path, home: Home, tmp_path: Path) -> None:
    """A ramp is no chest film."""
    root = write_silver(tmp_path / "imagenome")
    with pytest.raises(NothingUsable, match=r"not one of the 4 questions could be put; .*chest film"):
        evaluate("chest-imagenome", Source(root, films), MeasureReader(), home)


@pytest.mark.parametrize(("content", "said"), [
    (b"[1, 2]", "the scene graph of aaaa-1 is not as expected"),
    (b'{"objects": [{"bbox_name": "carina"}]}', r"objects.0.original_x1: Field required"),
    (b"no json", r"scene_graph.zip cannot be read \(JSONDecodeError\)"),
    (None, r"scene_graph.zip cannot be read \(\w+\)")])
def test_a_damaged_scene_graph_is_one_line(films: Path, tmp_path: Path, content: bytes | None, said: str) -> None:
    path = write_silver(tmp_path / "imagenome") / "silver_dataset" / "scene_graph.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("scene_graph/aaaa-1_SceneGraph.json", content or bytes(range(256)))
    if content is None:
        raw = bytearray(path.read_bytes())
        raw[60:80] = b"\xff" * 20
        path.write_bytes(raw)
    with pytest.raises(NothingUsable, match=said):
        TASK.load(Source(tmp_path, films, cache=tmp_path))


@pytest.mark.parametrize("flag", [1, 32])
def test_an_encrypted_or_patched_scene_graph_is_one_line(films: Path, tmp_path: Path, flag: int) -> None:
    path = write_silver(tmp_path / "imagenome") / "silver_dataset" / "scene_graph.zip"
    raw = bytearray(path.read_bytes())
    for place in (6, raw.index(b"PK\x01\x02") + 8):
        raw[place] |= flag
    path.write_bytes(raw)
    with pytest.raises(NothingUsable, match=r"scene_graph.zip cannot be read \((RuntimeError|NotImplementedError)\)"):
        TASK.load(Source(tmp_path, films, cache=tmp_path))


def test_our_own_tool_is_scored_on_a_real_film(shared_data: Path, home: Home, tmp_path: Path) -> None:
    """The lungs of one film, roughly framed by eye on its picture of 512 x 512 pixels."""
    film = tmp_path / "files" / "p10" / "p10000009" / "s50000009" / "cccc-1.jpg"
    film.parent.mkdir(parents=True)
    with Image.open(shared_data / "cxr_nih" / "00000001_000.png") as picture:
        picture.convert("L").save(film, quality=95)
    places = {"right lung": (45, 78, 235, 400), "left lung": (285, 70, 465, 388), "right clavicle": (45, 75, 220, 130)}
    table(tmp_path / "gold_dataset" / "gold_bbox_coordinate_annotations_1000images.csv",
          ["image_id", "bbox_name", *HEAD], [["cccc-1.dcm", name, *box] for name, box in places.items()])
    table(tmp_path / "utils" / "cxr-record-list_view.csv", ["subject_id", "study_id", "dicom_id"],
          [["10000009", "50000009", "cccc-1"]])
    result = evaluate("chest-imagenome", Source(tmp_path), MeasureReader(), home)
    told = {line.group: (line.values["mean_iou"], line.not_answered) for line in result.classes}
    assert told["right clavicle"] == (0.0, 1)
    assert min(told["right lung"][0], told["left lung"][0]) > 0.6


def test_changes_by_hand(films: Path, home: Home, tmp_path: Path) -> None:
    names = ("consolidation", "edema", "pleural_effusion", "pneumonia", "pneumothorax")
    head = ["dicom_id", "previous_dicom_id", "subject_id", "study_id", "previous_study_id",
            *(f"{name}_progression" for name in names)]
    (s1, t1), (_, t2), (s3, t3) = FILMS.values()
    one = f"p10/p{s1}/s{t2}/aaaa-2", f"p10/p{s1}/s{t1}/aaaa-1"
    csv = tmp_path / "ms-cxr-t" / "MS_CXR_T_temporal_image_classification_v1.0.0.csv"
    table(csv, head, [[*one, s1, t2, t1, "", "worsening", "stable", "", ""],
                      ["bbbb-1", "bbbb-1", s3, t3, t3, "", "improving", "", "", ""],
                      ["gone", "bbbb-1", s3, t3, t3, "", "", "", "stable", ""],
                      [*one, s1, t2, t1, "", "", "", "", ""]])

    def script(request: Request[Any]) -> str:
        finding = re.search(r"how has (.*) changed", str(request.parts[-1]))
        return "Final Answer: (C)" if finding and finding[1] == "edema" else "Final Answer: B"

    reader = ScriptedReader(script)
    result = evaluate("ms-cxr-t", Source(tmp_path, films), reader, home, wish=Wish(blind=False))
    # edema: worsened 1 of 1, improved 0 of 1; effusion: stable 1 of 1
    assert result.scores[0].ours.value == pytest.approx((1 / 2 + 1) / 2)
    assert result.scores[1].ours.value == pytest.approx(2 / 3)
    assert (result.cases, result.units, result.questions) == (2, 2, 3)
    prior, current = reader.requests[0].pictures
    assert prior.pixels.min(axis=(0, 1)).tolist() == current.pixels.min(axis=(0, 1)).tolist() == [0, 0, 0]
    assert prior.pixels[:, 5].mean() < current.pixels[:, 5].mean()
    table(csv, head, [[*one, s1, t2, t1, "", "better", "", "", ""]])
    with pytest.raises(NothingUsable, match="'better' of edema; expected is one of improving, stable, worsening"):
        evaluate("ms-cxr-t", Source(tmp_path, films), reader, home)
    with pytest.raises(NothingUsable, match="expected is MS_CXR_T_temporal"):
        evaluate("ms-cxr-t", Source(films), reader, home)

"""Chest ImaGenome: where anatomical structures are on frontal films, mean IoU.

As distributed (PhysioNet, chest-imagenome 1.0.0; films are those of MIMIC-CXR-JPG):
- silver: `silver_dataset/scene_graph.zip` (or unpacked) with `scene_graph/FILM_SceneGraph.json`, whose `objects` have
  bbox_name and original_x1, original_y1, original_x2, original_y2 in pixels of the film;
  `silver_dataset/splits/test.csv` with subject_id, study_id, dicom_id; `splits/images_to_avoid.csv` with dicom_id.
- gold: `gold_dataset/gold_bbox_coordinate_annotations_1000images.csv` with image_id (`FILM.dcm`), bbox_name and the
  same coordinates; whose films they are is in `utils/cxr-record-list_view.csv`.
The test part of silver is taken where it is there, else gold.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from ...core.boxes import Box, iou
from ...core.case import FileKind
from ...core.errors import NothingUsable
from ...core.evidence import ImageBox
from ...readers.recipes.film import box_on_film, box_requests
from ...readers.request import Request
from ...tools.localization import LocalizationTool
from .files import find, folder, left_out, nothing, read_json, read_table, typed
from .films import mimic_film, mimic_root, picture_size, shown_film
from .inputs import run_tool
from .items import Case, Loaded, Question, ReadBy, Value
from .marks import Metric, mean_of
from .names import CHEST_IMAGENOME, layout_of
from .task import Baseline, Source, Task, sample

GOLD = "gold_dataset/gold_bbox_coordinate_annotations_1000images.csv"
RECORDS = "utils/cxr-record-list_view.csv"
TEST = "silver_dataset/splits/test.csv"
WELL = 0.5
"""IoU from which a box counts as found."""
_CORNERS = ("original_x1", "original_y1", "original_x2", "original_y2")
_MEASURED = {"right lung": "Right lung", "left lung": "Left lung", "cardiac silhouette": "Cardiac silhouette",
             "mediastinum": "Cardiomediastinum"}
"""Structures that our own tool finds: the mediastinum of Chest ImaGenome holds the upper mediastinum and the heart."""


class Labelled(BaseModel):
    """One structure as distributed; other keys are not used."""

    bbox_name: str
    original_x1: float
    original_y1: float
    original_x2: float
    original_y2: float

    @property
    def box(self) -> Box:
        """[x0, y0, x1, y1] in pixels of the film."""
        return self.original_x1, self.original_y1, self.original_x2, self.original_y2


class Graph(BaseModel):
    """A scene graph as distributed; a film without one has no structures."""

    objects: list[Labelled] = Field(default_factory=list)


@dataclass(frozen=True)
class Owned:
    """A film and whose it is."""

    film: str
    subject: str
    study: str


@dataclass(frozen=True)
class FilmCase(Case):
    """One film and the structures on it.

    Args:
        id: of the film.
        unit: the patient.
        questions: truth is {box, rows, columns}.
        sources: the film.
        cache: for our own tool.
    """

    id: str
    unit: str
    questions: tuple[Question, ...]
    sources: tuple[Path, ...]
    cache: Path

    def requests(self, questions: Sequence[Question], by: ReadBy) -> list[tuple[Request[Any], ...]]:
        """Where each structure is, all about the same film."""
        asked = box_requests(shown_film(self.sources[0]), [question.group for question in questions], scope=by.scope)
        return [(request,) for request in asked]

    def value(self, question: Question, parsed: Sequence[Any]) -> Value:
        """The first box, in pixels of the film; raises ValueError where there is none on it."""
        if parsed[0] is None:
            return None
        if not parsed[0]:
            raise ValueError("no box was given")
        return list(box_on_film(parsed[0][0].box, question.truth["rows"], question.truth["columns"]))

    def measured(self, questions: Sequence[Question]) -> list[Value]:
        """Boxes of lungs, heart and mediastinum by the localization tool; none of other structures."""
        result = run_tool(LocalizationTool(), self.sources[0], FileKind.FILM, self.cache)
        places = {item.id: item.locator for item in result.evidence if isinstance(item.locator, ImageBox)}
        boxes = {finding.name: list(places[finding.evidence[0]].box) for finding in result.findings
                 if finding.evidence[0] in places}
        return [boxes.get(_MEASURED.get(question.group, "")) for question in questions]


def load(source: Source) -> Loaded:
    """Films whose boxes and pictures are there.

    Raises:
        UsageError: there is no such folder.
        NothingUsable: no boxes or no films.
    """
    layout = layout_of(CHEST_IMAGENOME)
    root = folder(source.data, layout)
    films = mimic_root(folder(source.images or root, layout), layout)
    owned, boxes, which = _annotations(root, layout)
    held = [one for one in owned if mimic_film(films, one.subject, one.study, one.film).is_file()]
    chosen = sample(held, lambda one: one.film, source.limit)
    drawn = boxes([one.film for one in chosen])
    cases = tuple(case for one in chosen if (case := _case(films, one, drawn[one.film], source.private())).questions)
    if not cases:
        raise nothing(root, layout)
    there = {one.film for one in held}
    gone = [one.film for one in owned if one.film not in there]
    return Loaded(cases, (which, *left_out(gone, len(owned), "films")))


Boxes = Callable[[Sequence[str]], Mapping[str, Sequence[Labelled]]]
"""From names of films to what is drawn on each."""


def _annotations(root: Path, layout: str) -> tuple[list[Owned], Boxes, str]:
    """Films with their patients, boxes by film, and which part they are of."""
    try:
        splits = find(root, [TEST], layout)
    except NothingUsable:
        return *_gold(root, layout), "Boxes are those of the gold set (1000 films, drawn by radiologists)."
    dataset = splits.parent.parent
    avoided = dataset / "splits" / "images_to_avoid.csv"
    out = {row["dicom_id"] for row in read_table(avoided, ["dicom_id"])} if avoided.is_file() else set()
    rows = read_table(splits, ["subject_id", "study_id", "dicom_id"])
    owned = [Owned(row["dicom_id"], row["subject_id"], row["study_id"]) for row in rows if row["dicom_id"] not in out]
    return owned, _graphs(dataset, layout), (
        "Boxes are those of the test part of the silver set, made by a program, without the images to avoid.")


def _graphs(dataset: Path, layout: str) -> Boxes:
    """Boxes from scene graphs, packed or unpacked."""
    unpacked = next((place for place in (dataset / "scene_graph", dataset / "scene_graph" / "scene_graph")
                     if next(place.glob("*_SceneGraph.json"), None)), None)
    packed = dataset / "scene_graph.zip"
    if unpacked is None and not packed.is_file():
        raise nothing(dataset.parent, layout)

    def boxes(films: Sequence[str]) -> Mapping[str, Sequence[Labelled]]:
        graphs = _unpacked(unpacked, films) if unpacked is not None else _packed(packed, films)
        return {film: typed(Graph, graph, f"the scene graph of {film}").objects for film, graph in graphs.items()}

    return boxes


def _unpacked(folder: Path, films: Sequence[str]) -> dict[str, Any]:
    paths = {film: folder / f"{film}_SceneGraph.json" for film in films}
    return {film: read_json(path) if path.is_file() else {} for film, path in paths.items()}


def _packed(path: Path, films: Sequence[str]) -> dict[str, Any]:
    names = {film: f"scene_graph/{film}_SceneGraph.json" for film in films}
    try:
        with zipfile.ZipFile(path) as archive:
            held = set(archive.namelist())
            return {film: json.loads(archive.read(name)) if name in held else {} for film, name in names.items()}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError) as error:
        # RuntimeError: encrypted; NotImplementedError, which is one: packed in a way that is not known
        raise NothingUsable(f"{path.name} cannot be read ({type(error).__name__})") from error


def _gold(root: Path, layout: str) -> tuple[list[Owned], Boxes]:
    path = find(root, [GOLD], layout)
    held: dict[str, list[Labelled]] = {}
    for row in read_table(path, ["image_id", "bbox_name", *_CORNERS]):
        if all(row[name].strip() for name in _CORNERS):
            film = row["image_id"].removesuffix(".dcm")
            held.setdefault(film, []).append(typed(Labelled, row, f"{path.name}, {film}"))
    records = read_table(find(root, [RECORDS], layout), ["dicom_id", "subject_id", "study_id"])
    owned = [Owned(row["dicom_id"], row["subject_id"], row["study_id"]) for row in records if row["dicom_id"] in held]
    return owned, lambda films: {film: held[film] for film in films}


def _case(films: Path, one: Owned, boxes: Sequence[Labelled], cache: Path) -> FilmCase:
    path = mimic_film(films, one.subject, one.study, one.film)
    rows, columns = picture_size(path)
    return FilmCase(one.film, one.subject, tuple(_questions(one.film, boxes, rows, columns)), (path,), cache)


def _questions(film: str, boxes: Sequence[Labelled], rows: int, columns: int) -> Iterator[Question]:
    """One question a structure; a box without area on the film is none."""
    seen: set[str] = set()
    for item in boxes:
        x0, y0, x1, y1 = item.box
        box = max(0.0, x0), max(0.0, y0), min(float(columns), x1), min(float(rows), y1)
        if item.bbox_name not in seen and box[0] < box[2] and box[1] < box[3]:
            seen.add(item.bbox_name)
            yield Question(f"{film}: {item.bbox_name}", item.bbox_name, item.bbox_name,
                           {"box": list(box), "rows": rows, "columns": columns})


def _marks(question: Question, value: Value) -> dict[str, float]:
    overlap = iou(_as_box(question.truth["box"]), _as_box(value)) if value is not None else 0.0
    return {"n": 1.0, "iou": overlap, "well": float(overlap >= WELL)}


def _as_box(corners: Sequence[float]) -> Box:
    x0, y0, x1, y1 = corners
    return x0, y0, x1, y1


def _whole(questions: Sequence[Question]) -> Mapping[str, Value]:
    return {question.id: [0.0, 0.0, question.truth["columns"], question.truth["rows"]] for question in questions}


def _usual(questions: Sequence[Question]) -> Mapping[str, Value]:
    """The mean box of each structure over the other films, as fractions of the film; none where it is on one alone."""
    sums: dict[str, list[float]] = {}
    for question in questions:
        total = sums.setdefault(question.group, [0.0] * 5)
        for place, part in enumerate((*_fractions(question), 1.0)):
            total[place] += part
    answers: dict[str, Value] = {}
    for question in questions:
        *corners, count = sums[question.group]
        sides = (question.truth["columns"], question.truth["rows"]) * 2
        answers[question.id] = None if count < 2 else [
            (total - own) / (count - 1) * side
            for total, own, side in zip(corners, _fractions(question), sides, strict=True)]
    return answers


def _fractions(question: Question) -> list[float]:
    sides = (question.truth["columns"], question.truth["rows"]) * 2
    return [corner / side for corner, side in zip(question.truth["box"], sides, strict=True)]


TASK = Task(
    name=CHEST_IMAGENOME, load=load, prompts=("film",), group="structure", unit="patient", marks=_marks,
    fields=("n", "iou", "well"), measures=True,
    metrics=(
        Metric("mean_iou", "Mean IoU", "Intersection over union of the box and the right one, mean over boxes "
               "(Technical Report, 3.2.4); no usable box is 0.", mean_of("iou")),
        Metric("found", "Found", "Share of boxes with an IoU of at least 0.5.", mean_of("well"))),
    baselines=(Baseline("nothing", "the whole film", _whole),
               Baseline("majority", "the mean box of each structure on the other films", _usual)))

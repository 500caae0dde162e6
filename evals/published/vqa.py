"""Questions about single pictures, token F1: SLAKE and VQA-RAD.

SLAKE as distributed (med-vqa.com/slake; Hugging Face, BoKelvin/SLAKE): `test.json`, a list of questions with qid,
img_name ("xmlab102/source.jpg"), question, answer, q_lang, answer_type (OPEN, CLOSED) and content_type; pictures in
`imgs/`. The English questions are asked.

VQA-RAD as distributed (osf.io/89kps): `VQA_RAD Dataset Public.json`, a list with qid, image_name, question, answer,
answer_type, question_type and phrase_type; pictures in `VQA_RAD Image Folder/`. The published split is in
`vqa_rad_balanced_split_and_human_eval_inclusions.tsv` (github.com/Google-Health/google-health, data_splits): QID_unique
is the qid, SPLIT_BALANCED train, validate or test. Without that file the original test questions are asked, whose
phrase_type begins with "test".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import AliasChoices, BaseModel, Field

from ...core.errors import NothingUsable
from ...readers.recipes.picture import picture_request
from ...readers.request import Request
from .files import find, folder, inside, read_json, read_table, those_there, typed
from .films import shown_picture
from .items import Case, Loaded, Question, ReadBy, Value
from .marks import Metric, mean_of
from .names import SLAKE, VQA_RAD, layout_of
from .task import Source, Task, always, most_frequent
from .text_scores import token_f1

SPLIT = "vqa_rad_balanced_split_and_human_eval_inclusions.tsv"
_CLOSED = "CLOSED"


class Row(BaseModel):
    """One question as either set has it; other keys are not used."""

    qid: int | str
    picture: str = Field(validation_alias=AliasChoices("img_name", "image_name"))
    question: str
    answer: str | int | float
    answer_type: str
    kind: str = Field("not stated", validation_alias=AliasChoices("content_type", "question_type"))
    language: str = Field("en", validation_alias="q_lang")
    phrase_type: str = ""


@dataclass(frozen=True)
class Shown(Case):
    """One picture and the questions about it.

    Args:
        id: its name.
        unit: itself.
        questions: truth is {answer, closed}.
        sources: the picture.
    """

    id: str
    unit: str
    questions: tuple[Question, ...]
    sources: tuple[Path, ...]

    def requests(self, questions: Sequence[Question], by: ReadBy) -> list[tuple[Request[Any], ...]]:
        """One request a question."""
        picture = shown_picture(self.sources[0])
        return [(picture_request(picture, question.words, scope=by.scope),) for question in questions]


def load_slake(source: Source) -> Loaded:
    """SLAKE's English test questions whose pictures are there.

    Raises:
        UsageError: there is no such folder.
        NothingUsable: no question file, a question that is not as expected, or no pictures.
    """
    layout = layout_of(SLAKE)
    path = find(folder(source.data, layout), ["test.json"], layout)
    rows = [row for row in _rows(path) if row.language == "en"]
    return _loaded(rows, find(path.parent, ["imgs"], layout), source, layout)


def load_vqa_rad(source: Source) -> Loaded:
    """VQA-RAD's test questions, of the balanced split where its file is there, whose pictures are there.

    Raises:
        UsageError, NothingUsable: as `load_slake`.
    """
    layout = layout_of(VQA_RAD)
    root = folder(source.data, layout)
    path = find(root, ["VQA_RAD Dataset Public.json"], layout)
    chosen, note = _split(root)
    loaded = _loaded([row for row in _rows(path) if chosen(row)], find(root, ["VQA_RAD Image Folder"], layout), source,
                     layout)
    return Loaded(loaded.cases, (note, *loaded.notes))


def _split(root: Path) -> tuple[Callable[[Row], bool], str]:
    """Which questions are of the test part, and a note that says so."""
    try:
        path = find(root, [SPLIT], SPLIT)
    except NothingUsable:
        return lambda row: row.phrase_type.startswith("test"), (
            f"{SPLIT} is not in the folder: these are the questions of the original test part, not those of the "
            "balanced split that the results were published on.")
    test = {row["QID_unique"].strip() for row in read_table(path, ["QID_unique", "SPLIT_BALANCED"], "\t")
            if row["SPLIT_BALANCED"].strip() == "test"}
    return lambda row: str(row.qid) in test, "The questions are those of the test part of the balanced split."


def _rows(path: Path) -> list[Row]:
    items = read_json(path)
    if not isinstance(items, list):
        raise NothingUsable(f"{path.name} is no list of questions")
    return [typed(Row, item, f"question {number} of {path.name}") for number, item in enumerate(items, 1)]


def _loaded(rows: Sequence[Row], pictures: Path, source: Source, layout: str) -> Loaded:
    about: dict[str, list[Question]] = {}
    for row in rows:
        truth = {"answer": str(row.answer).strip(), "closed": row.answer_type.strip().upper() == _CLOSED}
        about.setdefault(row.picture, []).append(
            Question(f"{row.qid}", " ".join(row.kind.split()).casefold(), row.question, truth))
    cases = [Shown(name, name, tuple(questions), (inside(pictures, name, "a question"),))
             for name, questions in about.items()]
    return those_there(cases, source.data, layout, "pictures")


def _marks(question: Question, value: Value) -> dict[str, float]:
    f1 = token_f1(question.truth["answer"], value) if value is not None else 0.0
    closed = float(question.truth["closed"])
    return {"n": 1.0, "f1": f1, "closed": closed, "closed_right": closed * (f1 == 1.0)}


def _task(name: str, load: Callable[[Source], Loaded]) -> Task:
    return Task(
        name=name, load=load, prompts=("picture",), group="kind of question", unit="picture", marks=_marks,
        fields=("n", "f1", "closed", "closed_right"),
        metrics=(
            Metric("token_f1", "Token F1", "F1 of the words of the answer and of the right one, mean over questions "
                   "(the reports' \"tokenized F1\"): small letters, punctuation and articles left out, each word as "
                   "often as it stands; no usable answer is 0.", mean_of("f1")),
            Metric("closed_accuracy", "Accuracy on closed questions", "Share of closed questions whose answer has the "
                   "very words of the right one.", mean_of("closed_right", "closed"))),
        baselines=(always("no", 'always "no"'),
                   most_frequent("the most frequent answer of each kind", lambda question: question.truth["answer"])))


SLAKE_TASK = _task(SLAKE, load_slake)
VQA_RAD_TASK = _task(VQA_RAD, load_vqa_rad)

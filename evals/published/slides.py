"""The diagnosis text of whole slides, ROUGE-L, from a list of our own: the published set is not public.

`cases.jsonl` has one slide a line (see `SlideLine`); slides lie beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from ...core.case import FileKind
from ...core.errors import InputError
from ...core.settings import Limits
from ...core.words import Word
from ...readers.recipes.slide import PATCH_SIDE, choose_patches, diagnosis_request, patches_that_fit
from ...readers.request import Picture, Request
from ...sources.slide import open_slide
from ...tools.pathology.patches import lay_patches
from ...tools.pathology.scan import read_tissue
from .files import inside, read_list
from .inputs import files_of, root_of, series_of
from .items import Case, Loaded, Question, ReadBy, Value
from .marks import Metric, mean_of
from .names import SLIDE_DIAGNOSIS, layout_of
from .task import Baseline, Source, Task, most_frequent
from .text_scores import rouge_l


class SlideLine(Word):
    """What is known of one slide."""

    id: str = Field(min_length=1)
    patient: str | None = None
    """Whose it is; slides of one patient are drawn together. None for a patient of its own."""
    slide: str
    """A file, or a folder with one DICOM slide, below the list's folder."""
    procedure: str
    """Tissue and procedure, such as "colon, biopsy"; it is named in the prompt."""
    diagnosis: str = Field(min_length=1)
    """The final diagnosis of the pathology report."""


@dataclass(frozen=True)
class SlideCase(Case):
    """One slide and its diagnosis.

    Args:
        id: of the list.
        unit: the patient.
        questions: one.
        sources: the slide's files.
        path: of the slide.
        procedure: tissue and procedure.
    """

    id: str
    unit: str
    questions: tuple[Question, ...]
    sources: tuple[Path, ...]
    path: Path
    procedure: str
    alone: ClassVar[bool] = True

    def requests(self, questions: Sequence[Question], by: ReadBy) -> list[tuple[Request[Any], ...]]:
        """The prompt of the Technical Report, Table 9, behind at most 126 patches drawn from the tissue."""
        patches = _patches(self.path, patches_that_fit(by.context))
        asked = diagnosis_request(patches, scope=by.scope, procedure=self.procedure, patches_first=True)
        return [(asked,) for _ in questions]


def _patches(path: Path, most: int) -> list[Picture]:
    with open_slide(series_of(path, FileKind.SLIDE), root_of(path), Limits()) as slide:
        cover, _ = read_tissue(slide)
        grid = None if slide.mpp is None else lay_patches(cover.tissue, slide.bounds, slide.mpp)
        if grid is None:
            raise InputError(f"the slide {slide.scale_gap or 'was scanned coarser than 5x'}, so no patch at a known "
                             "magnification can be cut")
        if not grid.places:
            raise InputError("no tissue was found on the slide")
        places = choose_patches(grid.places, most=most)
        return [Picture(slide.read_scaled((place.x, place.y, place.width, place.height), PATCH_SIDE, PATCH_SIDE))
                for place in places]


def load(source: Source) -> Loaded:
    """The slides of the list that are there.

    Raises:
        UsageError: there is no such folder.
        NothingUsable: no list, a line that is not as expected, or none of its slides.
    """
    return read_list(source.data, layout_of(SLIDE_DIAGNOSIS), SlideLine, _case, "slides")


def _case(root: Path, line: SlideLine) -> SlideCase:
    path = inside(root, line.slide, f"the slide {line.id}")
    question = Question(line.id, _tissue(line.procedure), line.procedure, line.diagnosis)
    return SlideCase(line.id, line.patient or line.id, (question,), files_of(path), path, line.procedure)


def _tissue(procedure: str) -> str:
    """The first words of tissue and procedure, as a class: "colon, biopsy" is of the colon."""
    return procedure.partition(",")[0].strip().casefold() or "not stated"


def _repeated(questions: Sequence[Question]) -> Mapping[str, Value]:
    return {question.id: question.words for question in questions}


TASK = Task(
    name=SLIDE_DIAGNOSIS, load=load, prompts=("slide",), group="tissue", unit="patient", fields=("n", "rouge_l"),
    marks=lambda question, value: {"n": 1.0, "rouge_l": rouge_l(question.truth, value) if value else 0.0},
    metrics=(Metric("rouge_l", "ROUGE-L", "F1 of the longest common subsequence of words of the text and of the "
                    "report's final diagnosis, mean over slides (Lin 2004; Technical Report, 3.2.2; whether it stems "
                    "words is not published, this does not); no usable answer is 0.", mean_of("rouge_l")),),
    baselines=(Baseline("nothing", "the tissue and procedure of the prompt, repeated", _repeated),
               most_frequent("the most frequent diagnosis of each tissue")))

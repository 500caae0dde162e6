"""Conditions on CT and MRI, macro accuracy, from a list of our own: the published sets are not public.

`cases.jsonl` has one study a line (see `CtLine`, `MriLine`); files lie beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from ...core.words import Word
from ...readers.recipes.ct import ct_requests
from ...readers.recipes.mri import mri_requests
from ...readers.request import Request
from .files import inside, read_list
from .inputs import files_of
from .items import Case, Question, ReadBy
from .marks import Metric, macro_accuracy, macro_f1, yes_or_no
from .names import CT_CONDITIONS, MRI_CONDITIONS, layout_of
from .task import Task, always, most_frequent
from .volumes import shown_ct, shown_mri


class ScanLine(Word):
    """What is known of one study."""

    id: str = Field(min_length=1)
    patient: str | None = None
    """Whose it is; studies of one patient are drawn together. None for a patient of its own."""
    body_part: str | None = None
    """Such as "chest"; it is named in the prompt."""
    history: str | None = None
    """Indication and history, put in quotes into the prompt as in the published evaluation."""
    conditions: dict[str, bool] = Field(min_length=1)
    """Whether each is there."""


class CtLine(ScanLine):
    """A CT."""

    volume: str
    """A NIfTI or NRRD file, or a folder with one DICOM series, below the list's folder."""


class MriLine(ScanLine):
    """An MRI study."""

    sequences: list[str] = Field(min_length=1)
    """Likewise, in the order in which they are shown."""


@dataclass(frozen=True)
class Study(Case):
    """One study and whether conditions are there.

    Args:
        id: of the list.
        unit: the patient.
        questions: one a condition.
        sources: the files of its volumes.
        paths: of its volumes.
        line: of the list.
    """

    id: str
    unit: str
    questions: tuple[Question, ...]
    sources: tuple[Path, ...]
    paths: tuple[Path, ...]
    line: ScanLine
    alone: ClassVar[bool] = True

    def requests(self, questions: Sequence[Question], by: ReadBy) -> list[tuple[Request[Any], ...]]:
        """One question a condition, all about the same slices."""
        asked = [question.group for question in questions]
        known: Mapping[str, Any] = {"scope": by.scope, "body_part": self.line.body_part,
                                    "indication": self.line.history}
        if isinstance(self.line, MriLine):
            return [(request,) for request in mri_requests(shown_mri(self.paths), asked, **known)]
        return [(request,) for request in ct_requests(shown_ct(self.paths[0]), asked, **known)]


def _study(root: Path, line: CtLine | MriLine) -> Study:
    names = line.sequences if isinstance(line, MriLine) else [line.volume]
    paths = tuple(inside(root, name, f"the study {line.id}") for name in names)
    told = f"{line.body_part}|{line.history}"
    questions = tuple(Question(f"{line.id}: {condition}", condition, f"{condition}|{told}", there)
                      for condition, there in line.conditions.items())
    return Study(line.id, line.patient or line.id, questions,
                 tuple(file for path in paths for file in files_of(path)), paths, line)


def _task(name: str, form: type[CtLine] | type[MriLine], prompt: str) -> Task:
    return Task(
        name=name, prompts=(prompt,),
        load=lambda source: read_list(source.data, layout_of(name), form, _study, "studies"),
        marks=lambda question, value: yes_or_no(question.truth, value),
        fields=("n", "right", "tp", "fp", "fn"), group="condition", unit="patient",
        metrics=(
            Metric("macro_accuracy", "Macro accuracy", "Share of right answers of each condition, then the mean over "
                   "conditions (Technical Report, 3.2.1); no usable answer is wrong.", macro_accuracy),
            Metric("macro_f1", "Macro F1", "F1 of each condition, then the mean: tells where a set is not balanced.",
                   macro_f1)),
        baselines=(always(False, 'always "no"'), always(True, 'always "yes"', "always_yes"),
                   most_frequent("the more frequent answer of each condition")))


CT_TASK = _task(CT_CONDITIONS, CtLine, "ct")
MRI_TASK = _task(MRI_CONDITIONS, MriLine, "mri")

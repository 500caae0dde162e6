"""MS-CXR-T, temporal image classification: improved, stable or worsened, macro accuracy.

As distributed (PhysioNet, ms-cxr-t 1.0.0): `MS_CXR_T_temporal_image_classification_v1.0.0.csv`, one pair of films a
line, with subject_id, study_id, dicom_id, previous_study_id, previous_dicom_id and, for each of five findings,
`FINDING_progression` (improving, stable, worsening or empty); the films are those of MIMIC-CXR-JPG.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.errors import NothingUsable
from ...readers.recipes.pair import CHANGES, FINDINGS, pair_requests
from ...readers.request import Request
from .files import find, folder, read_table, those_there
from .films import mimic_film, mimic_root, shown_film
from .items import Case, Loaded, Question, ReadBy
from .marks import Metric, class_marks, macro_class_accuracy, mean_of
from .names import MS_CXR_T, layout_of
from .task import Source, Task, always, most_frequent

LABELS = "MS_CXR_T_temporal_image_classification_v1.0.0.csv"
_CHANGE = {"improving": "improved", "stable": "stable", "worsening": "worsened"}
_COLUMNS = ("subject_id", "study_id", "dicom_id", "previous_study_id", "previous_dicom_id")


@dataclass(frozen=True)
class Pair(Case):
    """A prior and a current film, and what became of findings.

    Args:
        id: of the current film and the prior one.
        unit: the patient.
        questions: one a finding that is labelled.
        sources: prior, current.
    """

    id: str
    unit: str
    questions: tuple[Question, ...]
    sources: tuple[Path, ...]

    def requests(self, questions: Sequence[Question], by: ReadBy) -> list[tuple[Request[Any], ...]]:
        """One question a finding, all about the same two films."""
        prior, current = (shown_film(path) for path in self.sources)
        asked = pair_requests(prior, current, [question.group for question in questions], scope=by.scope)
        return [(request,) for request in asked]


def load(source: Source) -> Loaded:
    """The pairs with a label whose films are there.

    Raises:
        UsageError: there is no such folder.
        NothingUsable: no label file, a label that is not known, or no films.
    """
    layout = layout_of(MS_CXR_T)
    root = folder(source.data, layout)
    columns = [*_COLUMNS, *(_column(finding) for finding in FINDINGS)]
    rows = read_table(find(root, [LABELS], layout), columns)
    films = mimic_root(folder(source.images or root, layout), layout)
    pairs = [pair for row in rows if (pair := _pair(films, row)).questions]
    return those_there(pairs, root, layout, "pairs of films")


def _column(finding: str) -> str:
    return f"{finding.replace(' ', '_')}_progression"


def _pair(films: Path, row: Mapping[str, str]) -> Pair:
    name = f"{row['dicom_id'].rpartition('/')[2]} after {row['previous_dicom_id'].rpartition('/')[2]}"
    paths = tuple(mimic_film(films, row["subject_id"], row[study], row[film]) for study, film in (
        ("previous_study_id", "previous_dicom_id"), ("study_id", "dicom_id")))
    return Pair(name, row["subject_id"], tuple(_questions(name, row)), paths)


def _questions(name: str, row: Mapping[str, str]) -> Sequence[Question]:
    questions = []
    for finding in FINDINGS:
        said = row[_column(finding)].strip()
        if said and said not in _CHANGE:
            raise NothingUsable(f"{LABELS} says {said!r} of {finding}; expected is one of {', '.join(_CHANGE)}")
        if said:
            questions.append(Question(f"{name}: {finding}", finding, finding, _CHANGE[said]))
    return questions


TASK = Task(
    name=MS_CXR_T, load=load, prompts=("pair",), group="finding", unit="patient",
    marks=lambda question, value: class_marks(CHANGES, question.truth, value),
    fields=("n", "right", *(f"{part}:{name}" for part in ("n", "right") for name in CHANGES)),
    metrics=(
        Metric("macro_accuracy", "Macro accuracy", "For each finding the mean share of right answers over improved, "
               "stable and worsened, then the mean over findings (BioViL-T, Bannur et al., CVPR 2023; Technical "
               "Report, 3.2.3); no usable answer is wrong; chance is 33.3.", macro_class_accuracy(CHANGES)),
        Metric("accuracy", "Accuracy", "Share of right answers over all pairs and findings.", mean_of("right"),
               detail=True)),
    baselines=(always("stable", 'always "stable"'), most_frequent("the most frequent change of each finding")))

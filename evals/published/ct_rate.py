"""CT-RATE, the validation part: 18 labels of chest CT volumes, macro F1.

As distributed (Hugging Face, ibrahimhamamci/CT-RATE; arXiv 2403.17834): `dataset/multi_abnormality_labels/` has
`valid_predicted_labels.csv` with the column VolumeName and one column of 0 and 1 a label, `dataset/metadata/` has
`validation_metadata.csv` with RescaleSlope and RescaleIntercept, and volumes lie in
`dataset/valid_fixed/valid_1/valid_1_a/valid_1_a_1.nii.gz` in Hounsfield units, or in `dataset/valid/` likewise as
stored values, whose geometry in the header is not right. The number after `valid_` is the patient's. Tables that were
fetched one by one carry their path in their name (`dataset_metadata_validation_metadata.csv`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from numpy.typing import NDArray

from ...core.errors import NothingUsable
from ...readers.recipes.ct import chest_requests
from ...readers.request import Request
from .files import find, folder, left_out, nothing, read_table
from .items import Case, Loaded, Question, ReadBy
from .marks import Metric, macro_f1, macro_precision, macro_recall, yes_or_no
from .names import CT_RATE, layout_of
from .task import Source, Task, always, most_frequent
from .volumes import shown_ct, shown_raw_ct

LABELS = "valid_predicted_labels.csv"
METADATA = "validation_metadata.csv"
_NAME = re.compile(r"(valid_\d+)_([a-z]+)_\d+\.nii\.gz")

Rescale = tuple[float, float]
"""Slope and intercept."""
_FIXED = "valid_fixed (Hounsfield units)"
_GEOMETRY = "their headers' geometry is not right, so slices may lie in another order than in valid_fixed"
_STORED = f"valid (stored values with the slopes and intercepts of the metadata; {_GEOMETRY})"
_AS_THEY_ARE = (f"valid, taken as Hounsfield units because {METADATA} is not in the folder (one whose values do not "
                f"reach down to air is not answered; {_GEOMETRY})")


@dataclass(frozen=True)
class Scan(Case):
    """One volume and its labels.

    Args:
        id: its name.
        unit: the patient.
        questions: one a label.
        sources: the volume.
        rescale: of a file with stored values; None for one in Hounsfield units.
    """

    id: str
    unit: str
    questions: tuple[Question, ...]
    sources: tuple[Path, ...]
    rescale: Rescale | None
    alone: ClassVar[bool] = True

    def requests(self, questions: Sequence[Question], by: ReadBy) -> list[tuple[Request[Any], ...]]:
        """One question a label, all about the same slices."""
        asked = chest_requests(self._slices(), [question.words for question in questions], scope=by.scope)
        return [(request,) for request in asked]

    def _slices(self) -> NDArray[Any]:
        return shown_ct(self.sources[0]) if self.rescale is None else shown_raw_ct(self.sources[0], *self.rescale)


def load(source: Source) -> Loaded:
    """The volumes of the label file that are in the folder.

    Raises:
        UsageError: there is no such folder.
        NothingUsable: no label file, or none of its volumes.
    """
    layout = layout_of(CT_RATE)
    root = folder(source.data, layout)
    rows = read_table(find(root, [f"multi_abnormality_labels/{LABELS}", f"*{LABELS}"], layout), ["VolumeName"])
    at, fixed = _volumes(source.images or root, layout)
    rescales = None if fixed else _rescales(root, layout)
    scans = [scan for row in rows if (scan := _scan(row, at, rescales)) is not None]
    if not scans:
        raise nothing(root, layout)
    kind = _FIXED if fixed else _AS_THEY_ARE if rescales is None else _STORED
    return Loaded(tuple(scans), (f"Volumes are those of {kind}.", *left_out(len(rows) - len(scans), len(rows),
                                                                           "volumes")))


def _volumes(root: Path, layout: str) -> tuple[Path, bool]:
    """The folder with the patients' folders, and whether it is the one with corrected headers."""
    try:
        return find(root, ["valid_fixed"], layout), True
    except NothingUsable:
        return find(root, ["valid"], layout), False


def _rescales(root: Path, layout: str) -> Mapping[str, Rescale] | None:
    """Slope and intercept by volume; None without the table."""
    try:
        path = find(root, [f"metadata/{METADATA}", f"*{METADATA}"], layout)
    except NothingUsable:
        return None
    rows = read_table(path, ["VolumeName", "RescaleSlope", "RescaleIntercept"])
    try:
        return {row["VolumeName"]: (float(row["RescaleSlope"]), float(row["RescaleIntercept"])) for row in rows}
    except ValueError as error:
        raise NothingUsable(f"{METADATA} has a slope or intercept that is no number") from error


def _scan(row: Mapping[str, str], at: Path, rescales: Mapping[str, Rescale] | None) -> Scan | None:
    """A line of the label file as a case; None where its volume is not there."""
    name = row["VolumeName"]
    found = _NAME.fullmatch(name)
    if found is None:
        raise NothingUsable(f"{LABELS} names a volume {name!r}, which is not of the form valid_1_a_1.nii.gz")
    path = at / found[1] / f"{found[1]}_{found[2]}" / name
    if not path.is_file() or (rescales is not None and name not in rescales):
        return None
    questions = tuple(Question(f"{name}: {label}", label, label, _truth(name, label, value))
                      for label, value in row.items() if label != "VolumeName")
    return Scan(name, found[1], questions, (path,), None if rescales is None else rescales[name])


def _truth(name: str, label: str, value: str) -> bool:
    if value.strip() not in ("0", "1", "0.0", "1.0"):
        raise NothingUsable(f"{LABELS} says {value!r} of {label} in {name}; expected is 0 or 1")
    return value.strip().startswith("1")


TASK = Task(
    name=CT_RATE, load=load, prompts=("ct_rate",), marks=lambda question, value: yes_or_no(question.truth, value),
    fields=("n", "right", "positive", "tp", "fp", "fn"), group="condition", unit="patient",
    metrics=(
        Metric("macro_f1", "Macro F1", "F1 of each condition, then the mean over conditions (Technical Report, 3.2.1); "
               "a condition that is neither there nor called anywhere is left out; no usable answer counts as no.",
               macro_f1),
        Metric("macro_precision", "Macro precision", "Precision of each condition, then the mean; 0 where one is there "
               "and never called.", macro_precision),
        Metric("macro_recall", "Macro recall", "Recall of each condition, then the mean.", macro_recall)),
    baselines=(always(False, 'always "no"'), always(True, 'always "yes"', "always_yes"),
               most_frequent("the more frequent answer of each condition")))

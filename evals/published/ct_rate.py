"""CT-RATE, the validation part: 18 labels of chest CTs, macro F1.

As distributed (Hugging Face, ibrahimhamamci/CT-RATE; arXiv 2403.17834): `dataset/multi_abnormality_labels/` has
`valid_predicted_labels.csv` with the column VolumeName and one column of 0 and 1 a label, `dataset/metadata/` has
`validation_metadata.csv` with RescaleSlope and RescaleIntercept, and volumes lie in
`dataset/valid_fixed/valid_1/valid_1_a/valid_1_a_1.nii.gz` in Hounsfield units, or in `dataset/valid/` likewise as
stored values, whose geometry in the header is not right. The number after `valid_` is the patient's, the letter the
scan's, and the last number that of its reconstruction: the authors count 1304 patients, 1564 scans and 3039
reconstructions in this part (discussion 70 of the data set's page). Results are published on scans, so of each the
reconstruction with the lowest number is asked about. Tables that were fetched one by one carry their path in their name
(`dataset_metadata_validation_metadata.csv`).
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
_NAME = re.compile(r"(?P<scan>(?P<patient>valid_\d+)_[a-z]+)_(?P<number>\d+)\.nii\.gz")

Rescale = tuple[float, float]
"""Slope and intercept."""
NAMES = (
    "Medical material", "Arterial wall calcification", "Cardiomegaly", "Pericardial effusion",
    "Coronary artery wall calcification", "Hiatal hernia", "Lymphadenopathy", "Emphysema", "Atelectasis",
    "Lung nodule", "Lung opacity", "Pulmonary fibrotic sequela", "Pleural effusion", "Mosaic attenuation pattern",
    "Peribronchial thickening", "Consolidation", "Bronchiectasis", "Interlobular septal thickening")
"""The columns of the label file (arXiv 2403.17834)."""
_FIXED = "valid_fixed (Hounsfield units)"
_GEOMETRY = "their headers' geometry is not right, so slices may lie in another order than in valid_fixed"
_STORED = f"valid (stored values with the slopes and intercepts of the metadata; {_GEOMETRY})"
_AS_THEY_ARE = (f"valid, taken as Hounsfield units because {METADATA} is not in the folder (one whose values do not "
                f"reach down to air is not answered; {_GEOMETRY})")


@dataclass(frozen=True)
class Scan(Case):
    """One scan, in one of its reconstructions, and its labels.

    Args:
        id: name of the volume.
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
    """The scans of the label file that are in the folder, each in its reconstruction of the lowest number.

    Raises:
        UsageError: there is no such folder.
        NothingUsable: no label file, or none of its volumes.
    """
    layout = layout_of(CT_RATE)
    root = folder(source.data, layout)
    rows = read_table(find(root, [f"multi_abnormality_labels/{LABELS}", f"*{LABELS}"], layout), ["VolumeName"])
    at, fixed = _volumes(source.images or root, layout)
    rescales = None if fixed else _rescales(root, layout)
    listed = _by_scan(rows)
    there = {scan: [row for row in own if _is_there(row, at, rescales)] for scan, own in listed.items()}
    held = {scan: own for scan, own in there.items() if own}
    if not held:
        raise nothing(root, layout)
    kind = _FIXED if fixed else _AS_THEY_ARE if rescales is None else _STORED
    return Loaded(tuple(_scan(own[0], at, rescales) for own in held.values()),
                  (f"Volumes are those of {kind}.", *_labels_told(rows[0]), *_others_left(held),
                   *left_out([scan for scan in listed if scan not in held], len(listed), "scans")))


def _labels_told(row: Mapping[str, str]) -> tuple[str, ...]:
    """A note where the label file has other columns than the data set's."""
    said = set(row) - {"VolumeName"}
    missing, unknown = sorted(set(NAMES) - said), sorted(said - set(NAMES))
    parts = [f"lacks {', '.join(missing)}"] if missing else []
    parts += [f"has {', '.join(unknown)}, which the data set does not have"] if unknown else []
    return (f"Published numbers are over the {len(NAMES)} labels of CT-RATE; {LABELS} {' and '.join(parts)}.",
            ) if parts else ()


def _by_scan(rows: Sequence[Mapping[str, str]]) -> dict[str, list[Mapping[str, str]]]:
    """Lines of the label file by scan, in the order of their reconstructions' numbers."""
    found: dict[str, list[Mapping[str, str]]] = {}
    for row in sorted(rows, key=lambda row: int(_name(row)["number"])):
        found.setdefault(_name(row)["scan"], []).append(row)
    return {scan: found[scan] for scan in dict.fromkeys(_name(row)["scan"] for row in rows)}


def _others_left(held: Mapping[str, Sequence[object]]) -> tuple[str, ...]:
    several = sum(len(own) > 1 for own in held.values())
    return (f"Scans with several reconstructions in the folder: {several}; of each the one with the lowest number was "
            "taken.",) if several else ()


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


def _name(row: Mapping[str, str]) -> re.Match[str]:
    found = _NAME.fullmatch(row["VolumeName"])
    if found is None:
        raise NothingUsable(f"{LABELS} names a volume {row['VolumeName']!r}, which is not of the form "
                            "valid_1_a_1.nii.gz")
    return found


def _path(row: Mapping[str, str], at: Path) -> Path:
    name = _name(row)
    return at / name["patient"] / name["scan"] / name[0]


def _is_there(row: Mapping[str, str], at: Path, rescales: Mapping[str, Rescale] | None) -> bool:
    return _path(row, at).is_file() and (rescales is None or row["VolumeName"] in rescales)


def _scan(row: Mapping[str, str], at: Path, rescales: Mapping[str, Rescale] | None) -> Scan:
    """A line of the label file as a case."""
    name = row["VolumeName"]
    questions = tuple(Question(f"{name}: {label}", label, label, _truth(name, label, value))
                      for label, value in row.items() if label != "VolumeName")
    return Scan(name, _name(row)["patient"], questions, (_path(row, at),),
                None if rescales is None else rescales[name])


def _truth(name: str, label: str, value: str) -> bool:
    if value.strip() not in ("0", "1", "0.0", "1.0"):
        raise NothingUsable(f"{LABELS} says {value!r} of {label} in {name}; expected is 0 or 1")
    return value.strip().startswith("1")


TASK = Task(
    name=CT_RATE, load=load, prompts=("ct_rate",), marks=lambda question, value: yes_or_no(question.truth, value),
    fields=("n", "right", "tp", "fp", "fn"), group="condition", unit="patient",
    metrics=(
        Metric("macro_f1", "Macro F1", "F1 of each condition, then the mean over conditions (Technical Report, 3.2.1); "
               "a condition that is neither there nor called anywhere is left out; no usable answer counts as no.",
               macro_f1),
        Metric("macro_precision", "Macro precision", "Precision of each condition, then the mean; 0 where one is there "
               "and never called.", macro_precision),
        Metric("macro_recall", "Macro recall", "Recall of each condition, then the mean.", macro_recall)),
    baselines=(always(False, 'always "no"'), always(True, 'always "yes"', "always_yes"),
               most_frequent("the more frequent answer of each condition")))

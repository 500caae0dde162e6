"""A folder of CT-RATE's shape: label file, metadata, volumes of a block of tissue in air."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from made_ct import block, write_nifti

LABELS = ("Emphysema", "Pleural effusion", "Lung nodule")
TRUTH: Mapping[str, tuple[int, int, int]] = {
    "valid_1_a_1.nii.gz": (1, 0, 0), "valid_1_b_1.nii.gz": (1, 0, 0), "valid_2_a_1.nii.gz": (0, 1, 0),
    "valid_3_a_1.nii.gz": (0, 0, 0)}


def write_ct_rate(root: Path, *, fixed: bool = True, absent: Sequence[str] = ()) -> Path:
    """Four small scans of three patients, one reconstruction each; those with stored values are 2048 above half their
    Hounsfield units."""
    dataset = root / "dataset"
    table(dataset / "multi_abnormality_labels" / "valid_predicted_labels.csv", ["VolumeName", *LABELS],
          [[name, *values] for name, values in TRUTH.items()])
    table(dataset / "metadata" / "validation_metadata.csv", ["VolumeName", "RescaleSlope", "RescaleIntercept"],
          [[name, "2.0", "-4096.0"] for name in TRUTH])
    for number, name in enumerate(TRUTH):
        if name not in absent:
            patient, scan, _ = name.rsplit("_", 2)
            path = dataset / ("valid_fixed" if fixed else "valid") / patient / f"{patient}_{scan}" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            hu = block(3 + number)
            write_nifti(path, hu if fixed else (hu // 2 + 2048).astype(np.int16))
    return root


def table(path: Path, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows])

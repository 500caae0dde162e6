"""The volume scores: what counts as found, and which folders count."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest

from caseloom.core.evidence import VolumeSlice
from caseloom.evals.volume_accuracy import dice, hits, lung_rows, tumour_rows


def test_dice_of_masks() -> None:
    one, other = np.zeros((4, 4), bool), np.zeros((4, 4), bool)
    assert dice(one, other) == 1.0
    one[0], other[:, 0] = True, True
    assert dice(one, other) == pytest.approx(0.25)


@pytest.mark.parametrize(("box", "found"), [((10, 10, 20, 20), True), ((0, 0, 10, 10), False), (None, False)])
def test_a_candidate_hits_when_its_middle_lies_in_a_box_of_its_slice(box: tuple[float, ...] | None,
                                                                     found: bool) -> None:
    place = VolumeSlice(series_uid="1", instance_uid="1.2", index=3, box=box)
    assert hits(place, {"1.2": [(12.0, 12.0, 30.0, 30.0)]}) is found
    assert not hits(place, {"1.3": [(0.0, 0.0, 90.0, 90.0)]})


def test_references_on_another_grid_and_folders_without_truth_give_nothing(tmp_path: Path) -> None:
    values = np.zeros((20, 20, 6), np.int16)
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), tmp_path / "ct.nii")
    nibabel.save(nibabel.Nifti1Image(values, np.diag([2.0, 2.0, 2.0, 1.0])), tmp_path / "ct_seg.nii")
    assert list(lung_rows(tmp_path)) == []
    assert list(tumour_rows(tmp_path)) == []


def test_the_goals_are_met_on_the_sample_data(shared_data: Path) -> None:
    rows = list(lung_rows(shared_data / "ct_torso_with_segmentation"))
    assert len(rows) == 6, "both lungs and each side, against two references"
    assert all(float(measured) >= 0.95 for _, measured, _ in rows)

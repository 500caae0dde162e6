"""One convention for where a voxel lies."""

import numpy as np
import pytest

from caseloom.core.boxes import iou
from caseloom.core.geometry import VolumeGeometry


def test_round_trip_and_spacing() -> None:
    affine = np.array([[0, 0, 0.8, -100], [0, 0.9, 0, -120], [2.5, 0, 0, 30], [0, 0, 0, 1]], dtype=float)
    geometry = VolumeGeometry(shape=(10, 20, 30), affine=affine)
    index = np.array([[0, 0, 0], [9, 19, 29], [1.5, 2.5, 3.5]])
    assert geometry.spacing == pytest.approx((2.5, 0.9, 0.8))
    assert geometry.voxel_ml == pytest.approx(2.5 * 0.9 * 0.8 / 1000)
    assert geometry.to_lps(index)[1] == pytest.approx([-100 + 29 * 0.8, -120 + 19 * 0.9, 30 + 9 * 2.5])
    assert geometry.to_index(geometry.to_lps(index)) == pytest.approx(index)


def test_a_singular_affine_is_refused() -> None:
    with pytest.raises(ValueError, match="invertible"):
        VolumeGeometry(shape=(1, 1, 1), affine=np.zeros((4, 4)))


def test_iou() -> None:
    assert iou((0, 0, 2, 2), (1, 0, 3, 2)) == pytest.approx(1 / 3)
    assert iou((0, 0, 1, 1), (2, 2, 3, 3)) == 0.0

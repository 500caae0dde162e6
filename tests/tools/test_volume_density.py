"""Density of lungs, what makes it incomparable, and the header that says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from made_ct import block, series_of, write_nifti, write_slices

from caseloom.core.settings import Limits
from caseloom.sources.ct_technique import Technique, read_technique
from caseloom.sources.volume import load_volume
from caseloom.tools.volume.ct_lungs import is_sharp, not_comparable
from caseloom.tools.volume.density import lung_density
from caseloom.tools.volume.grids import Patch, patch_of


def test_low_attenuation_is_a_share_of_the_lungs_voxels_and_its_margin_follows_the_histogram() -> None:
    values = np.full((2, 4, 5), 40, np.int16)
    values[0, 0] = [-951, -950, -945, -956, -800]
    values[1, 3] = [-990, -800, -800, -800, -800]
    mask = np.zeros(values.shape, bool)
    mask[0, 0], mask[1, 3] = True, True
    density = lung_density(values, patch_of(mask, (slice(0, 2), slice(0, 4), slice(0, 5)), mask.shape))
    assert density.low_percent == pytest.approx(30.0), "-951, -956 and -990 of ten; -950 itself is not below"
    assert density.mean == pytest.approx(-879.2)
    assert density.low_margin == pytest.approx((50.0 - 10.0) / 2), "five below -940, one below -960"


def test_a_patch_gives_back_the_mask_and_its_planes() -> None:
    mask = np.zeros((6, 7, 8), bool)
    mask[2:4, 3:6, 5] = True
    patch = patch_of(mask, tuple(slice(0, size) for size in mask.shape), mask.shape)
    assert isinstance(patch, Patch)
    assert patch.inner.shape == (2, 3, 1)
    np.testing.assert_array_equal(patch.whole(), mask)
    for axis in range(3):
        for index in range(mask.shape[axis]):
            np.testing.assert_array_equal(patch.plane(axis, index), mask.take(index, axis))


@pytest.mark.parametrize(("kernel", "sharp"), [("B30f", False), ("B31s", False), ("B50f", True), ("Br59d\\3", True),
                                               ("LUNG", True), ("STANDARD", False), ("BONEPLUS", True), ("FC13", False),
                                               ("B", False), ("I70f\\2", True)])
def test_sharp_kernels_are_known_by_name(kernel: str, sharp: bool) -> None:
    assert is_sharp(kernel) is sharp


def test_what_makes_density_incomparable_is_said(tmp_path: Path) -> None:
    series = series_of(tmp_path, write_slices(tmp_path / "ct", block(6)))
    volume = load_volume(series, tmp_path, Limits())
    assert not_comparable(Technique(1.0, "B30f", None), volume) == []
    doubts = not_comparable(Technique(None, "B70f", True), volume)
    assert [text.split(" ")[0] for text in doubts] == ["slices", "the", "contrast"]
    assert "5 mm" in doubts[0], "the slice distance stands in for the thickness"
    assert not_comparable(Technique(1.0, None, None), volume) == ["the kernel is not known"]


def test_the_technique_is_read_from_the_header_and_none_from_a_file_without_one(tmp_path: Path) -> None:
    paths = write_slices(tmp_path / "ct", block(3), SliceThickness=1.25, ConvolutionKernel=["Br40", "2"],
                         ContrastBolusAgent="Iohexol")
    assert read_technique(series_of(tmp_path, paths), tmp_path, Limits()) == Technique(1.25, "Br40\\2", True)
    plain = write_slices(tmp_path / "plain", block(3))
    assert read_technique(series_of(tmp_path, plain), tmp_path, Limits()) == Technique(None, None, None)
    nifti = write_nifti(tmp_path / "ct.nii", block(3))
    assert read_technique(series_of(tmp_path, [nifti]), tmp_path, Limits()) == Technique()

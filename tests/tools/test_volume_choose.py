"""Which series of an examination is measured: the rule, and what is said about it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_series import frame_group, write_enhanced, write_slices

from caseloom.core.case import FileKind, Study
from caseloom.core.refusal import RefusalCode
from caseloom.core.settings import Limits
from caseloom.sources.discover import discover
from caseloom.sources.grouping import studies_in
from caseloom.sources.identify import Reading
from caseloom.sources.manifest import Manifest
from caseloom.tools.volume.choose import choose_series

LIMITS = Limits()


def series(folder: Path, name: str, count: int = 8, **fields: Any) -> None:
    """A series with its name as description and a UID of its own."""
    plain = {"SeriesDescription": name, "SeriesInstanceUID": f"2.25.{abs(hash(name)) % 10**9}", "step": (0, 0, 2.0)}
    values = np.arange(count * 72, dtype=np.uint16).reshape(count, 8, 9) + len(name)
    write_slices(folder / name, values, **(plain | fields))


def study(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Study:
    (only,) = studies_in(discover(folder, Reading(LIMITS, tmp_path_factory.mktemp("cache"))), Manifest())
    return only


def names(found: Study, folder: Path) -> list[str]:
    return [item.description for item in choose_series(found, folder, LIMITS).ranked]


def test_the_rule_ranks_series_of_one_ct(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    series(tmp_path, "thin sharp", 40, SliceThickness=1, ConvolutionKernel="B70f", step=(0, 0, 1.0))
    series(tmp_path, "thin smooth", 40, SliceThickness=1, ConvolutionKernel="B30f", step=(0, 0, 1.0))
    series(tmp_path, "thick smooth", 8, SliceThickness=5, ConvolutionKernel="B30f", step=(0, 0, 5.0))
    series(tmp_path, "middle smooth", 20, SliceThickness=2, ConvolutionKernel="STANDARD")
    series(tmp_path, "contrast", 40, SliceThickness=1, ConvolutionKernel="B30f", ContrastBolusAgent="iopamidol",
           step=(0, 0, 1.0))
    series(tmp_path, "part", 12, SliceThickness=1, ConvolutionKernel="B30f", step=(0, 0, 1.0))
    series(tmp_path, "coronal", 60, SliceThickness=1, ImageOrientationPatient=[1, 0, 0, 0, 0, -1], step=(0, 1.0, 0))
    series(tmp_path, "mip", 40, ImageType=["DERIVED", "PRIMARY", "AXIAL", "MIP"], step=(0, 0, 1.0))
    series(tmp_path, "scout", 3, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    series(tmp_path, "dose", 1, ImageType=["DERIVED", "SECONDARY", "OTHER", "DOSE"])
    found = study(tmp_path, tmp_path_factory)
    choice = choose_series(found, tmp_path, LIMITS)
    assert [item.description for item in choice.ranked] == [
        "thin smooth", "middle smooth", "thin sharp", "thick smooth", "contrast", "part", "coronal"]
    warning, = choice.warnings
    assert "7 series could be measured; the first that can be read was, in this order: thin smooth (axial, 40 " \
           "slices, 1 mm thick, kernel B30f); middle smooth" in warning
    assert "without before with contrast agent" in warning
    codes = {item.file.split("/")[0]: item.code for item in choice.refused}
    assert codes == {"mip": RefusalCode.DERIVED_OBJECT, "scout": RefusalCode.LOCALIZER,
                     "dose": RefusalCode.TOO_FEW_SLICES}


def test_where_nothing_was_to_be_chosen_nothing_is_said(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
                                                        ) -> None:
    series(tmp_path, "only")
    assert choose_series(study(tmp_path, tmp_path_factory), tmp_path, LIMITS).warnings == ()


def test_reformats_are_measured_where_there_is_nothing_else(tmp_path: Path,
                                                            tmp_path_factory: pytest.TempPathFactory) -> None:
    series(tmp_path, "mpr", ImageType=["DERIVED", "SECONDARY", "MPR"])
    choice = choose_series(study(tmp_path, tmp_path_factory), tmp_path, LIMITS)
    assert [item.description for item in choice.ranked] == ["mpr"]
    assert choice.warnings == ("only a derived series is there; its values may have been changed by processing",)


def test_phases_of_one_series_are_ranked_and_named(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    for b in (800, 0, 400):
        series(tmp_path / str(b), "dwi", 6, modality="MR", DiffusionBValue=float(b), SeriesInstanceUID="2.25.77",
               start=1 + b)
    assert names(study(tmp_path, tmp_path_factory), tmp_path) == [
        "dwi, b-value 0 s/mm²", "dwi, b-value 400 s/mm²", "dwi, b-value 800 s/mm²"]


def test_positions_and_directions_that_differ_by_rounding_stay_one_series(
        tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """0.994999 and 0.995001 round to different hundredths."""
    for number, x in enumerate((0.994999, 0.995001) * 4):
        y = float(np.sqrt(1 - x * x))
        series(tmp_path / str(number), "oblique", 1, ImageOrientationPatient=[x, y, 0, -y, x, 0], start=number + 1,
               ImagePositionPatient=[0, 0, 2.0 * number])
    (only,) = study(tmp_path, tmp_path_factory).series
    assert len(only.files) == 8


def test_an_enhanced_file_competes_with_its_frames(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    series(tmp_path, "single", 8)
    groups = [frame_group((0, 0, 2.0 * k)) for k in range(30)]
    write_enhanced(tmp_path / "enhanced", np.zeros((30, 8, 9), np.uint16), groups, SeriesInstanceUID="2.25.88",
                   SeriesDescription="enhanced")
    found = study(tmp_path, tmp_path_factory)
    assert found.kind is FileKind.CT
    assert names(found, tmp_path) == ["enhanced", "single"]

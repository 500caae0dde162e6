"""What the loaders read of a data set's folder, and what they refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from caseloom.core.case import FileKind
from caseloom.core.errors import InputError, NothingUsable, UsageError
from caseloom.evals.published import lab_pages
from caseloom.evals.published.files import read_table
from caseloom.evals.published.inputs import series_of
from caseloom.evals.published.task import Source


@pytest.mark.parametrize("row", ["1,2", "1,2,3,4"])
def test_a_row_of_another_length_is_named(tmp_path: Path, row: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f"a,b,c\n1,2,3\n{row}\n", encoding="utf-8")
    with pytest.raises(NothingUsable, match=r"line 3 of list.csv has not as many cells as the heading"):
        read_table(path, ["a"])


def test_a_folder_is_a_series_of_its_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no file"):
        series_of(tmp_path, FileKind.CT)
    for name in ("2.dcm", "1.dcm"):
        (tmp_path / name).write_bytes(b"x")
    series = series_of(tmp_path, FileKind.CT)
    assert ([file.path for file in series.files], series.modality) == (["1.dcm", "2.dcm"], "CT")


def test_words_of_pages_go_into_no_shared_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="needs a folder"):
        lab_pages.load(Source(tmp_path))

"""Encoded pictures are kept within bounds, privately, whole, and never across patients."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from caseloom.readers.local.features import FeatureStore

MIB = 1024 * 1024


def feature(seed: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(4, 64, generator=torch.Generator().manual_seed(seed)).to(dtype)


def store(folder: Path | None, memory: int = MIB, disk: int = MIB) -> FeatureStore:
    return FeatureStore(folder, memory, disk)


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_another_session_finds_what_one_kept(tmp_path: Path, dtype: torch.dtype) -> None:
    assert store(tmp_path).put("P-1", {"a1": feature(1, dtype)}) is None
    found = store(tmp_path).get("P-1", "a1")
    assert found is not None
    assert found.dtype == dtype
    assert (found == feature(1, dtype)).all()


def test_nothing_is_found_for_another_patient(tmp_path: Path) -> None:
    kept = store(tmp_path)
    kept.put("P-1", {"a1": feature(1)})
    assert kept.get("P-2", "a1") is None
    assert store(tmp_path).get("P-2", "a1") is None


def test_files_are_private_and_name_no_patient(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    store(folder).put("P-1", {"a1": feature(1)})
    (file,) = files(folder)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert folder.stat().st_mode & 0o777 == 0o700
    assert "P-1" not in str(file.relative_to(folder))


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "words", "folder"])
def test_a_damaged_file_counts_as_absent_and_is_written_again(tmp_path: Path, damage: str) -> None:
    store(tmp_path).put("P-1", {"a1": feature(1)})
    (file,) = files(tmp_path)
    whole = file.read_bytes()
    file.unlink()
    if damage == "folder":
        file.mkdir()
        assert store(tmp_path).get("P-1", "a1") is None
        return
    flipped = whole[:-1] + bytes([whole[-1] ^ 1])
    file.write_bytes({"cut": whole[:-9], "flipped": flipped, "empty": b"", "words": b"not a tensor"}[damage])

    again = store(tmp_path)
    assert again.get("P-1", "a1") is None
    again.put("P-1", {"a1": feature(1)})
    assert files(tmp_path) == [file]
    assert file.read_bytes() == whole


def test_the_least_recently_used_files_go_first(tmp_path: Path) -> None:
    store(tmp_path / "other").put("P-1", {"a1": feature(1)})
    one_file = files(tmp_path / "other")[0].stat().st_size
    tmp_path = tmp_path / "kept"
    bounded = store(tmp_path, memory=0, disk=3 * one_file)
    for number, name in enumerate(("a1", "a2", "a3")):
        bounded.put("P-1", {name: feature(number)})
        (file,) = [path for path in files(tmp_path) if path.stem == name]
        os.utime(file, ns=(number, number))
    assert bounded.get("P-1", "a1") is not None

    bounded.put("P-2", {"b1": feature(7), "b2": feature(8)})

    assert {path.stem for path in files(tmp_path)} == {"a1", "b1", "b2"}


def test_memory_is_bounded() -> None:
    size = feature(0).nbytes
    bounded = store(None, memory=2 * size)
    bounded.put("P-1", {"a1": feature(1), "a2": feature(2)})
    assert bounded.get("P-1", "a1") is not None
    bounded.put("P-1", {"a3": feature(3)})
    assert bounded.get("P-1", "a2") is None
    assert bounded.get("P-1", "a1") is not None


def test_a_folder_that_cannot_be_written_is_said_and_reading_goes_on(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file where the folder should be", encoding="utf-8")
    kept = store(tmp_path / "kept")
    said = kept.put("P-1", {"a1": feature(1)})
    assert said is not None
    assert "could not be kept on disk" in said
    assert str(tmp_path) not in said
    assert kept.get("P-1", "a1") is not None

from __future__ import annotations

from pathlib import Path

import pytest

from caseloom.core.errors import ReaderUnavailable
from caseloom.readers.local.room import check_room, free_memory

KERNEL = "MemTotal:       16000000 kB\nMemFree:         1000000 kB\nMemAvailable:    8000000 kB\n"


def machine(folder: Path, most: str | None = None) -> tuple[Path, Path]:
    (folder / "meminfo").write_text(KERNEL)
    if most is not None:
        (folder / "memory.max").write_text(f"{most}\n")
        (folder / "memory.current").write_text("3000000\n")
        (folder / "memory.stat").write_text("anon 9\nfile 900\ninactive_file 500000\nactive_file 250000\nshmem 7\n")
    return folder / "meminfo", folder


def test_what_the_kernel_can_give(tmp_path: Path) -> None:
    assert free_memory(*machine(tmp_path)) == 8_000_000 * 1024


def test_a_control_group_leaves_less_but_gives_file_pages_back(tmp_path: Path) -> None:
    assert free_memory(*machine(tmp_path, "5000000")) == 5_000_000 - 3_000_000 + 750_000
    assert free_memory(*machine(tmp_path, "1000000")) == 0
    assert free_memory(*machine(tmp_path, "max")) == 8_000_000 * 1024


def test_where_the_system_does_not_say_it_nothing_is_refused(tmp_path: Path) -> None:
    assert free_memory(tmp_path / "meminfo", tmp_path) is None
    (tmp_path / "meminfo").write_text("MemFree: 1 kB\n")
    assert free_memory(tmp_path / "meminfo", tmp_path) is None
    check_room(10**15, None, "memory")


def test_weights_that_do_not_fit_name_what_is_needed_and_free() -> None:
    check_room(8_600_000_000, 8_600_000_000, "memory")
    with pytest.raises(ReaderUnavailable, match=r"take 17\.2 GB of memory and 8\.0 GB are free; .*measure works now"):
        check_room(17_200_000_000, 8_000_000_000, "memory")

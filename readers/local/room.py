"""Whether weights fit, asked before they are loaded: the operating system ends a process that takes too much."""

from __future__ import annotations

import re
from pathlib import Path

from ...core.errors import ReaderUnavailable
from .checkpoint import MEASURE_WORKS

GB = 1e9


def check_room(needed: int, free: int | None, place: str) -> None:
    """Refuse weights that don't fit.

    Args:
        needed: bytes of the weights in the type that they are computed in.
        free: bytes, None where it can't be told.
        place: words for where, such as "memory".

    Raises:
        ReaderUnavailable: more is needed than is free.
    """
    if free is not None and needed > free:
        raise no_room(needed, f"{free / GB:.1f} GB are free", place)


def no_room(needed: int, found: str, place: str) -> ReaderUnavailable:
    """The error for weights that don't fit."""
    return ReaderUnavailable(f"the model's weights take {needed / GB:.1f} GB of {place} and {found}; end other "
                             f"programs, use a larger machine, or give a server's URL as --reader; {MEASURE_WORKS}")


def free_memory(processes: Path = Path("/proc/meminfo"), group: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Bytes that this process may still take, by the kernel's estimate and its control group (version 2).

    Returns:
        None where the operating system does not say it in these files.
    """
    try:
        found = re.search(r"^MemAvailable:\s+(\d+) kB$", processes.read_text(encoding="ascii"), re.MULTILINE)
    except OSError:
        return None
    if found is None:
        return None
    return int(min(int(found[1]) * 1024, _group_room(group)))


def _group_room(group: Path) -> float:
    """What the control group leaves; file pages that it counts are given back on demand."""
    try:
        most = (group / "memory.max").read_text(encoding="ascii").strip()
        taken = int((group / "memory.current").read_text(encoding="ascii"))
        details = (group / "memory.stat").read_text(encoding="ascii")
    except OSError:
        return float("inf")
    if most == "max":
        return float("inf")
    pages = sum(int(count) for count in re.findall(r"^(?:in)?active_file (\d+)$", details, re.MULTILINE))
    return max(0, int(most) - taken + pages)

"""Parts of the shipped case: one that is reviewed in a few seconds, and one of images."""

from __future__ import annotations

import shutil
from pathlib import Path

LAB = "documents/lab_2025-03-03.pdf"


def write_small_case(demo: Path, folder: Path) -> Path:
    """Copy a laboratory report and the health record.

    Args:
        demo: the case that `write_demo` wrote.
        folder: where to; made.
    """
    (folder / "documents").mkdir(parents=True)
    for name in (LAB, "record.json"):
        shutil.copy(demo / name, folder / name)
    return folder


def write_picture_case(demo: Path, folder: Path) -> Path:
    """Copy a CT, two films and a slide, beside a page.

    Args:
        demo: the case that `write_demo` wrote.
        folder: where to; made.
    """
    for name in ("ct/2025-11-11", "films", "pathology"):
        shutil.copytree(demo / name, folder / name)
    (folder / "documents").mkdir()
    shutil.copy(demo / LAB, folder / LAB)
    return folder

"""Runs the localization tool on single files."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from PIL import Image

from caseloom.core.case import CaseFile, FileKind, Series, Study
from caseloom.core.finding import Finding
from caseloom.core.result import ToolResult
from caseloom.readers.measure import MeasureReader
from caseloom.tools.base import ToolContext
from caseloom.tools.localization import LocalizationTool


def film_study(path: Path, **fields: object) -> Study:
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    file = CaseFile(path=path.name, sha256=sha256, size=path.stat().st_size, kind=FileKind.FILM)
    series = Series(uid=f"sha256:{sha256}", kind=FileKind.FILM, modality="DX", files=(file,), **fields)
    return Study(id="S1", uid="1.2", kind=FileKind.FILM, modality="DX", date="2025-03-04", series=(series,))


def run_on_film(path: Path, pictures: Path | None = None, **fields: object) -> ToolResult:
    context = ToolContext(root=path.parent, patient=None, opaque_patient="P-0", reader=MeasureReader(),
                          pictures=pictures, cache=path.parent)
    return LocalizationTool().run(film_study(path, **fields), context)


def run_on_pixels(folder: Path, pixels: np.ndarray, **fields: object) -> ToolResult:
    """`pixels` (rows, columns), 0..1."""
    path = folder / "picture.png"
    Image.fromarray(np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8)).save(path)
    return run_on_film(path, **fields)


def read_grey(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("L"), np.float32) / 255


def named(result: ToolResult, name: str) -> Finding:
    (finding,) = (item for item in result.findings if item.name == name)
    return finding


def box_of(result: ToolResult, name: str) -> tuple[float, float, float, float]:
    (box,) = (item.locator.box for item in result.evidence if item.id in named(result, name).evidence)
    return box

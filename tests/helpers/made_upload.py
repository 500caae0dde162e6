"""A small case as somebody would upload it: two CTs, a film, a slide and a laboratory report."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
from made_ct import block, write_slices
from made_report_page import write_report
from made_slide import halve, paint_nuclei, scatter, write_tiff
from PIL import Image

from caseloom.phantoms.body import build_anatomy
from caseloom.phantoms.film import develop, film_grid, project
from caseloom.phantoms.specs import BodySpec, FilmSpec

SLICES = 300
PRIOR_SLICES = 30
DESCRIPTION = """\
files:
  film.png: {modality: DX, view: PA, body_part: CHEST, date: 2025-03-04}
  slide.tiff: {date: 2025-03-05}
"""


def write_upload(folder: Path) -> Path:
    """Write the case; its CTs show a block of tissue, so that a review of it is quick."""
    folder.mkdir(parents=True)
    _write_ct(folder / "ct_2024", "20240301", 1, block(PRIOR_SLICES))
    later = block(SLICES)
    later[:, 20:23, 20:23] = 300
    _write_ct(folder / "ct_2025", "20250304", 2, later)
    _write_film(folder / "film.png")
    pixels = paint_nuclei((256, 256), scatter(60, (256, 256), 14, 1), 2)
    write_tiff(folder / "slide.tiff", [pixels, halve(pixels)], 0.5)
    write_report(folder / "labs.pdf", "")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 broken")
    (folder / "case.yaml").write_text(DESCRIPTION)
    return folder


def _write_film(file: Path) -> None:
    """A coarse chest film of 8 bits."""
    spec = FilmSpec(grid_mm=4.0, pixel_mm=2.0)
    pixels = develop(project(build_anatomy(BodySpec(arms=True, vessel_targets=40), film_grid(spec))), spec,
                     np.random.default_rng(1))
    Image.fromarray((pixels >> 4).astype(np.uint8)).save(file)


def _write_ct(folder: Path, date: str, number: int, values: np.ndarray) -> None:
    paths = write_slices(folder, values, StudyDate=date, StudyDescription="CT chest", SeriesDescription="Chest axial",
                         StudyInstanceUID=f"2.25.{number}0", SeriesInstanceUID=f"2.25.{number}1")
    for k, path in enumerate(paths):
        slice_ = pydicom.dcmread(path)
        slice_.SOPInstanceUID = slice_.file_meta.MediaStorageSOPInstanceUID = f"2.25.{number}9.{k + 1}"
        slice_.save_as(path)

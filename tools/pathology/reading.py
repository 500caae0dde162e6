"""What is measured on one slide, in one go."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...core.errors import RefusedFile
from ...core.refusal import RefusalCode
from ...sources.slide import Slide
from .measure import Field, Grid, cell_counts, cell_tissue, densest, search_fields
from .nuclei import DETECTION_MPP
from .scan import read_tissue, scan_nuclei

MOST_REGIONS = 5

_COARSEST_MPP = 1.05 * DETECTION_MPP


@dataclass(frozen=True)
class NuclearDensity:
    """Nuclei over the tissue of a slide.

    Args:
        grid: the search grid.
        nuclei: (n, 2) int32 as (row, column) in pixels at 10x from the scanned area's corner.
        counts: nuclei in each cell of the grid.
        fields: every field with enough tissue, densest first.
        top: the densest fields that do not overlap, at most `MOST_REGIONS`.
    """

    grid: Grid
    nuclei: NDArray[np.int32]
    counts: NDArray[np.int64]
    fields: tuple[Field, ...]
    top: tuple[Field, ...]


@dataclass(frozen=True)
class SlideReading:
    """Tissue and nuclei of one slide.

    Args:
        mask: tissue over `slide.bounds`, (rows, columns) bool.
        tissue_fraction: share of the scanned area that is tissue, 0..1.
        tissue_mm2: its area, None when the slide does not say its scale.
        density: None when nuclei could not be counted.
        gap: why not, else None.
    """

    mask: NDArray[np.bool_]
    tissue_fraction: float
    tissue_mm2: float | None
    density: NuclearDensity | None
    gap: RefusedFile | None


def read_slide(slide: Slide) -> SlideReading:
    """Measure tissue at low power and nuclear density at 10x.

    Raises:
        RefusedFile: NO_TISSUE, or CORRUPT when a tile cannot be decoded.
    """
    mask = read_tissue(slide)
    if not mask.any():
        raise RefusedFile(RefusalCode.NO_TISSUE, "no tissue was found on the slide")
    fraction = float(mask.mean())
    if slide.mpp is None:
        return SlideReading(mask, fraction, None, None, RefusedFile(
            RefusalCode.NO_SPACING, "the slide does not say how large its pixels are: tissue was outlined, but no "
            "area in mm² and no nuclear density was measured; export it with its resolution"))
    area = slide.bounds.width * slide.bounds.height * slide.mpp**2 / 1e6
    if slide.mpp > _COARSEST_MPP:
        return SlideReading(mask, fraction, fraction * area, None, RefusedFile(
            RefusalCode.UNSUPPORTED, f"the slide was scanned at {slide.mpp:.3g} µm per pixel: nuclei are counted at "
            "10x (1 µm per pixel) and were not counted here"))
    return SlideReading(mask, fraction, fraction * area, _measure_density(slide, slide.mpp, mask), None)


def _measure_density(slide: Slide, mpp: float, mask: NDArray[np.bool_]) -> NuclearDensity:
    grid = Grid(slide.bounds, mpp)
    tissue = cell_tissue(mask, grid)
    nuclei = scan_nuclei(slide, grid, tissue, mask)
    counts = cell_counts(nuclei, grid)
    fields = search_fields(counts, tissue, grid)
    return NuclearDensity(grid, nuclei, counts, tuple(fields), densest(fields, MOST_REGIONS))

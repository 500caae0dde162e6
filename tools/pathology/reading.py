"""What is measured on one slide, in one go."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...core.errors import RefusedFile
from ...core.refusal import RefusalCode
from ...sources.slide import Region, Slide
from .fields import FieldMaps, measure_fields
from .measure import STEP, Field, Grid, cell_tissue, densest, per_cell, search_fields
from .nuclei import DETECTION_MPP, Nuclei
from .scan import read_tissue, scan_slide
from .stains import Stains
from .tissue import TissueMap

MOST_REGIONS = 5
LEAST_SHARP = 0.075
"""Share of fine detail below which a cell counts as out of focus: where a sharp slide was blurred by 2 µm (standard
deviation) or more; see docs/accuracy.md."""

_COARSEST_MPP = 1.05 * DETECTION_MPP


@dataclass(frozen=True)
class NuclearDensity:
    """Nuclei and stain over the tissue of a slide that can be judged: flat, in focus, decoded.

    Args:
        grid: the search grid.
        nuclei: in pixels at 10x from the scanned area's corner.
        counts: nuclei in each cell of the grid.
        fields: every field with enough tissue, densest first.
        top: the densest fields that do not overlap, at most `MOST_REGIONS`.
        maps: what else is measured in each field.
        searched_mm2: tissue that was searched.
        sharp_share: share of the searched tissue that is in focus, 0..1.
    """

    grid: Grid
    nuclei: Nuclei
    counts: NDArray[np.float64]
    fields: tuple[Field, ...]
    top: tuple[Field, ...]
    maps: FieldMaps
    searched_mm2: float
    sharp_share: float


@dataclass(frozen=True)
class SlideReading:
    """Tissue and nuclei of one slide.

    Args:
        cover: tissue, folds and ink over `slide.bounds`.
        tissue_fraction: share of the scanned area that is tissue, 0..1.
        tissue_mm2: its area, None when the slide does not say its scale.
        stains: of the slide.
        density: None when nuclei could not be counted.
        gap: why not, else None.
    """

    cover: TissueMap
    tissue_fraction: float
    tissue_mm2: float | None
    stains: Stains
    density: NuclearDensity | None
    gap: RefusedFile | None

    @property
    def mask(self) -> NDArray[np.bool_]:
        """Tissue over `slide.bounds`, (rows, columns) bool."""
        return self.cover.tissue

    @property
    def fold_share(self) -> float:
        """Share of the tissue that lies double, 0..1."""
        return float(self.cover.folds.sum() / max(1, self.mask.sum()))


def read_slide(slide: Slide) -> SlideReading:
    """Measure tissue at low power, nuclei and stain at 10x.

    Raises:
        RefusedFile: NO_TISSUE, or CORRUPT when no tile of it can be decoded.
    """
    cover, stains = read_tissue(slide)
    if not cover.tissue.any():
        if slide.damaged_tiles:
            raise RefusedFile(RefusalCode.CORRUPT, "no tile of the slide that shows tissue can be decoded; ask for the "
                              "file again")
        raise RefusedFile(RefusalCode.NO_TISSUE, "no tissue was found on the slide")
    fraction = float(cover.tissue.mean())
    if slide.mpp is None:
        return SlideReading(cover, fraction, None, stains, None, RefusedFile(
            RefusalCode.NO_SPACING, f"the slide {slide.scale_gap}: tissue was outlined, but no "
            "area in mm² and no nuclear density was measured; export it with its resolution"))
    area = fraction * slide.bounds.width * slide.bounds.height * slide.mpp**2 / 1e6
    if slide.mpp > _COARSEST_MPP:
        return SlideReading(cover, fraction, area, stains, None, RefusedFile(
            RefusalCode.UNSUPPORTED, f"the slide was scanned at {slide.mpp:.3g} µm per pixel: nuclei are counted at "
            "10x (1 µm per pixel) and were not counted here"))
    return SlideReading(cover, fraction, area, stains, _measure_density(slide, slide.mpp, cover, stains), None)


def _measure_density(slide: Slide, mpp: float, cover: TissueMap, stains: Stains) -> NuclearDensity:
    grid = Grid(slide.bounds, mpp)
    tissue = cell_tissue(cover.searched, grid)
    nuclei, sums = scan_slide(slide, grid, tissue, stains)
    damaged = _damaged_cells(slide.damaged_tiles, grid)
    sharp = (sums.sharpness >= LEAST_SHARP) & ~damaged
    share = float(tissue[sharp].sum() / max(tissue.sum(), 1e-9))
    searched = float(cover.searched.mean()) * slide.bounds.width * slide.bounds.height * mpp**2 / 1e6
    nuclei = nuclei.only(_lies_in(cover.searched, nuclei, grid))
    counts = per_cell(nuclei, grid)
    fields = [field for field in search_fields(counts, np.where(sharp, tissue, 0.0), grid)
              if not damaged[field.row:field.row + 2, field.column:field.column + 2].any()]
    return NuclearDensity(grid, nuclei, counts, tuple(fields), densest(fields, MOST_REGIONS),
                          measure_fields(nuclei, sums, grid), searched, share)


def _lies_in(mask: NDArray[np.bool_], nuclei: Nuclei, grid: Grid) -> NDArray[np.bool_]:
    where = nuclei.centres.astype(np.int64) * mask.shape // grid.size
    inside: NDArray[np.bool_] = mask[where[:, 0], where[:, 1]]
    return inside


def _damaged_cells(tiles: set[Region], grid: Grid) -> NDArray[np.bool_]:
    """Cells that a tile which could not be decoded reaches into."""
    damaged = np.zeros(grid.cells, bool)
    cell = STEP * grid.scale
    for tile in tiles:
        x, y = tile.x - grid.area.x, tile.y - grid.area.y
        damaged[max(0, int(y / cell)):max(0, -int(-(y + tile.height) // cell)),
                max(0, int(x / cell)):max(0, -int(-(x + tile.width) // cell))] = True
    return damaged

"""From nuclei and tissue to ranked regions: pure arithmetic on a grid laid over the slide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ...sources.slide import Region
from .nuclei import DETECTION_MPP, Nuclei

FIELD = 224
"""Side of a search field in pixels at 10x, which is 224 µm."""
STEP = 112
"""Distance of neighbouring search fields: they overlap by half, so that a hot spot is not cut by the grid."""
LEAST_TISSUE = 0.5
"""Share of a field that tissue must cover for the field to be ranked."""
WHOLE = 0.95
"""Share from which a field counts as wholly on tissue: elsewhere few nuclei may only mean little tissue."""


@dataclass(frozen=True)
class Grid:
    """Cells of `STEP` x `STEP` pixels at 10x over the scanned area; the last ones reach over its edge.

    Args:
        area: the scanned area in level-0 pixels.
        mpp: micrometres per level-0 pixel.
    """

    area: Region
    mpp: float

    @property
    def scale(self) -> float:
        """Level-0 pixels per pixel at 10x."""
        return DETECTION_MPP / self.mpp

    @property
    def size(self) -> tuple[int, int]:
        """(rows, columns) of the scanned area in pixels at 10x, rounded up."""
        return int(np.ceil(self.area.height / self.scale)), int(np.ceil(self.area.width / self.scale))

    @property
    def cells(self) -> tuple[int, int]:
        """(rows, columns) of cells; at least one whole field, so that small slides have one too."""
        rows, columns = (max(FIELD // STEP, -(-extent // STEP)) for extent in self.size)
        return rows, columns


@dataclass(frozen=True)
class Field:
    """One search field.

    Args:
        row: of its upper left cell.
        column: of its upper left cell.
        region: what of it lies on the scanned area, level-0 pixels.
        nuclei: how many centres lie in it.
        area_mm2: of `region`.
        cover: share of the field that searched tissue covers, 0..1.
    """

    row: int
    column: int
    region: Region
    nuclei: int
    area_mm2: float
    cover: float = 1.0

    @property
    def per_mm2(self) -> float:
        """Nuclei per mm² of the field, tissue or not."""
        return self.nuclei / self.area_mm2


def cell_tissue(mask: NDArray[np.bool_], grid: Grid) -> NDArray[np.float64]:
    """Share of each cell that tissue covers; what lies beyond the scanned area is not tissue.

    Args:
        mask: (rows, columns) bool over the scanned area, any resolution.
        grid: the cells.

    Returns:
        (rows, columns) of cells, 0..1.
    """
    shares = mask.astype(np.float64)
    for axis, extent in enumerate((grid.area.height, grid.area.width)):
        edges = np.arange(grid.cells[axis] + 1) * STEP * grid.scale * mask.shape[axis] / extent
        running = np.insert(np.cumsum(shares, axis=axis), 0, 0.0, axis=axis)
        upto = _interpolate(running, np.minimum(edges, mask.shape[axis]), axis)
        shares = np.diff(upto, axis=axis) / (edges[1] - edges[0])
    return shares


def _interpolate(running: NDArray[np.float64], at: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    below = np.minimum(at.astype(int), running.shape[axis] - 2)
    weight = (at - below)[:, None] if axis == 0 else at - below
    low, high = np.take(running, below, axis), np.take(running, below + 1, axis)
    value: NDArray[np.float64] = low + (high - low) * weight
    return value


@dataclass(frozen=True)
class CellSums:
    """Sums over the pixels at 10x of each cell, (5, rows, columns) float64 in the order of `NAMES`.

    `stained` counts pixels that are no glass; the stains' optical densities are summed over these; `fine` and `coarse`
    are energies of detail below and above about 1 µm.
    """

    NAMES: ClassVar = ("stained", "haematoxylin", "eosin", "fine", "coarse")

    values: NDArray[np.float64]

    def named(self, name: str) -> NDArray[np.float64]:
        """(rows, columns) of one sum."""
        plane: NDArray[np.float64] = self.values[self.NAMES.index(name)]
        return plane

    @property
    def sharpness(self) -> NDArray[np.float64]:
        """Share of the detail that is fine, 0..1 per cell; 1 where there is none at all."""
        fine, both = self.named("fine"), self.named("fine") + self.named("coarse")
        return np.divide(fine, both, out=np.ones_like(fine), where=both > 1.0)


def per_cell(nuclei: Nuclei, grid: Grid, weights: NDArray[np.floating] | None = None) -> NDArray[np.float64]:
    """How many nuclei (in pixels at 10x from the area's corner) lie in each cell, or the sum of their weights, (n,)."""
    rows, columns = grid.cells
    where = (nuclei.centres[:, 0].astype(np.int64) // STEP) * columns + nuclei.centres[:, 1] // STEP
    return np.bincount(where, weights, minlength=rows * columns).reshape(rows, columns).astype(np.float64)


def search_fields(counts: NDArray[np.float64], tissue: NDArray[np.float64], grid: Grid) -> list[Field]:
    """Every field that is covered enough, densest first; ties in reading order."""
    nuclei, cover = over_fields(counts), over_fields(tissue) / (FIELD // STEP) ** 2
    fields = [replace(_field(int(row), int(column), int(nuclei[row, column]), grid), cover=float(cover[row, column]))
              for row, column in np.argwhere(cover >= LEAST_TISSUE)]
    return sorted(fields, key=lambda field: (-field.per_mm2, field.row, field.column))


def over_fields(cells: NDArray[np.float64]) -> NDArray[np.float64]:
    """(rows, columns) of cells to the sum over the field that begins at each, one row and column less."""
    whole: NDArray[np.float64] = cells[:-1, :-1] + cells[1:, :-1] + cells[:-1, 1:] + cells[1:, 1:]
    return whole


def _field(row: int, column: int, nuclei: int, grid: Grid) -> Field:
    area, step = grid.area, STEP * grid.scale
    left, top = round(column * step), round(row * step)
    right = min(area.width, round(column * step + FIELD * grid.scale))
    bottom = min(area.height, round(row * step + FIELD * grid.scale))
    region = Region(area.x + left, area.y + top, right - left, bottom - top)
    return Field(row, column, region, nuclei, region.width * region.height * grid.mpp**2 / 1e6)


def median_density(fields: Sequence[Field]) -> float:
    """Median nuclei per mm² of the ranked fields, 0 when there are none."""
    return float(np.median([field.per_mm2 for field in fields])) if fields else 0.0


def densest(fields: Sequence[Field], most: int) -> tuple[Field, ...]:
    """The densest fields apart from each other, among those with nuclei that are at least as dense as the median.

    Args:
        fields: densest first.
        most: how many to take at most.
    """
    least = median_density(fields)
    return apart([field for field in fields if field.nuclei and field.per_mm2 >= least], most)


def apart(fields: Iterable[Field], most: int) -> tuple[Field, ...]:
    """The first fields that do not overlap one taken before (greedy), at most `most`."""
    reach = FIELD // STEP
    taken: list[Field] = []
    for field in fields:
        if len(taken) == most:
            break
        if all(abs(field.row - other.row) >= reach or abs(field.column - other.column) >= reach for other in taken):
            taken.append(field)
    return tuple(taken)


def round_3(value: float) -> float:
    """Rounded to three significant digits: counts of a few hundred nuclei carry no more."""
    return float(f"{value:.3g}")


def round_2(value: float) -> float:
    """Rounded to two significant digits: sizes and stain densities carry no more."""
    return float(f"{value:.2g}")

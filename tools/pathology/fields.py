"""What is measured in every search field, and its definition."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from .measure import CellSums, Field, Grid, over_fields, per_cell
from .nuclei import Nuclei

LEAST_NUCLEI = 10
"""Nuclei in a field below which their size and spacing are not told."""


class Measure(StrEnum):
    """A quantity of a field."""

    DENSITY = "nuclear density"
    HAEMATOXYLIN = "haematoxylin density"
    EOSIN = "eosin density"
    STROMA = "eosin above haematoxylin"
    AREA = "nuclear area"
    VARIATION = "variation of nuclear area"
    SPACING = "nuclear spacing"


@dataclass(frozen=True)
class Definition:
    """How a measure is told.

    Args:
        unit: as written.
        ucum: the same in UCUM, None where it has none.
        words: what it is, for captions.
    """

    unit: str
    ucum: str | None
    words: str


DEFINITIONS = {
    Measure.DENSITY: Definition("nuclei/mm2", "/mm2", "nuclei detected per mm² of the field, tissue or not"),
    Measure.HAEMATOXYLIN: Definition("OD", None, "mean optical density (log10) of haematoxylin over stained pixels"),
    Measure.EOSIN: Definition("OD", None, "mean optical density (log10) of eosin over stained pixels"),
    Measure.STROMA: Definition("OD", None, "mean optical density of eosin minus that of haematoxylin, over stained "
                               "pixels"),
    Measure.AREA: Definition("um2", "um2", "mean area of a nucleus as a disc, told from two blob scales"),
    Measure.VARIATION: Definition("%", "%", "standard deviation over mean of that area"),
    Measure.SPACING: Definition("um", "um", "mean distance of a nucleus from the nearest other one"),
}


@dataclass(frozen=True)
class FieldMaps:
    """Every measure over all positions of a field, each (rows, columns) float64, nan where it is not told."""

    values: dict[Measure, NDArray[np.float64]]

    def of(self, field: Field, measure: Measure) -> float:
        """A measure of one field; nan where it is not told."""
        if measure is Measure.DENSITY:
            return field.per_mm2
        return float(self.values[measure][field.row, field.column])


def measure_fields(nuclei: Nuclei, sums: CellSums, grid: Grid) -> FieldMaps:
    """All measures but the density, which `Field.per_mm2` has with the field's true area.

    Args:
        nuclei: of the slide's searched tissue.
        sums: of the same scan.
        grid: the cells.
    """
    stained = over_fields(sums.named("stained"))
    haematoxylin, eosin = (_ratio(over_fields(sums.named(name)), stained, 1.0) for name in ("haematoxylin", "eosin"))
    areas = np.pi * nuclei.radii.astype(np.float64) ** 2
    count, total, squares, near = (over_fields(per_cell(nuclei, grid, weights)) for weights in
                                   (None, areas, areas**2, _nearest(nuclei)))
    area = _ratio(total, count, LEAST_NUCLEI)
    variance = np.maximum(_ratio(squares, count, LEAST_NUCLEI) - area**2, 0.0)
    return FieldMaps({
        Measure.HAEMATOXYLIN: haematoxylin, Measure.EOSIN: eosin, Measure.STROMA: eosin - haematoxylin,
        Measure.AREA: area, Measure.VARIATION: 100 * np.sqrt(variance) / area,
        Measure.SPACING: _ratio(near, count, LEAST_NUCLEI)})


def _ratio(of: NDArray[np.float64], to: NDArray[np.float64], least: float) -> NDArray[np.float64]:
    return np.divide(of, to, out=np.full_like(of, np.nan), where=to >= least)


def _nearest(nuclei: Nuclei) -> NDArray[np.float64]:
    """Distance of each nucleus from its nearest neighbour, µm (1 µm per pixel at 10x)."""
    if len(nuclei) < 2:
        return np.zeros(len(nuclei))
    distances: NDArray[np.float64] = cKDTree(nuclei.centres).query(nuclei.centres, k=2)[0][:, 1]
    return distances

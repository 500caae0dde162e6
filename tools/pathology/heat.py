"""A quantity of a slide as colours over it, and the legend that says which."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from ...sources.slide_facts import Rgb
from .fields import DEFINITIONS, Measure
from .measure import FIELD, STEP
from .nuclei import DETECTION_MPP
from .reading import NuclearDensity
from .search import Ranking

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WEIGHT = 0.72
LIKENESS = "likeness to"


@dataclass(frozen=True)
class Heat:
    """What a heat map shows.

    Args:
        values: (rows, columns) squares over the slide, nan where nothing is told.
        title: what it is, in words.
        unit: as written in the legend.
        side: of a square, in pixels at 10x.
        shift: where the first square begins, in pixels at 10x from the scanned area's corner.
        smooth: whether neighbouring squares are blended.
        ends: values of the darkest and of the brightest colour; the first is the larger where small values are bright.
    """

    values: NDArray[np.float64]
    title: str
    unit: str
    side: int
    shift: int
    smooth: bool
    ends: tuple[float, float]


def viridis(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Colours of values 0..1 in matplotlib's viridis, even in lightness and safe for the colour-blind; the result has a
    last axis of 3."""
    from matplotlib import colormaps

    colours: NDArray[np.uint8] = np.rint(colormaps["viridis"](values)[..., :3] * 255).astype(np.uint8)
    return colours


def heat_of(density: NuclearDensity, ranking: Ranking) -> Heat:
    """What the slide was ranked by; nuclear density where nothing was.

    Nuclei are shown cell by cell, other measures around the middle of each field, likeness field by field.
    """
    if ranking.likeness is not None:
        low, top = _ends(ranking.likeness)
        ends = (low, top) if ranking.unit == "cosine" else (top, low)
        return Heat(ranking.likeness, heat_title(ranking), ranking.unit or "", FIELD, 0, False, ends)
    measure = ranking.measure or Measure.DENSITY
    unit = DEFINITIONS[measure].unit
    if measure is Measure.DENSITY:
        counts = density.counts / (STEP * DETECTION_MPP / 1000) ** 2
        return Heat(counts, heat_title(ranking), unit, STEP, 0, True, (0.0, float(counts.max())))
    values = density.maps.values[measure]
    return Heat(values, heat_title(ranking), unit, STEP, STEP // 2, True, _ends(values))


def heat_title(ranking: Ranking) -> str:
    """What the heat map of a ranking shows, in words."""
    if ranking.likeness is None:
        return str(ranking.measure or Measure.DENSITY)
    return f"{LIKENESS} {'the given place' if ranking.example else 'the query'}"


def _ends(values: NDArray[np.float64]) -> tuple[float, float]:
    """1st and 99th percentile of what is told."""
    told = values[~np.isnan(values)]
    low, top = np.percentile(told, (1, 99)) if told.size else (0.0, 0.0)
    return float(low), float(top)


def draw_heat(thumbnail: Rgb, mask: NDArray[np.bool_], heat: Heat, scale: float) -> Image.Image:
    """A quantity over the greyed slide: searched tissue is coloured where the quantity is told.

    Args:
        thumbnail: (rows, columns, 3) uint8.
        mask: searched tissue over the same field, any resolution.
        heat: the quantity.
        scale: thumbnail pixels per pixel at 10x.
    """
    grey = Image.fromarray(thumbnail).convert("L").convert("RGB")
    told = ~np.isnan(heat.values)
    if not told.any():
        return grey
    dark, bright = heat.ends
    nearest = ndimage.distance_transform_edt(~told, return_distances=False, return_indices=True)
    shares = np.clip((heat.values[tuple(nearest)] - dark) / ((bright - dark) or 1.0), 0.0, 1.0)
    resampling = Image.Resampling.BILINEAR if heat.smooth else Image.Resampling.NEAREST
    coloured = _laid(viridis(shares), heat, scale, grey.size, resampling)
    known = _laid(told.astype(np.uint8) * 255, heat, scale, grey.size, Image.Resampling.NEAREST,
                  "edge" if heat.shift else "constant")
    tissue = Image.fromarray(mask.astype(np.uint8) * 255).resize(grey.size, Image.Resampling.BILINEAR)
    shown = Image.fromarray(np.minimum(np.asarray(tissue), np.asarray(known)))
    return Image.composite(Image.blend(grey, coloured, _WEIGHT), grey, shown)


def _laid(squares: NDArray[np.uint8], heat: Heat, scale: float, size: tuple[int, int],
          resampling: Image.Resampling, mode: Literal["edge", "constant"] = "edge") -> Image.Image:
    """Squares drawn where they lie on a thumbnail of `size`; beyond the outermost ones as `numpy.pad` does."""
    side = heat.side * scale
    start = side - heat.shift * scale
    box = start / side, start / side, (start + size[0]) / side, (start + size[1]) / side
    missing = (max(1, math.ceil(end) - 1 - extent) for end, extent in
               zip((box[3], box[2]), squares.shape[:2], strict=True))
    around = [*((1, after) for after in missing), *[(0, 0)] * (squares.ndim - 2)]
    return Image.fromarray(np.pad(squares, around, mode=mode)).resize(size, resampling, box=box)


def draw_key(figure: Figure, axes: Axes, heat: Heat) -> None:
    """The bar of colours beside a heat map, with its values, and what it shows above it."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    dark, bright = heat.ends
    if dark == bright:
        bright = dark + 1.0
    shown = ScalarMappable(Normalize(min(dark, bright), max(dark, bright)), "viridis" if dark < bright else "viridis_r")
    bar = figure.colorbar(shown, ax=axes, fraction=0.05, pad=0.02)
    bar.set_label(heat.unit + (" (bright: most alike)" if heat.title.startswith(LIKENESS) else ""))
    axes.set_title(f"{heat.title}; grey: not searched", fontsize=7.5)

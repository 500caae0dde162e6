"""A quantity of a slide as colours over it, and the legend that says which."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from ...sources.slide_facts import Rgb
from ..drawing import label
from .fields import DEFINITIONS, Measure
from .measure import FIELD, STEP, round_2
from .nuclei import DETECTION_MPP
from .reading import NuclearDensity
from .search import Ranking

_VIRIDIS = ((68, 1, 84), (72, 40, 120), (62, 74, 137), (49, 104, 142), (38, 130, 142), (31, 158, 137), (53, 183, 121),
            (110, 206, 88), (181, 222, 43), (253, 231, 37))
"""Ten steps of the viridis colour map (S. van der Walt and N. Smith, CC0): even in lightness, safe for the
colour-blind."""
_WEIGHT = 0.72
_RAMP = (160, 12)
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
    """Colours of values 0..1, any shape; the result has a last axis of 3."""
    steps = np.asarray(_VIRIDIS, float)
    places = np.linspace(0.0, 1.0, len(steps))
    channels = [np.interp(values, places, steps[:, channel]) for channel in range(3)]
    colours: NDArray[np.uint8] = np.rint(np.stack(channels, axis=-1)).astype(np.uint8)
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


def draw_legend(band: Image.Image, heat: Heat) -> None:
    """The title and the ramp of colours with the values at its ends, on a band above the map."""
    label(band, (8, 4), f"{heat.title}; grey: not searched")
    dark, bright = (f"{round_2(end):g}" for end in heat.ends)
    width, height = _RAMP
    label(band, (8, 37), dark, anchor="ls", size=13)
    left = 14 + 8 * len(dark)
    ramp = np.broadcast_to(np.linspace(0.0, 1.0, width), (height, width))
    band.paste(Image.fromarray(viridis(ramp)), (left, 26))
    words = f"{bright} {heat.unit}" + (" (most alike)" if heat.title.startswith(LIKENESS) else "")
    label(band, (left + width + 6, 37), words, anchor="ls", size=13)

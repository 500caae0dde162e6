"""One pass over the tissue of a slide at 10x, block by block."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ...sources.slide import Slide
from ...sources.slide_facts import Rgb
from .measure import STEP, Grid
from .nuclei import MARGIN, find_nuclei
from .stains import haematoxylin
from .tissue import MASK_MPP, SMALLEST_PIECE_UM2, tissue_mask

_BLOCK_CELLS = 8
_WORKERS = 2
_LONGEST_MASK = 16_384
_UNSCALED_MASK = 1024
_UNSCALED_PIECE = 100


def read_tissue(slide: Slide) -> NDArray[np.bool_]:
    """Tissue over `slide.bounds` at 8 µm per pixel; without a known scale at most 1024 pixels on the longer side.

    Returns:
        (rows, columns) bool.
    """
    if slide.mpp is None:
        return tissue_mask(read_thumbnail(slide, _UNSCALED_MASK), _UNSCALED_PIECE)
    longest = max(slide.bounds.width, slide.bounds.height) * slide.mpp / MASK_MPP
    size = max(1, min(round(longest), _LONGEST_MASK, max(slide.bounds.width, slide.bounds.height)))
    pixel_um = longest / size * MASK_MPP
    return tissue_mask(read_thumbnail(slide, size), max(1, round(SMALLEST_PIECE_UM2 / pixel_um**2)))


def read_thumbnail(slide: Slide, longest: int) -> Rgb:
    """The scanned area with at most `longest` pixels on its longer side, never enlarged."""
    area = slide.bounds
    shrink = max(1.0, max(area.width, area.height) / longest)
    size = max(1, round(area.width / shrink)), max(1, round(area.height / shrink))
    return slide.read_scaled((area.x, area.y, area.width, area.height), *size)


def scan_nuclei(slide: Slide, grid: Grid, tissue: NDArray[np.float64], mask: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Nuclei in tissue, each block of 896 pixels at 10x read once, blocks without tissue not at all.

    Args:
        slide: open, with a known scale.
        grid: the cells over `slide.bounds`.
        tissue: share of tissue per cell.
        mask: tissue over `slide.bounds`, any resolution.

    Returns:
        (n, 2) int32 (row, column) in pixels at 10x from the area's corner, in block order.

    Raises:
        RefusedFile: a tile cannot be decoded.
    """
    corners = [(row, column) for row, column in product(*(range(0, n, _BLOCK_CELLS) for n in grid.cells))
               if tissue[row:row + _BLOCK_CELLS, column:column + _BLOCK_CELLS].any()]
    with ThreadPoolExecutor(_WORKERS) as pool:
        found = list(pool.map(lambda corner: _scan_block(slide, grid, corner), corners))
    nuclei = np.concatenate([np.empty((0, 2), np.int32), *found])
    where = nuclei.astype(np.int64) * mask.shape // grid.size
    kept: NDArray[np.int32] = nuclei[mask[where[:, 0], where[:, 1]]]
    return kept


def _scan_block(slide: Slide, grid: Grid, corner: tuple[int, int]) -> NDArray[np.int32]:
    """Nuclei whose centre lies in one block and on the slide."""
    top, left = corner[0] * STEP, corner[1] * STEP
    height, width = (min(_BLOCK_CELLS * STEP, extent - start) for extent, start in
                     zip(grid.size, (top, left), strict=True))
    region = (grid.area.x + (left - MARGIN) * grid.scale, grid.area.y + (top - MARGIN) * grid.scale,
              (width + 2 * MARGIN) * grid.scale, (height + 2 * MARGIN) * grid.scale)
    pixels = slide.read_scaled(region, width + 2 * MARGIN, height + 2 * MARGIN)
    centres = find_nuclei(haematoxylin(pixels)) - MARGIN
    inside = ((centres >= 0) & (centres < (height, width))).all(axis=1)
    placed: NDArray[np.int32] = (centres[inside] + (top, left)).astype(np.int32)
    return placed

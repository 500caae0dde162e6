"""One pass over the tissue of a slide at 10x, block by block: every tile is decoded once."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from ...sources.slide import Slide
from ...sources.slide_facts import Rgb
from .measure import STEP, CellSums, Grid
from .nuclei import MARGIN, Nuclei, find_nuclei
from .stains import Stains, estimate_stains
from .tissue import (
    MASK_MPP,
    SMALLEST_PIECE_UM2,
    TissueMap,
    fold_mask,
    glass_colour,
    is_pen,
    tissue_mask,
    without_small,
)

_BLOCK_CELLS = 8
_WORKERS = 2
_LONGEST_MASK = 16_384
_UNSCALED_MASK = 1024
_UNSCALED_PIECE = 100
_STAIN_FIELDS, _STAIN_SIDE = 40, 224
_STAINED = 0.15
"""Optical density of both stains together from which a pixel counts as stained, not as glass or a lumen."""
_FINE, _COARSE = 1.0, 3.0
"""µm: detail between these two scales is what a focused slide has and a blurred one has lost."""


def read_tissue(slide: Slide) -> tuple[TissueMap, Stains]:
    """What covers `slide.bounds` at 8 µm per pixel, and the slide's stains.

    Without a known scale the longer side has at most 1024 pixels, and the stains are those of the reference.
    """
    longest = max(slide.bounds.width, slide.bounds.height)
    if slide.mpp is None:
        size, piece = _UNSCALED_MASK, _UNSCALED_PIECE
    else:
        wanted = longest * slide.mpp / MASK_MPP
        size = max(1, min(round(wanted), _LONGEST_MASK, longest))
        piece = max(1, round(SMALLEST_PIECE_UM2 / (wanted / size * MASK_MPP) ** 2))
    thumbnail = read_thumbnail(slide, size)
    tissue = tissue_mask(thumbnail, piece)
    white = glass_colour(thumbnail, tissue)
    stains = Stains(white=white) if slide.mpp is None else estimate_stains(_stain_pixels(slide, tissue), white)
    folds, pen = fold_mask(thumbnail, tissue, stains, piece), without_small(is_pen(thumbnail), piece)
    return TissueMap(tissue, folds, pen), stains


def _stain_pixels(slide: Slide, tissue: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """(n, 3) pixels at 10x of places spread evenly over the tissue."""
    area, mpp = slide.bounds, slide.mpp or 1.0
    places = np.argwhere(tissue)
    chosen = places[np.linspace(0, len(places) - 1, min(_STAIN_FIELDS, len(places))).astype(int)] if len(places) else []
    side = _STAIN_SIDE / mpp
    parts = []
    for row, column in chosen:
        x = area.x + min(column * area.width / tissue.shape[1], max(0.0, area.width - side))
        y = area.y + min(row * area.height / tissue.shape[0], max(0.0, area.height - side))
        parts.append(slide.read_scaled((x, y, side, side), _STAIN_SIDE, _STAIN_SIDE)[::2, ::2].reshape(-1, 3))
    return np.concatenate(parts) if parts else np.empty((0, 3), np.uint8)


def read_thumbnail(slide: Slide, longest: int) -> Rgb:
    """The scanned area with at most `longest` pixels on its longer side, never enlarged."""
    area = slide.bounds
    shrink = max(1.0, max(area.width, area.height) / longest)
    size = max(1, round(area.width / shrink)), max(1, round(area.height / shrink))
    return slide.read_scaled((area.x, area.y, area.width, area.height), *size)


@dataclass(frozen=True)
class _Block:
    """What one block gave: nuclei placed on the grid's 10x image, and sums for its cells."""

    corner: tuple[int, int]
    nuclei: Nuclei
    sums: NDArray[np.float64]


def scan_slide(slide: Slide, grid: Grid, tissue: NDArray[np.float64],
               stains: Stains) -> tuple[Nuclei, CellSums]:
    """Nuclei and stain in tissue: each block of 896 pixels at 10x is read once, blocks without tissue not at all.

    Args:
        slide: open, with a known scale.
        grid: the cells over `slide.bounds`.
        tissue: share of tissue per cell.
        stains: of the slide.

    Returns:
        Nuclei in pixels at 10x from the area's corner, block by block; sums per cell.
    """
    corners = [(row, column) for row, column in product(*(range(0, n, _BLOCK_CELLS) for n in grid.cells))
               if tissue[row:row + _BLOCK_CELLS, column:column + _BLOCK_CELLS].any()]
    sums = np.zeros((len(CellSums.NAMES), *grid.cells))
    with _one_thread_each(), ThreadPoolExecutor(_WORKERS) as pool:
        blocks = list(pool.map(lambda corner: _scan_block(slide, grid, corner, stains), corners))
    for block in blocks:
        row, column = block.corner
        sums[:, row:row + block.sums.shape[1], column:column + block.sums.shape[2]] = block.sums
    return _joined([block.nuclei for block in blocks]), CellSums(sums)


class _one_thread_each:  # noqa: N801 - used as a `with` statement's verb
    """OpenCV keeps to the calling thread: the blocks themselves are spread over the processors."""

    def __enter__(self) -> None:
        self._before = cv2.getNumThreads()
        cv2.setNumThreads(1)

    def __exit__(self, *_: object) -> None:
        cv2.setNumThreads(self._before)


def _joined(parts: Sequence[Nuclei]) -> Nuclei:
    return Nuclei(np.concatenate([np.empty((0, 2), np.int32), *(part.centres for part in parts)]),
                  np.concatenate([np.empty(0, np.float32), *(part.radii for part in parts)]))


def _scan_block(slide: Slide, grid: Grid, corner: tuple[int, int], stains: Stains) -> _Block:
    """Nuclei whose centre lies in one block and on the slide, and the sums of its cells."""
    top, left = corner[0] * STEP, corner[1] * STEP
    rows, columns = (min(_BLOCK_CELLS, cells - start) for cells, start in zip(grid.cells, corner, strict=True))
    height, width = (min(cells * STEP, extent - start) for cells, extent, start in
                     zip((rows, columns), grid.size, (top, left), strict=True))
    region = (grid.area.x + (left - MARGIN) * grid.scale, grid.area.y + (top - MARGIN) * grid.scale,
              (width + 2 * MARGIN) * grid.scale, (height + 2 * MARGIN) * grid.scale)
    pixels = slide.read_scaled(region, width + 2 * MARGIN, height + 2 * MARGIN)
    haematoxylin, eosin = stains.densities(pixels)
    inner = np.s_[MARGIN:-MARGIN, MARGIN:-MARGIN]
    found = find_nuclei(stains.to_reference(haematoxylin)).moved(-MARGIN, -MARGIN)
    inside = np.all((found.centres >= 0) & (found.centres < (height, width)), axis=1)
    planes = [plane[inner] for plane in _planes(haematoxylin, eosin)]
    sums = np.stack([_cell_sums(plane, (rows, columns)) for plane in planes])
    return _Block(corner, found.only(inside).moved(top, left), sums)


def _planes(haematoxylin: NDArray[np.float32], eosin: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """What is summed over cells, in the order of `CellSums.NAMES`."""
    both = haematoxylin + eosin
    stained = (both > _STAINED).astype(np.float32)
    sharp, soft = (cv2.GaussianBlur(both, (2 * round(3 * scale) + 1,) * 2, scale, borderType=cv2.BORDER_REPLICATE)
                   for scale in (_FINE, _COARSE))
    return [stained, haematoxylin * stained, eosin * stained, np.square(both - sharp), np.square(sharp - soft)]


def _cell_sums(plane: NDArray[np.float32], cells: tuple[int, int]) -> NDArray[np.float64]:
    """Sums over cells of `STEP` x `STEP`; what lies beyond the slide adds nothing."""
    whole = np.zeros((cells[0] * STEP, cells[1] * STEP), np.float32)
    whole[:plane.shape[0], :plane.shape[1]] = plane
    sums: NDArray[np.float64] = whole.reshape(cells[0], STEP, cells[1], STEP).sum(axis=(1, 3), dtype=np.float64)
    return sums

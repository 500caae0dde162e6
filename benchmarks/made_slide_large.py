"""A large slide made fast: a pyramid of JPEG tiles put together from a small stock of painted ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tifffile
from imagecodecs import jpeg8_encode
from numpy.typing import NDArray
from scipy import ndimage

from caseloom.phantoms.slide import colours
from caseloom.phantoms.tissue import nucleus_templates, stamp

TILE = 256
MPP = 0.5
STOCK = 48
"""Painted tiles of each kind."""
QUALITY = 80
PLANTED = 0.8
"""Where the dense region lies, share of the slide's side (both ways)."""

Rgb = NDArray[np.uint8]


def write_large_slide(path: Path, side: int, seed: int = 7) -> tuple[int, int, int, int]:
    """Write a slide of `side` x `side` pixels at 0.5 µm per pixel with levels of 1, 1/4 and 1/16.

    An ellipse of tissue covers about half of it; in it lies one region of 2 x 2 mm with far more nuclei.

    Returns:
        The dense region, (x, y, width, height) in level-0 pixels.
    """
    random = np.random.default_rng(seed)
    count = side // TILE
    stock = np.concatenate([_glass(), _painted(random, 14), _painted(random, 70)])
    rows, columns = np.mgrid[0:count, 0:count] / count
    tissue = np.hypot((columns - 0.5) / 0.42, (rows - 0.5) / 0.40) < 1
    chosen = np.where(tissue, 1 + random.integers(0, STOCK, (count, count)), 0)
    start, extent = int(count * 0.6), max(1, round(2000 / MPP / TILE))
    dense = np.s_[start:start + extent, start:start + extent]
    chosen[dense] = 1 + STOCK + random.integers(0, STOCK, chosen[dense].shape)
    with tifffile.TiffWriter(path, bigtiff=True) as tiff:
        for level in range(3):
            _write_level(tiff, stock, chosen, level, side)
    return start * TILE, start * TILE, extent * TILE, extent * TILE


def _glass() -> Rgb:
    return np.broadcast_to(np.asarray(colours()[0, 0]), (1, TILE, TILE, 3)).copy()


def _painted(random: np.random.Generator, nuclei: int) -> Rgb:
    """Tiles of stroma with that many nuclei each."""
    table, tiles = colours().reshape(-1, 3), []
    templates = nucleus_templates(random, (6.0, 9.0), 1.7, 22)
    for _ in range(STOCK):
        fibres = ndimage.gaussian_filter(random.standard_normal((TILE, TILE)), (1.5, 6), mode="wrap")
        eosin = np.clip(46 + 7 * fibres / fibres.std(), 8, 90).astype(np.uint16)
        haematoxylin = np.zeros((TILE, TILE), np.uint8)
        stamp(haematoxylin, random.integers(0, TILE - 22, (nuclei, 2)), templates, random)
        tiles.append(table.take(haematoxylin.astype(np.uint16) << 8 | eosin, axis=0))
    return np.stack(tiles)


def _write_level(tiff: tifffile.TiffWriter, stock: Rgb, chosen: NDArray[np.int64], level: int, side: int) -> None:
    shrink = 4**level
    size = side // shrink
    description = (f"Aperio Image Library v12.0.0 SYNTHETIC\r\n{side}x{side} [0,0 {side}x{side}] ({TILE}x{TILE}) "
                   f"JPEG/RGB Q={QUALITY}|AppMag = 20|MPP = {MPP}")
    tiff.write(_encoded(stock, chosen, shrink), shape=(size, size, 3), dtype=np.uint8, tile=(TILE, TILE),
               photometric="ycbcr", subsampling=(2, 2), compression="jpeg", metadata=None,
               description=description if level == 0 else description.partition("|")[0], subfiletype=int(level > 0))


def _encoded(stock: Rgb, chosen: NDArray[np.int64], shrink: int) -> Iterator[bytes]:
    small = stock.reshape(len(stock), TILE // shrink, shrink, TILE // shrink, shrink, 3).mean(axis=(2, 4))
    small = np.rint(small).astype(np.uint8)
    ready = [_jpeg(tile) for tile in small] if shrink == 1 else []
    for row in range(0, len(chosen), shrink):
        for column in range(0, len(chosen), shrink):
            if shrink == 1:
                yield ready[chosen[row, column]]
            else:
                yield _jpeg(_put_together(small, chosen[row:row + shrink, column:column + shrink], shrink))


def _put_together(small: Rgb, chosen: NDArray[np.int64], shrink: int) -> Rgb:
    padded = np.zeros((shrink, shrink), np.int64)
    padded[:chosen.shape[0], :chosen.shape[1]] = chosen
    return np.asarray(small[padded].transpose(0, 2, 1, 3, 4).reshape(TILE, TILE, 3))


def _jpeg(tile: Rgb) -> bytes:
    return bytes(jpeg8_encode(np.ascontiguousarray(tile), level=QUALITY, subsampling="420"))

"""Stain planes become a pyramidal, tiled, JPEG-compressed TIFF that OpenSlide reads as an Aperio SVS."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray

from .ids import make_rng
from .specs import SlideSpec
from .tissue import Plane, Tissue, grow_tissue

TILE = 256
_QUALITY = 78
_HAEMATOXYLIN = (0.5626, 0.7201, 0.4062)
_EOSIN = (0.2159, 0.8012, 0.5581)
_GLASS = (244, 243, 246)


def colours() -> NDArray[np.uint8]:
    """Return the RGB of each pair of stain densities, shape (256, 256, 3): haematoxylin first.

    Beer-Lambert with the reference stain vectors of Macenko et al., ISBI 2009; a plane's value of 100 is an optical
    density of 1.1 (haematoxylin) or 0.5 (eosin) along its vector.
    """
    h, e = np.mgrid[0:256, 0:256].astype(np.float32) / 100
    density = 1.1 * h[..., None] * np.array(_HAEMATOXYLIN) + 0.5 * e[..., None] * np.array(_EOSIN)
    light = np.array(_GLASS, np.float32) * 10**-density
    return np.asarray(np.rint(light), dtype=np.uint8)


def _rgb(haematoxylin: Plane, eosin: Plane, table: NDArray[np.uint8], grain: Plane) -> NDArray[np.uint8]:
    pair = np.maximum(haematoxylin, grain).astype(np.uint16) << 8 | np.maximum(eosin, grain)
    return table.reshape(-1, 3).take(pair, axis=0)


def _halve(plane: Plane) -> Plane:
    """Return the mean of each 2 x 2 block; a last odd row or column is left out."""
    height, width = plane.shape[0] // 2 * 2, plane.shape[1] // 2 * 2
    blocks = plane[:height, :width].astype(np.uint16)
    total = blocks[0::2, 0::2] + blocks[1::2, 0::2] + blocks[0::2, 1::2] + blocks[1::2, 1::2]
    return np.asarray((total + 2) // 4, dtype=np.uint8)


def _tiles(planes: tuple[Plane, Plane], grain: Plane) -> Iterator[NDArray[np.uint8]]:
    """Yield full RGB tiles in row order; what lies beyond the image is glass."""
    table = colours()
    haematoxylin, eosin = planes
    for row in range(0, eosin.shape[0], TILE):
        for column in range(0, eosin.shape[1], TILE):
            cut = (slice(row, row + TILE), slice(column, column + TILE))
            h, w = eosin[cut].shape
            tile = np.empty((TILE, TILE, 3), np.uint8)
            tile[:] = table[0, 0]
            tile[:h, :w] = _rgb(haematoxylin[cut], eosin[cut], table, grain[:h, :w])
            yield tile


def _description(spec: SlideSpec) -> str:
    year, month, day = spec.date.split("-")
    power = round(10 / spec.mpp)
    return (
        "Aperio Image Library v12.0.0 SYNTHETIC Caseloom phantom\r\n"
        f"{spec.width}x{spec.height} [0,0 {spec.width}x{spec.height}] ({TILE}x{TILE}) JPEG/RGB Q={_QUALITY}"
        f"|AppMag = {power}|MPP = {spec.mpp:.4f}|Date = {month}/{day}/{year[2:]}|Time = 09:30:00"
    )


def write_slide(spec: SlideSpec, path: Path) -> Tissue:
    """Write the slide of `spec` with levels of 1, 1/4 and 1/16 and return what was drawn.

    The file names no patient: a slide's label is not part of it.
    """
    tissue = grow_tissue(spec)
    planes = (tissue.haematoxylin, tissue.eosin)
    grain = make_rng(spec.seed, "grain").integers(0, 2, (TILE, TILE)).astype(np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tifffile.TiffWriter(path) as tiff:
        for level in range(3):
            height, width = planes[0].shape
            tiff.write(
                _tiles(planes, grain),
                shape=(height, width, 3),
                dtype=np.uint8,
                tile=(TILE, TILE),
                photometric="rgb",
                compression="jpeg",
                compressionargs={"level": _QUALITY, "subsampling": "420", "outcolorspace": "YCBCR"},
                description=_description(spec) if level == 0 else _description(spec).split("|")[0],
                resolution=(1e4 / spec.mpp, 1e4 / spec.mpp) if level == 0 else None,
                resolutionunit="CENTIMETER" if level == 0 else None,
                software="Caseloom phantom",
                subfiletype=0 if level == 0 else 1,
                metadata=None,
                datetime=False,
            )
            planes = (_halve(_halve(planes[0])), _halve(_halve(planes[1])))
    return tissue

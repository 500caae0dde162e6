"""A picture file: a radiograph, a printed page, a mask, or something else. Told from its pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..core.case import FileKind
from ..core.errors import RefusedFile
from ..core.refusal import RefusalCode
from ..core.settings import Limits
from .dicom_kind import Why
from .film_grey import coloured_share
from .film_picture import read_picture

_SIDE = 512
_BLOCK = 32
_COLOURED_SHARE = 0.05
"""As for films: beyond it the colour is no tint."""
_SMALLEST_FILM = 128


def picture_kind(path: Path, limits: Limits) -> tuple[FileKind, Why | None]:
    """Kind of a PNG, JPEG, BMP or plain TIFF, and why it is set aside, if it is.

    Raises:
        RefusedFile: the picture cannot be decoded or declares more pixels than allowed.
    """
    try:
        values, _ = read_picture(path, limits)
    except RefusedFile as refused:
        if refused.code is RefusalCode.UNSUPPORTED:  # several pages: a fax or a scanner's output
            return FileKind.DOCUMENT, None
        raise
    return kind_of_pixels(values)


def kind_of_pixels(values: NDArray[Any]) -> tuple[FileKind, Why | None]:
    """Kind of a decoded picture.

    Args:
        values: (rows, columns) of any real type, or (rows, columns, 3) uint8 RGB.
    """
    if is_page(values):
        return FileKind.DOCUMENT, None
    if is_mask(values):
        return FileKind.SEGMENTATION, (RefusalCode.DERIVED_OBJECT, "a mask or drawing of a few flat values, not an "
                                       "original image")
    if values.ndim == 3 and coloured_share(values) > _COLOURED_SHARE:
        return FileKind.UNKNOWN, (RefusalCode.UNSUPPORTED, "a colour picture, neither a radiograph nor a printed page")
    if min(values.shape[:2]) < _SMALLEST_FILM:
        return FileKind.UNKNOWN, (RefusalCode.NOT_AN_IMAGE, f"a picture of only {values.shape[1]} x {values.shape[0]} "
                                  "pixels")
    return FileKind.FILM, None


def is_page(values: NDArray[Any]) -> bool:
    """Whether a picture shows a printed page: bright paper everywhere, with thin dark strokes on it.

    Told at 512 pixels on the longer side, in blocks of 32: the brightest tenth of nearly every block is paper of
    about one brightness, most pixels are paper, and sharp edges exist. Of 93 chest films none has more than 2 % sharp
    edges together with paper-like blocks; of 50 rendered and 6 scanned or photographed pages all have.
    """
    small = _small_grey(values)
    rows, columns = small.shape[0] // _BLOCK, small.shape[1] // _BLOCK
    if min(rows, columns) < 2:
        return False
    grid = small[:rows * _BLOCK, :columns * _BLOCK].reshape(rows, _BLOCK, columns, _BLOCK)
    paper = np.percentile(grid, 95, axis=(1, 3))
    on_paper = float((grid > 0.88 * paper[:, None, :, None] - 4).mean())
    sharp = float((np.abs(np.diff(small, axis=1)) > 40).mean() + (np.abs(np.diff(small, axis=0)) > 40).mean()) / 2
    darkest, usual = np.percentile(paper, 10), np.median(paper)
    return bool(darkest > 140 and darkest > 0.8 * usual and on_paper > 0.75 and sharp > 0.005)


def is_mask(values: NDArray[Any]) -> bool:
    """Whether the picture has at most four values, or one flat colour beside black or nothing."""
    step = max(1, max(values.shape[:2]) // 1024)
    seen = values[::step, ::step]
    flat = seen if seen.ndim == 2 else seen.astype(np.uint32) @ np.array((65536, 256, 1), np.uint32)
    return len(np.unique(flat)) <= 4


def _small_grey(values: NDArray[Any]) -> NDArray[np.float32]:
    """(rows, columns) float32 0..255, the longer side 512 pixels at most, averaged by area."""
    step = max(1, max(values.shape[:2]) // (4 * _SIDE))
    values = np.ascontiguousarray(values[::step, ::step])
    if values.ndim == 3:
        grey = np.asarray(Image.fromarray(values).convert("L"), np.float32)
    else:
        grey = np.nan_to_num(values.astype(np.float32), posinf=0.0, neginf=0.0)
        if values.dtype != np.uint8:
            grey *= 255.0 / max(float(grey.max(initial=0.0)), 1.0)
    scale = _SIDE / max(grey.shape)
    if scale >= 1:
        return grey
    size = max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale))
    return np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BOX), np.float32)

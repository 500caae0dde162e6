"""From decoded values to grey 0..1 as displayed: scaling, colour pictures, modality and VOI transformations."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi

from ..core.errors import RefusedFile
from ..core.refusal import RefusalCode

Grey = NDArray[np.float32]

_LUMA = np.asarray((0.299, 0.587, 0.114), np.float32)
"""ITU-R BT.601-7 2.5.1."""

MOST_CLIPPED = 0.9
"""Part of the pixels that a window may show as plain black or plain white; beyond it nothing is to be seen."""
_TINT_TOLERANCE = 16.0
_COLOURED_SHARE = 0.05
# A tinted film (a photograph of a film) has one colour per brightness; a colour picture has several. Of 20 films, two
# of them tinted, at most 0.01 % of the pixels lay off their brightness' colour by more than 16 of 255; of H&E
# fields, a slide's thumbnail and photographs at least 9 %.


def picture_to_grey(values: NDArray[Any]) -> Grey:
    """A picture file's values to 0..1.

    Args:
        values: (rows, columns) of any real type, or (rows, columns, 3) RGB uint8. Integers beyond 8 bits are scaled
            by the number of bits that the brightest one needs (12-bit films are stored in 16 bits).

    Raises:
        RefusedFile: WRONG_MODALITY for a colour picture.
    """
    if values.ndim == 3:
        return rgb_to_grey(values)
    if values.dtype == np.uint8:
        return values.astype(np.float32) / np.float32(255)
    finite = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    if np.issubdtype(values.dtype, np.floating):
        return between(finite, float(finite.min()), float(finite.max()))
    top = 2.0 ** max(8, math.ceil(math.log2(float(finite.max(initial=1.0)) + 1))) - 1
    return between(finite, 0.0, top)


def rgb_to_grey(rgb: NDArray[Any]) -> Grey:
    """Luma (ITU-R BT.601) 0..1 of an RGB picture whose colour, if any, is a tint.

    Args:
        rgb: (rows, columns, 3), uint8.

    Raises:
        RefusedFile: WRONG_MODALITY for a colour picture.
    """
    if coloured_share(rgb) > _COLOURED_SHARE:
        raise RefusedFile(RefusalCode.WRONG_MODALITY, "this is a colour picture, not a radiograph")
    grey: Grey = rgb[..., :3].astype(np.float32) @ _LUMA / np.float32(255)
    return grey


def coloured_share(rgb: NDArray[Any]) -> float:
    """Fraction of pixels (0..1) whose colour differs from the usual colour of their brightness.

    Args:
        rgb: (rows, columns, 3), uint8; looked at on a grid of about 400 x 400 pixels.
    """
    rows, columns = rgb.shape[:2]
    seen = rgb[::max(1, rows // 400), ::max(1, columns // 400), :3].reshape(-1, 3).astype(np.float32)
    luma = seen @ _LUMA
    chroma = seen[:, (0, 2)] - luma[:, None]
    bins = (luma / 8).astype(int)
    off = np.zeros(len(bins), np.float32)
    for level in np.unique(bins):
        here = bins == level
        off[here] = np.abs(chroma[here] - np.median(chroma[here], axis=0)).max(axis=1)
    return float((off > _TINT_TOLERANCE).mean())


def dicom_to_grey(stored: NDArray[Any], header: pydicom.Dataset) -> tuple[Grey, list[str]]:
    """Stored values to 0..1 as displayed (PS3.3 C.7.6.3.1.2, C.11.1, C.11.2): bright is dense in both monochromes.

    Args:
        stored: (rows, columns), or (rows, columns, 3) RGB.
        header: the dataset without its pixels.

    Returns:
        The grey image, and what was assumed.

    Raises:
        RefusedFile: WRONG_MODALITY for a colour picture.
    """
    photometric = header.get("PhotometricInterpretation")
    if photometric == "PALETTE COLOR":
        coloured = apply_color_lut(stored, header)
        stored = (coloured >> 8 if coloured.dtype.itemsize > 1 else coloured).astype(np.uint8)
    if stored.ndim == 3:
        return rgb_to_grey(stored), []
    units = np.asarray(apply_modality_lut(stored, header), np.float64)
    grey, notes = _displayed(units, header)
    if photometric == "MONOCHROME1":
        grey = 1 - grey
    padding = header.get("PixelPaddingValue")
    if isinstance(padding, int):
        grey[stored == padding] = 0.0
    return grey, notes


def _displayed(units: NDArray[np.float64], header: pydicom.Dataset) -> tuple[Grey, list[str]]:
    """Through the first VOI LUT, else the first window that shows the picture, else from the 0.5th to the 99.5th
    percentile."""
    if header.get("VOILUTSequence"):
        shown = np.asarray(apply_voi(np.rint(units).astype(np.int64), header, index=0), np.float32)
        return between(shown, 0.0, 2.0 ** int(header.VOILUTSequence[0].LUTDescriptor[2]) - 1), []
    function = str(header.get("VOILUTFunction") or "LINEAR")
    windows = [pair for pair in zip(numbers(header, "WindowCenter"), numbers(header, "WindowWidth"), strict=False)
               if pair[1] > 1]
    for number, (centre, width) in enumerate(windows):
        grey = window(units, centre, width, function)
        if max((grey <= 0).mean(), (grey >= 1).mean()) < MOST_CLIPPED:
            return grey, [f"the header's display window {number + 1} was used: those before show a blank picture"
                          ] if number else []
    low, high = np.percentile(units, [0.5, 99.5])
    why = "the header's display window shows a blank picture" if windows else "the header names no display window"
    return between(units, float(low), float(high)), [f"{why}; the range of the values was used"]


def window(units: NDArray[np.float64], centre: float, width: float, function: str) -> Grey:
    """The VOI functions LINEAR, LINEAR_EXACT and SIGMOID of PS3.3 C.11.2.1.2 and C.11.2.1.3, onto 0..1."""
    if function == "SIGMOID":
        return np.asarray(1 / (1 + np.exp(-4 * (units - centre) / width)), np.float32)
    if function == "LINEAR_EXACT":
        return between(units, centre - width / 2, centre + width / 2)
    low = centre - 0.5 - (width - 1) / 2
    return between(units, low, low + width - 1)


def between(values: NDArray[Any], low: float, high: float) -> Grey:
    """Values from low..high to 0..1, clipped; all zero when the range is empty."""
    if high <= low:
        return np.zeros(values.shape, np.float32)
    scaled: Grey = np.clip((np.asarray(values, np.float32) - np.float32(low)) / np.float32(high - low), 0, 1)
    return scaled


def numbers(header: pydicom.Dataset, name: str) -> list[float]:
    """The values of a numeric element up to the first that is no finite number."""
    value = header.get(name)
    found: list[float] = []
    for one in value if isinstance(value, (list, pydicom.multival.MultiValue)) else [value]:
        try:
            number = float(str(one))
        except ValueError:
            break
        if not math.isfinite(number):
            break
        found.append(number)
    return found

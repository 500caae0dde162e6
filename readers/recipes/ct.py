"""A CT volume as MedGemma 1.5 was trained to see it: three windows in red, green and blue."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..request import Picture, Request
from .sampling import sample_slices
from .square import padded
from .volume_turn import Asked, bare_requests, check_slices, volume_requests

RECIPE, CHEST_RECIPE = "ct/1", "ct_rate/1"
WINDOWS = ((-1024, 1024), (-135, 215), (0, 80))
"""HU of red, green and blue: 0 and 255 (MedGemma 1.5 Technical Report, 2.3.1, and Google's CT notebook). The serving
container's green window of 135 to 215 HU is a mistake and not used."""
_AIR = -1024


def window_ct(hu: NDArray[Any]) -> NDArray[np.uint8]:
    """Hounsfield units to colours: clipped to each window, scaled to 0..255, rounded with halves to even.

    Args:
        hu: (...) signed integers or floats, Hounsfield units. Padding below -1024 becomes black, and so does NaN.

    Returns:
        (..., 3) uint8.

    Raises:
        ValueError: another type. Unsigned values cannot be Hounsfield units: air has wrapped around.
    """
    if hu.dtype.kind not in "if":
        raise ValueError(f"Hounsfield units are signed numbers, not {hu.dtype}")
    if hu.dtype == np.int16:
        return np.take(_table(), hu.view(np.uint16), axis=0)
    return _window(np.nan_to_num(hu, nan=_AIR, posinf=np.inf, neginf=-np.inf) if hu.dtype.kind == "f" else hu)


def ct_requests(slices: NDArray[Any], questions: Sequence[str], *, scope: str, body_part: str | None = None,
                indication: str | None = None) -> tuple[Request[bool], ...]:
    """One question per condition about one CT volume.

    Args:
        slices: (k, rows, columns) Hounsfield units, axial, in the order to be shown; of more than 85 slices 85 are
            sampled at even distances. Slices that are not square are padded with black, as in training.
        questions: conditions such as "pleural effusion".
        scope: opaque patient.
        body_part: such as "abdomen"; None when not known.
        indication: indication and history, put in quotes into the question.

    Returns:
        Requests in the questions' order, which share pictures and leading parts.

    Raises:
        ValueError: no slices, another shape or type, or a question without words.
        InputError: slices too large to be shown.
    """
    return volume_requests(RECIPE, "ct", _pictures(slices), Asked(questions, scope, body_part, indication))


def chest_requests(slices: NDArray[Any], conditions: Sequence[str], *, scope: str) -> tuple[Request[bool], ...]:
    """As `ct_requests`, in the words that MedGemma 1.5 was measured with on CT-RATE (Technical Report, Table 13).

    Args:
        slices: of a chest CT, as for `ct_requests`.
        conditions: CT-RATE's labels, such as "Emphysema".
        scope: opaque patient.

    Raises:
        ValueError, InputError: as `ct_requests`.
    """
    return bare_requests(CHEST_RECIPE, "ct_rate", _pictures(slices), Asked(conditions, scope))


def _pictures(slices: NDArray[Any]) -> list[Picture]:
    if slices.ndim != 3 or not slices.size:
        raise ValueError(f"a CT is shown as (k, rows, columns), not {slices.shape}")
    check_slices(*slices.shape[1:])
    return [padded(window_ct(slices[index])) for index in sample_slices(len(slices))]


def _window(hu: NDArray[Any]) -> NDArray[np.uint8]:
    """In single precision and in the notebook's order of operations, so that the bytes are the same."""
    coloured = np.empty((*hu.shape, 3), np.uint8)
    for channel, (low, high) in enumerate(WINDOWS):
        values = np.clip(hu, low, high).astype(np.float32)
        values -= low
        values /= high - low
        values *= 255.0
        coloured[..., channel] = np.round(values)
    return coloured


@cache
def _table() -> NDArray[np.uint8]:
    """The colours of all int16 values, by their unsigned bit pattern."""
    return _window(np.arange(2**16, dtype=np.uint16).view(np.int16))

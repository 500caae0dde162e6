"""MRI as MedGemma 1.5 was trained to see it: each sequence's values from its least to its greatest, in grey."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InputError
from ..request import Picture, Request
from .sampling import sample_slices
from .square import padded
from .volume_turn import Asked, check_slices, volume_requests

RECIPE = "mri/1"


def value_range(sequence: NDArray[Any]) -> tuple[float, float]:
    """The least and the greatest finite value of a whole sequence.

    Args:
        sequence: (k, rows, columns) integers or floats.

    Raises:
        InputError: no value is finite.
    """
    ends = [(float(finite.min()), float(finite.max()))
            for plane in sequence if (finite := plane[np.isfinite(plane)]).size]
    if not ends:
        raise InputError("an MRI sequence holds no finite value")
    return min(low for low, _ in ends), max(high for _, high in ends)


def grey_mri(plane: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    """Values from `low` to `high` as 0 to 255, rounded with halves to even; all 255 where the two are equal.

    Double precision and this rule for a constant volume are those of Google's serving code (generic_dicom_handler.py);
    the range of the whole volume is the Technical Report's (2.3.1). No window, no percentiles.

    Args:
        plane: (rows, columns) integers or floats; what is not finite is shown as `low`.
        low: least value of the whole sequence.
        high: greatest value of the whole sequence.

    Returns:
        (rows, columns) uint8.
    """
    if low == high:
        return np.full(plane.shape, 255, np.uint8)
    values = np.where(np.isfinite(plane), plane, low).astype(np.float64)
    return np.round((values - low) / (high - low) * 255).astype(np.uint8)


def mri_requests(sequences: Sequence[NDArray[Any]], questions: Sequence[str], *, scope: str,
                 body_part: str | None = None, indication: str | None = None) -> tuple[Request[bool], ...]:
    """One question per condition about one MRI study of one or more stacked sequences.

    Args:
        sequences: (k, rows, columns) each, axial, in the order to be shown. Each is scaled over its whole volume. Of
            more than 85 slices in the whole stack 85 are sampled at even distances; labels count through the stack.
        questions: conditions such as "acute infarct".
        scope: opaque patient.
        body_part: such as "brain"; None when not known.
        indication: indication and history, put in quotes into the question.

    Returns:
        Requests in the questions' order, which share pictures and leading parts.

    Raises:
        ValueError: no sequence, one without slices or of another shape or type, or a question without words.
        InputError: slices too large to be shown, or a sequence without a finite value.
    """
    if not sequences:
        raise ValueError("no MRI sequence to show")
    for sequence in sequences:
        if sequence.ndim != 3 or not sequence.size or sequence.dtype.kind not in "iuf":
            raise ValueError(f"an MRI sequence is (k, rows, columns) numbers, not {sequence.shape} {sequence.dtype}")
        check_slices(*sequence.shape[1:])
    return volume_requests(RECIPE, "mri", list(_pictures(sequences)), Asked(questions, scope, body_part, indication))


def _pictures(sequences: Sequence[NDArray[Any]]) -> Iterator[Picture]:
    stack = [(number, plane) for number, sequence in enumerate(sequences) for plane in range(len(sequence))]
    ranges = [value_range(sequence) for sequence in sequences]
    for place in sample_slices(len(stack)):
        number, plane = stack[place]
        yield padded(grey_mri(sequences[number][plane], *ranges[number]))

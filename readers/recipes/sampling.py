"""Which slices of a volume a model is shown, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

MOST_SLICES = 85
"""Slices of one question, over all stacked volumes (MedGemma 1.5 Technical Report, 2.3.1)."""
MOST_PATCHES = 126
"""Patches of one question about a slide (Technical Report, 2.3.2)."""


def sample_slices(count: int) -> tuple[int, ...]:
    """The slices to show out of `count`: all of up to 85, else 85 at even distances.

    The formula of Google's CT notebooks: round(i / 85 * (count - 1)) for i = 1..85, halves to even. The first slice is
    never among them, the last always.

    Args:
        count: number of slices in the order in which they are shown.

    Returns:
        0-based indices, rising.
    """
    if count <= MOST_SLICES:
        return tuple(range(count))
    return tuple(round(i / MOST_SLICES * (count - 1)) for i in range(1, MOST_SLICES + 1))


def shown_order(numbers: Sequence[int | None]) -> tuple[int, ...]:
    """The order in which the planes of a volume are shown: the scanner's where it can be told, else as they lie.

    Google's notebooks sort slices by InstanceNumber and turn nothing, so head and feet come as the scanner numbered
    them. Where the numbers fall along the planes, the planes are shown from the last to the first. Numbers that are
    missing, equal or in no order tell nothing.

    Args:
        numbers: InstanceNumber of each plane of the volume, in the volume's order.

    Returns:
        0-based indices of planes.
    """
    as_they_lie = tuple(range(len(numbers)))
    known = [number for number in numbers if number is not None]
    falls = len(known) == len(numbers) and all(before >= after for before, after in pairwise(known))
    return as_they_lie[::-1] if falls and known and known[0] > known[-1] else as_they_lie

"""Which solid candidates of two CT scans are the same, once the scans are aligned. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ...core.finding import Laterality
from ...core.geometry import VolumeGeometry

NEAR_MM = 15.0
"""How far apart the centres of one nodule may lie after alignment by body and lungs: an own choice, as wide as two
breaths of unlike depth may leave it near the diaphragm, and less than two nodules usually keep from each other."""
SIZE_RATIO = 4.0
"""One diameter over the other; beyond it two places are not taken for one nodule, whatever its growth."""
MARGIN_MM = 5.0
"""Around a candidate that must be in a scan which could have shown it."""


@dataclass(frozen=True)
class Spot:
    """A candidate and where it lies.

    Args:
        centre_mm: LPS of its own scan.
        diameter_mm: mean of long and short axis.
        precision_mm: of the diameter.
        side: of the lung.
        finding_id: of the finding that tells it, None for one that was found only by looking again.
    """

    centre_mm: tuple[float, float, float]
    diameter_mm: float
    precision_mm: float
    side: Laterality | None
    finding_id: str | None = None


def match_spots(prior: Sequence[Spot], current: Sequence[Spot], to_current: NDArray[np.float64]
                ) -> tuple[list[tuple[Spot, Spot]], list[Spot], list[Spot]]:
    """Pairs of spots by aligned place and size, the nearest first, each spot in one pair at most.

    Spots are one when their centres lie within `NEAR_MM`, or within the larger one's radius, of each other, their
    diameters differ by less than `SIZE_RATIO`, and no side contradicts.

    Args:
        prior: of the earlier scan.
        current: of the later one.
        to_current: (4, 4) from prior LPS mm to current LPS mm.

    Returns:
        Pairs, then what is left of the prior and of the current ones.
    """
    moved = {spot: move(to_current, spot.centre_mm) for spot in prior}
    near = sorted((float(np.linalg.norm(moved[old] - new.centre_mm)), old.centre_mm, new.centre_mm, n, m)
                  for (n, old), (m, new) in product(enumerate(prior), enumerate(current)) if _may_be_one(old, new))
    pairs: dict[int, int] = {}
    for gap, _, _, n, m in near:
        reach = max(NEAR_MM, prior[n].diameter_mm / 2, current[m].diameter_mm / 2)
        if gap <= reach and n not in pairs and m not in pairs.values():
            pairs[n] = m
    return ([(prior[n], current[m]) for n, m in sorted(pairs.items())],
            [spot for n, spot in enumerate(prior) if n not in pairs],
            [spot for m, spot in enumerate(current) if m not in pairs.values()])


def _may_be_one(old: Spot, new: Spot) -> bool:
    sided = {spot.side for spot in (old, new)} - {None, Laterality.BILATERAL}
    sizes = sorted((old.diameter_mm, new.diameter_mm))
    return len(sided) < 2 and sizes[1] < SIZE_RATIO * sizes[0]


def move(matrix: NDArray[np.float64], point: Sequence[float]) -> NDArray[np.float64]:
    """A point (x, y, z) through a (4, 4) matrix."""
    moved: NDArray[np.float64] = matrix[:3, :3] @ np.asarray(point, float) + matrix[:3, 3]
    return moved


def is_covered(geometry: VolumeGeometry, centre_mm: Sequence[float], radius_mm: float) -> bool:
    """Whether a ball and `MARGIN_MM` around it lie within a volume.

    Args:
        geometry: of the volume.
        centre_mm: LPS of the volume's scan.
        radius_mm: of the ball.
    """
    index = geometry.to_index(np.asarray(centre_mm, float))
    reach = (radius_mm + MARGIN_MM) / np.asarray(geometry.spacing)
    return bool(np.all(index - reach >= -0.5) and np.all(index + reach <= np.asarray(geometry.shape) - 0.5))


def share_inside(mask: NDArray[np.bool_], geometry: VolumeGeometry, centre_mm: Sequence[float], radius_mm: float
                 ) -> float:
    """The part of a ball and `MARGIN_MM` around it that a mask holds, 0..1.

    Args:
        mask: (k, j, i) of the geometry.
        geometry: of the mask.
        centre_mm: LPS.
        radius_mm: of the ball.
    """
    reach = radius_mm + MARGIN_MM
    steps = np.arange(-reach, reach + 0.1, max(1.0, reach / 8))
    offsets = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    ball = offsets[np.linalg.norm(offsets, axis=1) <= reach] + np.asarray(centre_mm, float)
    index = np.rint(geometry.to_index(ball)).astype(int)
    inside = np.all((index >= 0) & (index < np.asarray(geometry.shape)), axis=1)
    return float(mask[tuple(index[inside].T)].sum()) / len(ball)

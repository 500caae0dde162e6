"""The heart's borders on a frontal film: where they are widest, and whether they can be told from what lies beside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...core.boxes import Box
from .masks import Mask

HALF_WIDE = 0.6
"""Of the greatest width: where the cardiomediastinum is narrower, great vessels are seen and not the heart. Chosen on a
generated film, whose heart's box it meets best."""
BESIDE = 0.03
"""Width of the strips inside and outside a border that are compared, as a part of the thorax's width."""
ABOUT = 0.06
"""Rows above and below the widest point in which they are compared, as a part of the thorax's width."""
LEAST_STEP = 0.02
"""Of the film's brightness range: a row with a smaller step shows no border."""


@dataclass(frozen=True)
class Border:
    """One side's border.

    Args:
        x: column of its point farthest from the midline, in pixels of the film.
        y: row of that point.
        contrast: brightness just inside minus just outside, mean over the rows about that point, as a fraction of the
            film's range (1st to 99th percentile).
        seen: fraction of those rows with a step of at least LEAST_STEP.
    """

    x: float
    y: float
    contrast: float
    seen: float


def silhouette(heart: Mask) -> Box:
    """The box of the heart itself: the rows in which the cardiomediastinum is at least HALF_WIDE of its greatest width.

    Args:
        heart: (rows, columns), not empty.
    """
    widths = heart.sum(axis=1)
    rows = np.flatnonzero(widths >= HALF_WIDE * widths.max())
    columns = np.flatnonzero(heart[rows].any(axis=0))
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def borders(film: NDArray[np.float32], heart: Mask, thorax: float) -> tuple[Border, Border]:
    """The border at the left of the picture, then the one at the right.

    Args:
        film: (rows, columns), 0..1, bright = dense.
        heart: of the same shape, not empty.
        thorax: greatest width between the lungs' outer borders, in pixels.
    """
    _, y0, _, y1 = (int(edge) for edge in silhouette(heart))
    part, shown = heart[y0:y1], film[y0:y1]
    low, high = np.percentile(film, [1, 99])
    scaled = np.clip((shown - low) / max(float(high - low), 1e-6), 0, 1).astype(np.float32)
    left = _border(scaled, np.argmax(part, axis=1), thorax, y0)
    right = _border(scaled[:, ::-1], np.argmax(part[:, ::-1], axis=1), thorax, y0)
    columns = film.shape[1]
    return left, Border(columns - right.x, right.y, right.contrast, right.seen)


def _border(shown: NDArray[np.float32], edge: NDArray[np.intp], thorax: float, top: int) -> Border:
    """The border whose lung lies towards column 0; `edge` is its column in each row of `shown`."""
    level = np.flatnonzero(edge == edge.min())
    widest = int(level[len(level) // 2])
    reach, strip = max(1, round(ABOUT * thorax)), max(2, round(BESIDE * thorax))
    rows = range(max(0, widest - reach), min(len(edge), widest + reach + 1))
    steps = np.asarray([_step(shown[row], int(edge[row]), strip) for row in rows])
    return Border(float(edge[widest]), top + widest + 0.5, float(steps.mean()), float((steps >= LEAST_STEP).mean()))


def _step(row: NDArray[np.float32], edge: int, strip: int) -> float:
    inside, outside = row[edge:edge + strip], row[max(0, edge - strip):edge]
    return float(inside.mean() - outside.mean()) if len(outside) else 0.0

"""Lungs and cardiomediastinum on a frontal film, as the network sees them: first the whole film, then the lungs close
by."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from .masks import FilmMasks, largest_piece
from .network import SIDE, ChestFilmNet, show

LEAST_LEFT = 0.7
"""A picture of which less is left without its uniform borders, across or down, is looked at without them."""
MARGIN = 0.2
"""Of the lungs' width and height, kept around them in the second look."""

Part = tuple[int, int, int, int]


def segment_film(network: ChestFilmNet, film: NDArray[np.float32]) -> FilmMasks:
    """Look at the whole film, then again at the part that holds lungs; each time also at its mirror image.

    Args:
        network: in evaluation mode.
        film: (rows, columns), any scale, upright; bright may be dense or not.
    """
    picture = torch.from_numpy(np.array(film, np.float32))
    rows, columns = film.shape
    with torch.inference_mode():
        whole = _without_borders(film)
        first, frontal = _look(network, picture, whole)
        part = _around_lungs(first, whole) or whole
        close, _ = _look(network, picture, part)
        x0, y0, x1, y1 = part
        fine = functional.interpolate(close[None], size=(y1 - y0, x1 - x0), mode="bilinear", align_corners=False)[0]
    masks = np.zeros((3, rows, columns), bool)
    masks[:, y0:y1, x0:x1] = [largest_piece(each) for each in fine.numpy() > 0.5]
    return FilmMasks(masks[0], masks[1], masks[2], frontal)


def _look(network: ChestFilmNet, film: Tensor, part: Part) -> tuple[Tensor, float]:
    """Probabilities (3, SIDE, SIDE) over a part [x0, y0, x1, y1] of a film, and how frontal it looks."""
    x0, y0, x1, y1 = part
    small = functional.interpolate(film[None, None, y0:y1, x0:x1], size=(SIDE, SIDE), mode="bilinear",
                                   align_corners=False, antialias=True)[:, 0]
    logits, frontal = network(show(torch.cat([small, small.flip(-1)])))
    plain, mirrored = logits.sigmoid()
    return (plain + mirrored.flip(-1)[[1, 0, 2]]) / 2, float(frontal.sigmoid().mean())


def _without_borders(film: NDArray[np.float32]) -> Part:
    """The part of a film inside uniform borders, where they take much of it; else all of it."""
    rows, columns = film.shape
    down, across = (np.flatnonzero(np.ptp(film, axis=axis) > 0) for axis in (1, 0))
    if len(down) == 0 or len(across) == 0:
        return 0, 0, columns, rows
    x0, y0, x1, y1 = int(across[0]), int(down[0]), int(across[-1]) + 1, int(down[-1]) + 1
    large = x1 - x0 < LEAST_LEFT * columns or y1 - y0 < LEAST_LEFT * rows
    return (x0, y0, x1, y1) if large else (0, 0, columns, rows)


def _around_lungs(first: Tensor, whole: Part) -> Part | None:
    """The part of a film that holds the largest piece of each lung, and a margin; None when no lung was seen.

    Args:
        first: (3, SIDE, SIDE) probabilities over `whole`.
        whole: the part that was looked at.
    """
    left, right = (largest_piece(lung.numpy() > 0.5) for lung in first[:2])
    lungs = left | right
    if not lungs.any():
        return None
    x0, x1 = _span(np.any(lungs, axis=0), whole[2] - whole[0])
    y0, y1 = _span(np.any(lungs, axis=1), whole[3] - whole[1])
    return whole[0] + x0, whole[1] + y0, whole[0] + x1, whole[1] + y1


def _span(shows: Any, length: int) -> tuple[int, int]:
    """First and last true place of SIDE, with a margin, on an axis of `length` pixels, half-open."""
    found = np.flatnonzero(shows)
    low, high = found[0] / SIDE, (found[-1] + 1) / SIDE
    margin = MARGIN * (high - low)
    return int(max(0.0, low - margin) * length), int(np.ceil(min(1.0, high + margin) * length))

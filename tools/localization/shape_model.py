"""Outlines of both lungs, fitted by regression from what a film shows around the current guess.

Method: supervised descent (Xiong and De la Torre, "Supervised descent method and its applications to face alignment",
CVPR 2013, 532-539) in the space of a point distribution model (Cootes et al., "Active shape models - their training
and application", Comput Vis Image Underst 61 (1995) 38-59). `evals/train_lung_shape.py` makes the shipped numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .appearance import SIDE

POINTS_PER_LUNG = 24
"""From the apex along the outer border to the costophrenic angle, along the base, and up the inner border."""
THUMB = 32
STEPS = (14.0, 10.0, 7.0, 5.0)
"""Distance of the sampled pixels from each point, per stage, in pixels of the model's square."""
_SPREAD_LIMIT = 3.0
_MODEL = "lung_shape.npz"

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Linear:
    """`offset + weights . features`.

    Args:
        weights: (outputs, features) int8.
        scale: (outputs,) that makes them real numbers.
        offset: (outputs,).
    """

    weights: NDArray[np.int8]
    scale: NDArray[np.float32]
    offset: NDArray[np.float32]

    def __call__(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Outputs (..., outputs) of features (..., features)."""
        outputs = (features @ self.weights.T.astype(np.float32)) * self.scale.astype(np.float64) + self.offset
        return np.asarray(outputs, np.float64)


@dataclass(frozen=True)
class ShapeModel:
    """Mean outline, its modes, and the regressions that fit it.

    Args:
        mean: (4 * POINTS_PER_LUNG,): (row, column) of every point, the lung at the left of the picture first.
        modes: (modes, 4 * POINTS_PER_LUNG), orthonormal.
        spread: (modes,): standard deviation of each mode's weight.
        start: from a thumbnail to the modes' weights.
        stages: from features around the points to changes of the weights.
        judge: from the features around the final points to a score, above 0 for an outline that sits on lungs.
    """

    mean: NDArray[np.float64]
    modes: NDArray[np.float64]
    spread: NDArray[np.float64]
    start: Linear
    stages: tuple[Linear, ...]
    judge: Linear

    def outline(self, weights: NDArray[np.float64]) -> Points:
        """(2 * POINTS_PER_LUNG, 2) as (row, column) in the model's square."""
        return (self.mean + weights @ self.modes).reshape(-1, 2)


@dataclass(frozen=True)
class Fit:
    """An outline on a film.

    Args:
        points: (2 * POINTS_PER_LUNG, 2) as (row, column) in the model's square.
        score: the judge's, above 0 when the outline sits on lungs.
        atypical: root mean square of the modes' weights in standard deviations; about 1 for ordinary chests.
    """

    points: Points
    score: float
    atypical: float


def fit(model: ShapeModel, image: NDArray[np.float32]) -> Fit:
    """Fit the outline to one film.

    Args:
        model: from `shipped_model`.
        image: (3, SIDE, SIDE) of `appearance.channels`.
    """
    weights = model.start(thumbnail(image))
    limit = _SPREAD_LIMIT * model.spread
    for stage, step in zip(model.stages, STEPS, strict=True):
        weights = np.clip(weights, -limit, limit)
        weights = weights + stage(around(image, model.outline(weights), step))
    weights = np.clip(weights, -limit, limit)
    points = model.outline(weights)
    score = float(model.judge(around(image, points, STEPS[-1]))[0])
    return Fit(points, score, float(np.sqrt(np.mean((weights / model.spread) ** 2))))


def thumbnail(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """(THUMB * THUMB,): the brightness channel, averaged."""
    small = Image.fromarray(image[0]).resize((THUMB, THUMB), Image.Resampling.BOX)
    return np.asarray(small, np.float32).ravel()


def around(image: NDArray[np.float32], points: Points, step: float) -> NDArray[np.float32]:
    """The channels at 3 x 3 places, `step` apart, around each point: (3 * points * 9,).

    Places outside the image take its nearest pixel.
    """
    shift = np.arange(-1, 2) * step
    down, across = (grid.ravel() for grid in np.meshgrid(shift, shift, indexing="ij"))
    rows = np.clip(np.rint(points[:, :1] + down), 0, SIDE - 1).astype(int)
    columns = np.clip(np.rint(points[:, 1:] + across), 0, SIDE - 1).astype(int)
    return image[:, rows, columns].ravel()


@lru_cache(maxsize=1)
def shipped_model() -> ShapeModel:
    """The model in `data/`; its ATTRIBUTION.txt names the films it was made from."""
    with (files(__package__) / "data" / _MODEL).open("rb") as file, np.load(file, allow_pickle=False) as stored:
        return unpack(dict(stored))


def unpack(stored: dict[str, NDArray[Any]]) -> ShapeModel:
    """A model from the arrays of `pack`."""
    def linear(name: str) -> Linear:
        return Linear(stored[f"{name}_weights"].astype(np.int8), stored[f"{name}_scale"].astype(np.float32),
                      stored[f"{name}_offset"].astype(np.float32))

    stages = tuple(linear(f"stage{index}") for index in range(len(STEPS)))
    return ShapeModel(stored["mean"].astype(float), stored["modes"].astype(float), stored["spread"].astype(float),
                      linear("start"), stages, linear("judge"))


def pack(model: ShapeModel) -> dict[str, NDArray[Any]]:
    """A model as arrays for an .npz file."""
    arrays: dict[str, NDArray[Any]] = {
        "mean": model.mean.astype(np.float32), "modes": model.modes.astype(np.float32),
        "spread": model.spread.astype(np.float32)}
    parts = {"start": model.start, "judge": model.judge}
    parts |= {f"stage{index}": stage for index, stage in enumerate(model.stages)}
    for name, part in parts.items():
        arrays |= {f"{name}_weights": part.weights, f"{name}_scale": part.scale, f"{name}_offset": part.offset}
    return arrays

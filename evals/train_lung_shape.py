"""Makes tools/localization/data/lung_shape.npz from films with lung masks, and measures it on patients left out.

    python -m caseloom.evals.train_lung_shape FOLDER [--folds 4] [--out FILE]

FOLDER holds index.json, images/ and masks/ as described in `lung_outlines.read_examples`. Seeds are fixed. Two
minutes on one core.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from skimage.draw import polygon2mask

from ..tools.localization.appearance import SIDE
from ..tools.localization.shape_model import (
    STEPS,
    Linear,
    ShapeModel,
    around,
    fit,
    pack,
    thumbnail,
)
from .lung_outlines import Example, read_examples, seen, varied

MODES = 16
START_RIDGE, STAGE_RIDGE, JUDGE_RIDGE = 1.0, 3.0, 1.0
COPIES = 25
Array = NDArray[np.float64]


def main() -> None:
    """Measure on left-out patients, then train on all and write the model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--folds", type=int, default=4, help="0: no measuring")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    examples = read_examples(asked.folder)
    if asked.folds:
        report(cross_validate(examples, asked.folds))
    if asked.out:
        np.savez_compressed(asked.out, allow_pickle=False, **pack(train(examples)))


def cross_validate(examples: list[Example], folds: int) -> Array:
    """Per left-out film: Dice left and right of the picture, box IoU left and right, score."""
    patients = sorted({example.patient for example in examples})
    np.random.default_rng(1).shuffle(patients)
    rows = []
    for fold in range(folds):
        held = set(patients[fold::folds])
        model = train([example for example in examples if example.patient not in held])
        rows += [judge_fit(model, example) for example in examples if example.patient in held]
    return np.asarray(rows)


def judge_fit(model: ShapeModel, example: Example) -> list[float]:
    """Dice left and right of the picture, box IoU left and right, score."""
    image, _ = seen(example.image, example.points)
    found = fit(model, image.astype(np.float32))
    half = len(found.points) // 2
    masks = [polygon2mask((SIDE, SIDE), part) for part in (found.points[:half], found.points[half:])]
    pairs = list(zip(masks, example.lungs, strict=True))
    return [*(dice(*pair) for pair in pairs), *(box_iou(*pair) for pair in pairs), found.score]


def dice(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Dice coefficient of two masks."""
    return float(2 * (one & other).sum() / max(1, one.sum() + other.sum()))


def box_iou(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Intersection over union of two masks' bounding boxes; 0 when one is empty."""
    if not one.any() or not other.any():
        return 0.0
    spans = [[(np.flatnonzero(mask.any(axis=axis))[[0, -1]] + (0, 1)) for axis in (0, 1)] for mask in (one, other)]
    shared = np.prod([max(0, min(a[1], b[1]) - max(a[0], b[0])) for a, b in zip(*spans, strict=True)])
    areas = [np.prod([span[1] - span[0] for span in box]) for box in spans]
    return float(shared / (sum(areas) - shared))


def report(rows: Array) -> None:
    """Print the measures of all left-out films."""
    names = ("Dice left", "Dice right", "box IoU left", "box IoU right", "score")
    sys.stdout.write(f"{len(rows)} films of left-out patients (left and right of the picture)\n")
    for name, column in zip(names, rows.T, strict=True):
        sys.stdout.write(f"{name:14} mean {column.mean():.3f}  median {np.median(column):.3f}  "
                         f"5 % {np.quantile(column, 0.05):.3f}  least {column.min():.3f}\n")


def train(examples: list[Example]) -> ShapeModel:
    """The model of all given films."""
    rng = np.random.default_rng(0)
    pairs = [seen(*((example.image, example.points) if copy == 0 else varied(example, rng)))
             for example in examples for copy in range(COPIES)]
    images = [image for image, _ in pairs]
    shapes = np.asarray([points.ravel() for _, points in pairs])
    mean = shapes.mean(axis=0)
    modes = np.linalg.svd(shapes - mean, full_matrices=False)[2][:MODES]
    target = (shapes - mean) @ modes.T
    nothing = Linear(np.zeros((1, 1), np.int8), np.zeros(1, np.float32), np.zeros(1, np.float32))
    model = ShapeModel(mean, modes, target.std(axis=0), nothing, (), nothing)
    return _descend(model, images, target, rng)


def _descend(model: ShapeModel, images: list[NDArray[np.float16]], target: Array, rng: np.random.Generator
             ) -> ShapeModel:
    """Learn start, stages and judge one after the other, each from what the one before leaves (with some noise)."""
    thumbs = np.asarray([thumbnail(image.astype(np.float32)) for image in images])
    start = ridge(thumbs, target, START_RIDGE)
    now = start(thumbs) + rng.normal(0, 0.25, target.shape) * model.spread
    stages = []
    for index, step in enumerate(STEPS):
        features = _features(model, images, now, step)
        stage = ridge(features, target - now, STAGE_RIDGE)
        stages.append(stage)
        now = now + stage(features)
        if index + 1 < len(STEPS):
            now += rng.normal(0, 0.25 * 0.5 ** (index + 1), target.shape) * model.spread
    model = replace(model, start=start, stages=tuple(stages))
    return replace(model, judge=_judge(model, images, now))


def _features(model: ShapeModel, images: list[NDArray[np.float16]], weights: Array, step: float
              ) -> NDArray[np.float32]:
    return np.asarray([around(image.astype(np.float32), model.outline(weight), step)
                       for image, weight in zip(images, weights, strict=True)])


def _judge(model: ShapeModel, images: list[NDArray[np.float16]], fitted: Array) -> Linear:
    """Tell fits on films from fits on the same films turned, upside down or inverted."""
    right = _features(model, images, fitted, STEPS[-1])
    unjudged = replace(model, judge=Linear(np.zeros((1, right.shape[1]), np.int8), np.zeros(1, np.float32),
                                           np.zeros(1, np.float32)))
    wrong = []
    for index, image in enumerate(images):
        spoiled = _spoiled(image.astype(np.float32), index % 5)
        wrong.append(around(spoiled, fit(unjudged, spoiled).points, STEPS[-1]))
    label = np.concatenate([np.ones(len(right)), -np.ones(len(wrong))])
    return ridge(np.concatenate([right, np.asarray(wrong)]), label[:, None], JUDGE_RIDGE)


def _spoiled(image: NDArray[np.float32], way: int) -> NDArray[np.float32]:
    """A film that is none: turned by a quarter or a half, upside down, inverted, or shifted by half its width."""
    brightness, down, across = image
    lying = np.stack([brightness.T, across.T, down.T])
    ways: tuple[NDArray[np.float32], ...] = (
        np.stack([lying[0], lying[1], -lying[2]])[:, :, ::-1], np.stack([brightness, -down, across])[:, ::-1], -image,
        lying, np.roll(image, SIDE // 2, axis=2))
    return ways[way]


def ridge(features: NDArray[np.float32], target: Array, strength: float) -> Linear:
    """Ridge regression on standardised features, its weights rounded to 8 bits per output.

    Args:
        features: (samples, features).
        target: (samples, outputs).
        strength: penalty per sample.
    """
    middle, width = features.mean(axis=0, dtype=float), features.std(axis=0, dtype=float) + 1e-3
    unit = (features - middle) / width
    gram = unit.T @ unit
    gram[np.diag_indices_from(gram)] += strength * len(features)
    weights = (np.linalg.solve(gram, unit.T @ (target - target.mean(axis=0))) / width[:, None]).T
    scale = np.abs(weights).max(axis=1) / 127
    small = np.rint(weights / scale[:, None]).astype(np.int8)
    offset = target.mean(axis=0) - (small * scale[:, None]) @ middle
    return Linear(small, scale.astype(np.float32), offset.astype(np.float32))


if __name__ == "__main__":
    main()

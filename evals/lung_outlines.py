"""Films with lung masks as training material: outlines from masks, and varied copies of films."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from skimage.measure import find_contours

from ..tools.localization.appearance import SIDE, channels, content_frame, even_contrast

_POINTS = (10, 8, 6)
"""Points on the outer border, the base and the inner border of a lung."""


@dataclass(frozen=True)
class Example:
    """One film at SIDE x SIDE.

    Args:
        name: file name.
        patient: whose film it is; a split never divides a patient.
        image: (SIDE, SIDE), 0..1.
        lungs: two masks (SIDE, SIDE), the one at the left of the picture first.
        points: (48, 2), their outlines as (row, column).
    """

    name: str
    patient: str
    image: NDArray[np.float32]
    lungs: tuple[NDArray[np.bool_], NDArray[np.bool_]]
    points: NDArray[np.float64]


def read_examples(folder: Path) -> list[Example]:
    """All films of a folder with index.json (list of {image, mask, patientid}), images/ and masks/."""
    entries = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    return [_read(folder, entry) for entry in entries]


def _read(folder: Path, entry: dict[str, str]) -> Example:
    image = np.asarray(_square(folder / "images" / entry["image"]), np.float32) / np.float32(255)
    first, second = split_lungs(np.asarray(_square(folder / "masks" / entry["mask"])) > 127)
    points = np.vstack([outline(first, outer=-1), outline(second, outer=1)])
    return Example(entry["image"], entry["patientid"], image, (first, second), points)


def _square(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        return picture.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)


def split_lungs(mask: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """The two largest parts of a mask without holes, the one at the left of the picture first."""
    parts, count = ndimage.label(ndimage.binary_opening(ndimage.binary_fill_holes(mask)))
    sizes = ndimage.sum_labels(mask, parts, np.arange(1, count + 1))
    largest = np.argsort(sizes)[::-1][:2] + 1
    ordered = sorted(largest, key=lambda part: ndimage.center_of_mass(parts == part)[1])
    return parts == ordered[0], parts == ordered[1]


def outline(lung: NDArray[np.bool_], outer: int) -> NDArray[np.float64]:
    """(24, 2) points as (row, column): apex, outer border, costophrenic angle, base, inner border.

    Args:
        lung: (rows, columns).
        outer: -1 when the outer border looks to the left of the picture, 1 to the right.
    """
    soft = ndimage.gaussian_filter(np.pad(lung, 1).astype(float), 1.0)
    contour = max(find_contours(soft, 0.5), key=len)[:-1] - 1
    down, out = contour[:, 0], contour[:, 1] * outer
    apex = int(np.argmin(down + 0.15 * np.abs(out - out.mean())))
    corners = [apex, int(np.argmax(down + out)), int(np.argmax(down - out))]
    count = len(contour)
    forward = (corners[1] - apex) % count < (corners[2] - apex) % count
    if not forward:
        contour, corners = contour[::-1], [count - 1 - corner for corner in corners]
    ends = corners[1:] + corners[:1]
    return np.vstack([_evenly(contour, start, end, number)
                      for start, end, number in zip(corners, ends, _POINTS, strict=True)])


def _evenly(contour: NDArray[np.float64], start: int, end: int, number: int) -> NDArray[np.float64]:
    """`number` points at equal distances along a closed contour from `start` (included) to `end` (not included)."""
    count = len(contour)
    path = contour[(start + np.arange((end - start) % count + 1)) % count]
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])
    places = np.linspace(0, along[-1], number + 1)[:-1]
    return np.column_stack([np.interp(places, along, path[:, axis]) for axis in (0, 1)])


def varied(example: Example, rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """A turned, scaled, sheared, shifted copy with another exposure, noise and black borders, and its outline."""
    angle, growth, aspect, shear = rng.normal(0, (0.07, 0.10, 0.06, 0.04))
    growth, aspect = np.exp(growth), np.exp(aspect)
    turn = np.asarray([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = turn @ np.asarray([[growth * aspect, 0.0], [shear, growth / aspect]])
    shift = rng.normal(0, SIDE * 0.055, 2)
    centre = np.full(2, SIDE / 2)
    points = (example.points - centre) @ matrix.T + centre + shift
    back = np.linalg.inv(matrix)
    image = ndimage.affine_transform(example.image, back, centre - back @ (centre + shift), order=1, mode="nearest")
    return _exposed(image, rng), points


def _exposed(image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    image = np.clip(image, 0, 1) ** np.float32(np.exp(rng.normal(0, 0.3)))
    if rng.random() < 0.3:
        image = ndimage.gaussian_filter(image, rng.uniform(0, 1.2))
    if rng.random() < 0.3:
        image = image + rng.normal(0, 0.02, image.shape).astype(np.float32)
    if rng.random() < 0.3:
        top, bottom, left, right = rng.integers(0, SIDE // 10, 4)
        framed = np.zeros_like(image)
        framed[top:SIDE - bottom, left:SIDE - right] = image[top:SIDE - bottom, left:SIDE - right]
        image = framed
    return image


def seen(image: NDArray[np.float32], points: NDArray[np.float64]
         ) -> tuple[NDArray[np.float16], NDArray[np.float64]]:
    """What the model sees of an image, and the points in the model's square."""
    frame = content_frame(image)
    scale = np.asarray((SIDE / (frame.y1 - frame.y0), SIDE / (frame.x1 - frame.x0)))
    moved = (points + 0.5 - (frame.y0, frame.x0)) * scale - 0.5
    return channels(even_contrast(image, frame)).astype(np.float16), moved

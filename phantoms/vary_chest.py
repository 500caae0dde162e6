"""Chests that differ by seed: heart, contrast medium, nodules that grow, shrink, come and go, fluid, sampling."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np

from .grid import Grid
from .specs import BodySpec, CtSpec, EffusionSpec, FilmSpec, NoduleSpec, Point, Side, VisitSpec
from .thorax import make_chest

COURSES = ("grows", "grows", "shrinks", "stable", "new", "resolves")
SMALLEST_MM, LARGEST_MM = 9.0, 24.0
_HILUM_MM = 52.0
"""From the middle; nearer lie vessels and bronchi that the quiet balls do not clear."""
_WALL_MM, _APART_MM = 5.0, 22.0
_FLUID_BEHIND_MM = 5.0
"""Fluid collects behind: on its side, nodules lie before this y."""
_RANGE = ((-118.0, 118.0), (-60.0, 50.0), (-60.0, 92.0))


@dataclass(frozen=True)
class Place:
    """One nodule over time.

    Attributes:
        centre_mm: in the phantom's frame.
        sizes_mm: diameter at each visit, or None where it is not there.
    """

    centre_mm: Point
    sizes_mm: tuple[float | None, ...]


def vary_visits(rng: random.Random, dates: tuple[str, ...], *, ct: bool, film: bool, words: str
                ) -> tuple[BodySpec, tuple[VisitSpec, ...]]:
    """A body, and one visit for each date.

    Args:
        rng: the case's stream.
        dates: ISO dates, one or two.
        ct: whether each visit has a CT.
        film: whether each visit has a film.
        words: Study Description of the CTs.
    """
    fluids = _fluids(rng, len(dates))
    scale = round(rng.uniform(0.9, 1.25), 2)
    wet: set[str] = {fluid.side for fluid in fluids if fluid}
    places = _places(rng, len(dates), scale, wet) if ct else []
    body = BodySpec(
        seed=rng.randrange(1, 10_000), blood_hu=rng.choice((45.0, 140.0)), vessel_targets=60, heart_scale=scale,
        quiet_mm=tuple((place.centre_mm, max(size or 0.0 for size in place.sizes_mm) / 2 + 5) for place in places))
    sampling = _ct(rng) if ct else None
    visits = tuple(
        VisitSpec(date, _nodules(places, number), fluids[number],
                  _moved(rng, sampling) if sampling else None, _film(rng) if film else None, words)
        for number, date in enumerate(dates))
    return body, visits


def _fluids(rng: random.Random, count: int) -> list[EffusionSpec | None]:
    if rng.random() < 0.6:
        return [None] * count
    sides: tuple[Side, ...] = ("left", "right")
    fluids: list[EffusionSpec | None] = [EffusionSpec(rng.choice(sides), float(rng.randrange(150, 400, 10)))] * count
    if count == 2 and rng.random() < 0.7:
        fluids[rng.randrange(2)] = None
    return fluids


def _places(rng: random.Random, visits: int, scale: float, wet: set[str]) -> list[Place]:
    places: list[Place] = []
    for _ in range(rng.choice((0, 1, 1, 1, 2, 2, 3))):
        sizes = _sizes(rng, visits)
        centre = _spot(rng, max(size or 0.0 for size in sizes) / 2, places, (scale, wet))
        if centre is not None:
            places.append(Place(centre, sizes))
    return places


def _sizes(rng: random.Random, visits: int) -> tuple[float | None, ...]:
    """Sizes that differ by so much that no method may call them equal, or not at all."""
    small = round(rng.uniform(SMALLEST_MM, 14.0), 1)
    if visits == 1:
        return (round(rng.uniform(SMALLEST_MM, LARGEST_MM), 1),)
    large = round(min(LARGEST_MM, small + max(4.0, small * rng.uniform(0.35, 0.7))), 1)
    course = rng.choice(COURSES)
    return {"grows": (small, large), "shrinks": (large, small), "stable": (small, small), "new": (None, large),
            "resolves": (large, None)}[course]


def _spot(rng: random.Random, radius: float, others: list[Place], body: tuple[float, set[str]]) -> Point | None:
    """A centre whose ball lies in one lung, free of its borders and of other nodules; None where none was hit."""
    scale, wet = body
    for _ in range(400):
        x, y, z = (round(rng.uniform(*ends), 1) for ends in _RANGE)
        if abs(x) < _HILUM_MM + radius or (_side(x) in wet and y > _FLUID_BEHIND_MM - radius):
            continue
        if any(np.linalg.norm(np.subtract((x, y, z), other.centre_mm)) < _APART_MM + 2 * radius for other in others):
            continue
        if depth_in_lung((x, y, z), scale) > radius + _WALL_MM:
            return x, y, z
    return None


def _side(x: float) -> str:
    return "left" if x > 0 else "right"


def depth_in_lung(point: Point, heart_scale: float) -> float:
    """About how far (mm) a point of the phantom's frame lies inside the lung of its side; negative outside."""
    x, y, z = point
    around = Grid((x - 2.0, y - 2.0, z - 2.0), (2.0, 2.0, 2.0), (3, 3, 3))
    chest = make_chest(around, heart_scale)
    return -float(chest.lungs[_side(x)][1, 1, 1]) if min(chest.part.shape) == 3 else -1.0


def _nodules(places: list[Place], visit: int) -> tuple[NoduleSpec, ...]:
    return tuple(NoduleSpec(place.centre_mm, size) for place in places if (size := place.sizes_mm[visit]) is not None)


def _ct(rng: random.Random) -> CtSpec:
    pixel = rng.choice((2.3, 2.5, 2.7))
    return CtSpec(columns=2 * round(188 / pixel), pixel_mm=pixel, slice_mm=rng.choice((3.0, 3.75, 4.5)),
                  z_range_mm=(-150.0, 132.0), noise_hu=rng.uniform(8.0, 20.0), compress=rng.random() < 0.3)


def _moved(rng: random.Random, spec: CtSpec) -> CtSpec:
    """The same sampling of a patient who lies a little elsewhere."""
    x, y, z = (round(rng.uniform(-9, 9), 1) for _ in range(3))
    return CtSpec(spec.columns, spec.pixel_mm, spec.slice_mm, spec.z_range_mm, (x, y, z), spec.noise_hu, spec.compress)


def _film(rng: random.Random) -> FilmSpec:
    return FilmSpec(grid_mm=2.0, pixel_mm=rng.choice((0.7, 0.9)),
                    photometric=rng.choice(("MONOCHROME1", "MONOCHROME2")), marker=rng.choice(("L", "R")),
                    noise=rng.uniform(0.004, 0.012), compress=rng.random() < 0.3)

"""Where the soft organs of the chest are: implicit fields on a grid, negative inside, about millimetres."""

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from .grid import Array, Box, Grid
from .profiles import profile
from .shapes import FAR, box_around, capsule, ellipsoid, smooth_max, smooth_min, sweep

SKIN_MM = 13.0
CHEST_BOX: Box = ((-142.0, 142.0), (-102.0, 102.0), (-400.0, 140.0))
_HEART_CENTRE = (20.0, -27.0, -50.0)
_LONG_AXIS = np.array([0.70, -0.50, -0.51])


class Tube(NamedTuple):
    """A straight piece of vessel or airway: end points in LPS mm and the radius at each end in mm."""

    start: tuple[float, float, float]
    end: tuple[float, float, float]
    radius: tuple[float, float]


class Chamber(NamedTuple):
    """An ellipsoid of the heart: centre and half axes in mm, and whether it lies along the heart's long axis."""

    centre: tuple[float, float, float]
    radii: tuple[float, float, float]
    tilted: bool


@dataclass(frozen=True)
class Chest:
    """Fields of one chest, float32, z, y, x order.

    Attributes:
        body: skin, on the whole grid.
        cage: inner wall of the rib cage, on the whole grid.
        cuts: where the part that holds the organs lies in the whole grid.
        part: the sampling of that part; all fields below are on it.
        mediastinum: everything between the lungs.
        dome: everything under the diaphragm.
        lungs: both lungs by the patient's side.
    """

    body: Array
    cage: Array
    cuts: tuple[slice, slice, slice]
    part: Grid
    mediastinum: Array
    dome: Array
    lungs: dict[str, Array]


def path(radius: float, *points: tuple[float, float, float]) -> list[Tube]:
    """Return the tubes of constant radius that join the points."""
    return [Tube(a, b, (radius, radius)) for a, b in pairwise(points)]


AORTA = path(
    13.5, (-6, -24, -22), (-13, -28, 10), (-13, -24, 36), (-4, -10, 54), (10, 12, 58), (21, 30, 50), (25, 40, 34)
) + path(12.0, (25, 40, 34), (24, 42, -40), (18, 38, -100), (10, 32, -150), (6, 28, -240))
GREAT_VESSELS = (
    path(10.0, (-24, -18, 88), (-27, -16, 40), (-25, -14, -8))
    + path(12.5, (16, -40, -14), (20, -26, 8), (22, -8, 20))
    + path(10.0, (22, -8, 20), (4, -2, 18), (-22, 4, 14), (-40, 8, 8))
    + path(10.0, (22, -8, 20), (36, 12, 22), (42, 22, 12))
    + path(7.0, (-4, -12, 54), (-9, -12, 90), (-16, -6, 130))
    + path(5.0, (8, 6, 58), (12, 6, 95), (20, 2, 150))
    + path(5.0, (16, 20, 58), (24, 18, 100), (44, 8, 132))
    + path(6.5, (-24, -18, 88), (-30, -14, 120), (-36, -10, 170))
    + path(6.0, (-24, -22, 86), (8, -30, 92), (34, -18, 116))
    + path(11.0, (-24, 2, -62), (-26, 6, -100), (-22, 14, -240))
)
AIRWAYS = (
    path(8.5, (0, -8, 240), (0, -6, 140), (0, 8, 80), (0, 17, 36))
    + path(6.5, (0, 17, 36), (-22, 20, 16), (-36, 18, 2))
    + path(6.0, (0, 17, 36), (24, 24, 12), (42, 24, -2))
)
OESOPHAGUS = path(7.5, (4, 14, 150), (5, 28, 60), (6, 36, 0), (14, 26, -70), (26, 14, -100))
HEART = (
    Chamber((-13, -18, -44), (33, 34, 42), False),
    Chamber((30, -34, -60), (58, 41, 40), True),
    Chamber((6, 6, -26), (36, 24, 28), False),
    Chamber((14, -44, -26), (24, 22, 30), False),
)
BLOOD = (
    Chamber((-15, -18, -40), (24, 25, 32), False),
    Chamber((42, -22, -62), (36, 18, 19), True),
    Chamber((18, -52, -58), (40, 14, 24), True),
    Chamber((6, 8, -24), (29, 17, 20), False),
)


def _heart_axes() -> Array:
    long_axis = _LONG_AXIS / np.linalg.norm(_LONG_AXIS)
    across = np.cross(long_axis, [0.0, 0.0, 1.0])
    across /= np.linalg.norm(across)
    return np.array([long_axis, across, np.cross(long_axis, across)], dtype=np.float32)


def _scaled(point: tuple[float, float, float], scale: float) -> list[float]:
    return [c + scale * (p - c) for p, c in zip(point, _HEART_CENTRE, strict=True)]


def chamber_box(chamber: Chamber, scale: float, margin: float) -> Box:
    """Return the mm box that holds a chamber of the scaled heart."""
    return box_around([_scaled(chamber.centre, scale)], max(chamber.radii) * scale + margin)


def heart_box(scale: float) -> Box:
    """Return a mm box that holds the scaled heart."""
    return box_around([_scaled(c.centre, scale) for c in HEART], max(HEART[1].radii) * scale + 4)


def chamber_field(chamber: Chamber, grid: Grid, scale: float) -> Array:
    """Return the field of one chamber of the heart, scaled about the heart's centre."""
    axes = _heart_axes() if chamber.tilted else None
    return ellipsoid(grid, _scaled(chamber.centre, scale), [scale * r for r in chamber.radii], axes)


def heart_field(grid: Grid, scale: float, margin: float = 0.0) -> Array:
    """Return the field of the heart within its pericardium, grown by `margin` mm."""
    field = np.full(grid.shape, FAR)
    for chamber in HEART:
        cuts, part = grid.crop(chamber_box(chamber, scale, margin + 14))
        if 0 not in part.shape:
            field[cuts] = smooth_min(field[cuts], chamber_field(chamber, part, scale) - np.float32(margin), 12)
    return field


def tubes_field(grid: Grid, tubes: list[Tube], margin: float, blend: float) -> Array:
    """Return the union of tubes grown by `margin` mm, valid up to 12 mm outside them and FAR beyond."""
    field = np.full(grid.shape, FAR)
    for tube in tubes:
        cuts, part = grid.crop(box_around([tube.start, tube.end], max(tube.radius) + margin + 12))
        if 0 not in part.shape:
            radius = (tube.radius[0] + margin, tube.radius[1] + margin)
            field[cuts] = smooth_min(field[cuts], capsule(part, tube.start, tube.end, radius), blend)
    return field


def _mediastinum(grid: Grid, scale: float) -> Array:
    field = np.full(grid.shape, FAR)
    cuts, part = grid.crop(((-80, 110), (-400, 400), (-400, 400)))
    if 0 not in part.shape:
        level = part.axes()[2][:, 0, 0]
        column = sweep(part, profile("column", level), np.full_like(level, 58), profile("spine", level) - 40, 2.0)
        spine = sweep(part, np.full_like(level, 23), np.full_like(level, 33), profile("spine", level) + 14, 2.0)
        near = smooth_min(column, spine, 8)
        near = smooth_min(near, tubes_field(part, AORTA + GREAT_VESSELS, 2.5, 4), 8)
        field[cuts] = smooth_min(near, heart_field(part, scale, 3.0), 8)
    x, y, z = grid.axes()
    junction = np.abs(x) - 2 - 10 * (1 - np.exp(-(((z - 45) / 50) ** 2)))
    return smooth_min(field, np.maximum(junction, np.abs(y + 20) - 80), 8)


def _dome(grid: Grid) -> Array:
    """Return the field of what lies under the diaphragm: two domes that continue downwards as cylinders."""
    field = np.full(grid.shape, FAR)
    cuts, part = grid.crop(((-400, 400), (-400, 400), (-400, -30)))
    if 0 in part.shape:
        return field
    fields = []
    for centre, radii in (((-66, -8, -138), (72, 93, 70)), ((68, -8, -146), (69, 93, 66))):
        x, y, z = (a - np.float32(c) for a, c in zip(part.axes(), centre, strict=True))
        z = np.maximum(z, 0)
        flat = (x / radii[0]) ** 2 + (y / radii[1]) ** 2
        root = np.sqrt(flat + (z / radii[2]) ** 2)
        steep = np.sqrt((x / radii[0] ** 2) ** 2 + (y / radii[1] ** 2) ** 2 + (z / radii[2] ** 2) ** 2)
        fields.append(root * (root - 1) / np.maximum(steep, np.float32(1e-6)))
    field[cuts] = smooth_min(fields[0], fields[1], 20)
    return field


def _apex(grid: Grid, sign: int) -> Array:
    x, y, z = grid.axes()
    rounded = z - (130 - ((x - sign * 42) / 9) ** 2 - ((y - 22) / 10) ** 2)
    return np.asarray(rounded * np.float32(0.35), dtype=np.float32)


def make_chest(grid: Grid, heart_scale: float) -> Chest:
    """Return the fields of body, rib cage, mediastinum, diaphragm and lungs on `grid`.

    A lung is what the cage holds on its side, less the mediastinum, above the diaphragm and below the apex; so the
    silhouettes of heart, aortic knob and domes follow from the organs themselves.
    """
    level = grid.axes()[2][:, 0, 0]
    body = sweep(grid, profile("body_x", level), profile("body_y", level), profile("body_mid", level), 2.5)
    cage = sweep(grid, profile("cage_x", level), profile("cage_y", level), profile("cage_mid", level), 2.25)
    cuts, part = grid.crop(CHEST_BOX)
    mediastinum, dome = _mediastinum(part, heart_scale), _dome(part)
    hollow = smooth_max(smooth_max(cage[cuts], -mediastinum, 5), -dome, 3)
    x, _, z = part.axes()
    np.maximum(hollow, -156 - z, out=hollow)
    lungs = {}
    for side, sign in (("right", -1), ("left", 1)):
        lungs[side] = np.maximum(smooth_max(hollow, _apex(part, sign), 8), -sign * x)
    return Chest(body, cage, cuts, part, mediastinum, dome, lungs)

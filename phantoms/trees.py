"""Branching trees inside the lungs: arteries, veins and airways that taper from the hilum to the pleura."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import map_coordinates

from .grid import Array, Grid
from .ids import make_rng
from .shapes import FAR, box_around, capsule
from .specs import BodySpec
from .thorax import Chest, Tube, make_chest

_STEP_MM = 6.0
_MURRAY = 2.7
_COARSE = Grid((-150.0, -110.0, -160.0), (4.0, 4.0, 4.0), (76, 56, 76))
_ROOTS = {
    "artery": {"right": (-40.0, 8.0, 8.0), "left": (42.0, 22.0, 12.0)},
    "vein": {"right": (-30.0, 8.0, -14.0), "left": (36.0, 12.0, -12.0)},
    "airway": {"right": (-36.0, 18.0, 2.0), "left": (42.0, 24.0, -2.0)},
}


@dataclass(frozen=True)
class Growth:
    """How one kind of tree grows: share of the target count, depth under the pleura, twig and root radius in mm."""

    share: float
    pleura_mm: float
    twig_mm: float
    root_mm: float


_GROWTH = {
    "artery": Growth(1.0, 4.0, 0.70, 8.0),
    "vein": Growth(0.6, 6.0, 0.65, 6.5),
    "airway": Growth(0.07, 28.0, 1.1, 5.5),
}


def grow_trees(spec: BodySpec) -> dict[str, list[Tube]]:
    """Return the tubes of "artery", "vein" and "airway" trees of both lungs; the same for the same spec."""
    chest = make_chest(_COARSE, spec.heart_scale)
    trees: dict[str, list[Tube]] = {}
    for kind, growth in _GROWTH.items():
        trees[kind] = []
        for side in ("right", "left"):
            rng = make_rng(spec.seed, f"{kind} {side}")
            count = max(4, round(growth.share * spec.vessel_targets))
            ends = _targets(_whole(chest, side), growth.pleura_mm, count, rng, spec)
            trees[kind] += _grow(np.array(_ROOTS[kind][side]), ends, growth, rng, spec)
    return trees


def _whole(chest: Chest, side: str) -> Array:
    field = np.full(_COARSE.shape, FAR)
    field[chest.cuts] = chest.lungs[side]
    return field


def _targets(lung: Array, depth_mm: float, count: int, rng: np.random.Generator, spec: BodySpec) -> np.ndarray:
    """Return about `count` points (n, 3) in LPS mm, spread through the lung, the nearest to the hilum first."""
    low = np.array(_COARSE.origin)
    size = np.array(_COARSE.spacing) * (np.array(_COARSE.shape[::-1]) - 1)
    points = low + rng.random((count * 14, 3)) * size
    index = ((points - low) / _COARSE.spacing)[:, ::-1].T
    points = points[map_coordinates(lung, index, order=1) < -depth_mm]
    for centre, radius in spec.quiet_mm:
        points = points[np.linalg.norm(points - np.array(centre), axis=1) > radius + 2]
    return np.asarray(points[:count])


def _grow(root: np.ndarray, ends: np.ndarray, growth: Growth, rng: np.random.Generator, spec: BodySpec) -> list[Tube]:
    """Join each end to the node that continues best towards it, then give radii by Murray's law.

    Murray CD, PNAS 1926;12:207: the cube of a parent's radius is the sum of its children's cubes; the exponent here
    is 2.7, as measured in pulmonary arteries.
    """
    nodes, parents = [root], [-1]
    order = np.argsort(np.linalg.norm(ends - root, axis=1))
    for end in ends[order]:
        known = np.array(nodes)
        ahead, course = end - known, known - root
        gap = np.linalg.norm(ahead, axis=1)
        turn = (ahead * course).sum(1) / np.maximum(gap * np.linalg.norm(course, axis=1), 1e-6)
        best = int(np.argmin(gap * (1.7 - turn)))
        for step in _bent(known[best], end, rng):
            nodes.append(step)
            parents.append(best)
            best = len(nodes) - 1
    return _tubes(np.array(nodes), np.array(parents), growth, spec)


def _bent(start: np.ndarray, end: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return points from `start` (left out) to `end` about one step apart, on a slightly bent line."""
    gap = float(np.linalg.norm(end - start))
    t = np.linspace(0, 1, max(2, int(np.ceil(gap / _STEP_MM)) + 1))[1:, None]
    bend = rng.normal(0, 0.07 * gap, 3)
    return np.asarray(start + t * (end - start) + np.sin(np.pi * t) * bend)


def _tubes(nodes: np.ndarray, parents: np.ndarray, growth: Growth, spec: BodySpec) -> list[Tube]:
    load = np.zeros(len(nodes))
    tip = np.ones(len(nodes), bool)
    tip[parents[1:]] = False
    load[tip] = growth.twig_mm**_MURRAY
    cut = _crossing(nodes, spec)
    for i in range(len(nodes) - 1, 0, -1):
        load[parents[i]] += load[i]
    for i in range(1, len(nodes)):
        cut[i] |= cut[parents[i]]
    radius = np.minimum(load ** (1 / _MURRAY), growth.root_mm)
    pairs = [(parents[i], i) for i in range(1, len(nodes)) if not cut[i]]
    return [
        Tube(tuple(nodes[a].tolist()), tuple(nodes[b].tolist()), (float(radius[b]), float(radius[b]))) for a, b in pairs
    ]


def _crossing(nodes: np.ndarray, spec: BodySpec) -> np.ndarray:
    """Return which nodes lie in a ball that is kept free; what grows beyond them is left out too."""
    inside = np.zeros(len(nodes), bool)
    for centre, radius in spec.quiet_mm:
        inside |= np.linalg.norm(nodes - np.array(centre), axis=1) < radius
    return inside


def tubes_cover(grid: Grid, tubes: list[Tube], grow_mm: float = 0.0) -> Array:
    """Return the coverage (0..1) of many thin tubes, each grown by `grow_mm`.

    A tube thinner than a voxel covers the part that its section has of the voxel's, so that its contrast fades
    instead of breaking up.
    """
    covered = np.zeros(grid.shape, np.float32)
    voxel = float(np.cbrt(np.prod(grid.spacing)))
    for tube in tubes:
        radius = (tube.radius[0] + grow_mm, tube.radius[1] + grow_mm)
        cuts, part = grid.crop(box_around([tube.start, tube.end], max(radius) + voxel))
        if 0 in part.shape:
            continue
        edge = np.clip(np.float32(0.5) - capsule(part, tube.start, tube.end, radius) / np.float32(voxel), 0, 1)
        edge *= np.float32(min(1.0, np.pi * max(radius) ** 2 / voxel**2))
        np.maximum(covered[cuts], edge, out=covered[cuts])
    return covered

"""The chest as CT numbers with exact masks: anatomy first, then what a visit finds in it."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from .grid import Array, Grid
from .ids import make_rng
from .lerp import lerp
from .shapes import box_around, coverage, ellipsoid, paint
from .skeleton import arms_field, paint_skeleton
from .specs import BodySpec, EffusionSpec, NoduleSpec
from .thorax import (
    AIRWAYS,
    AORTA,
    BLOOD,
    CHEST_BOX,
    GREAT_VESSELS,
    OESOPHAGUS,
    SKIN_MM,
    Chest,
    Tube,
    chamber_box,
    chamber_field,
    heart_box,
    heart_field,
    make_chest,
    tubes_field,
)
from .trees import grow_trees, tubes_cover

AIR_HU, FAT_HU, MUSCLE_HU, LUNG_HU = -1000.0, -95.0, 58.0, -862.0
_GRAIN_MM, _SLAB = 9.0, 20
Cover = NDArray[np.uint8]


class Organ(NamedTuple):
    """An ellipsoid under the diaphragm: centre and half axes in mm, CT number, distance kept from the diaphragm."""

    centre: tuple[float, float, float]
    radii: tuple[float, float, float]
    hu: float
    depth_mm: float


_ABDOMEN = (
    Organ((-62.0, -8.0, -150.0), (100.0, 96.0, 84.0), 105.0, 2.0),
    Organ((98.0, 34.0, -152.0), (36.0, 46.0, 46.0), 112.0, 4.0),
    Organ((52.0, -16.0, -150.0), (42.0, 58.0, 62.0), 30.0, 4.0),
    Organ((56.0, -30.0, -108.0), (26.0, 30.0, 13.0), -980.0, 7.0),
)


@dataclass(frozen=True)
class Body:
    """A chest on a grid.

    Attributes:
        grid: sampling.
        hu: CT numbers without noise, float32, z, y, x order.
        masks: covered part of each voxel, 0..255, by organ: "body", "lung_left", "lung_right" (vessels and nodules
            included, fluid and main bronchi not), "heart", "aorta", "airway", "ribs", "spine", "abdomen" (what lies
            under the diaphragm within the rib cage), "effusion", "nodule_1" and so on.
    """

    grid: Grid
    hu: Array
    masks: dict[str, Cover]

    def volume_ml(self, name: str) -> float:
        """Return the volume of a mask in millilitres; 0 when there is no such mask."""
        mask = self.masks.get(name)
        return 0.0 if mask is None else float(mask.sum(dtype=np.float64)) / 255 * self.grid.voxel_ml


@dataclass(frozen=True)
class Scenery:
    """What is made once for all slabs of a chest: vessel and airway trees, and the lattice of lung texture."""

    trees: dict[str, list[Tube]]
    grain: Array


def _quantised(covered: Array) -> Cover:
    return np.asarray(covered * np.float32(255) + np.float32(0.5), dtype=np.uint8)


def _placed(covered: Array, cuts: tuple[slice, slice, slice], shape: tuple[int, int, int]) -> Cover:
    """Return a coverage of a part as a mask of the whole grid."""
    mask = np.zeros(shape, np.uint8)
    mask[cuts] = _quantised(covered)
    return mask


def _lung_grain(seed: int) -> Array:
    """Return smooth noise of unit variance on a 9 mm lattice that starts at the low corner of the chest's box."""
    noise = make_rng(seed, "lung").standard_normal((60, 24, 34), dtype=np.float32)
    smooth = gaussian_filter(noise, 0.8)
    return np.asarray(smooth / smooth.std(), dtype=np.float32)


def _sampled(grain: Array, grid: Grid) -> Array:
    for axis, along in enumerate(reversed(grid.axes())):
        grain = lerp(grain, (along.reshape(-1) - np.float32(CHEST_BOX[2 - axis][0])) / np.float32(_GRAIN_MM), axis)
    return grain


def _paint_wall(hu: Array, grid: Grid, chest: Chest, arms: bool) -> Cover:
    """Paint skin fat, muscle and the fat inside the cage; return the body's coverage."""
    skin = np.minimum(chest.body, arms_field(grid)) if arms else chest.body
    covered = coverage(skin, grid)
    paint(hu, covered, FAT_HU)
    paint(hu, coverage(skin + np.float32(SKIN_MM), grid), MUSCLE_HU)
    paint(hu, coverage(np.maximum(chest.cage, chest.body + 10), grid), FAT_HU + 10)
    return _quantised(covered)


def _paint_abdomen(hu: Array, grid: Grid, chest: Chest) -> Cover:
    """Paint liver, spleen and stomach under the diaphragm; return the coverage of the space."""
    inner = hu[chest.cuts]
    under = np.maximum(np.maximum(chest.dome, chest.cage[chest.cuts]), -chest.mediastinum - 40)
    space = coverage(under, chest.part)
    paint(inner, space, MUSCLE_HU)
    paint(inner, coverage(under + 4, chest.part), FAT_HU)
    for organ in _ABDOMEN:
        cuts, part = chest.part.crop(box_around([organ.centre], max(organ.radii) + 3))
        if min(part.shape) >= 2:
            inside = np.maximum(ellipsoid(part, organ.centre, organ.radii), under[cuts] + organ.depth_mm)
            paint(inner[cuts], coverage(inside, part), organ.hu)
    return _placed(space, chest.cuts, grid.shape)


def _paint_heart(hu: Array, grid: Grid, spec: BodySpec) -> dict[str, Cover]:
    """Paint heart, oesophagus and great vessels with blood at the spec's CT number."""
    masks = {}
    cuts, part = grid.crop(heart_box(spec.heart_scale))
    heart = heart_field(part, spec.heart_scale)
    whole = coverage(heart, part)
    paint(hu[cuts], whole, FAT_HU + 30)
    paint(hu[cuts], coverage(heart + 3, part), 85.0 if spec.blood_hu > 60 else 48.0)
    masks["heart"] = _placed(whole, cuts, grid.shape)
    for chamber in BLOOD:
        cuts, part = grid.crop(chamber_box(chamber, spec.heart_scale, 3))
        if min(part.shape) >= 2:
            paint(hu[cuts], coverage(chamber_field(chamber, part, spec.heart_scale), part), spec.blood_hu)
    for name, tubes, value in (
        ("", OESOPHAGUS, 32.0), ("", GREAT_VESSELS, spec.blood_hu), ("aorta", AORTA, spec.blood_hu),
    ):  # fmt: skip
        cuts, part = grid.crop(box_around([p for t in tubes for p in (t.start, t.end)], 16))
        covered = coverage(tubes_field(part, tubes, 0, 3), part)
        paint(hu[cuts], covered, value)
        if name:
            masks[name] = _placed(covered, cuts, grid.shape)
    return masks


def _paint_lungs(hu: Array, chest: Chest, spec: BodySpec, scenery: Scenery) -> dict[str, Array]:
    """Paint both lungs, denser towards the back, with vessels and thin-walled airways; return their coverage."""
    part, inner, trees = chest.part, hu[chest.cuts], scenery.trees
    y = part.axes()[1]
    tissue = np.float32(LUNG_HU) + np.float32(0.28) * y + np.float32(9) * _sampled(scenery.grain, part)
    lungs = {side: coverage(field, part) for side, field in chest.lungs.items()}
    paint(inner, np.maximum(lungs["left"], lungs["right"]), tissue)
    near = np.minimum(chest.lungs["left"], chest.lungs["right"]) < 10
    paint(inner, tubes_cover(part, trees["artery"] + trees["vein"]) * near, spec.blood_hu * 0.9)
    paint(inner, tubes_cover(part, trees["airway"], 0.9) * near, 0.0)
    paint(inner, tubes_cover(part, trees["airway"]) * near, AIR_HU + 15)
    return lungs


def _paint_airway(hu: Array, grid: Grid) -> tuple[Cover, Cover]:
    """Paint trachea and main bronchi; return the coverage of the lumen and of lumen and wall."""
    cuts, part = grid.crop(box_around([p for t in AIRWAYS for p in (t.start, t.end)], 12))
    airway = tubes_field(part, AIRWAYS, 0, 3)
    wall, lumen = coverage(airway - np.float32(1.6), part), coverage(airway, part)
    paint(hu[cuts], wall, 40.0)
    paint(hu[cuts], lumen, AIR_HU + 10)
    return _placed(lumen, cuts, grid.shape), _placed(wall, cuts, grid.shape)


def _build_slab(spec: BodySpec, grid: Grid, scenery: Scenery) -> tuple[Array, dict[str, Cover]]:
    hu = np.full(grid.shape, np.float32(AIR_HU))
    chest = make_chest(grid, spec.heart_scale)
    masks = {"body": _paint_wall(hu, grid, chest, spec.arms), "abdomen": _paint_abdomen(hu, grid, chest)}
    masks |= _paint_heart(hu, grid, spec)
    lungs = _paint_lungs(hu, chest, spec, scenery)
    masks |= {name: _quantised(cover) for name, cover in paint_skeleton(hu, grid, chest.cage, spec.arms).items()}
    masks["airway"], wall = _paint_airway(hu, grid)
    for side, covered in lungs.items():
        lung = _placed(covered, chest.cuts, grid.shape)
        masks[f"lung_{side}"] = np.minimum(lung, 255 - wall)
    return hu, masks


def build_anatomy(spec: BodySpec, grid: Grid) -> Body:
    """Return the healthy chest of `spec` sampled on `grid`.

    It is built in slabs of slices, each with one slice more at both ends so that surfaces meet without a seam: the
    working arrays stay small.
    """
    scenery = Scenery(grow_trees(spec), _lung_grain(spec.seed))
    hu = np.empty(grid.shape, np.float32)
    masks: dict[str, Cover] = {}
    for first in range(0, grid.shape[0], _SLAB):
        last = min(first + _SLAB, grid.shape[0])
        low, high = max(first - 1, 0), min(last + 1, grid.shape[0])
        part_hu, part_masks = _build_slab(spec, grid.slab(low, high), scenery)
        keep = slice(first - low, last - low)
        hu[first:last] = part_hu[keep]
        for name, mask in part_masks.items():
            masks.setdefault(name, np.empty(grid.shape, np.uint8))[first:last] = mask[keep]
    return Body(grid, hu, masks)


def with_nodule(body: Body, nodule: NoduleSpec) -> Body:
    """Return the body with one more solid sphere; its mask is "nodule_<n>"."""
    r = nodule.diameter_mm / 2
    cuts, part = body.grid.crop(box_around([nodule.centre_mm], r + 6))
    hu, mask = body.hu.copy(), np.zeros(body.grid.shape, np.uint8)
    if 0 not in part.shape:
        covered = _ball_cover(part, nodule.centre_mm, r)
        paint(hu[cuts], covered, nodule.hu)
        mask[cuts] = _quantised(covered)
    number = 1 + sum(name.startswith("nodule_") for name in body.masks)
    return replace(body, hu=hu, masks=body.masks | {f"nodule_{number}": mask})


def _ball_cover(grid: Grid, centre: tuple[float, float, float], radius: float, fine: int = 5) -> Array:
    """Return the coverage of a ball, by counting `fine`³ sub-voxels of each voxel: exact where size matters."""
    axes = []
    for k, (origin, step) in enumerate(zip(grid.origin, grid.spacing, strict=True)):
        count = grid.shape[2 - k] * fine
        axes.append(origin - step / 2 + (np.arange(count) + 0.5) * step / fine - centre[k])
    x, y, z = axes
    inside = z[:, None, None] ** 2 + y[None, :, None] ** 2 + x[None, None, :] ** 2 < radius**2
    nz, ny, nx = grid.shape
    return np.asarray(inside.reshape(nz, fine, ny, fine, nx, fine).mean(axis=(1, 3, 5)), dtype=np.float32)


def with_effusion(body: Body, effusion: EffusionSpec, upright: bool) -> Body:
    """Return the body with free fluid in one pleural space.

    Fluid fills the lung's space from the lowest point (the back when supine, the base when upright) to the level
    at which it has the wanted volume, rising along the chest wall. The lung's mask loses what fluid takes.

    Raises:
        ValueError: the lung is smaller than the effusion.
    """
    name = f"lung_{effusion.side}"
    half = (0.0, 142.0) if effusion.side == "left" else (-142.0, 0.0)
    cuts, part = body.grid.crop((half, CHEST_BOX[1], (-160.0, 140.0)))
    lung = body.masks[name][cuts].astype(np.float32) / np.float32(255)
    x, y, z = part.axes()
    out = np.abs(x)
    if upright:
        depth = z - 62 * np.exp((out - 134) / 20) + np.float32(0.0) * y
    else:
        depth = -y - 26 * np.exp((out - 112) / 16) + np.float32(0.10) * z
    wanted = asked = effusion.volume_ml / part.voxel_ml
    for _ in range(3):
        level = _level_for(depth, lung, asked)
        fluid = lung * coverage(depth - np.float32(level), part)
        asked += wanted - float(fluid.sum(dtype=np.float64))
    hu = body.hu.copy()
    paint(hu[cuts], fluid, effusion.hu)
    taken = _placed(fluid, cuts, body.grid.shape)
    aerated = body.masks[name] - np.minimum(taken, body.masks[name])
    return replace(body, hu=hu, masks=body.masks | {"effusion": taken, name: aerated})


def _level_for(depth: Array, lung: Array, voxels: float) -> float:
    """Return the depth below which the lung's coverage adds up to `voxels`, to 0.02 mm."""
    step = 0.02
    low = float(depth.min())
    inside = lung > 0
    bins = ((depth[inside] - low) / step).astype(np.int64)
    total = np.cumsum(np.bincount(bins, weights=lung[inside]))
    if total[-1] < voxels:
        raise ValueError("The lung is smaller than the effusion that was asked for.")
    return low + step * (int(np.searchsorted(total, voxels)) + 0.5)

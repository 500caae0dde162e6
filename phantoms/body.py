"""The chest as CT numbers with exact masks: anatomy first, then what a visit finds in it."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, zoom

from .grid import Array, Grid
from .ids import make_rng
from .shapes import coverage, ellipsoid, paint
from .skeleton import paint_skeleton
from .specs import BodySpec, EffusionSpec, NoduleSpec
from .thorax import (
    AIRWAYS,
    AORTA,
    BLOOD,
    GREAT_VESSELS,
    SKIN_MM,
    Chest,
    chamber_box,
    chamber_field,
    heart_field,
    make_chest,
    tubes_field,
)
from .trees import grow_trees, tubes_cover

AIR_HU, FAT_HU, MUSCLE_HU, LUNG_HU = -1000.0, -95.0, 58.0, -862.0
Cover = NDArray[np.uint8]


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


def _quantised(covered: Array) -> Cover:
    return np.asarray(np.rint(covered * 255), dtype=np.uint8)


def _texture(grid: Grid, seed: int, name: str, scale_mm: float) -> Array:
    """Return smooth noise of unit variance with features of about `scale_mm`."""
    rng = make_rng(seed, name)
    coarse = [max(4, int(n * s / scale_mm) + 4) for n, s in zip(grid.shape, grid.spacing[::-1], strict=True)]
    noise = gaussian_filter(rng.standard_normal(coarse).astype(np.float32), 0.8)
    factors = [(n + 0.5) / c for n, c in zip(grid.shape, coarse, strict=True)]
    fine = zoom(noise / noise.std(), factors, order=1)[: grid.shape[0], : grid.shape[1], : grid.shape[2]]
    return np.asarray(fine, dtype=np.float32)


def _paint_wall(hu: Array, chest: Chest) -> Cover:
    """Paint skin fat, muscle and the fat inside the cage; return the body's coverage."""
    covered = coverage(chest.body)
    paint(hu, covered, FAT_HU)
    paint(hu, coverage(chest.body + np.float32(SKIN_MM)), MUSCLE_HU)
    paint(hu, coverage(np.maximum(chest.cage, chest.body + 10)), FAT_HU + 10)
    return _quantised(covered)


def _paint_abdomen(hu: Array, grid: Grid, chest: Chest) -> Cover:
    """Paint liver, spleen and stomach under the diaphragm; return the coverage of the space."""
    under = np.maximum(np.maximum(chest.dome, chest.cage), -chest.mediastinum - 40)
    space = coverage(under)
    paint(hu, space, MUSCLE_HU)
    fat = coverage(under + 4)
    paint(hu, fat, FAT_HU)
    for centre, radii, value in (
        ((-62.0, -8.0, -150.0), (100.0, 96.0, 84.0), 105.0),
        ((98.0, 34.0, -152.0), (36.0, 46.0, 46.0), 112.0),
        ((52.0, -16.0, -150.0), (42.0, 58.0, 62.0), 30.0),
        ((58.0, -24.0, -112.0), (24.0, 30.0, 15.0), -980.0),
    ):
        cuts, part = grid.crop(tuple((c - r - 3, c + r + 3) for c, r in zip(centre, radii, strict=True)))  # type: ignore[arg-type]
        if min(part.shape) >= 2:
            inside = np.maximum(ellipsoid(part, centre, radii), under[cuts] + 4)
            paint(hu[cuts], coverage(inside), value)
    return _quantised(space)


def _paint_heart(hu: Array, grid: Grid, spec: BodySpec) -> dict[str, Cover]:
    """Paint heart and great vessels with blood at the spec's CT number."""
    heart = heart_field(grid, spec.heart_scale)
    whole = coverage(heart)
    paint(hu, whole, FAT_HU + 30)
    paint(hu, coverage(heart + 3), 85.0 if spec.blood_hu > 60 else 48.0)
    for chamber in BLOOD:
        cuts, part = grid.crop(chamber_box(chamber, spec.heart_scale, 3))
        if min(part.shape) >= 2:
            paint(hu[cuts], coverage(chamber_field(chamber, part, spec.heart_scale)), spec.blood_hu)
    aorta = coverage(tubes_field(grid, AORTA, 0, 3))
    for covered in (aorta, coverage(tubes_field(grid, GREAT_VESSELS, 0, 3))):
        paint(hu, covered, spec.blood_hu)
    return {"heart": _quantised(whole), "aorta": _quantised(aorta)}


def _paint_lungs(hu: Array, grid: Grid, chest: Chest, spec: BodySpec) -> dict[str, Cover]:
    """Paint both lungs, denser towards the back, with vessels and thin-walled airways."""
    y = grid.axes()[1]
    tissue = LUNG_HU + np.float32(0.28) * y + np.float32(9) * _texture(grid, spec.seed, "lung", 9.0)
    masks = {}
    both = np.zeros(grid.shape, np.float32)
    for side, field in chest.lungs.items():
        covered = coverage(field)
        masks[f"lung_{side}"] = _quantised(covered)
        np.maximum(both, covered, out=both)
    paint(hu, both, tissue)
    trees = grow_trees(spec)
    near = coverage(np.minimum(chest.lungs["left"], chest.lungs["right"]) - 10)
    paint(hu, tubes_cover(grid, trees["artery"] + trees["vein"]) * near, spec.blood_hu * 0.9)
    paint(hu, tubes_cover(grid, trees["airway"], 0.9) * near, 0.0)
    paint(hu, tubes_cover(grid, trees["airway"]) * near, AIR_HU + 15)
    return masks


def build_anatomy(spec: BodySpec, grid: Grid) -> Body:
    """Return the healthy chest of `spec` sampled on `grid`."""
    hu = np.full(grid.shape, np.float32(AIR_HU))
    chest = make_chest(grid, spec.heart_scale)
    masks = {"body": _paint_wall(hu, chest), "abdomen": _paint_abdomen(hu, grid, chest)}
    masks |= _paint_heart(hu, grid, spec)
    masks |= _paint_lungs(hu, grid, chest, spec)
    masks |= {name: _quantised(cover) for name, cover in paint_skeleton(hu, grid, chest.cage).items()}
    airway = tubes_field(grid, AIRWAYS, 0, 3)
    paint(hu, coverage(airway - np.float32(1.6)), 40.0)
    lumen = coverage(airway)
    paint(hu, lumen, AIR_HU + 10)
    masks["airway"] = _quantised(lumen)
    for side in ("left", "right"):
        lung = masks[f"lung_{side}"]
        np.minimum(lung, 255 - _quantised(coverage(airway - np.float32(1.6))), out=lung)
    return Body(grid, hu, masks)


def with_nodule(body: Body, nodule: NoduleSpec) -> Body:
    """Return the body with one more solid sphere; its mask is "nodule_<n>"."""
    r = nodule.diameter_mm / 2
    cuts, part = body.grid.crop(tuple((c - r - 6, c + r + 6) for c in nodule.centre_mm))  # type: ignore[arg-type]
    hu, mask = body.hu.copy(), np.zeros(body.grid.shape, np.uint8)
    if min(part.shape) >= 2:
        covered = _ball_cover(part, nodule.centre_mm, r)
        paint(hu[cuts], covered, nodule.hu)
        mask[cuts] = _quantised(covered)
    number = 1 + sum(name.startswith("nodule_") for name in body.masks)
    return replace(body, hu=hu, masks=body.masks | {f"nodule_{number}": mask})


def _ball_cover(grid: Grid, centre: tuple[float, float, float], radius: float, fine: int = 5) -> Array:
    """Return the coverage of a ball, by counting `fine`³ sub-voxels of each voxel: exact where size matters."""
    step = tuple(s / fine for s in grid.spacing)
    origin = tuple(o - s / 2 + t / 2 for o, s, t in zip(grid.origin, grid.spacing, step, strict=True))
    nz, ny, nx = grid.shape
    x, y, z = Grid(origin, step, (nz * fine, ny * fine, nx * fine)).axes()  # type: ignore[arg-type]
    inside = (x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2 < radius**2
    return np.asarray(inside.reshape(nz, fine, ny, fine, nx, fine).mean(axis=(1, 3, 5)), dtype=np.float32)


def with_effusion(body: Body, effusion: EffusionSpec, upright: bool) -> Body:
    """Return the body with free fluid in one pleural space.

    Fluid fills the lung's space from the lowest point (the back when supine, the base when upright) to the level
    at which it has the wanted volume, rising a little along the chest wall. The lung's mask loses what fluid takes.

    Raises:
        ValueError: the lung is smaller than the effusion.
    """
    name = f"lung_{effusion.side}"
    lung = body.masks[name].astype(np.float32) / 255
    x, y, z = body.grid.axes()
    out = np.abs(x)
    if upright:
        depth = np.asarray(z - 30 * np.exp((out - 128) / 14) + 0.0 * y, dtype=np.float32)
    else:
        depth = np.asarray(-y - 26 * np.exp((out - 112) / 16) + 0.10 * z, dtype=np.float32)
    level = _level_for(depth, lung, effusion.volume_ml / body.grid.voxel_ml)
    fluid = lung * coverage(depth - np.float32(level))
    hu = body.hu.copy()
    paint(hu, fluid, effusion.hu)
    masks = dict(body.masks)
    masks["effusion"] = _quantised(fluid)
    masks[name] = masks[name] - np.minimum(masks["effusion"], masks[name])
    return replace(body, hu=hu, masks=masks)


def _level_for(depth: Array, lung: Array, voxels: float) -> float:
    """Return the depth below which the lung's coverage adds up to `voxels`."""
    inside = np.flatnonzero(lung)
    order = inside[np.argsort(depth.ravel()[inside], kind="stable")]
    total = np.cumsum(lung.ravel()[order], dtype=np.float64)
    if total[-1] < voxels:
        raise ValueError("The lung is smaller than the effusion that was asked for.")
    return float(depth.ravel()[order[np.searchsorted(total, voxels)]])

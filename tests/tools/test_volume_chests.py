"""Lungs of made chests as scans really come: opaque, emphysematous, prone, cut, in metal's shadow."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from caseloom.core.finding import Laterality
from caseloom.core.geometry import VolumeGeometry
from caseloom.phantoms import BodySpec, CtSpec
from caseloom.phantoms.body import build_anatomy
from caseloom.phantoms.ct import ct_grid
from caseloom.tools.volume.grids import bounding_box
from caseloom.tools.volume.lungs import Chest, segment_chest
from caseloom.tools.volume.nodules import apart, find_candidates


@dataclass(frozen=True)
class Made:
    """A chest with arms, in HU without noise, and the covered part of each voxel by organ."""

    hu: NDArray[np.float32]
    masks: dict[str, NDArray[np.float32]]
    geometry: VolumeGeometry

    def true_ml(self, side: Laterality, where: tuple[slice, ...] = ()) -> float:
        return float(self.masks[f"lung_{side.value}"][where].sum()) * self.geometry.voxel_ml


@pytest.fixture(scope="module")
def made() -> Made:
    grid = ct_grid(CtSpec(columns=200, pixel_mm=2.2, slice_mm=2.5))
    body = build_anatomy(BodySpec(seed=21, blood_hu=60, vessel_targets=150, arms=True, quiet_mm=()), grid)
    affine = np.zeros((4, 4))
    affine[[2, 1, 0], [0, 1, 2]], affine[3, 3], affine[:3, 3] = grid.spacing[::-1], 1, grid.origin
    return Made(body.hu, {name: mask.astype(np.float32) / 255 for name, mask in body.masks.items()},
                VolumeGeometry(grid.shape, affine))


def segmented(made: Made, hu: NDArray[np.float32], noise: float = 12.0) -> Chest:
    return segment_chest(stored(hu, noise), VolumeGeometry(hu.shape, made.geometry.affine))


def stored(hu: NDArray[np.float32], noise: float = 12.0) -> NDArray[np.int16]:
    values = hu + np.random.default_rng(3).normal(0, noise, hu.shape)
    return np.clip(np.rint(values), -1024, 3071).astype(np.int16)


def volumes(chest: Chest, made: Made) -> dict[Laterality, float]:
    return {lung.side: lung.patch.count() * made.geometry.voxel_ml for lung in chest.lungs}


@pytest.mark.parametrize("noise", [5.0, 40.0])
def test_volumes_are_true_to_three_percent_in_any_noise(made: Made, noise: float) -> None:
    chest = segmented(made, made.hu, noise)
    found = volumes(chest, made)
    assert list(found) == [Laterality.RIGHT, Laterality.LEFT]
    for lung in chest.lungs:
        assert found[lung.side] == pytest.approx(made.true_ml(lung.side), rel=0.03)
        assert not lung.partial
        margin = lung.doubtful * made.geometry.voxel_ml
        assert abs(found[lung.side] - made.true_ml(lung.side)) <= margin <= 0.05 * found[lung.side]


def test_the_airways_are_measured_and_told_from_lung(made: Made) -> None:
    chest = segmented(made, made.hu)
    assert chest.airway_ml is not None
    true_ml = float(made.masks["airway"].sum()) * made.geometry.voxel_ml
    assert chest.airway_ml[0] == pytest.approx(true_ml, rel=0.15)
    assert not any((lung.rough & chest.lumen).any() for lung in chest.lungs)


def test_a_white_lung_is_missing_and_the_other_is_as_before(made: Made) -> None:
    white = np.where(made.masks["lung_left"] > 0.1, np.float32(30), made.hu)
    found = volumes(segmented(made, white), made)
    assert list(found) == [Laterality.RIGHT]
    assert found[Laterality.RIGHT] == pytest.approx(made.true_ml(Laterality.RIGHT), rel=0.03)


def test_emphysema_is_lung(made: Made) -> None:
    lung = made.masks["lung_left"] + made.masks["lung_right"] > 0.9
    empty = np.where(lung & (made.hu < -700), made.hu - 105, made.hu)
    chest = segmented(made, empty)
    assert np.median(empty[lung]) < -950
    for side, ml in volumes(chest, made).items():
        assert ml == pytest.approx(made.true_ml(side), rel=0.03)


def test_prone_is_measured_like_supine(made: Made) -> None:
    supine, prone = (volumes(segmented(made, hu, 0.0), made) for hu in (made.hu, made.hu[:, ::-1]))
    assert prone == pytest.approx(supine, rel=2e-3)


def test_slices_of_ten_millimetres_are_enough_for_volumes_and_make_no_candidates(made: Made) -> None:
    count = made.hu.shape[0] // 4 * 4
    thick = made.hu[:count].reshape(-1, 4, *made.hu.shape[1:]).mean(axis=1)
    affine = made.geometry.affine.copy()
    affine[:3, 3] += affine[:3, 0] * 1.5
    affine[:3, 0] *= 4
    geometry, voxels = VolumeGeometry(thick.shape, affine), stored(thick)
    chest = segment_chest(voxels, geometry)
    for lung in chest.lungs:
        assert lung.patch.count() * geometry.voxel_ml == pytest.approx(made.true_ml(lung.side), rel=0.03)
    assert find_candidates(chest, voxels, geometry) == []


def test_a_healthy_chest_has_no_candidates(made: Made) -> None:
    voxels = stored(made.hu)
    assert find_candidates(segment_chest(voxels, made.geometry), voxels, made.geometry) == []


@pytest.mark.parametrize("shape", ["square", "circle"])
def test_lungs_that_the_edge_of_the_image_cuts_are_measured_and_partial(made: Made, shape: str) -> None:
    rows, columns = np.ogrid[:200, :200]
    if shape == "square":
        where = (slice(None), slice(60, 140), slice(50, 150))
        hu, inside = made.hu[where], np.ones((80, 100), bool)
    else:
        where = (slice(None), slice(None), slice(None))
        inside = (rows - 100) ** 2 + (columns - 100) ** 2 < 50**2
        hu = np.where(inside, made.hu, np.float32(-3000))
    chest = segmented(made, hu)
    for lung in chest.lungs:
        true_ml = float((made.masks[f"lung_{lung.side.value}"][where] * inside).sum()) * made.geometry.voxel_ml
        assert lung.patch.count() * made.geometry.voxel_ml == pytest.approx(true_ml, rel=0.03)
        assert lung.cut == ("edge of the image",)
    assert len(chest.lungs) == 2


def test_foam_under_the_patient_is_no_lung(made: Made) -> None:
    back = bounding_box(made.masks["body"] > 0.5)[1].stop
    hu = made.hu.copy()
    hu[:, back + 2:back + 14, 10:190] = -915
    hu[:, back:back + 2, 10:190] = 100
    hu[:, back + 14:back + 16, 10:190] = 100
    hu[:, back:back + 16, [9, 10, 189, 190]] = 100
    found = volumes(segmented(made, hu), made)
    for side, ml in found.items():
        assert ml == pytest.approx(made.true_ml(side), rel=0.03)


def test_metal_leaves_the_lungs_in_place(made: Made) -> None:
    hu = made.hu.copy()
    hu[60:66, 98:102, 110:114] = 3071
    streaks = np.random.default_rng(5).normal(0, 250, 200) * np.exp(-(((np.arange(200) - 100) / 12) ** 2))
    hu[60:66] += streaks[:, None].astype(np.float32)
    for side, ml in volumes(segmented(made, hu), made).items():
        assert ml == pytest.approx(made.true_ml(side), rel=0.03)


def planted(made: Made, centre: tuple[int, int, int], radius_mm: float) -> NDArray[np.float32]:
    axes = np.ogrid[tuple(slice(0, size) for size in made.hu.shape)]
    distance = sum(((axis - at) * step) ** 2
                   for axis, at, step in zip(axes, centre, made.geometry.spacing, strict=True))
    return np.where(distance <= radius_mm**2, np.float32(40), made.hu)


def test_a_mass_at_the_chest_wall_is_found_and_the_only_one(made: Made) -> None:
    left = made.masks["lung_left"] > 0.9
    k = 75
    row = int(np.flatnonzero(left[k].any(axis=1)).mean())
    edge = int(np.flatnonzero(left[k, row])[-1])
    for radius in (12.0, 22.0):
        voxels = stored(planted(made, (k, row, edge - 3), radius))
        found = find_candidates(segment_chest(voxels, made.geometry), voxels, made.geometry)
        assert [item.side for item in found] == [Laterality.LEFT]
        x, _, z = made.geometry.to_lps(np.array([k, row, edge - 3.0]))
        assert found[0].attached
        assert abs(found[0].centre_mm[2] - z) < 6
        assert abs(found[0].centre_mm[0] - x) < radius
        assert found[0].long_mm == pytest.approx(2 * radius, rel=0.3)


def test_a_ball_with_lung_all_around_it_is_measured_on_the_stored_voxels_however_large(made: Made) -> None:
    """What a closing of the lung takes in too is measured on a grid of 2 mm and reads short."""
    left = made.masks["lung_left"] > 0.9
    depth = ndimage.distance_transform_edt(left, made.geometry.spacing)
    centre = np.unravel_index(int(depth.argmax()), depth.shape)
    k, j, i = (int(at) for at in centre)
    voxels = stored(planted(made, (k, j, i), 10.0))
    ball, = find_candidates(segment_chest(voxels, made.geometry), voxels, made.geometry)
    assert not ball.attached
    assert ball.diameter_mm == pytest.approx(20.0, abs=ball.precision_mm)


def test_where_sides_are_not_told_each_lung_is_still_looked_at_by_itself(made: Made) -> None:
    """A closing of both lungs at once would take all between them for an opacity."""
    left = made.masks["lung_left"] > 0.9
    row = int(np.flatnonzero(left[75].any(axis=1)).mean())
    edge = int(np.flatnonzero(left[75, row])[-1])
    voxels = stored(planted(made, (75, row, edge - 3), 12.0))
    chest = segment_chest(voxels, made.geometry, sides_known=False)
    both, = chest.lungs
    assert [piece.any() for piece in apart(both)] == [True, True]
    mass, = find_candidates(chest, voxels, made.geometry)
    assert (mass.side, mass.attached) == (Laterality.BILATERAL, True)
    bridged = both.rough.copy()
    bridged[:, bridged.shape[1] // 2] = True
    assert apart(replace(both, rough=bridged)) == []

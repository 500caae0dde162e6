"""Pure measuring: tissues, Otsu, grids, views, balls."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.filters import threshold_otsu

from caseloom.core.geometry import VolumeGeometry
from caseloom.tools.drawing import LUNG_WINDOW
from caseloom.tools.volume.blobs import find_blobs
from caseloom.tools.volume.body import body_mask, optimal_threshold
from caseloom.tools.volume.calipers import measure_opacity
from caseloom.tools.volume.diameters import measure_ball
from caseloom.tools.volume.grids import ball, box_mm, coarsen, refine
from caseloom.tools.volume.measure import foreground, mean_within, otsu_threshold, tissue_statistics
from caseloom.tools.volume.nodules import close
from caseloom.tools.volume.views import fit, show, view_of


def geometry(shape: tuple[int, int, int], spacing: tuple[float, float, float] = (2.0, 1.0, 1.0),
             signs: tuple[int, int] = (1, 1)) -> VolumeGeometry:
    affine = np.zeros((4, 4))
    affine[2, 0], affine[1, 1], affine[0, 2], affine[3, 3] = spacing[0], signs[0] * spacing[1], signs[1] * spacing[2], 1
    return VolumeGeometry(shape, affine)


def test_tissues_are_told_by_their_ranges_at_both_ends() -> None:
    values = np.array([-191, -190, -30, -29, 150, 151, 900, -1000], np.int16).reshape(1, 2, 4)
    found = {item.tissue.name: item for item in tissue_statistics(values, np.ones(values.shape, bool))}
    assert found["Fat"].mean == -110
    assert found["Soft tissue"].mean == pytest.approx(60.5)
    assert found["Tissue above 150 HU"].mean == pytest.approx(525.5)
    assert found["Fat"].percent == pytest.approx(25.0)
    assert found["Fat"].deviation == pytest.approx(80.0)


def test_tissue_outside_the_body_does_not_count() -> None:
    values = np.full((2, 4, 4), 40, np.float32)
    body = np.zeros(values.shape, bool)
    body[0, 0, 0] = True
    values[0, 0, 0] = -100.4
    assert [(item.tissue.name, item.mean) for item in tissue_statistics(values, body)] == [("Fat", -100.0)]


def test_otsu_agrees_with_scikit_image() -> None:
    rng = np.random.default_rng(4)
    values = np.concatenate([rng.normal(30, 8, 4000), rng.normal(240, 40, 3000)])
    width = (np.percentile(values, 99.9) - values.min()) / 256
    assert otsu_threshold(values) == pytest.approx(threshold_otsu(values), abs=3 * width)


def test_foreground_fills_what_the_patient_encloses() -> None:
    volume = np.zeros((3, 20, 20), np.int16)
    volume[:, 4:16, 4:16] = 200
    volume[:, 8:10, 8:10] = 0
    assert foreground(volume).sum() == 3 * (144 - 4), "an opening takes the four corners"


def test_the_threshold_lies_half_way_between_lung_and_tissue() -> None:
    values = np.concatenate([np.full(500, -860.0), np.full(1500, 40.0)]).astype(np.float32)
    assert optimal_threshold(values) == pytest.approx(-410.0)
    assert optimal_threshold(np.full(10, 40.0, np.float32)) == -500.0


def test_the_body_is_without_table_and_with_what_it_encloses() -> None:
    values = np.full((3, 60, 60), -1000, np.float32)
    values[:, 10:40, 10:50] = 20
    values[:, 20:30, 20:30] = -850
    values[:, 50:52, :] = 100
    body = body_mask(values, (5.0, 2.0, 2.0))
    assert body[:, 24, 24].all()
    assert not body[:, 45:].any()
    assert body[1].sum() == pytest.approx(30 * 40, rel=0.03)


def test_coarse_blocks_are_means_and_come_back_in_place() -> None:
    volume = np.arange(5 * 6 * 7, dtype=np.int16).reshape(5, 6, 7)
    coarse = coarsen(volume, geometry((5, 6, 7), (2.0, 1.0, 1.0)))
    assert coarse.factors == (1, 2, 2)
    assert coarse.values.shape == (5, 3, 4)
    assert coarse.values[0, 0, 0] == volume[0, :2, :2].mean()
    back = refine(coarse.values, coarse.factors, volume.shape)
    assert back.shape == volume.shape
    assert back[3, 5, 6] == coarse.values[3, 2, 3]


def test_the_box_around_voxels_holds_their_faces() -> None:
    place = (slice(1, 3), slice(0, 2), slice(4, 5))
    assert box_mm(place, geometry((5, 6, 7), signs=(1, -1))) == (-4.5, -0.5, 1.0, -3.5, 1.5, 5.0)


def test_closing_fills_gaps_narrower_than_the_ball_only() -> None:
    mask = np.zeros((1, 40, 40), bool)
    mask[0, 5:35, 5:35] = True
    mask[0, 5:20, 12:16] = False
    mask[0, 5:20, 22:33] = False
    closed = close(mask, (9.0, 1.0, 1.0), 3.0)
    assert closed[0, 7:20, 12:16].all()
    assert not closed[0, 5:10, 27].any()
    assert (closed | ~mask).all()


def sphere(shape: tuple[int, int, int], place: VolumeGeometry, centre: tuple[float, ...], diameter: float,
           inside: float = 40.0, outside: float = -850.0) -> np.ndarray:
    """A ball with partial volume: each voxel sampled 5 x 5 x 5 times."""
    index = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1).astype(float)
    near = np.linalg.norm(place.to_lps(index) - np.array(centre), axis=-1) <= diameter / 2 + max(place.spacing)
    offsets = (np.arange(5) - 2) / 5
    shifts = np.stack(np.meshgrid(offsets, offsets, offsets), -1).reshape(-1, 1, 3)
    part = np.zeros(shape)
    inside_ball = np.linalg.norm(place.to_lps(index[near] + shifts) - np.array(centre), axis=-1) <= diameter / 2
    part[near] = inside_ball.mean(axis=0)
    return np.rint(outside + part * (inside - outside)).astype(np.int16)


@pytest.mark.parametrize("diameter", [6.0, 8.0, 11.3, 20.0])
@pytest.mark.parametrize("slice_mm", [1.0, 2.5])
def test_a_ball_is_measured_to_half_a_millimetre(diameter: float, slice_mm: float) -> None:
    place = geometry((int(60 / slice_mm), 60, 60), (slice_mm, 1.0, 1.0))
    volume = sphere(place.shape, place, (29.3, 30.1, 31.2), diameter)
    volume = (volume + np.random.default_rng(1).normal(0, 12, volume.shape)).astype(np.int16)
    found = measure_ball(volume, place, np.array([30.5, 29.0, 30.0]), diameter / 2 * 1.3)
    assert found is not None
    assert found.diameter_mm == pytest.approx(diameter, abs=0.5)
    np.testing.assert_allclose(found.centre_mm, (29.3, 30.1, 31.2), atol=0.3)


@pytest.mark.parametrize("tilt", [0.0, 15.0, 30.0])
def test_a_tilted_gantry_changes_no_size(tilt: float) -> None:
    straight = geometry((70, 80, 80))
    affine = np.array(straight.affine)
    affine[1, 0] = np.tan(np.deg2rad(tilt)) * affine[2, 0]
    place = VolumeGeometry(straight.shape, affine)
    centre = tuple(float(part) for part in place.to_lps(np.array([35.0, 40.0, 40.0])))
    volume = sphere(place.shape, place, centre, 20.0)
    ball = measure_ball(volume, place, np.array(centre), 12.0)
    assert ball is not None
    size = measure_opacity(volume, place, ball)
    assert size is not None
    assert (size.long_mm, size.short_mm) == (pytest.approx(20.0, abs=0.5), pytest.approx(20.0, abs=0.5))
    assert size.volume_ml == pytest.approx(4.19, rel=0.03)


def test_ground_glass_and_balls_outside_lung_are_not_measured() -> None:
    place = geometry((30, 60, 60))
    faint = sphere(place.shape, place, (30, 30, 30), 10, inside=-550)
    assert measure_ball(faint, place, np.array([30.0, 30, 30]), 5.0) is None
    assert measure_ball(np.full((30, 60, 60), 40, np.int16), place, np.array([30.0, 30, 30]), 5.0) is None


def test_balls_are_found_and_tubes_are_not() -> None:
    place = geometry((40, 80, 80), (2.0, 1.0, 1.0))
    volume = sphere(place.shape, place, (20.0, 22.0, 40.0), 9.0).astype(np.float32)
    volume[:, 56:62, 56:62] = 40.0
    blobs = list(find_blobs(volume, np.ones(volume.shape, bool), (2.0, 1.0, 1.0)))
    assert [blob.index for blob in blobs] == [(20, 22, 20)]
    assert blobs[0].radius_mm == pytest.approx(4.5, rel=0.35)


@pytest.mark.parametrize("spacing", [(5.0, 1.5, 1.5), (4.5, 2.5, 2.5), (3.0, 1.0, 1.0)])
@pytest.mark.parametrize("shift", [0.0, 0.25, 0.5])
def test_balls_of_two_slice_distances_are_found_wherever_they_lie_between_slices(
        spacing: tuple[float, float, float], shift: float) -> None:
    place = geometry((15, 40, 40), spacing)
    across = 2.1 * spacing[0]
    at = place.to_lps(np.array([7.0 + shift, 20.0, 20.0]))
    volume = sphere(place.shape, place, tuple(at), across).astype(np.float32)
    volume[:, 4:8, 4:8] = 40.0
    volume[4:6, 30:34, :] = 40.0
    blobs = list(find_blobs(volume, np.ones(volume.shape, bool), spacing))
    assert {blob.index[1:] for blob in blobs} == {(20, 20)}, "and neither of the two tubes"


@pytest.mark.parametrize("signs", [(1, 1), (-1, 1), (1, -1), (-1, -1)])
def test_slices_are_shown_from_below_however_they_are_stored(signs: tuple[int, int]) -> None:
    place = geometry((10, 30, 40), (3.0, 1.0, 1.0), signs)
    volume = np.full((10, 30, 40), -1000, np.int16)
    left, back = (35 if signs[1] > 0 else 4), (25 if signs[0] > 0 else 4)
    volume[4, back, left] = 300
    view = view_of(place, "slice", 4)
    row, column = np.argwhere(view.take(volume) == 300)[0]
    assert (row, column) == (25, 35)
    assert (view.right[0] > 0, view.down[1] > 0) == (True, True)
    assert view.box((left, back, left + 1, back + 1), place.shape, 0.5) == (70, 50, 72, 52)
    head = view_of(place, "across", 3)
    assert (head.name, view.name, head.down[2] < 0) == ("Coronal", "Axial", True)


def test_a_cut_view_shows_that_part_in_true_proportion() -> None:
    place = geometry((10, 30, 40), (5.0, 1.0, 1.0), (1, -1))
    view = view_of(place, "across", 3, (slice(2, 8), slice(10, 20)))
    volume = np.zeros((10, 30, 40), np.int16)
    volume[7, 3, 19] = 9
    assert np.argwhere(view.take(volume)).tolist() == [[0, 0]]
    assert fit(view, 60, 60) == 0.5
    assert show(view, volume, LUNG_WINDOW, 0.5).size == (20, 60)


def test_letters_stand_only_where_the_sides_are_known() -> None:
    place = geometry((10, 200, 200), (5.0, 1.0, 1.0), (1, 1))
    view, volume = view_of(place, "slice", 4), np.full((10, 200, 200), -1400, np.int16)
    lettered, plain = (np.asarray(show(view, volume, LUNG_WINDOW, 1.0, letters=letters).convert("L"))
                       for letters in (True, False))
    edges = np.s_[80:120, :30], np.s_[80:120, -30:], np.s_[:30, 80:120]
    assert all(lettered[edge].max() > 150 and plain[edge].max() == plain[100, 100] for edge in edges)


def test_a_ball_element_is_round_in_millimetres() -> None:
    assert ball(4.0, (2.0, 1.0, 4.0)).shape == (5, 9, 3)


def test_every_voxel_of_a_mask_counts_once_whatever_its_slice() -> None:
    values = np.zeros((2, 2, 2), np.float32)
    values[0] = 1.0
    mask = np.ones(values.shape, bool)
    mask[1, 0, 0] = mask[1, 0, 1] = mask[1, 1, 0] = False
    assert mean_within(values, mask) == pytest.approx(4 / 5)


def test_a_volume_scaled_to_one_has_a_foreground_and_a_flat_one_has_none() -> None:
    values = np.full((3, 8, 8), 0.1, np.float32)
    values[:, 2:6, 2:6] = 0.9
    assert foreground(values).sum() == 3 * (16 - 4)
    assert not foreground(np.full((3, 8, 8), 0.5, np.float32)).any()

"""Measuring on drawn chests, whose sizes are known."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.draw import ellipse

from caseloom.tools.localization.appearance import SIDE, content_frame
from caseloom.tools.localization.gate import body_contact
from caseloom.tools.localization.heart import trace_borders
from caseloom.tools.localization.lungs import LungMasks, segment_lungs
from caseloom.tools.localization.measure import heart_size, mask_box, thoracic_diameter, unevenness
from caseloom.tools.localization.shape_model import POINTS_PER_LUNG, pack, shipped_model, unpack


def drawn_chest(heart: float = 0.3) -> tuple[np.ndarray, LungMasks]:
    """A bright body of 600 x 800 pixels, two dark lungs, and a heart as bright as the body between them.

    The lungs reach from column 100 to 700. The heart reaches 120 pixels to the left of column 400 and 180 to the
    right, at row 420. Air beside the body is black.
    """
    film = np.full((600, 800), 0.8, np.float32)
    lungs = []
    for centre in (235, 565):
        mask = np.zeros(film.shape, bool)
        mask[ellipse(300, centre, 200, 135.5, shape=film.shape)] = True
        film[mask] = 0.5 - heart
        lungs.append(mask)
    film[ellipse(420, 430, 100, 150, shape=film.shape)] = 0.8
    film[:, :40] = 0.0
    return film, LungMasks(lungs[0], lungs[1], 1.0)


def is_clear(film: np.ndarray, lungs: LungMasks) -> bool:
    size = heart_size(film, lungs)
    return size is not None and size.clear


def test_a_box_is_half_open() -> None:
    mask = np.zeros((10, 20), bool)
    mask[2:5, 7:11] = True
    assert mask_box(mask) == (7, 2, 11, 5)


def test_the_thorax_is_measured_where_it_is_widest() -> None:
    thorax = thoracic_diameter(drawn_chest()[1])
    assert thorax is not None
    assert thorax.length == pytest.approx(600, abs=3)
    assert thorax.y == pytest.approx(300, abs=12)


def test_the_ratio_is_the_sum_of_both_reaches_over_the_thorax() -> None:
    size = heart_size(*drawn_chest())
    assert size is not None
    assert size.clear
    assert size.left_reach.x0 == pytest.approx(280, abs=6)
    assert size.right_reach.x1 == pytest.approx(580, abs=6)
    assert size.ratio == pytest.approx(0.5, abs=0.02)
    assert size.left_reach.x1 == size.right_reach.x0 == pytest.approx(400, abs=5)


def test_a_heart_as_dark_as_the_lungs_is_not_measured() -> None:
    film, lungs = drawn_chest(heart=-0.28)
    assert not is_clear(film, lungs)


def test_an_opacity_that_reaches_the_chest_wall_is_no_heart() -> None:
    film, lungs = drawn_chest()
    film[lungs.image_right & (np.arange(600) > 330)[:, None]] = 0.8
    assert not is_clear(film, lungs)


def test_a_lung_that_seems_to_end_high_leaves_the_heart_unmeasured() -> None:
    film, lungs = drawn_chest()
    cut = lungs.image_right & (np.arange(600) < 370)[:, None]
    assert unevenness(LungMasks(lungs.image_left, cut, 1.0)) > 0.3
    assert not is_clear(film, LungMasks(lungs.image_left, cut, 1.0))


def test_lungs_without_a_common_row_have_no_diameter() -> None:
    upper, lower = np.zeros((100, 100), bool), np.zeros((100, 100), bool)
    upper[:40, :40], lower[60:, 60:] = True, True
    assert thoracic_diameter(LungMasks(upper, lower, 1.0)) is None


def test_lungs_too_small_to_look_beside_give_no_borders() -> None:
    tiny = np.zeros((600, 800), bool)
    tiny[300:306, 100:105] = True
    assert trace_borders(drawn_chest()[0], LungMasks(tiny, tiny, 1.0)) is None


def test_empty_margins_are_left_out_and_content_is_not() -> None:
    film = np.zeros((100, 120), np.float32)
    film[10:90, 15:110] = np.random.default_rng(0).random((80, 95))
    frame = content_frame(film)
    assert (frame.x0, frame.y0, frame.x1, frame.y1) == (15, 10, 110, 90)
    film[:] = 0
    film[10:20, 15:25] = 1
    frame = content_frame(film)
    assert (frame.x0, frame.y0, frame.x1, frame.y1) == (0, 0, 120, 100), "less than half of it: kept whole"


def test_a_body_with_air_around_it_touches_nothing() -> None:
    slice_like = np.zeros((256, 256))
    slice_like[ellipse(128, 128, 80, 110, shape=slice_like.shape)] = 0.7
    assert body_contact(slice_like) == (0, 0)
    assert body_contact(np.ones((256, 256))) == (1, 1)


def test_the_shipped_model_is_whole() -> None:
    model = shipped_model()
    assert model.outline(np.zeros(len(model.spread))).shape == (2 * POINTS_PER_LUNG, 2)
    first = model.mean.reshape(-1, 2)[:POINTS_PER_LUNG]
    second = model.mean.reshape(-1, 2)[POINTS_PER_LUNG:]
    assert 0 < first[:, 1].max() < second[:, 1].min() < SIDE
    again = unpack(pack(model))
    assert np.array_equal(again.start.weights, model.start.weights)
    assert np.allclose(model.modes @ model.modes.T, np.eye(len(model.modes)), atol=1e-4)


def test_an_empty_picture_gives_masks_that_no_gate_accepts() -> None:
    found = segment_lungs(np.zeros((300, 300), np.float32))
    assert found is None or found.score < 0.2

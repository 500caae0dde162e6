"""Measuring on drawn chests, whose sizes are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from made_film import read_grey
from skimage.draw import ellipse
from skimage.transform import rotate

from caseloom.tools.localization.heart import silhouette
from caseloom.tools.localization.masks import FilmMasks, largest_piece, mask_box
from caseloom.tools.localization.measure import heart_size, thoracic_diameter, tilt, unevenness
from caseloom.tools.localization.network import OUTPUTS, SIDE, WEIGHTS, shipped_network, show
from caseloom.tools.localization.segment import segment_film
from caseloom.tools.localization.sides import heart_lean


def drawn_chest(heart: float = 0.3) -> tuple[np.ndarray, FilmMasks]:
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
    silhouette = np.zeros(film.shape, bool)
    silhouette[ellipse(420, 430, 100, 150, shape=film.shape)] = True
    film[silhouette] = 0.8
    film[:, :40] = 0.0
    return film, FilmMasks(lungs[0], lungs[1], silhouette, 1.0)


def is_clear(film: np.ndarray, lungs: FilmMasks) -> bool:
    size = heart_size(film, lungs)
    return size is not None and size.clear


def test_a_box_is_half_open() -> None:
    mask = np.zeros((10, 20), bool)
    mask[2:5, 7:11] = True
    assert mask_box(mask) == (7, 2, 11, 5)


@pytest.mark.parametrize("degrees", [-20.0, -8.0, 0.0, 12.0])
def test_a_leaning_thorax_is_told_in_degrees(degrees: float) -> None:
    lungs = drawn_chest()[1]
    turned = [rotate(mask.astype(float), degrees, order=0) > 0.5 for mask in (lungs.image_left, lungs.image_right)]
    assert tilt(FilmMasks(*turned, lungs.heart, 1.0)) == pytest.approx(-degrees, abs=1.0)


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
    assert unevenness(FilmMasks(lungs.image_left, cut, lungs.heart, 1.0)) > 0.3
    assert not is_clear(film, FilmMasks(lungs.image_left, cut, lungs.heart, 1.0))


def test_lungs_without_a_common_row_have_no_diameter() -> None:
    upper, lower = np.zeros((100, 100), bool), np.zeros((100, 100), bool)
    upper[:40, :40], lower[60:, 60:] = True, True
    assert thoracic_diameter(FilmMasks(upper, lower, upper, 1.0)) is None


def test_great_vessels_are_no_part_of_the_heart() -> None:
    pear = np.zeros((200, 200), bool)
    pear[20:80, 95:105] = True
    pear[80:160, 60:140] = True
    assert silhouette(pear) == (60, 80, 140, 160)


def test_without_a_heart_nothing_is_measured() -> None:
    film, masks = drawn_chest()
    assert heart_size(film, FilmMasks(masks.image_left, masks.image_right, np.zeros_like(masks.heart), 1.0)) is None


def test_the_largest_piece_has_no_holes() -> None:
    mask = np.zeros((40, 40), bool)
    mask[5:20, 5:20] = True
    mask[10:12, 10:12] = False
    mask[30:33, 30:33] = True
    found = largest_piece(mask)
    assert found.sum() == 15 * 15
    assert not largest_piece(np.zeros((5, 5), bool)).any()


def test_the_heart_leans_to_the_side_that_it_lies_on() -> None:
    _, masks = drawn_chest()
    lean = heart_lean(masks)
    assert lean == pytest.approx(30 / 300, abs=0.02)
    assert heart_lean(masks.mirrored()) == pytest.approx(-lean, abs=0.02)
    small = FilmMasks(masks.image_left & (np.arange(600) < 200)[:, None], masks.image_right, masks.heart, 1.0)
    assert heart_lean(small) is None, "beside a collapsed lung the heart moves"


def test_what_the_network_is_shown_does_not_depend_on_the_scale_of_brightness() -> None:
    pictures = torch.rand((2, SIDE, SIDE), generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(show(pictures), show(pictures * 40 - 7), rtol=1e-3, atol=1e-3)
    assert show(pictures).shape == (2, 2, SIDE, SIDE)


def test_the_shipped_network_is_whole_and_small() -> None:
    assert WEIGHTS.stat().st_size < 6_000_000
    with torch.inference_mode():
        outlines, frontal = shipped_network()(show(torch.zeros((1, SIDE, SIDE))))
    assert outlines.shape == (1, len(OUTPUTS), SIDE, SIDE)
    assert frontal.shape == (1,)


def test_an_empty_picture_is_no_film() -> None:
    assert segment_film(shipped_network(), np.zeros((300, 300), np.float32)).frontal < 0.5


def test_a_mirror_image_gives_the_mirrored_masks(shared_data: Path) -> None:
    film = read_grey(shared_data / "cxr_nih" / "00000001_000.png").astype(np.float32)
    straight = segment_film(shipped_network(), film)
    mirrored = segment_film(shipped_network(), film[:, ::-1]).mirrored()
    assert straight.frontal == pytest.approx(mirrored.frontal, abs=1e-3)
    for one, other in ((straight.image_left, mirrored.image_left), (straight.heart, mirrored.heart)):
        assert (one ^ other).sum() < 0.01 * one.sum()

"""The pieces that overlays are made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from caseloom.tools import drawing


def test_window_follows_the_dicom_linear_function() -> None:
    window = drawing.Window(2048, 4096, "example of PS3.3 C.11.2.1.2.1")
    values = np.array([-5, 0, 2047, 2048, 4095, 9000])
    assert drawing.window_to_grey(values, window).tolist() == [0, 0, 127, 128, 255, 255]


def test_anisotropic_voxels_keep_their_shape() -> None:
    picture = drawing.to_picture(np.zeros((20, 100), np.uint8), (5.0, 1.0), 0.5)
    assert picture.size == (200, 200)


@pytest.mark.parametrize(("direction", "letters"), [
    ((1, 0, 0), "L"), ((-1, 0, 0), "R"), ((0, 1, 0), "P"), ((0, -1, 0), "A"), ((0, 0, 1), "H"), ((0, 0, -1), "F"),
    ((0.8, -0.6, 0), "LA"), ((0.1, 0.05, 0.99), "H")])
def test_directions_are_named_in_the_patients_frame(direction: tuple[float, ...], letters: str) -> None:
    assert drawing.direction_letters(direction) == letters


def test_the_outline_stays_on_the_masks_edge() -> None:
    mask = np.zeros((50, 60), bool)
    mask[10:40, 20:50] = True
    picture = Image.new("RGB", (60, 50))
    drawing.outline_mask(picture, mask, drawing.YELLOW, thickness=1)
    drawn = np.asarray(picture).any(axis=2)
    assert drawn[10, 30]
    assert drawn[25, 20]
    assert not drawn[25, 35]
    assert not drawn[:9].any()
    assert drawn.sum() == 2 * 30 + 2 * 28


def test_the_box_is_drawn_around_its_content_and_not_over_it() -> None:
    picture = Image.new("RGB", (60, 50), (90, 90, 90))
    drawing.outline_box(picture, (20, 10, 40, 30), drawing.ORANGE)
    drawn = np.asarray(picture)
    assert (drawn[10:30, 20:40] == 90).all()
    assert tuple(drawn[20, 19]) == drawing.ORANGE
    assert tuple(drawn[9, 25]) == drawing.ORANGE


@pytest.mark.parametrize(("mm_per_pixel", "pixels"),
                         [(1.0, 50), (0.1, 50), (0.5, 40), (0.01, 50), (0.0005, 40), (1e-5, None)])
def test_the_scale_bar_is_as_long_as_it_says(mm_per_pixel: float, pixels: int | None) -> None:
    picture = Image.new("RGB", (240, 120), (60, 60, 60))
    drawing.scale_bar(picture, mm_per_pixel)
    row = np.asarray(picture)[120 - 13]
    length = int((row == 255).all(axis=1).sum())
    assert length == (pixels + 1 if pixels else 0)


def test_text_stays_inside_the_picture() -> None:
    picture = Image.new("RGB", (120, 40), (90, 90, 90))
    drawing.label(picture, (200, -30), "slice 12")
    touched = np.argwhere((np.asarray(picture) == 255).all(axis=2))
    assert len(touched) > 20
    assert touched[:, 1].max() <= 119


def test_letters_stand_at_the_edges_they_name() -> None:
    picture = Image.new("RGB", (200, 200))
    drawing.orientation_letters(picture, right=(1, 0, 0), down=(0, 1, 0))
    lit = np.asarray(picture)[..., 0] > 128
    for part in (lit[80:120, :30], lit[80:120, -30:], lit[:30, 80:120], lit[-30:, 80:120]):
        assert part.any()
    assert not lit[60:140, 60:140].any()


def test_equal_pictures_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        picture = drawing.to_picture(np.arange(4096, dtype=np.uint8).reshape(64, 64), (1, 1), 0.5)
        drawing.label(picture, (10, 10), "slice 3 of 9\nz = -12.5 mm")
        drawing.outline_circle(picture, (60, 60), 20, drawing.SKY)
        drawing.save_png(drawing.side_by_side([picture, picture]), tmp_path / "new" / name)
    first, second = ((tmp_path / "new" / name).read_bytes() for name in ("a.png", "b.png"))
    assert first == second
    with Image.open(tmp_path / "new" / "a.png") as saved:
        assert saved.size == (264, 128)

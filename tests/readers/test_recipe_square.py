"""Padding to a square, and the way back from it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from caseloom.readers.recipes.film import box_on_film, pad_to_square
from caseloom.readers.recipes.square import LONGEST_SIDE, Frame, as_rgb, padded

SIDES = st.integers(1, 20_000)


@pytest.mark.parametrize(("shape", "offset"), [
    ((4, 10), (3, 0)), ((10, 4), (0, 3)), ((7, 7), (0, 0)), ((10, 7), (0, 1)), ((7, 10), (1, 0)), ((1, 2), (0, 0)),
])
def test_a_film_lies_in_the_middle_of_black(shape: tuple[int, int], offset: tuple[int, int]):
    film = np.arange(1, 1 + shape[0] * shape[1], dtype=np.uint8).reshape(shape)

    square, at = pad_to_square(film)

    side = max(shape)
    assert at == offset and square.shape == (side, side, 3)
    inside = square[at[0]:at[0] + shape[0], at[1]:at[1] + shape[1]]
    assert (inside == film[:, :, None]).all()
    assert int(square.astype(int).sum()) == 3 * int(film.astype(int).sum())


def test_grey_values_are_never_inverted_nor_stretched():
    """Google's notebook multiplies uint8 by 255: 1 -> 255, 100 -> 156, 255 -> 1."""
    film = np.array([[1, 100, 255]], np.uint8)
    assert pad_to_square(film)[0][1].tolist() == [[1] * 3, [100] * 3, [255] * 3]


def test_colours_keep_their_order_and_the_given_pixels_are_not_touched():
    page = np.full((2, 5, 3), (10, 20, 30), np.uint8)
    square, _ = pad_to_square(page)
    square[:] = 0
    assert (page == (10, 20, 30)).all()
    assert pad_to_square(page)[0][1, 0].tolist() == [10, 20, 30]


@pytest.mark.parametrize("pixels", [
    np.zeros((0, 5), np.uint8), np.zeros((5, 0, 3), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros(9, np.uint8),
    np.zeros((3, 3), np.uint16), np.zeros((3, 3), float), np.zeros((2, 3, 3, 3), np.uint8), np.zeros((), np.uint8),
])
def test_other_pixels_are_refused(pixels: np.ndarray):
    with pytest.raises(ValueError, match="uint8 pixels"):
        pad_to_square(pixels)


@pytest.mark.parametrize("shape", [(LONGEST_SIDE + 1, 3), (1, 200_000), (90_000, 2, 3), (5000, 6000)])
def test_a_huge_or_thin_picture_gives_a_bounded_square(shape: tuple[int, ...]):
    square, (top, left) = pad_to_square(np.full(shape, 200, np.uint8))
    rows, columns = Frame(*shape[:2]).shown
    assert square.shape == (LONGEST_SIDE, LONGEST_SIDE, 3)
    assert (square[top:top + rows, left:left + columns] == 200).all()
    assert np.count_nonzero(square) == 3 * rows * columns


def test_rgb_is_passed_through_and_a_picture_is_ready_for_a_request():
    rgb = np.zeros((2, 2, 3), np.uint8)
    assert as_rgb(rgb) is rgb
    assert padded(np.zeros((2, 6), np.uint8)).pixels.shape == (6, 6, 3)


@given(SIDES, SIDES, st.tuples(*[st.floats(0, 1)] * 4))
@example(3000, 2500, (0.0, 0.0, 1.0, 1.0))
@example(1, 20_000, (0.25, 0.25, 0.75, 0.75))
def test_a_box_goes_to_the_square_and_comes_back(rows: int, columns: int, corners: tuple[float, ...]):
    (x0, x1), (y0, y1) = sorted((corners[0], corners[2])), sorted((corners[1], corners[3]))
    x0, x1, y0, y1 = x0 * columns, x1 * columns, y0 * rows, y1 * rows
    if x1 - x0 < 0.01 or y1 - y0 < 0.01:
        return
    frame = Frame(rows, columns)
    (top, left), (shown_rows, shown_columns) = frame.offset, frame.shown
    across, down = shown_columns / columns, shown_rows / rows

    unit = ((x0 * across + left) / frame.side, (y0 * down + top) / frame.side,
            (x1 * across + left) / frame.side, (y1 * down + top) / frame.side)

    assert box_on_film(unit, rows, columns) == pytest.approx((x0, y0, x1, y1), abs=1e-6 * max(rows, columns))


def test_the_whole_square_is_the_whole_film():
    assert box_on_film((0.0, 0.0, 1.0, 1.0), 2000, 3000) == (0.0, 0.0, 3000.0, 2000.0)


def test_the_recorded_answer_lies_where_google_drew_it(shared_data):
    """The notebook's picture is the padded square, 512 pixels wide, with the box of the recorded answer in red."""
    folder = shared_data / "medgemma15_recorded_outputs"
    drawn = np.asarray(Image.open(folder / "cxr_anatomy_output_box_512.jpg").convert("RGB")).astype(int)
    film_rows = np.flatnonzero(drawn.mean(axis=(1, 2)) > 5)
    rows, top = int(film_rows[-1] - film_rows[0] + 1), int(film_rows[0])
    red = (drawn[..., 0] > 150) & (drawn[..., 1] < 90) & (drawn[..., 2] < 90)
    down, across = np.flatnonzero(red.sum(axis=1) > 100), np.flatnonzero(red.sum(axis=0) > 60)

    box = box_on_film((0.110, 0.140, 0.470, 0.340), rows, drawn.shape[1])

    assert Frame(rows, drawn.shape[1]).offset == (pytest.approx(top, abs=1), 0)
    assert box == pytest.approx((across.min(), down.min() - top, across.max(), down.max() - top), abs=2)


@pytest.mark.parametrize("box", [
    (0.0, 0.0, 0.1, 1.0), (0.9, 0.0, 1.0, 1.0), (0.5, 0.2, 0.5, 0.8), (0.6, 0.2, 0.4, 0.8),
    (float("nan"), 0.0, 1.0, 1.0),
])
def test_a_box_in_the_padding_or_without_area_is_none(box: tuple[float, float, float, float]):
    with pytest.raises(ValueError, match="no area on the picture"):
        box_on_film(box, 1000, 500)


def test_what_reaches_into_the_padding_is_clipped():
    assert box_on_film((0.0, 0.1, 0.5, 0.2), 1000, 500) == (0.0, 100.0, 250.0, 200.0)

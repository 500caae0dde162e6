"""Letters burned into a film: read upright, plain or in the mirror, and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from made_film import read_grey
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from caseloom.tools.localization.marker import marker_sides


def film(*letters: tuple[str, float, float]) -> np.ndarray:
    """Soft shades (600, 500), 0..1, with letters at places given as parts of width and height."""
    shades = ndimage.gaussian_filter(np.random.default_rng(3).normal(size=(600, 500)), 40)
    grey = np.interp(shades, (shades.min(), shades.max()), (40, 170)).astype(np.uint8)
    picture = Image.fromarray(grey)
    for text, x, y in letters:
        ImageDraw.Draw(picture).text((500 * x, 600 * y), text, fill=250, font=ImageFont.load_default(24))
    return np.asarray(picture, np.float32) / 255


@pytest.mark.parametrize(("letters", "exchanged"), [
    ([("L", 0.85, 0.05)], False),
    ([("R", 0.1, 0.9)], False),
    ([("L", 0.1, 0.05)], True),
    ([("R", 0.1, 0.05), ("L", 0.85, 0.05)], False),
    ([("R", 0.1, 0.05), ("L", 0.15, 0.5)], None),
    ([("K", 0.85, 0.05)], None),
    ([], None),
])
def test_a_letter_says_where_the_patients_side_is(letters: list[tuple[str, float, float]],
                                                  exchanged: bool | None) -> None:
    assert marker_sides(film(*letters)) is exchanged


@pytest.mark.parametrize("letter", ["R", "L"])
def test_a_letter_in_the_mirror_says_that_the_film_is_one(letter: str) -> None:
    x = 0.1 if letter == "R" else 0.85
    assert marker_sides(np.ascontiguousarray(film((letter, x, 0.05))[:, ::-1])) is True


@pytest.mark.parametrize(("name", "exchanged"), [("1052b0fe.jpg", False), ("ada8c494.jpg", False),
                                                 ("0a7faa2a.jpg", None)])
def test_printed_letters_of_real_films(shared_data: Path, name: str, exchanged: bool | None) -> None:
    pixels = read_grey(shared_data / "cxr_longitudinal" / "images" / name)
    assert marker_sides(pixels) is exchanged
    assert marker_sides(np.ascontiguousarray(pixels[:, ::-1])) is (None if exchanged is None else not exchanged)

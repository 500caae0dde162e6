"""Two chest films side by side, the earlier one laid on the later one, and what differs in brightness."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from ...sources.film import Film
from ..drawing import (
    ORANGE,
    SKY,
    Colour,
    label,
    outline_mask,
    percentile_window,
    scale_bar,
    side_by_side,
    to_picture,
    window_to_grey,
)
from ..localization.masks import FilmMasks, Mask
from .film_align import FilmAlignment, moved_film

HEIGHT = 640
"""Of each panel, in display pixels, or its width for a film wider than high."""
BLUR = 0.012
"""Of the difference, as a part of the film's width: what lies beside itself by less leaves no trace."""
FULL = 0.25
"""Difference of brightness, of the film's range, that is drawn in full colour."""
FAINT = 0.05


def draw_pair(films: tuple[Film, Film], masks: tuple[FilmMasks, FilmMasks], alignment: FilmAlignment,
              titles: tuple[str, str]) -> Image.Image:
    """The earlier film, the later one, and where the later one is denser or less dense; lungs in outline.

    Without alignment the two stand side by side as they are, and no difference is drawn.

    Args:
        films: earlier and later.
        masks: of both.
        alignment: of the earlier film to the later one.
        titles: written on both.
    """
    later = films[1]
    shape = (later.pixels.shape[0], later.pixels.shape[1])
    lungs = [mask.image_left | mask.image_right for mask in masks]
    if not alignment.aligned:
        return side_by_side([_panel(film, lung, colour, title) for film, lung, colour, title in zip(
            films, lungs, (SKY, ORANGE), titles, strict=True)])
    moved = moved_film(films[0].pixels, alignment.to_prior, shape)
    ground = moved_film(lungs[0].astype(np.float32), alignment.to_prior, shape) > 0.5
    earlier = Film(pixels=moved, stored_shape=shape, spacing_mm=None, sides_known=later.sides_known)
    first = _panel(earlier, ground, SKY, f"{titles[0]}\nlaid on the later film", like=later)
    second = _panel(later, lungs[1], ORANGE, titles[1])
    known = moved_film(np.ones(films[0].pixels.shape, np.float32), alignment.to_prior, shape) > 0.5
    known &= between(ground | lungs[1])
    third = _grey(later)
    _wash(third, difference(moved, later.pixels, known))
    for mask, colour in ((ground, SKY), (lungs[1], ORANGE)):
        outline_mask(third, mask, colour, 1)
    _sides(third, later)
    label(third, (8, 8), "Later film and difference", size=18)
    label(third, (8, 30), "orange: denser than before", size=14, colour=ORANGE)
    label(third, (8, 48), "blue: less dense", size=14, colour=SKY)
    label(third, (8, third.height - 10), "in the thorax, brightness matched; not a measurement", anchor="ls", size=12)
    return side_by_side([first, second, third])


def between(lungs: Mask) -> Mask:
    """The lungs and what lies between them: each row from its first to its last pixel."""
    return np.asarray(np.maximum.accumulate(lungs, axis=1) & np.maximum.accumulate(lungs[:, ::-1], axis=1)[:, ::-1])


def difference(earlier: NDArray[np.float32], later: NDArray[np.float32], known: Mask) -> NDArray[np.float32]:
    """Later minus earlier brightness, as a part of the range, smoothed; 0 where it is not known.

    The earlier film is first given the later one's mean and spread there, since exposure and
    processing differ from film to film.

    Args:
        earlier: (rows, columns), laid on the later film, bright = dense.
        later: of the same shape.
        known: where the two are compared.
    """
    if not known.any():
        return np.zeros(later.shape, np.float32)
    low, high = np.percentile(later[known], [1, 99])
    matched = (earlier - earlier[known].mean()) / max(float(earlier[known].std()), 1e-6)
    matched = matched * later[known].std() + later[known].mean()
    change = np.where(known, np.clip(later, low, high) - np.clip(matched, low, high), 0) / max(float(high - low), 1e-6)
    blurred = ndimage.gaussian_filter(change.astype(np.float32), BLUR * later.shape[1])
    return np.where(known, blurred, np.float32(0))


def _panel(film: Film, lungs: Mask, colour: Colour, title: str, like: Film | None = None) -> Image.Image:
    picture = _grey(film, like)
    outline_mask(picture, lungs, colour, 1)
    label(picture, (8, 8), title, size=18)
    _sides(picture, film)
    if film.spacing_mm is not None:
        scale_bar(picture, _step(film))
    return picture


def _sides(picture: Image.Image, film: Film) -> None:
    doubt = "" if film.sides_known else "?"
    label(picture, (8, picture.height / 2), f"R{doubt}", anchor="lm", size=24)
    label(picture, (picture.width - 8, picture.height / 2), f"L{doubt}", anchor="rm", size=24)


def _grey(film: Film, like: Film | None = None) -> Image.Image:
    shown = like or film
    inside = film.pixels[film.pixels > 0] if like is not None and (film.pixels > 0).any() else film.pixels
    grey = window_to_grey(film.pixels * 1000, percentile_window(inside * 1000))
    return to_picture(grey, shown.spacing_mm or (1.0, 1.0), _step(shown))


def _step(film: Film) -> float:
    """mm, or pixels, per display pixel."""
    spacing = film.spacing_mm or (1.0, 1.0)
    return float(max(n * mm for n, mm in zip(film.pixels.shape, spacing, strict=True))) / HEIGHT


def _wash(picture: Image.Image, change: NDArray[np.float32]) -> None:
    for sign, colour in ((1, ORANGE), (-1, SKY)):
        strength = np.clip((sign * change - FAINT) / (FULL - FAINT), 0, 1) * 0.75
        cover = Image.fromarray(np.rint(strength * 255).astype(np.uint8)).resize(
            picture.size, Image.Resampling.BILINEAR)
        picture.paste(colour, mask=cover)

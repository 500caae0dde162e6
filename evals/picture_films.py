"""True frontal films with their variants, and what is left of a film when it is turned, cut or put beside another."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from ..core.case import FileKind
from ..core.settings import Limits
from ..phantoms.body import build_anatomy, with_effusion
from ..phantoms.film import develop, film_grid, project
from ..phantoms.ids import make_rng
from ..phantoms.specs import BodySpec, EffusionSpec, FilmSpec
from ..sources.film import load_film
from .chest_films import split_lungs
from .pictures import File, Grey, Picture, found, resized, series_of, shrunk

FOLDERS = ("cxr_lung_masks_train", "cxr_findings", "cxr_longitudinal")
"""Folders with index.json; a film that an earlier one holds under the same name is not taken again."""
SINGLE = (File("cxr_nih/00000001_000.png", "film", held_out=False),
          File("cxr_nih/00027426_000.png", "film", held_out=True),
          File("dicom_single/RG1_J2KI.dcm", "film", held_out=True))
_PHANTOM_FILM = FilmSpec(grid_mm=2.0, pixel_mm=0.7)
_PHANTOMS = ((BodySpec(arms=True, vessel_targets=200), None),
             (BodySpec(arms=True, vessel_targets=200, seed=12, heart_scale=1.2), None),
             (BodySpec(arms=True, vessel_targets=200, seed=3), EffusionSpec()),
             (BodySpec(arms=True, vessel_targets=200, seed=5, heart_scale=0.92), EffusionSpec("right", 150.0)))


@dataclass(frozen=True)
class RealFilm:
    """One frontal film.

    Args:
        name: the source.
        pixels: (rows, columns), 0..1, bright = dense, upright.
        mask: where its lungs are, None where nobody outlined them.
        held_out: as its patient is.
    """

    name: str
    pixels: Grey
    mask: NDArray[np.bool_] | None
    held_out: bool


def real_films(data: Path) -> Iterator[RealFilm]:
    """All frontal films of the sample data, then generated ones; every second patient is held out."""
    entries = _entries(data)
    patients = sorted({patient for _, _, patient in entries})
    for path, mask, patient in entries:
        film = RealFilm(f"data/{path.relative_to(data).as_posix()}", _pixels(path), None,
                        patients.index(patient) % 2 == 1)
        yield replace(film, mask=_mask(mask, film.pixels)) if mask else film
    for file in SINGLE:
        for path in found(file, data):
            yield RealFilm(file.name, _pixels(path), None, file.held_out)
    for number, (spec, effusion) in enumerate(_PHANTOMS):
        body = build_anatomy(spec, film_grid(_PHANTOM_FILM))
        body = with_effusion(body, effusion, upright=True) if effusion else body
        stored = develop(project(body), _PHANTOM_FILM, make_rng(number, "grain"))
        pixels = stored.astype(np.float32) / np.float32(4095)
        yield RealFilm(f"phantom film {number}", shrunk(pixels), None, number % 2 == 1)


def _entries(data: Path) -> list[tuple[Path, Path | None, str]]:
    """Film, lung mask where there is one, and patient (331a and 331b come from one publication: taken as one)."""
    entries: dict[str, tuple[Path, Path | None, str]] = {}
    for folder in (data / name for name in FOLDERS):
        index = folder / "index.json"
        for entry in json.loads(index.read_text(encoding="utf-8")) if index.is_file() else ():
            name = entry.get("image") or entry["filename"]
            mask = folder / "masks" / entry["mask"] if "mask" in entry else None
            entries.setdefault(name, (folder / "images" / name, mask, entry["patientid"].rstrip("ab")))
    return list(entries.values())


def _pixels(path: Path) -> Grey:
    modality = "CR" if path.suffix == ".dcm" else "OT"
    return shrunk(load_film(series_of([path], FileKind.FILM, modality), path.parent, Limits()).pixels)


def _mask(path: Path, pixels: Grey) -> NDArray[np.bool_]:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("L").resize(pixels.shape[::-1])) > 127


def film_pictures(data: Path) -> Iterator[Picture]:
    """Each film as it is, then the variants that a gate must still let through; the kind names the variant."""
    for film in real_films(data):
        rng = np.random.default_rng(len(film.name))
        for kind, change in _VARIANTS.items():
            yield Picture(f"{film.name}, {kind}", kind, change(film.pixels, rng), film.held_out)


def _bordered(pixels: Grey, value: float) -> Grey:
    rows, columns = pixels.shape
    return np.pad(pixels, ((rows // 12, rows // 10), (columns // 8, columns // 9)), constant_values=value)


def _tilted(pixels: Grey, degrees: float) -> Grey:
    """As of a body that leans: the film is filled to its corners."""
    tilted = ndimage.rotate(pixels, degrees, order=1, reshape=False, mode="nearest", prefilter=False)
    return np.asarray(np.clip(tilted, 0, 1), np.float32)


def _turned(pixels: Grey, degrees: float) -> Grey:
    """As of a film that lay askew on a scanner: black corners."""
    turned = Image.fromarray(pixels).rotate(degrees, Image.Resampling.BILINEAR, expand=True, fillcolor=0.0)
    return np.asarray(turned, np.float32)


def _coarse(pixels: Grey) -> Grey:
    """JPEG of quality 30."""
    file = BytesIO()
    Image.fromarray(np.rint(pixels * 255).astype(np.uint8)).save(file, "JPEG", quality=30)
    with Image.open(file) as picture:
        return np.asarray(picture, np.float32) / np.float32(255)


def _cropped(pixels: Grey) -> Grey:
    down, across = (round(0.08 * size) for size in pixels.shape)
    return pixels[down:-down, across:-across]


_VARIANTS: dict[str, Callable[[Grey, np.random.Generator], Grey]] = {
    "film": lambda pixels, _: pixels,
    "film_inverted": lambda pixels, _: 1 - pixels,
    "film_black_border": lambda pixels, _: _bordered(pixels, 0.0),
    "film_white_border": lambda pixels, _: _bordered(pixels, 1.0),
    "film_tilted_left": lambda pixels, rng: _tilted(pixels, rng.uniform(4, 10)),
    "film_tilted_right": lambda pixels, rng: _tilted(pixels, -rng.uniform(4, 10)),
    "film_turned_left": lambda pixels, rng: _turned(pixels, rng.uniform(2, 10)),
    "film_turned_right": lambda pixels, rng: _turned(pixels, -rng.uniform(2, 10)),
    "film_low_contrast": lambda pixels, _: np.float32(0.35) + np.float32(0.25) * pixels,
    "film_256": lambda pixels, _: shrunk(pixels, 256),
    "film_jpeg_30": lambda pixels, _: _coarse(pixels),
    "film_cropped": lambda pixels, _: _cropped(pixels),
}


def spoiled_films(data: Path) -> Iterator[Picture]:
    """Films upside down, on their side, cut to a part that holds less than half of the lungs, or side by side."""
    last: dict[bool, list[RealFilm]] = {False: [], True: []}
    for number, film in enumerate(real_films(data)):
        for kind, pixels in _spoiled(film, number):
            yield Picture(f"{film.name}, {kind}", kind, np.ascontiguousarray(pixels), film.held_out)
        waiting = last[film.held_out]
        waiting.append(film)
        if len(waiting) == 2:
            names = " and ".join(item.name for item in waiting)
            yield Picture(f"{names}, side by side", "film_montage", _beside(waiting), film.held_out)
            waiting.clear()


def _spoiled(film: RealFilm, number: int) -> Iterator[tuple[str, Grey]]:
    yield "film_upside_down", film.pixels[::-1] if number % 3 == 0 else film.pixels[::-1, ::-1]
    yield "film_on_its_side", np.rot90(film.pixels, 1 if number % 2 else 3)
    if film.mask is None:
        return
    first, second = (np.argwhere(lung) for lung in split_lungs(film.mask))
    top, bottom = (int(edge) for edge in (min(first[:, 0].min(), second[:, 0].min()),
                                          max(first[:, 0].max(), second[:, 0].max())))
    yield "film_upper_part", film.pixels[:top + round(0.4 * (bottom - top))]
    yield "film_lower_part", film.pixels[top + round(0.6 * (bottom - top)):]
    for name, lung in (("left", first), ("right", second)):
        if number % 2 == (name == "right"):
            (y0, x0), (y1, x1) = lung.min(axis=0), lung.max(axis=0)
            yield "film_single_lung", film.pixels[y0:y1, x0:x1]
    middles = int(np.median(first[:, 1])), int(np.median(second[:, 1]))
    yield "film_mediastinum", film.pixels[top:bottom, middles[0]:middles[1]]


def _beside(films: Sequence[RealFilm]) -> Grey:
    """At the same height, with a narrow gap."""
    height = min(420, *(film.pixels.shape[0] for film in films))
    parts = [resized(film.pixels, height, round(film.pixels.shape[1] * height / film.pixels.shape[0]))
             for film in films]
    return np.hstack([parts[0], np.zeros((height, 6), np.float32), *parts[1:]])

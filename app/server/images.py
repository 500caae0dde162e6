"""The images of a case as viewers take them: slices, films, tiles, pages. Everything is drawn anew from decoded pixels;
no file leaves as it came."""

from __future__ import annotations

import io
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray
from PIL import Image

from ...core.case import Case, FileKind, Series, Study
from ...core.files import write_bytes
from ...core.ids import digest
from ...core.settings import MIB, Limits
from ...sources.document import read_document, render_page
from ...sources.film import Film, load_film
from ...sources.slide import Slide, open_slide
from ...sources.volume import HU, load_volume
from .image_words import TILE, DocumentShown, FilmShown, PageShown, SlideShown, VolumeShown
from .kept_open import KeptOpen
from .problems import Problem

TILE_QUALITY = 85
MOST_OPEN = 8
"""Slides, films and volumes that stay open."""
MOST_BYTES = 20 * 1024 * MIB
IN_USE_SECONDS = 60.0
"""What was asked for so lately is not removed."""
PAGE_DPI = 110
VOLUMES, SLIDES = (FileKind.CT, FileKind.MR, FileKind.VOLUME), (FileKind.SLIDE,)
VIEWERS = {**dict.fromkeys(VOLUMES, "volume"), FileKind.FILM: "film", FileKind.SLIDE: "slide",
           FileKind.DOCUMENT: "document", FileKind.RECORD: "record", FileKind.NOTE: "note"}
"""What shows a series of each kind."""


@dataclass
class Images:
    """Opens images of cases and keeps a few of them open.

    Args:
        folder: where decoded volumes and drawn pages are kept.
        cache: of read documents.
        limits: how much a file may ask of the machine.
        most_bytes: of decoded volumes and drawn pages on the disk; those used longest ago go first.
    """

    folder: Path
    cache: Path
    limits: Limits
    most_bytes: int = MOST_BYTES
    _slides: KeptOpen[Slide] = field(default_factory=lambda: KeptOpen(MOST_OPEN))
    _films: KeptOpen[Film] = field(default_factory=lambda: KeptOpen(MOST_OPEN))
    _volumes: KeptOpen[NDArray[Any]] = field(default_factory=lambda: KeptOpen(MOST_OPEN))

    def close(self) -> None:
        """Close what is open."""
        for kept in (self._slides, self._films, self._volumes):
            kept.close()

    def volume(self, case: Case, series: Series) -> VolumeShown:
        """The grid of a volume; its first use decodes the series and keeps it on the disk.

        Raises:
            RefusedFile: nothing of the series makes a volume.
        """
        return VolumeShown.model_validate_json(self._decoded(case, series).with_suffix(".json").read_bytes())

    def is_decoded(self, series: Series) -> bool:
        """Whether the voxels of a series lie on the disk already."""
        return (self.folder / f"{key_of(series)}.json").is_file()

    def slice(self, case: Case, series: Series, index: int) -> bytes:
        """One slice of a volume, little-endian, row by row.

        Raises:
            Problem: 404 where there is no such slice.
        """
        file = self._decoded(case, series)
        with self._volumes.use(file.stem, lambda _: np.load(file, mmap_mode="r")) as voxels:
            if not 0 <= index < len(voxels):
                raise Problem(404, f"the volume has {len(voxels)} slices, counted from 0")
            return np.ascontiguousarray(voxels[index]).tobytes()

    def film(self, case: Case, series: Series) -> Film:
        """A film as it hangs.

        Raises:
            RefusedFile: it is none, or cannot be read.
        """
        with self._films.use(key_of(series), lambda _: load_film(series, case.root, self.limits)) as film:
            return film

    def slide(self, case: Case, series: Series) -> SlideShown:
        """What a viewer needs to know of a slide.

        Raises:
            RefusedFile: it is none, or cannot be read.
        """
        with self._opened(case, series) as slide:
            full = slide.levels[0]
            notes = (f"the slide {slide.scale_gap}",) if slide.scale_gap else ()
            return SlideShown(width=full.width, height=full.height, levels=deep_zoom_levels(slide), mpp=slide.mpp,
                              notes=notes)

    def tile(self, case: Case, series: Series, level: int, column: int, row: int) -> bytes:
        """A tile of a slide as JPEG, by its level as Deep Zoom counts them.

        Raises:
            Problem: 404 where the slide has no such tile.
        """
        with self._opened(case, series) as slide:
            full, levels = slide.levels[0], deep_zoom_levels(slide)
            if not 0 <= level < levels:
                raise Problem(404, f"the slide has {levels} levels, counted from 0")
            scale = 2 ** (levels - 1 - level)
            width = min(TILE, -(-full.width // scale) - column * TILE)
            height = min(TILE, -(-full.height // scale) - row * TILE)
            if width <= 0 or height <= 0:
                raise Problem(404, "the level has no such tile")
            x, y = column * TILE * scale, row * TILE * scale
            return encoded(slide.read_scaled((x, y, width * scale, height * scale), width, height), "JPEG")

    def document(self, case: Case, series: Series) -> DocumentShown:
        """The pages of a document.

        Raises:
            RefusedFile: it cannot be read.
        """
        file = series.files[0]
        read = read_document(case.root / file.path, file.sha256, self.cache, self.limits)
        return DocumentShown(pages=tuple(PageShown(width=page.width, height=page.height)
                                         for page in read.pages))

    def page(self, case: Case, series: Series, number: int) -> bytes:
        """A page of a document as PNG, unrotated.

        Raises:
            Problem: 404 where there is no such page.
            RefusedFile: it cannot be drawn.
        """
        if not 1 <= number <= len(self.document(case, series).pages):
            raise Problem(404, "the document has no such page; they count from 1")
        file = series.files[0]
        kept = self.folder / f"{file.sha256}-{number}.png"
        with self._alone(kept):
            if not kept.is_file():
                drawn = encoded(render_page(case.root / file.path, number, PAGE_DPI, self.limits), "PNG")
                self._make_room(len(drawn))
                write_bytes(kept, drawn, private=True)
        kept.touch()
        return kept.read_bytes()

    def _opened(self, case: Case, series: Series) -> AbstractContextManager[Slide]:
        return self._slides.use(key_of(series),
                                lambda stack: stack.enter_context(open_slide(series, case.root, self.limits)))

    def _decoded(self, case: Case, series: Series) -> Path:
        """The file of a volume's voxels, beside which the grid is described; made at the first use."""
        kept = self.folder / f"{key_of(series)}.npy"
        if kept.with_suffix(".json").is_file():
            kept.touch()
            return kept
        with self._alone(kept):
            if not kept.with_suffix(".json").is_file():
                volume = load_volume(series, case.root, self.limits)
                stored = io.BytesIO()
                np.save(stored, volume.voxels.astype(volume.voxels.dtype.newbyteorder("<"), copy=False))
                self._make_room(stored.getbuffer().nbytes)
                write_bytes(kept, stored.getbuffer(), private=True)
                shown = VolumeShown(
                    slices=volume.voxels.shape[0], rows=volume.voxels.shape[1], columns=volume.voxels.shape[2],
                    spacing_mm=volume.geometry.spacing, affine=tuple(map(tuple, volume.geometry.affine.tolist())),
                    unit=volume.unit, dtype=volume.voxels.dtype.name, window=_window(volume.voxels, volume.unit),
                    range=(float(volume.voxels.min()), float(volume.voxels.max())), sides_known=volume.sides_known,
                    notes=volume.notes)
                write_bytes(kept.with_suffix(".json"), shown.model_dump_json().encode(), private=True)
        return kept

    def _make_room(self, wanted: int) -> None:
        """Remove what was used longest ago until so many bytes fit; a volume that is open stays readable."""
        files = [(state.st_mtime, state.st_size, file) for file in self.folder.iterdir()
                 if file.suffix in (".npy", ".png") and (state := file.stat())]
        idle = time.time() - IN_USE_SECONDS
        held = sum(size for _, size, _ in files)
        for at, size, file in sorted(files, key=lambda one: one[0]):
            if held + wanted <= self.most_bytes or at > idle:
                return
            file.with_suffix(".json").unlink(missing_ok=True)
            file.unlink(missing_ok=True)
            held -= size

    def _alone(self, file: Path) -> FileLock:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return FileLock(file.with_suffix(".lock"))


def series_of(case: Case, key: str) -> tuple[Study, Series]:
    """The series of a case by its key: `S2-1` is the first series of study S2.

    Raises:
        Problem: 404 where there is none.
    """
    name, _, number = key.rpartition("-")
    study = next((one for one in case.studies if one.id == name), None)
    if study is None or not 1 <= int(number) <= len(study.series):
        raise Problem(404, "the case has no such series")
    return study, study.series[int(number) - 1]


def shown_as(series: Series, *kinds: FileKind) -> Series:
    """The series, where it is of one of these kinds.

    Raises:
        Problem: 404 where it is of another.
    """
    if series.kind not in kinds:
        raise Problem(404, f"the series is {series.kind}; another viewer shows it")
    return series


def film_shown(film: Film) -> FilmShown:
    """What a viewer needs to know of a film."""
    rows, columns = film.pixels.shape
    return FilmShown(rows=rows, columns=columns, spacing_mm=film.spacing_mm, turn=film.turn, view=film.view,
                     sides_known=film.sides_known, notes=film.notes)


def film_pixels(film: Film) -> bytes:
    """The film's grey values 0..65535, bright where dense, uint16 little-endian, row by row."""
    return np.rint(film.pixels * 65535).astype("<u2").tobytes()


def deep_zoom_levels(slide: Slide) -> int:
    """Levels from one pixel to the whole slide, each of twice the size before it."""
    full = slide.levels[0]
    return max(full.width, full.height, 1).bit_length() + bool(max(full.width, full.height).bit_count() > 1)


def encoded(pixels: NDArray[np.uint8], form: str) -> bytes:
    """RGB pixels (rows, columns, 3) as JPEG or PNG."""
    out = io.BytesIO()
    options = {"quality": TILE_QUALITY} if form == "JPEG" else {}
    Image.fromarray(pixels).save(out, form, **options)
    return out.getvalue()


def _window(voxels: NDArray[Any], unit: str) -> tuple[float, float]:
    """A chest's usual soft-tissue window where values are Hounsfield units, else the middle 98 % of the values."""
    if unit == HU:
        return 40.0, 400.0
    low, high = np.percentile(voxels[:: max(1, len(voxels) // 16), ::4, ::4], (1, 99))
    return float(low + high) / 2, max(float(high - low), 1.0)


def key_of(series: Series) -> str:
    """Tells a series by what its files hold."""
    return digest([file.sha256 for file in series.files])[:32]

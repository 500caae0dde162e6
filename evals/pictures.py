"""Pictures for testing what the gate of the localization tool lets through, and the files that they are made from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..core.case import CaseFile, FileKind, Series

Grey = NDArray[np.float32]
LONGEST = 640
"""Rows or columns of a picture at most: the gate looks at far fewer."""


@dataclass(frozen=True)
class Picture:
    """One picture as `Film.pixels` would hold it.

    Args:
        name: the source, then what was made of it; unique.
        kind: what it shows.
        pixels: (rows, columns), 0..1, as displayed.
        held_out: belongs to the half that no tuning may look at; all pictures of one source share it.
    """

    name: str
    kind: str
    pixels: Grey
    held_out: bool


class File(NamedTuple):
    """A file that pictures are made from.

    Args:
        path: relative to the root, forward slashes; for a volume of several files a pattern.
        kind: what its pictures show.
        held_out: see `Picture`.
        package: the installed package below which it lies; empty for the folder of sample data.
    """

    path: str
    kind: str
    held_out: bool
    package: str = ""

    @property
    def name(self) -> str:
        """The source, as pictures are named."""
        return f"{self.package or 'data'}/{self.path}"


def found(file: File, data: Path) -> list[Path]:
    """Where a file lies, several in order when its path is a pattern; none when it or its package is absent."""
    roots = _package_folders(file.package) if file.package else [data]
    return [path for root in roots for path in sorted(root.glob(file.path)) if path.is_file()]


def _package_folders(package: str) -> list[Path]:
    spec = find_spec(package)
    return [Path(folder) for folder in spec.submodule_search_locations or ()] if spec else []


def series_of(paths: list[Path], kind: FileKind, modality: str) -> Series:
    """Files of one folder as a series."""
    files = tuple(CaseFile(path=path.name, sha256="", size=path.stat().st_size, kind=kind) for path in paths)
    return Series(uid=paths[0].name, kind=kind, modality=modality, files=files)


def with_inverted(pictures: Iterable[Picture]) -> Iterator[Picture]:
    """Each picture, then the same with black and white exchanged, as some scanners store it."""
    for picture in pictures:
        yield picture
        yield replace(picture, name=f"{picture.name}, inverted", pixels=1 - picture.pixels)


def resized(pixels: Grey, rows: int, columns: int) -> Grey:
    """At another size, 0..1: averaged where it shrinks, bicubic where it grows."""
    how = Image.Resampling.BOX if rows * columns < pixels.size else Image.Resampling.BICUBIC
    image = Image.fromarray(np.ascontiguousarray(pixels, np.float32)).resize((max(1, columns), max(1, rows)), how)
    return np.clip(np.asarray(image, np.float32), 0, 1)


def shrunk(pixels: Grey, longest: int = LONGEST) -> Grey:
    """With no more than `longest` rows and columns; unchanged where it has no more."""
    factor = longest / max(pixels.shape)
    if factor >= 1:
        return np.clip(pixels, 0, 1).astype(np.float32)
    return resized(pixels, round(pixels.shape[0] * factor), round(pixels.shape[1] * factor))


def luma(values: NDArray[Any]) -> Grey:
    """(rows, columns) or (rows, columns, 3 or more) uint8 to 0..1, without asking whether colours are plausible."""
    scaled = values.astype(np.float32) / np.float32(255)
    if scaled.ndim == 2:
        return scaled
    weighted: Grey = scaled[..., :3] @ np.asarray((0.299, 0.587, 0.114), np.float32)
    return weighted


def between_percentiles(values: NDArray[Any], low: float, high: float) -> Grey:
    """Values to 0..1 between two of their percentiles; all zero when these are equal."""
    bottom, top = np.percentile(values, [low, high])
    scaled: Grey = np.clip((values.astype(np.float32) - np.float32(bottom)) / np.float32(max(top - bottom, 1e-6)), 0, 1)
    return scaled

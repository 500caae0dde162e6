"""What a viewer is told of an image before it asks for pixels."""

from __future__ import annotations

from ...core.words import Word

TILE = 512
"""Side of a slide's tile; tiles do not overlap."""


class VolumeShown(Word):
    """A volume's grid. Slices run as evidence counts them; rows and columns as in the stored image."""

    slices: int
    rows: int
    columns: int
    spacing_mm: tuple[float, float, float]
    """Between slices, rows, columns."""
    affine: tuple[tuple[float, float, float, float], ...]
    """(slice, row, column, 1) of a voxel's centre to LPS mm: 4 x 4, by rows."""
    unit: str
    dtype: str
    """Of a slice's bytes: `int16` or `float32`, little-endian, row by row."""
    window: tuple[float, float]
    """Centre and width to begin with."""
    range: tuple[float, float]
    """Least and greatest value."""
    sides_known: bool
    notes: tuple[str, ...]


class FilmShown(Word):
    """A film as it hangs: head up, the patient's left at the picture's right where the file says how."""

    rows: int
    columns: int
    spacing_mm: tuple[float, float] | None
    turn: int
    """EXIF code of the turn from the stored image, in which evidence gives its boxes, to this one."""
    view: str | None
    sides_known: bool
    notes: tuple[str, ...]


class SlideShown(Word):
    """A slide as Deep Zoom has it: each level half of the next, the last one whole."""

    width: int
    height: int
    tile: int = TILE
    levels: int
    mpp: float | None
    """Micrometres per pixel of the finest level."""
    notes: tuple[str, ...] = ()


class PageShown(Word):
    """A page's size, in the unit of its evidence's boxes."""

    width: float
    height: float


class DocumentShown(Word):
    """A document's pages, unrotated."""

    pages: tuple[PageShown, ...]

"""Fields of a slide in the order that a search asks for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...core.finding import MEASURED
from ...sources.slide import Region, Slide
from ..slide_search import PATCH, PatchEmbedder, PatchIndex, SlideSearch, Vectors
from .descriptor import CompactDescriptor, whole_patches
from .fields import DEFINITIONS, Measure
from .measure import FIELD, STEP, WHOLE, Field, apart
from .query import KNOWN, Wanted, understand
from .reading import MOST_REGIONS, NuclearDensity, SlideReading

DENSEST = "Region of high nuclear density"
SIMILAR = "Region like the given one"
MATCHING = "Region matching the query"

_WORKERS = 2
_BATCH = 16
_CANDIDATES = 200
_MOST_EXAMPLE_PATCHES = 16
_SAME = 0.1
"""Share of a field that lies in the example from which the field is the example itself."""


@dataclass(frozen=True)
class Hit:
    """A ranked field and what it was ranked by."""

    field: Field
    value: float


@dataclass(frozen=True)
class Ranking:
    """What a search gave on one slide.

    Args:
        name: of the findings.
        hits: best first, apart from each other.
        unit: of the values.
        ucum: the same in UCUM, None where it has none.
        words: what was ranked by, with its definition.
        reader: who ranked: `measure`, or the name of a model.
        measure: the quantity, None for a similarity.
        caution: what the ranking is not, or empty.
        declined: why nothing was ranked, else None.
        likeness: (rows, columns) float64 of fields side by side from the scanned area's corner, in `unit`, nan where no
            field was compared; None where a quantity ranks.
        example: the given place, level-0 pixels, None without one.
    """

    name: str
    hits: tuple[Hit, ...] = ()
    unit: str | None = None
    ucum: str | None = None
    words: str = ""
    reader: str = MEASURED
    measure: Measure | None = None
    caution: str = ""
    declined: str | None = None
    likeness: NDArray[np.float64] | None = None
    example: Region | None = None


def rank(slide: Slide, reading: SlideReading, search: SlideSearch | None) -> Ranking:
    """The regions that are asked for; without a search those with the densest nuclei.

    Args:
        slide: open.
        reading: what was measured on it.
        search: by words or by example.
    """
    density = reading.density
    if density is None:
        why = reading.gap.reason if reading.gap else "nothing was measured"
        return Ranking(DENSEST, declined=f"The slide cannot be searched: {why}." if search else None)
    if search is None:
        return by_measure(density, Wanted(Measure.DENSITY, True))
    if search.like is not None:
        return _by_example(slide, reading, density, search, Region(*search.like))
    return _by_words(slide, reading, density, search)


def by_measure(density: NuclearDensity, wanted: Wanted) -> Ranking:
    """Fields by one of their measures; those where it is not told are left out."""
    definition = DEFINITIONS[wanted.measure]
    fields, among = density.fields, ""
    if wanted == Wanted(Measure.DENSITY, True):
        hits = tuple(Hit(field, field.per_mm2) for field in density.top)
    else:
        whole = tuple(field for field in fields if field.cover >= WHOLE)
        if wanted.measure is Measure.DENSITY and whole:
            fields, among = whole, " among fields wholly on tissue"
        told = [Hit(field, density.maps.of(field, wanted.measure)) for field in fields]
        hits = _apart([hit for hit in told if not math.isnan(hit.value)], largest=wanted.largest)
    order = "highest" if wanted.largest else "lowest"
    return Ranking(f"Region of {wanted.words}", hits, definition.unit, definition.ucum,
                   f"{wanted.measure}, {order} first{among} ({definition.words})", measure=wanted.measure,
                   caution=wanted.caution)


def _apart(hits: Sequence[Hit], *, largest: bool) -> tuple[Hit, ...]:
    ordered = sorted(hits, key=lambda hit: (-hit.value if largest else hit.value, hit.field.row, hit.field.column))
    value_of = {(hit.field.row, hit.field.column): hit.value for hit in ordered}
    taken = apart((hit.field for hit in ordered), MOST_REGIONS)
    return tuple(Hit(field, value_of[field.row, field.column]) for field in taken)


def _by_words(slide: Slide, reading: SlideReading, density: NuclearDensity, search: SlideSearch) -> Ranking:
    query = search.query or ""
    if search.embedder is not None:
        vectors = search.embedder.embed_text(query)
        return _nearest(_Vectors(slide, reading, density, search.embedder, search), vectors, MATCHING)
    wanted = understand(query)
    if wanted is None:
        return Ranking(MATCHING, declined="Without a model of images and texts (--embedder FOLDER) only what is "
                       f"measured can be searched for by words: {KNOWN}. The query asks for something else.")
    return by_measure(density, wanted)


def _by_example(slide: Slide, reading: SlideReading, density: NuclearDensity, search: SlideSearch,
                example: Region) -> Ranking:
    area = slide.bounds
    inside = (area.x <= example.x and example.x + example.width <= area.x + area.width
              and area.y <= example.y and example.y + example.height <= area.y + area.height)
    if not inside or min(example.width, example.height) < 1:
        return Ranking(SIMILAR, declined=f"The place {example.x},{example.y},{example.width},{example.height} is not "
                       f"on the scanned area, which is {area.x},{area.y},{area.width},{area.height} (x, y, width, "
                       "height in level-0 pixels).")
    embedder = search.embedder or CompactDescriptor(reading.stains)
    vectors = embedder.embed_patches(example_patches(slide, density.grid.scale, example)).mean(axis=0, keepdims=True)
    if embedder.is_cosine:
        vectors = vectors / np.linalg.norm(vectors)
    return _nearest(_Vectors(slide, reading, density, embedder, search), vectors, SIMILAR, example)


def example_patches(slide: Slide, scale: float, example: Region) -> NDArray[np.uint8]:
    """The example at 10x as (n, PATCH, PATCH, 3): one patch around its middle where it is smaller than a patch, else as
    many whole ones as it holds, evenly thinned to 16.

    Args:
        slide: open.
        scale: level-0 pixels per pixel at 10x.
        example: level-0 pixels.
    """
    side = PATCH * scale
    across, down = (max(1, int(extent / side + 1e-6)) for extent in (example.width, example.height))
    left, top = (start + (extent - count * side) / 2 for start, extent, count in
                 ((example.x, example.width, across), (example.y, example.height, down)))
    corners = [(left + column * side, top + row * side) for row in range(down) for column in range(across)]
    kept = np.linspace(0, len(corners) - 1, min(len(corners), _MOST_EXAMPLE_PATCHES)).round().astype(int)
    return np.stack([slide.read_scaled((*corners[place], side, side), PATCH, PATCH) for place in kept])


@dataclass(frozen=True)
class _Vectors:
    """The fields of a slide that do not overlap, and their vectors in an index."""

    slide: Slide
    reading: SlideReading
    density: NuclearDensity
    embedder: PatchEmbedder
    search: SlideSearch

    def fields(self) -> dict[str, Field]:
        """By their names in the index, in reading order."""
        reach = FIELD // STEP
        kept = [field for field in self.density.fields if field.row % reach == 0 and field.column % reach == 0]
        ordered = sorted(kept, key=lambda field: (field.row, field.column))
        return {f"{field.row:06d},{field.column:06d}": field for field in ordered}

    def index(self, fields: dict[str, Field]) -> PatchIndex:
        """Filled with these fields."""
        index = self.search.open_index(self.slide.file.sha256, self.embedder.name)
        if not index.holds(list(fields)):
            index.fill(list(fields), self._embed(list(fields.values())))
        return index

    def _embed(self, fields: Sequence[Field]) -> Vectors:
        batches = [fields[start:start + _BATCH] for start in range(0, len(fields), _BATCH)]
        with ThreadPoolExecutor(_WORKERS) as pool:
            return np.concatenate(list(pool.map(self._embed_batch, batches)))

    def _embed_batch(self, fields: Sequence[Field]) -> Vectors:
        return self.embedder.embed_patches(np.concatenate([self._patch(field) for field in fields]))

    def _patch(self, field: Field) -> NDArray[np.uint8]:
        """One patch; what of it lies beyond the scanned area is white."""
        region, scale = field.region, self.density.grid.scale
        columns, rows = (max(1, min(PATCH, round(extent / scale))) for extent in (region.width, region.height))
        return whole_patches(self.slide.read_scaled((region.x, region.y, region.width, region.height), columns, rows))


def _nearest(vectors: _Vectors, wanted: Vectors, name: str, example: Region | None = None) -> Ranking:
    embedder = vectors.embedder
    model = MEASURED if isinstance(embedder, CompactDescriptor) else embedder.name
    fields = vectors.fields()
    if not fields:
        return Ranking(name, declined="No field of the slide holds enough tissue to be searched.")
    index = vectors.index(fields)
    told = {key: _told(distance, embedder) for key, distance in index.distances(wanted).items()}
    found = [key for key, _ in index.nearest(wanted, _CANDIDATES)]
    hits = [Hit(fields[key], told[key]) for key in found
            if example is None or _overlap(fields[key].region, example) < _SAME]
    what = "the query" if example is None else "the given place"
    words = (f"cosine between the vectors of the field and of {what}, highest first" if embedder.is_cosine else
             f"distance between the descriptors of the field and of {what}, smallest first (0 is equal; stain, texture "
             "and nuclei)")
    words = words if model == MEASURED else f"{words}, by {model}"
    return Ranking(name, tuple(hits[:MOST_REGIONS]), "cosine" if embedder.is_cosine else "distance", None, words, model,
                   likeness=_side_by_side(fields, told, vectors.density),
                   example=example)


def _told(distance: float, embedder: PatchEmbedder) -> float:
    """Cosine of unit vectors, or distance, from their squared distance."""
    return 1.0 - distance / 2 if embedder.is_cosine else math.sqrt(max(distance, 0.0))


def _side_by_side(fields: Mapping[str, Field], told: Mapping[str, float],
                  density: NuclearDensity) -> NDArray[np.float64]:
    reach = FIELD // STEP
    rows, columns = (-(-extent // reach) for extent in density.grid.cells)
    values = np.full((rows, columns), np.nan)
    for key, field in fields.items():
        values[field.row // reach, field.column // reach] = told[key]
    return values


def _overlap(field: Region, example: Region) -> float:
    """Share of the field that lies in the example."""
    across = min(field.x + field.width, example.x + example.width) - max(field.x, example.x)
    down = min(field.y + field.height, example.y + example.height) - max(field.y, example.y)
    return max(0, across) * max(0, down) / (field.width * field.height)

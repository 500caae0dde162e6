"""What a search of a slide is given: the question, who turns patches into vectors, and where these are kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

PATCH = 224
"""Side of a patch in pixels at 10x (1 µm per pixel)."""

Vectors = NDArray[np.float32]
"""(n, dimensions), of unit length where `PatchEmbedder.is_cosine`."""


class PatchEmbedder(Protocol):
    """Turns patches of a slide into vectors: near ones look alike."""

    @property
    def name(self) -> str:
        """Identifies the vectors: those of another name cannot be compared."""
        ...

    @property
    def is_cosine(self) -> bool:
        """Whether vectors have unit length and are compared by their cosine; else by their distance."""
        ...

    def embed_patches(self, patches: NDArray[np.uint8]) -> Vectors:
        """(n, PATCH, PATCH, 3) RGB at 10x to n vectors; called from several threads."""
        ...


class ImageTextEmbedder(PatchEmbedder, Protocol):
    """Turns words into vectors of the same space, too."""

    def embed_text(self, text: str) -> Vectors:
        """One vector, (1, dimensions)."""
        ...


class PatchIndex(Protocol):
    """Vectors of one slide under the names of their places."""

    def holds(self, keys: Sequence[str]) -> bool:
        """Whether exactly these are kept already."""
        ...

    def fill(self, keys: Sequence[str], vectors: Vectors) -> None:
        """Keep these and nothing else."""
        ...

    def nearest(self, vector: Vectors, most: int) -> list[tuple[str, float]]:
        """Names and squared distances of the nearest, (1, dimensions) given; ties in the order of names."""
        ...

    def distances(self, vector: Vectors) -> dict[str, float]:
        """Squared distance of every kept vector from one, (1, dimensions), by name."""
        ...


@dataclass(frozen=True)
class SlideSearch:
    """A search by words or by example.

    Args:
        query: what to look for, or None.
        like: (x, y, width, height) in level-0 pixels of the place to find others like, or None.
        embedder: a model of images and texts; None for the tool's own descriptor.
        open_index: the index of a slide, by its SHA-256 and the embedder's name.
    """

    query: str | None
    like: tuple[int, int, int, int] | None
    embedder: ImageTextEmbedder | None
    open_index: Callable[[str, str], PatchIndex]

"""What a reader is asked: one user turn of interleaved text and pictures, and the kind of answer that is expected."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..core.ids import digest
from .expect import Expect

T = TypeVar("T")
Rgb = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Picture:
    """One image as the model shall see it, ready but for the processor's scaling to its input size.

    Args:
        pixels: (rows, columns, 3) uint8 RGB.

    Raises:
        ValueError: another shape or type.
    """

    pixels: Rgb

    def __post_init__(self) -> None:
        if self.pixels.dtype != np.uint8 or self.pixels.ndim != 3 or self.pixels.shape[2] != 3 or not self.pixels.size:
            raise ValueError(f"a picture is (rows, columns, 3) uint8, not {self.pixels.shape} {self.pixels.dtype}")

    @cached_property
    def sha256(self) -> str:
        """Digest of shape and pixels."""
        shape = "x".join(map(str, self.pixels.shape)).encode("ascii")
        return hashlib.sha256(shape + b"|" + np.ascontiguousarray(self.pixels).tobytes()).hexdigest()


Part = str | Picture


@dataclass(frozen=True)
class Request(Generic[T]):
    """One question to a reader.

    Requests that share their leading parts share the work on them, so a recipe puts what differs last.

    Args:
        tool: which tool asks; adapters are chosen by it.
        recipe: name and version of the recipe, such as `ct/1`; part of every cache key.
        parts: the one user turn, in order. Text parts are trimmed and joined without a separator by Gemma's chat
            template; the space around a picture comes from the picture's own tokens.
        expect: the kind of answer.
        scope: opaque patient. What is kept of this request is never used for another scope.
        max_tokens: how long the answer may become.
        system: text that the template sets before the first user part, followed by a blank line; None for none.
    """

    tool: str
    recipe: str
    parts: tuple[Part, ...]
    expect: Expect[T]
    scope: str
    max_tokens: int
    system: str | None = None

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """The pictures, in order."""
        return tuple(part for part in self.parts if isinstance(part, Picture))

    @cached_property
    def sha256(self) -> str:
        """Digest of all that decides the answer; the scope is no part of it."""
        parts = [{"picture": part.sha256} if isinstance(part, Picture) else part for part in self.parts]
        return digest([self.tool, self.recipe, parts, self.expect.describe(), self.max_tokens, self.system])

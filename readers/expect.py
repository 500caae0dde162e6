"""The kinds of answer that a request can expect, and how each is read from the model's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

UnitBox = tuple[float, float, float, float]
"""(x0, y0, x1, y1) as fractions 0..1 of the picture's width and height, origin top left."""


class Unparsed(Exception):
    """An answer that is not of the expected kind; the message says why. It becomes `indeterminate`, never a guess."""


class Expect(Protocol[T_co]):
    """A kind of answer."""

    @property
    def schema(self) -> dict[str, Any] | None:
        """JSON schema that constrains decoding; None for answers in words."""
        ...

    def parse(self, answer: str) -> T_co:
        """The typed value of an answer without its thinking trace.

        Raises:
            Unparsed: it is not of this kind.
        """
        ...

    def describe(self) -> list[Any]:
        """JSON-able content that tells this expectation from others, for digests."""
        ...


@dataclass(frozen=True)
class LabelledBox:
    """A place that the model named: `box` in fractions of the picture that it was shown."""

    label: str
    box: UnitBox


@dataclass(frozen=True)
class YesNo:
    """`Final Answer: yes` or `Final Answer: no`."""


@dataclass(frozen=True)
class Choice:
    """One of several options, by its letter `(A)`, `(B)` ... or its words."""

    options: tuple[str, ...]


@dataclass(frozen=True)
class Boxes:
    """`Final Answer:` with a JSON list of {box_2d, label}."""


@dataclass(frozen=True)
class Json(Generic[T]):
    """JSON of a pydantic type, constrained while decoding where the reader can."""

    type: TypeAdapter[T]


@dataclass(frozen=True)
class FreeText:
    """Words, as they come; an empty answer is none."""

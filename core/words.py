"""The base of every typed object that crosses a room or leaves the program."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Word(BaseModel):
    """Frozen, strict about unknown fields: once built it is valid, and it never changes."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)

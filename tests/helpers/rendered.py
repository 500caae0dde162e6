"""Requests as text, for snapshots: what a person would review."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from caseloom.readers.request import Request

SNAPSHOTS = Path(__file__).resolve().parents[1] / "readers" / "snapshots"


def rendered(request: Request[Any]) -> str:
    """The request: who asks, its parts with pictures as their sizes and digests, and the kind of answer.

    A JSON schema is left out: pydantic's versions word it differently.
    """
    kind, *options = (item for item in request.expect.describe() if isinstance(item, str))
    lines = [f"tool: {request.tool}", f"recipe: {request.recipe}", f"system: {request.system}",
             f"expect: {', '.join([kind, *options])}", f"most tokens: {request.max_tokens}"]
    for part in request.parts:
        if isinstance(part, str):
            lines.append(f"--- text\n{part}")
        else:
            rows, columns, _ = part.pixels.shape
            lines.append(f"--- picture {rows} x {columns}, {part.sha256[:12]}")
    return "\n".join(lines) + "\n"


def assert_as_reviewed(name: str, request: Request[Any]) -> None:
    """The request is rendered as in `snapshots/NAME.txt`; after a wanted change the file is replaced by hand."""
    assert rendered(request) == (SNAPSHOTS / f"{name}.txt").read_text("utf-8")

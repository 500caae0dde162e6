"""Answers cut to what another agent can take: pages of text or JSON, pictures made small."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any

from mcp.server.mcpserver.exceptions import ToolError
from PIL import Image
from pydantic import BaseModel

MOST_BYTES = 20_000
"""Bytes of one answer."""
FRAME_BYTES = 2_000
"""Of them, for what frames a page's items."""
PICTURE_BYTES = 14_000
"""Bytes of a picture, which grow by a third in base64."""


def paged(rows: Sequence[Any], page: int) -> str:
    """A page of rows as one JSON document, with how many pages there are.

    Raises:
        ToolError: there is no such page.
    """
    texts = [within(as_json(row), MOST_BYTES - FRAME_BYTES) for row in rows]
    pages = pages_of(texts)
    return f'{{"page": {page}, "pages": {len(pages)}, "items": [{page_of(pages, page, ",")}]}}'


def pages_of(pieces: Sequence[str], most: int = MOST_BYTES - FRAME_BYTES) -> list[list[str]]:
    """Pieces of text in as few pages as hold them, in their order; there is always one page."""
    pages: list[list[str]] = [[]]
    size = 0
    for piece in (part for whole in pieces for part in _cut(whole, most)):
        length = len(piece.encode()) + 1
        if size + length > most and pages[-1]:
            pages.append([])
            size = 0
        pages[-1].append(piece)
        size += length
    return pages


def _cut(text: str, most: int) -> list[str]:
    """The text in parts of so many bytes at most."""
    if len(text.encode()) <= most:
        return [text]
    step = most // 4  # no character takes more than four bytes
    return [text[at:at + step] for at in range(0, len(text), step)]


def within(text: str, most: int = MOST_BYTES) -> str:
    """A JSON document, or, where it is too long for an answer, one that says so with its beginning.

    Args:
        text: the document.
        most: bytes.
    """
    if len(text.encode()) <= most:
        return text
    return as_json({"cut": f"this is longer than {most} bytes; its beginning follows", "begin": text[:most // 8]})


def small_picture(content: bytes) -> bytes:
    """A picture as JPEG that fits an answer: as large as that lets it be."""
    with Image.open(io.BytesIO(content)) as opened:
        image = opened.convert("RGB")
    side = 1024
    while True:
        shown = image.copy()
        shown.thumbnail((side, side))
        out = io.BytesIO()
        shown.save(out, "JPEG", quality=75, optimize=True)
        if out.tell() <= PICTURE_BYTES or side < 64:
            return out.getvalue()
        side = side * 4 // 5


def page_of(pages: Sequence[Sequence[str]], page: int, between: str = "") -> str:
    """A page as one text.

    Raises:
        ToolError: there is no such page.
    """
    if page > len(pages):
        raise ToolError(f"there is no page {page}; there are {len(pages)}")
    return between.join(pages[page - 1])


def as_json(value: Any) -> str:
    """Any word, or list of them, as JSON."""
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json", by_alias=True) if isinstance(value, BaseModel) else str(value)



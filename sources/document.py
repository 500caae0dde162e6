"""Documents: PDF and scanned pages in, typed words out. Untrusted files are opened in a limited process only."""

from __future__ import annotations

import math
import os
import tempfile
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from ..core.case import Identity
from ..core.errors import RefusedFile
from ..core.refusal import RefusalCode
from ..core.settings import Limits
from ..core.words import Word
from .document_dates import DateOrder, Occasion, date_order, labelled_moments, moments_in
from .document_kind import DocumentKind, kind_of
from .identity import identities_in_text
from .page import Page, in_lines
from .pdf_process import ask_child

READING_VERSION = 5
"""Part of the cache's file names: raised whenever the same file would be read differently."""


class Document(Word):
    """A document as read: its pages, and what follows from their words."""

    sha256: str
    pages: tuple[Page, ...]

    @property
    def text(self) -> str:
        """The text of all pages, with a form feed between them."""
        return "\f".join(page.text for page in self.pages)

    @cached_property
    def kind(self) -> DocumentKind:
        """What it is, by headings and content."""
        return kind_of(self.pages)

    @property
    def title(self) -> str:
        """A name for the document that identifies nobody."""
        return str(self.kind).capitalize() if self.kind is not DocumentKind.OTHER else "Document"

    @cached_property
    def date_order(self) -> DateOrder:
        """How its dates are read."""
        return date_order(self.pages)

    @cached_property
    def moments(self) -> dict[Occasion, str]:
        """Labelled dates, ISO 8601: the first in the document of each occasion."""
        found: dict[Occasion, str] = {}
        for page in self.pages:
            for occasion, moment in labelled_moments(page.lines, month_first=self.date_order.month_first).items():
                if found.get(occasion, moment) in (moment, moment[:10]):
                    found[occasion] = moment  # the same day with a time says more
        return found

    @property
    def date(self) -> str | None:
        """When it is from, ISO 8601: collected, else reported, received or printed, else a date near the top."""
        for occasion in ("collected", "reported", "received"):
            if occasion in self.moments:
                return self.moments[occasion]
        return self._date_at_the_top or self.moments.get("printed")

    @property
    def _date_at_the_top(self) -> str | None:
        for line in self.pages[0].lines[:12]:
            if "birth" in " ".join(word.text for word in line).lower():
                continue
            for moment in moments_in(line, month_first=self.date_order.month_first):
                before = line[moment.first - 1].text.lower().strip(":.") if moment.first else ""
                if before not in ("dob", "born", "geb"):
                    return moment.iso
        return None

    def identities(self) -> tuple[Identity, ...]:
        """Everybody whom the document is about."""
        return identities_in_text("\n".join(page.text for page in self.pages))


def read_document(path: Path, sha256: str, cache: Path, limits: Limits) -> Document:
    """Read a PDF or a picture of printed pages; what was read once is taken from the cache.

    Args:
        path: the file.
        sha256: its digest.
        cache: folder for caches; the reading goes to `documents/<sha256>.v<version>.json`.
        limits: wall clock, memory, pages and pixels.

    Raises:
        RefusedFile: encrypted, damaged, too large, too slow, or without a word.
    """
    kept = cache / "documents" / f"{sha256}.v{READING_VERSION}.json"
    document = from_cache(kept, sha256)
    if document is None:
        document = Document(sha256=sha256, pages=read_pages(path, limits))
        to_cache(kept, document)
    if not any(page.words for page in document.pages):
        raise RefusedFile(RefusalCode.NO_TEXT, "no text was found on its pages")
    return document


def from_cache(kept: Path, sha256: str) -> Document | None:
    """The reading kept under this name, or None when there is none that is whole."""
    try:
        document = Document.model_validate_json(kept.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None
    return document if document.sha256 == sha256 else None


def to_cache(kept: Path, document: Document) -> None:
    """Write the reading so that nobody ever sees half of it."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=kept.parent, suffix=".part")
    with os.fdopen(handle, "wb") as stream:
        stream.write(document.model_dump_json().encode())
    Path(name).replace(kept)


def read_pages(path: Path, limits: Limits) -> tuple[Page, ...]:
    """Every page by its text layer, or by OCR where that is not usable."""
    with tempfile.TemporaryDirectory(prefix="caseloom-") as name:
        folder = Path(name)
        answers = ask_child("read", path, folder, limits)
        return tuple(page_of(answer, number, folder, limits) for number, answer in enumerate(answers, start=1))


def page_of(answer: dict[str, Any], number: int, folder: Path, limits: Limits) -> Page:
    """One page from the child's answer."""
    frame = {"number": number, "width": answer["width"], "height": answer["height"],
             "unit": answer.get("unit", "pt"), "rotation": answer["rotation"],
             "repaired": answer.get("repaired", False)}
    if "picture" in answer:
        return scanned_page(frame, pixels_of(folder / answer["picture"], limits), answer["scale"])
    words, aside, turn = upright_words([row for row in answer["words"] if row[-1]], frame)
    unseen = [{"text": text, "box": (x0, y0, x1, y1), "place": turned((x0, y0, x1, y1), turn, frame)}
              for text, x0, y0, x1, y1, *_, seen in answer["words"] if not seen]
    return Page.model_validate(frame | {"origin": "text layer" if words else "blank", "words": in_lines(words),
                                        "aside": [*aside, *unseen], "unseen": len(unseen), "turn": turn})


def scanned_page(frame: dict[str, Any], pixels: NDArray[np.uint8], scale: float) -> Page:
    """A page read by OCR. `scale` is the page's unit per pixel."""
    from .ocr import read_picture

    reading = read_picture(pixels, (360 - frame["rotation"]) % 360)
    words = [{"text": word.text, "box": scaled(word.box, scale), "place": scaled(word.place, scale),
              "confidence": word.confidence} for word in reading.words]
    return Page.model_validate(frame | {"origin": "ocr", "words": in_lines(words), "turn": reading.turn,
                                        "skew": reading.skew})


def scaled(box: tuple[float, float, float, float], scale: float) -> tuple[float, float, float, float]:
    """A box in another unit, to a hundredth."""
    x0, y0, x1, y1 = (round(edge * scale, 2) for edge in box)
    return x0, y0, x1, y1


def upright_words(raw: list[list[Any]],
                  frame: dict[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]], int]:
    """Words of a text layer, on the unrotated page and on the page turned the way most of its text runs.

    Returns:
        The words to be read, as the fields of `PageWord`; those that run in another direction (a stamp up the
        margin); and the turn.
    """
    turns = [turn_of(dx, dy) for *_, dx, dy, _ in raw]
    turn = max(sorted(set(turns)), key=turns.count, default=0)
    words: list[dict[str, Any]] = []
    aside: list[dict[str, Any]] = []
    for (text, x0, y0, x1, y1, bold, *_), own in zip(raw, turns, strict=True):
        box = x0, y0, x1, y1
        word = {"text": text, "box": box, "place": turned(box, turn, frame) if turn else box, "bold": bold}
        (words if own == turn else aside).append(word)
    return words, aside, turn


@lru_cache(maxsize=1024)
def turn_of(dx: float, dy: float) -> int:
    """Degrees counter-clockwise that bring text of this direction (y grows downwards) upright: 0, 90, 180 or 270."""
    return round(math.degrees(math.atan2(dy, dx)) / 90.0) % 4 * 90


def turned(box: tuple[float, float, float, float], turn: int,
           frame: dict[str, Any]) -> tuple[float, float, float, float]:
    """The box on the page turned counter-clockwise."""
    x0, y0, x1, y1 = box
    width, height = frame["width"], frame["height"]
    for _ in range(turn // 90):
        x0, y0, x1, y1 = y0, width - x1, y1, width - x0
        width, height = height, width
    return round(x0, 2), round(y0, 2), round(x1, 2), round(y1, 2)


def pixels_of(path: Path, limits: Limits) -> NDArray[np.uint8]:
    """A picture that the child wrote, uint8 and no larger than allowed."""
    pixels: NDArray[np.uint8] = np.load(path, allow_pickle=False)
    if pixels.dtype != np.uint8 or pixels.shape[0] * pixels.shape[1] > 1.01 * limits.max_page_pixels:
        raise RefusedFile(RefusalCode.CORRUPT, "its pages could not be drawn")
    return pixels


def render_page(path: Path, page: int, dpi: float, limits: Limits) -> NDArray[np.uint8]:
    """One page as a picture, unrotated.

    Args:
        path: the document.
        page: 1-based.
        dpi: wished resolution, lowered to keep within the pixel limit; a picture file keeps its own pixels.
        limits: as for reading.

    Returns:
        uint8 (rows, columns, 3), RGB.

    Raises:
        RefusedFile: as for reading.
    """
    with tempfile.TemporaryDirectory(prefix="caseloom-") as name:
        answers = ask_child("render", path, Path(name), limits, page=page, dpi=dpi)
        return pixels_of(Path(name) / answers[0]["picture"], limits)

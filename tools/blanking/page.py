"""Identities painted over on the picture of a page.

A page's words are known with their places from its text layer or from OCR. Words that hold an identity are painted
over, and so is what stands behind a label of a patient's name, number or birth date, whatever was read there: OCR may
have misread it. Ink that was read as no word (a signature, a barcode, a photograph) stays.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ...core.boxes import BoxPt
from ...core.case import Identity
from ...sources.identity_labels import Label
from ...sources.page import Page, PageWord, line_text
from .text import identity_spans, valued_labels

MARGIN = 0.15
"""Of a word's height, painted around it."""

_SURE = frozenset({Label.NAME, Label.GIVEN, Label.FAMILY, Label.ID, Label.BIRTH})
_GAP = "   "


def blank_page(pixels: NDArray[np.uint8], page: Page, people: Sequence[Identity]) -> NDArray[np.uint8]:
    """A copy of a page's picture without identities.

    Args:
        pixels: (rows, columns, 3) uint8, the unrotated page in any resolution.
        page: its words; their boxes are on the unrotated page, in the page's unit.
        people: from `people_of`, with those whom the document names.

    Returns:
        (rows, columns, 3) uint8; painted over with the page's most frequent colour.
    """
    blanked = pixels.copy()
    paper = _paper(pixels)
    across, down = pixels.shape[1] / page.width, pixels.shape[0] / page.height
    for box in identity_boxes(page, people):
        x0, x1 = (edge * across for edge in (box[0], box[2]))
        y0, y1 = (edge * down for edge in (box[1], box[3]))
        left, top = max(0, int(np.floor(x0))), max(0, int(np.floor(y0)))
        blanked[top:int(np.ceil(y1)), left:int(np.ceil(x1))] = paper
    return blanked


def identity_boxes(page: Page, people: Sequence[Identity]) -> list[BoxPt]:
    """Places of the words of a page that hold an identity, each with a margin, in the page's unit."""
    words = identity_words(page, people)
    return [_with_margin(word.box) for word in words]


def identity_words(page: Page, people: Sequence[Identity]) -> list[PageWord]:
    """The words of a page that hold an identity, in the order of reading."""
    text, places = _placed(page)
    hidden = [(span.start, span.end) for span in identity_spans(text, people, misread=page.origin == "ocr")]
    hidden += _labelled(page)
    found = [word for word, start, end in places if any(start < last and first < end for first, last in hidden)]
    return [*found, *_aside(page, people)]


def _placed(page: Page) -> tuple[str, list[tuple[PageWord, int, int]]]:
    """The page's text as `Page.text` gives it, with each word's place in it."""
    places: list[tuple[PageWord, int, int]] = []
    lines: list[str] = []
    at = 0
    for line in page.lines:
        text = unicodedata.normalize("NFC", line_text(line))
        start = 0
        for word in line:
            own = unicodedata.normalize("NFC", word.text)
            start = text.index(own, start)
            places.append((word, at + start, at + start + len(own)))
            start += len(own)
        lines.append(text)
        at += len(text) + 1
    return "\n".join(lines), places


def _labelled(page: Page) -> Iterator[tuple[int, int]]:
    """What stands behind a label of a patient's name, number or birth date, up to the next label or wide gap."""
    at = 0
    for line in page.lines:
        text = unicodedata.normalize("NFC", line_text(line))
        for item, start in valued_labels(text):
            value = item.value.split(_GAP)[0]
            if value and item.label in _SURE:
                yield at + start, at + start + len(value)
        at += len(text) + 1


def _aside(page: Page, people: Sequence[Identity]) -> list[PageWord]:
    """Words that run in another direction than the page's text, such as a stamp up the margin."""
    return [word for word, start, end in _beside(page.aside) if any(
        start < span.end and span.start < end for span in identity_spans(_joined(page.aside), people, misread=True))]


def _joined(words: Iterable[PageWord]) -> str:
    return " ".join(unicodedata.normalize("NFC", word.text) for word in words)


def _beside(words: Sequence[PageWord]) -> Iterator[tuple[PageWord, int, int]]:
    at = 0
    for word in words:
        length = len(unicodedata.normalize("NFC", word.text))
        yield word, at, at + length
        at += length + 1


def _with_margin(box: BoxPt) -> BoxPt:
    margin = MARGIN * min(box[3] - box[1], box[2] - box[0])
    return box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin


def _paper(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The most frequent value of each channel."""
    modes = [np.bincount(pixels[..., channel].ravel(), minlength=256).argmax() for channel in range(3)]
    return np.asarray(modes, np.uint8)

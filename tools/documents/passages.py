"""Sentences of a letter or note with their place, and which of them hold certain words. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ...core.boxes import BoxPt
from ...sources.page import PageWord, union
from ..records.matching import fold, words_of

_ENDS = re.compile(r"[.!?][)\"'”’]*$")
_NO_END = re.compile(r"^(?:[A-Z]|mr|mrs|ms|dr|prof|st|no|nr|fig|approx|ca|vs|e\.g|i\.e|cf)\.$", re.IGNORECASE)
"""Words after whose full stop a sentence goes on: abbreviations and initials."""
_LABEL = re.compile(r"([A-Z][\w/&-]*(?: [\w/&-]+){0,3}):$")
FURTHER = 1.2
"""Distance of a line from the one above, over the page's usual distance, from which it begins a paragraph."""
LONGEST_LABEL = 4
"""Words of a label such as `Family history:` at the beginning of a line."""


@dataclass(frozen=True)
class Passage:
    """One sentence as it stands.

    Args:
        text: its words, single spaces.
        label: of its paragraph, such as `Family history`; empty without one.
        page: 1-based.
        box: around it, in the page's unit.
    """

    text: str
    label: str
    page: int
    box: BoxPt

    @property
    def quoted(self) -> str:
        """With the label of its paragraph where it does not begin with it, since that may change what it says."""
        return self.text if not self.label or self.text.startswith(f"{self.label}:") else f"{self.label}: … {self.text}"


def passages_of(paragraphs: Iterable[Sequence[Sequence[PageWord]]], page: int) -> list[Passage]:
    """The sentences of a page.

    A sentence ends at a full stop, a question or exclamation mark, where a line begins with a label, and at the end of
    its paragraph; lines without any of these run on into the next. A label holds until the next one or the paragraph's
    end.

    Args:
        paragraphs: lines from top to bottom, such as from `paragraphs_of`.
        page: 1-based.
    """
    found: list[Passage] = []
    for paragraph in paragraphs:
        label, open_words = "", list[PageWord]()
        for line in paragraph:
            begins = _label(line)
            if begins and open_words:
                found.append(_passage(open_words, label, page))
                open_words = []
            label = begins or label
            for word in line:
                open_words.append(word)
                if _ENDS.search(word.text) and not _NO_END.match(word.text):
                    found.append(_passage(open_words, label, page))
                    open_words = []
        if open_words:
            found.append(_passage(open_words, label, page))
    return found


def _passage(words: Sequence[PageWord], label: str, page: int) -> Passage:
    return Passage(" ".join(word.text for word in words), label, page, union(word.box for word in words))


def paragraphs_of(lines: Sequence[Sequence[PageWord]]) -> list[list[Sequence[PageWord]]]:
    """Lines of a page in paragraphs: one ends where the next line lies further down than lines usually do, unless that
    line begins with a small letter and so goes on with a sentence."""
    heights = [line[0].middle for line in lines]
    steps = sorted(below - above for above, below in pairwise(heights))
    usual = steps[len(steps) // 2] if steps else 0.0
    found: list[list[Sequence[PageWord]]] = []
    for line, above in zip(lines, (None, *heights), strict=False):
        far = above is None or line[0].middle - above > FURTHER * usual
        if not found or (far and not line[0].text[:1].islower()):
            found.append([])
        found[-1].append(line)
    return found


def _label(line: Sequence[PageWord]) -> str:
    for count in range(1, min(LONGEST_LABEL, len(line)) + 1):
        found = _LABEL.fullmatch(" ".join(word.text for word in line[:count]))
        if found:
            return found[1]
    return ""


def passages_about(words: str, passages: Sequence[Passage]) -> list[Passage]:
    """The passages that hold every word, or whose paragraph is labelled with them all, in their order.

    Words are compared as names of a record are: by their usual wordings (`BP`, `blood pressure`), never by likeness.

    Args:
        words: empty takes all passages.
        passages: of one document.
    """
    wanted = set(words_of(fold(words))) if words.strip() else set()
    if not wanted:
        return list(passages)
    return [one for one in passages if wanted <= set(words_of(fold(one.text)))
            or (one.label and wanted <= set(words_of(fold(one.label))))]

"""Prompts cut into the pieces that go through the decoder at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from .keyvalues import NO_PICTURE
from .render import Prompt


@dataclass(frozen=True)
class Stretch:
    """Tokens `start` to before `stop` of a prompt, which belong to `row`."""

    row: int
    prompt: Prompt
    start: int
    stop: int


@dataclass
class Feed:
    """Tokens of one or several rows that are fed together; all lists but the last two have one entry per token.

    Args:
        ids: token ids.
        rows: numbers of the rows.
        positions: in each row's own prompt.
        pictures: number of the picture in that prompt, or `NO_PICTURE`.
        shown: (offset in this feed, SHA-256) of each picture.
        ends: (offset in this feed, row) of each row's last token, whose logits are wanted.
    """

    ids: list[int] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    pictures: list[int] = field(default_factory=list)
    shown: list[tuple[int, str]] = field(default_factory=list)
    ends: list[tuple[int, int]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.ids)

    def add(self, piece: Stretch, picture: int) -> None:
        """Append a piece that is one picture, or text without any."""
        count = piece.stop - piece.start
        if picture != NO_PICTURE:
            self.shown.append((len(self), piece.prompt.pictures[picture].sha256))
        self.ids.extend(piece.prompt.ids[piece.start:piece.stop])
        self.rows.extend([piece.row] * count)
        self.positions.extend(range(piece.start, piece.stop))
        self.pictures.extend([picture] * count)


def feeds(stretches: Sequence[Stretch], size: int) -> Iterator[Feed]:
    """Feeds of about `size` tokens, in order; a picture is never parted, so one may be longer by it alone.

    The logits after the last token of each stretch are asked for.
    """
    feed = Feed()
    for stretch in stretches:
        for piece, picture in _pieces(stretch, size):
            if len(feed) and len(feed) + piece.stop - piece.start > size:
                yield feed
                feed = Feed()
            feed.add(piece, picture)
        feed.ends.append((len(feed) - 1, stretch.row))
    yield feed


def _pieces(stretch: Stretch, size: int) -> Iterator[tuple[Stretch, int]]:
    """Pictures, and text between them in pieces of at most `size` tokens."""
    at = stretch.start
    for number, span in enumerate(stretch.prompt.spans):
        if stretch.start <= span.start < stretch.stop:
            yield from _texts(stretch, at, span.start, size)
            yield Stretch(stretch.row, stretch.prompt, span.start, span.stop), number
            at = span.stop
    yield from _texts(stretch, at, stretch.stop, size)


def _texts(stretch: Stretch, start: int, stop: int, size: int) -> Iterator[tuple[Stretch, int]]:
    for at in range(start, stop, size):
        yield Stretch(stretch.row, stretch.prompt, at, min(at + size, stop)), NO_PICTURE

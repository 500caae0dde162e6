"""Greedy answers to many questions at once, from one shared beginning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch

from .constrain import Constraint
from .feed import Feed, Stretch, feeds
from .keyvalues import NO_PICTURE, SHARED, Frozen, KeyValues
from .language import Language
from .render import Prompt

_TIDY_EVERY = 64


@dataclass
class Row:
    """One answer in the making.

    Args:
        prompt: what it answers.
        most: tokens that it may have.
        constraint: what it must be; None for words.
        written: its tokens so far, without the one that ended it.
        ended: a token ended it, or nothing could follow.
        broken: it grew too intricate to be held to its constraint, and stopped there.
    """

    prompt: Prompt
    most: int
    constraint: Constraint | None = None
    written: list[int] = field(default_factory=list)
    ended: bool = False
    broken: bool = False

    @property
    def open(self) -> bool:
        """It goes on."""
        return not (self.ended or self.broken) and len(self.written) < self.most

    def take(self, token: int, stops: frozenset[int]) -> None:
        """The next token."""
        if token in stops:
            self.ended = True
            return
        self.written.append(token)
        if self.constraint is not None:
            self.broken = not self.constraint.accept(token)
            self.ended = not self.broken and self.constraint.finished


class Decoder:
    """Feeds prompts and writes answers.

    Args:
        language: the decoder model.
        stops: tokens that end an answer.
        size: prompt tokens that are fed at once; may be changed between calls.
    """

    def __init__(self, language: Language, stops: frozenset[int], size: int) -> None:
        self._language = language
        self._stops = stops
        self.size = size

    def extend(self, prompt: Prompt, length: int, kept: Frozen | None,
               features: Mapping[str, torch.Tensor]) -> Frozen:
        """The first `length` tokens of a prompt, fed.

        Args:
            prompt: the prompt.
            length: at least one, and more than `kept` has.
            kept: the same prompt's beginning, fed before; None when there is none.
            features: of the pictures in between.
        """
        cache = self._language.cache(kept)
        start = kept.length if kept else 0
        for feed in feeds([Stretch(SHARED, prompt, start, length)], self.size):
            self._language.run(cache, feed, features)
            cache.drop({SHARED: feed.positions[-1] + 1}, worth=0)
        return cache.freeze(length)

    def begin(self, rows: Sequence[Row], beginning: Frozen,
              features: Mapping[str, torch.Tensor]) -> tuple[KeyValues, torch.Tensor]:
        """Feed what each row's prompt has beyond the beginning.

        Returns:
            The cache, and the logits of each row's first token (rows, vocabulary).
        """
        cache = self._language.cache(beginning)
        stretches = [Stretch(number, row.prompt, beginning.length, len(row.prompt.ids))
                     for number, row in enumerate(rows)]
        following = dict.fromkeys(range(len(rows)), beginning.length)
        logits = []
        for feed in feeds(stretches, self.size):
            logits.append(self._language.run(cache, feed, features))
            following |= {row: position + 1 for row, position in zip(feed.rows, feed.positions, strict=True)}
            cache.drop(following)
        return cache, torch.cat(logits)

    def write(self, rows: Sequence[Row], cache: KeyValues, logits: torch.Tensor) -> None:
        """Write all rows to their ends.

        Args:
            rows: those that `begin` was given.
            cache: from `begin`.
            logits: from `begin`.
        """
        running = list(range(len(rows)))
        for step in range(1, max(row.most for row in rows) + 1):
            self._choose([rows[number] for number in running], logits)
            kept = [number for number in running if rows[number].open]
            if not kept:
                return
            running = kept
            if step % _TIDY_EVERY == 0:
                cache.drop({number: _next_position(rows[number]) for number in running})
            logits = self._language.run(cache, _last_tokens(rows, running), {})

    def _choose(self, rows: Sequence[Row], logits: torch.Tensor) -> None:
        for place, row in enumerate(rows):
            if row.constraint is not None:
                logits[place].masked_fill_(row.constraint.forbidden().to(logits.device), -torch.inf)
        for row, token in zip(rows, logits.argmax(dim=-1).tolist(), strict=True):
            row.take(token, self._stops)


def _next_position(row: Row) -> int:
    return len(row.prompt.ids) + len(row.written) - 1


def _last_tokens(rows: Sequence[Row], running: Sequence[int]) -> Feed:
    return Feed(
        ids=[rows[number].written[-1] for number in running], rows=list(running),
        positions=[_next_position(rows[number]) for number in running], pictures=[NO_PICTURE] * len(running),
        ends=[(offset, number) for offset, number in enumerate(running)],
    )

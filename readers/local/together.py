"""Answers to questions that begin alike: encode, feed the beginning, write the rest together."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from ...core.errors import ReaderFailed
from ...core.report import ReaderIdentity
from ..answers import make_reading
from ..reading import Reading, Seconds, Tokens
from ..request import Picture, Request
from .constrain import Grammars
from .decode import Decoder, Row
from .encode import Encoder
from .keyvalues import Frozen
from .plan import Group
from .prefixes import PrefixStore
from .render import Prompt
from .shortage import SHORTAGE, is_shortage, make_room

_LEAST_SIZE = 64
_TOO_SMALL = ("memory does not suffice to read this prompt of {tokens:,} tokens; close other programs, ask about fewer "
              "pictures, or use a machine with more memory or another reader")


@dataclass(frozen=True)
class Asked:
    """A request with its tokens, and how many tokens its answer may have."""

    request: Request[Any]
    prompt: Prompt
    most: int


@dataclass(frozen=True)
class Parts:
    """What answering is made of."""

    encoder: Encoder
    decoder: Decoder
    prefixes: PrefixStore
    grammars: Grammars
    tokenizer: Any
    rows: int
    identity: ReaderIdentity


@dataclass(frozen=True)
class _Begun:
    """A group's beginning: its keys and values, tokens that were there before, seconds, notes."""

    frozen: Frozen
    features: Mapping[str, torch.Tensor]
    reused: int
    encode: float
    prefill: float
    notes: tuple[str, ...]


class Together:
    """Reads one group at a time.

    Args:
        parts: the machinery; memory that runs short makes its pieces smaller for good.
        feature_key: under which a picture's features are kept for a request.
    """

    def __init__(self, parts: Parts, feature_key: Callable[[Request[Any], Picture], str]) -> None:
        self._parts = parts
        self._feature_key = feature_key
        self._rows = parts.rows

    def read(self, group: Group, asked: Sequence[Asked]) -> list[Reading[Any]]:
        """Readings of a group's members, in order.

        Raises:
            ReaderFailed: memory does not suffice for a single one.
        """
        begun = self._begin(group, asked)
        notes: tuple[str, ...] = ()
        readings: list[Reading[Any]] = []
        while len(readings) < len(asked):
            batch = asked[len(readings):len(readings) + self._rows]
            written = self._attempt(batch, begun, notes)
            if written is None:
                notes = self._write_less(batch)
                continue
            for one in written:
                readings.append(_with_beginning(one, begun, group.cut if readings else begun.reused, len(asked)))
        return readings

    def _begin(self, group: Group, asked: Sequence[Asked]) -> _Begun:
        first = asked[0].prompt
        kept = self._parts.prefixes.longest(group.whose, first.keys[:group.cut])
        reused = kept.length if kept else 0
        started = _now()
        encoded = self._parts.encoder.encode(
            _pictures_beyond(reused, asked), group.whose.scope,
            lambda picture: self._feature_key(asked[0].request, picture))
        between = _now()
        notes = encoded.notes
        if kept is None or kept.length < group.cut:
            kept, said = self._extend(first, group.cut, kept, encoded.features)
            notes += said
            self._parts.prefixes.keep(group.whose, first.keys[:group.cut], kept)
        return _Begun(kept, encoded.features, reused, between - started, _now() - between, notes)

    def _extend(self, prompt: Prompt, cut: int, kept: Frozen | None,
                features: Mapping[str, torch.Tensor]) -> tuple[Frozen, tuple[str, ...]]:
        notes: tuple[str, ...] = ()
        while True:
            try:
                return self._parts.decoder.extend(prompt, cut, kept, features), notes
            except SHORTAGE as error:
                if not is_shortage(error):
                    raise
            notes = self._feed_less(prompt)

    def _feed_less(self, prompt: Prompt) -> tuple[str, ...]:
        self._parts.prefixes.clear()
        make_room()
        decoder = self._parts.decoder
        if decoder.size // 2 < _LEAST_SIZE:
            raise ReaderFailed(_TOO_SMALL.format(tokens=len(prompt.ids)))
        decoder.size //= 2
        return (f"memory ran short: the prompt was fed in pieces of {decoder.size} tokens",)

    def _write_less(self, batch: Sequence[Asked]) -> tuple[str, ...]:
        if len(batch) == 1:
            return self._feed_less(batch[0].prompt)
        self._parts.prefixes.clear()
        make_room()
        self._rows = (len(batch) + 1) // 2
        return (f"memory did not suffice to write {len(batch)} answers at once: {self._rows} were",)

    def _attempt(self, batch: Sequence[Asked], begun: _Begun, notes: tuple[str, ...]) -> list[Reading[Any]] | None:
        """Readings of a batch; None where memory does not suffice."""
        started = _now()
        try:
            rows = [Row(one.prompt, one.most, self._constraint(one.request)) for one in batch]
            cache, logits = self._parts.decoder.begin(rows, begun.frozen, begun.features)
            between = _now()
            self._parts.decoder.write(rows, cache, logits)
        except SHORTAGE as error:
            if not is_shortage(error):
                raise
            return None
        seconds = Seconds(prefill=(between - started) / len(batch), decode=(_now() - between) / len(batch))
        return [self._reading(one, row, seconds, notes) for one, row in zip(batch, rows, strict=True)]

    def _constraint(self, request: Request[Any]) -> Any:
        schema = request.expect.schema
        return None if schema is None else self._parts.grammars.constraint(schema)

    def _reading(self, one: Asked, row: Row, seconds: Seconds, notes: tuple[str, ...]) -> Reading[Any]:
        text = self._parts.tokenizer.decode(row.written, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        tokens = Tokens(len(one.prompt.ids), 0, len(row.written))
        if row.broken:
            notes = (*notes, "the answer grew too intricate to be held to the JSON asked for, and stopped there")
        return make_reading(one.request, text, reader=self._parts.identity, tokens=tokens, seconds=seconds,
                            cut_off=not row.ended, notes=notes)


def _with_beginning(reading: Reading[Any], begun: _Begun, reused: int, members: int) -> Reading[Any]:
    seconds = replace(reading.seconds, encode=begun.encode / members,
                      prefill=reading.seconds.prefill + begun.prefill / members)
    return replace(reading, tokens=replace(reading.tokens, reused=reused), seconds=seconds,
                   notes=begun.notes + reading.notes)


def _pictures_beyond(start: int, asked: Sequence[Asked]) -> list[Picture]:
    return [picture for one in asked for span, picture in zip(one.prompt.spans, one.prompt.pictures, strict=True)
            if span.start >= start]


def _now() -> float:
    """Seconds, once the device has done what it was told."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()

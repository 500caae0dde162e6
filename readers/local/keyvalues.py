"""Keys and values of one prompt beginning and of all the rows that continue it, in a single sequence.

The rows of a batch share their beginning, so it is held once, and what each row adds stands behind it, in any order.
Who may attend to whom is said by the mask alone: every slot knows its row, its position in its own prompt, and its
picture. Rotary positions are applied to keys before they come here, so a slot's place in the sequence means nothing.
Memory is that of one beginning and the rows' own tokens, and each step reads the beginning once for all rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from transformers import Cache

SHARED = -1
"""Row number of the beginning that all rows share."""
NO_PICTURE = -1
_ROOM = 256
_WORTH = 0.25


@dataclass(frozen=True)
class Slots:
    """What stands in each slot: int32 tensors of one length, on the model's device.

    Args:
        row: number of the row, or `SHARED`.
        position: in the row's own prompt, from 0.
        picture: number of the picture in that prompt, or `NO_PICTURE` for text.
    """

    row: torch.Tensor
    position: torch.Tensor
    picture: torch.Tensor

    def __len__(self) -> int:
        return len(self.row)

    def __add__(self, other: Slots) -> Slots:
        return Slots(torch.cat([self.row, other.row]), torch.cat([self.position, other.position]),
                     torch.cat([self.picture, other.picture]))

    def take(self, index: torch.Tensor) -> Slots:
        """The slots at `index`."""
        return Slots(self.row[index], self.position[index], self.picture[index])

    @classmethod
    def empty(cls, device: torch.device) -> Slots:
        """No slot."""
        none = torch.empty(0, dtype=torch.int32, device=device)
        return cls(none, none, none)


def visible(queries: Slots, slots: Slots, window: int | None, *, pictures: bool = True) -> torch.Tensor:
    """Which slots each query attends to: (queries, slots) bool.

    A query sees the shared beginning and its own row up to itself, and the whole of its own picture; in a sliding
    layer nothing that lies `window` positions or more before it (Gemma 3's masks in transformers).

    Args:
        queries: tokens about to be fed.
        slots: all that is there, the queries included.
        window: of the layer; None where it sees everything.
        pictures: whether any query belongs to a picture.
    """
    row, position, picture = queries.row[:, None], queries.position[:, None], queries.picture[:, None]
    own = slots.row == row
    seen = (own | (slots.row == SHARED)).logical_and_(slots.position <= position)
    if pictures:
        seen |= own.logical_and_(slots.picture == picture).logical_and_(picture != NO_PICTURE)
    return seen if window is None else seen.logical_and_(slots.position > position - window)


@dataclass(frozen=True)
class Frozen:
    """Keys and values of a prompt's beginning, to continue from as often as wanted; never written to.

    Args:
        layers: per layer (keys, values), each (1, heads, slots, width).
        slots: what stands in them, by the layers' window.
        length: tokens of the beginning; sliding layers hold only the last of them.
    """

    layers: tuple[tuple[torch.Tensor, torch.Tensor], ...]
    slots: dict[int | None, Slots]
    length: int

    @property
    def nbytes(self) -> int:
        """Memory that it takes."""
        return sum(keys.nbytes + values.nbytes for keys, values in self.layers)


class _Buffer:
    """One layer's keys and values with room to grow in place."""

    def __init__(self) -> None:
        self.keys: torch.Tensor | None = None
        self.values: torch.Tensor | None = None

    def put(self, start: int, keys: torch.Tensor, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Write behind the first `start` slots; everything up to the end of what was written."""
        stop = start + keys.shape[-2]
        self.keys, self.values = _fit(self.keys, keys, start, stop), _fit(self.values, values, start, stop)
        self.keys[:, :, start:stop] = keys
        self.values[:, :, start:stop] = values
        return self.keys[:, :, :stop], self.values[:, :, :stop]

    def take(self, index: torch.Tensor) -> None:
        """Keep the slots at `index`."""
        if self.keys is not None and self.values is not None:
            self.keys, self.values = self.keys[:, :, index], self.values[:, :, index]


def _fit(held: torch.Tensor | None, like: torch.Tensor, start: int, stop: int) -> torch.Tensor:
    if held is not None and held.shape[-2] >= stop:
        return held
    heads, width = like.shape[1], like.shape[3]
    larger = like.new_empty((1, heads, stop + max(_ROOM, stop // 8), width))
    if held is not None:
        larger[:, :, :start] = held[:, :, :start]
    return larger


class KeyValues(Cache):
    """The cache that the model writes to.

    Args:
        windows: per layer the sliding window in tokens, None for a layer that sees everything.
        device: the model's.
        beginning: continue from it; None to start empty.
    """

    def __init__(self, windows: tuple[int | None, ...], device: torch.device, beginning: Frozen | None = None) -> None:
        super().__init__(layers=[])
        self._windows = windows
        self._buffers = [_Buffer() for _ in windows]
        self.slots = {window: Slots.empty(device) for window in sorted(set(windows), key=lambda window: window or 0)}
        if beginning is not None:
            self.slots = dict(beginning.slots)
            for buffer, (keys, values) in zip(self._buffers, beginning.layers, strict=True):
                buffer.put(0, keys, values)

    def update(self, key_states: torch.Tensor, value_states: torch.Tensor, layer_idx: int, *args: Any,
               **kwargs: Any) -> tuple[torch.Tensor, torch.Tensor]:
        """Called by each layer of the model: what is there, with the new tokens behind it."""
        used = len(self.slots[self._windows[layer_idx]])
        return self._buffers[layer_idx].put(used, key_states, value_states)

    def masks(self, queries: Slots, dtype: torch.dtype, *, pictures: bool = True) -> dict[int | None, torch.Tensor]:
        """What tokens about to be fed attend to, themselves included: by window, (1, 1, queries, slots), added to
        the scores."""
        masks = {}
        for window, slots in self.slots.items():
            seen = visible(queries, slots + queries, window, pictures=pictures)
            hidden = torch.zeros(seen.shape, dtype=dtype, device=seen.device).masked_fill_(~seen, -torch.inf)
            masks[window] = hidden[None, None]
        return masks

    def commit(self, queries: Slots) -> None:
        """The tokens were fed through all layers. Until then a failed step leaves the cache as it was."""
        self.slots = {window: slots + queries for window, slots in self.slots.items()}

    def drop(self, following: dict[int, int], worth: float = _WORTH) -> None:
        """Forget slots that no coming token sees.

        Args:
            following: per row that goes on, the position of its next token; `SHARED` while the beginning is fed.
            worth: fraction of slots that must be droppable, since dropping copies the rest.
        """
        device = next(iter(self.slots.values())).row.device
        rows, positions = (torch.tensor(list(numbers), dtype=torch.int32, device=device)
                           for numbers in (following.keys(), following.values()))
        for window, slots in self.slots.items():
            wanted = (slots.row == SHARED) | (slots.row == rows[:, None])
            if window is not None:
                wanted &= slots.position > positions[:, None] - window
            kept = wanted.any(dim=0).nonzero()[:, 0]
            if len(slots) - len(kept) > worth * len(slots):
                self._keep(window, kept)

    def _keep(self, window: int | None, kept: torch.Tensor) -> None:
        self.slots[window] = self.slots[window].take(kept)
        for own, buffer in zip(self._windows, self._buffers, strict=True):
            if own == window:
                buffer.take(kept)

    def freeze(self, length: int) -> Frozen:
        """A copy of what is there."""
        layers = []
        for window, buffer in zip(self._windows, self._buffers, strict=True):
            used = len(self.slots[window])
            if buffer.keys is None or buffer.values is None:
                raise ValueError("nothing was fed yet")
            layers.append((buffer.keys[:, :, :used].clone(), buffer.values[:, :, :used].clone()))
        return Frozen(tuple(layers), dict(self.slots), length)

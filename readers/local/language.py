"""The decoder, fed with tokens of many rows at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from .feed import Feed
from .keyvalues import Frozen, KeyValues, Slots


class Language:
    """Runs the decoder of a Gemma3ForConditionalGeneration.

    Args:
        model: the model.
    """

    def __init__(self, model: Any) -> None:
        text = model.config.get_text_config()
        self._model = model
        self._embed = model.get_input_embeddings()
        self._windows = tuple(text.sliding_window if kind == "sliding_attention" else None
                              for kind in text.layer_types)
        self._kinds = dict(zip(self._windows, text.layer_types, strict=True))
        self.most_positions = int(text.max_position_embeddings)
        self.vocabulary = int(text.vocab_size)

    @property
    def device(self) -> torch.device:
        """Where tokens go."""
        device: torch.device = self._embed.weight.device
        return device

    def cache(self, beginning: Frozen | None = None) -> KeyValues:
        """An empty cache, or one that continues a beginning."""
        return KeyValues(self._windows, self.device, beginning)

    def run(self, cache: KeyValues, feed: Feed, features: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Feed tokens; the logits after each of the feed's `ends`: (ends, vocabulary) float32.

        Args:
            cache: gets the tokens' keys and values.
            feed: the tokens.
            features: of every picture of the feed by its SHA-256: (soft tokens, width).
        """
        queries = Slots(*(torch.tensor(numbers, dtype=torch.int32, device=self.device)
                          for numbers in (feed.rows, feed.positions, feed.pictures)))
        embedded = self._embed(self._numbers(feed.ids))
        for offset, digest in feed.shown:
            feature = features[digest]
            embedded[offset:offset + len(feature)] = feature.to(embedded)
        masks = cache.masks(queries, embedded.dtype, pictures=bool(feed.shown))
        output = self._model(
            inputs_embeds=embedded[None], position_ids=queries.position[None], past_key_values=cache, use_cache=True,
            attention_mask={self._kinds[window]: mask for window, mask in masks.items()},
            logits_to_keep=self._numbers([offset for offset, _ in feed.ends]),
        )
        cache.commit(queries)
        logits: torch.Tensor = output.logits[0].float()
        return logits

    def _numbers(self, values: list[int]) -> torch.Tensor:
        return torch.tensor(values, dtype=torch.int64, device=self.device)

"""MedGemma on this machine: pictures encoded once, shared beginnings fed once, answers written together."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from ...core.errors import ReaderFailed
from ...core.ids import digest
from ...core.report import ReaderIdentity
from ..reading import Reading
from ..request import Picture, Request
from .adapters import weights_for
from .constrain import Grammars
from .decode import Decoder
from .encode import Encoder
from .features import FeatureStore
from .language import Language
from .limits import LocalLimits
from .pixels import check_size
from .plan import plan
from .prefixes import PrefixStore, Whose
from .render import Prompt, Renderer
from .sight import make_tower, sight_digests
from .together import Asked, Parts, Together

if TYPE_CHECKING:
    from .load import Loaded

T = TypeVar("T")


class TransformersReader:
    """Reads with a checkpoint that is loaded in this process, greedily.

    Requests of one call that begin alike share that work, and so do later calls for the same patient: pictures are
    kept encoded in memory and on disk, beginnings of prompts as keys and values in memory. In float32 the answers
    are those of plain generation, token by token; in bfloat16 logits differ by rounding, as far
    as one fifth of their standard deviation (held by a test).

    Args:
        loaded: the checkpoint.
        cache: folder for encoded pictures; made when first written to.
        limits: memory to take.
        stops: ids of tokens that end an answer; None for the checkpoint's own.
    """

    def __init__(self, loaded: Loaded, *, cache: Path, limits: LocalLimits | None = None,
                 stops: frozenset[int] | None = None) -> None:
        self._loaded = loaded
        self._limits = limits = limits or LocalLimits()
        self._renderer = Renderer(loaded.processor)
        self._language = Language(loaded.model)
        self._sight = sight_digests(loaded, sorted(loaded.identity.adapters))
        ends = _stops(loaded) if stops is None else stops
        folder = cache / "features" if loaded.identity.weights_sha256 else None
        store = FeatureStore(folder, limits.feature_memory_bytes, limits.feature_disk_bytes)
        self._together = Together(Parts(
            Encoder(make_tower(loaded), store, limits.vision_chunk),
            Decoder(self._language, ends, limits.prefill_tokens), PrefixStore(limits.prefix_bytes),
            Grammars(loaded.tokenizer, self._language.vocabulary, ends), loaded.tokenizer, limits.rows, loaded.identity,
        ), self._feature_key)
        self._one_at_a_time = threading.Lock()

    @property
    def identity(self) -> ReaderIdentity:
        """Which checkpoint reads."""
        return self._loaded.identity

    @property
    def context(self) -> int:
        """The model's own limit."""
        return self._language.most_positions

    def read(self, requests: Sequence[Request[T]]) -> list[Reading[T]]:
        """Answer requests, in their order. See `Reader.read`.

        Raises:
            ReaderFailed: a prompt is longer than the model can take, a picture too large, or memory too short even
                for one request at a time.
        """
        owners = [Whose(request.scope, self._loaded.weights_sha256(request.tool)) for request in requests]
        readings: dict[int, Reading[T]] = {}
        with self._one_at_a_time, torch.inference_mode():
            asked = [self._asked(request) for request in requests]
            for group in plan([one.prompt for one in asked], owners):
                members = [asked[number] for number in group.members]
                with weights_for(self._loaded.model, members[0].request.tool, self.identity.adapters):
                    readings |= zip(group.members, self._together.read(group, members), strict=True)
        return [readings[number] for number in range(len(requests))]

    def _asked(self, request: Request[Any]) -> Asked:
        for picture in request.pictures:
            check_size(picture, self._limits.picture_pixels)
        prompt = self._renderer.prompt(request)
        return Asked(request, prompt, min(request.max_tokens, self._room(prompt)))

    def _room(self, prompt: Prompt) -> int:
        room = self._language.most_positions - len(prompt.ids)
        if room < 1:
            raise ReaderFailed(f"the prompt has {len(prompt.ids):,} tokens, but the model takes "
                               f"{self._language.most_positions:,}; ask about fewer pictures or less text")
        return room

    def _feature_key(self, request: Request[Any], picture: Picture) -> str:
        sight = self._sight.get(request.tool, self._sight[""])
        return digest([picture.sha256, sight, request.recipe])


def _stops(loaded: Loaded) -> frozenset[int]:
    """The checkpoint's own stop tokens, and in any case the tokenizer's end and the end of a turn."""
    tokenizer = loaded.tokenizer
    own = getattr(loaded.model.generation_config, "eos_token_id", None) or []
    listed = [own] if isinstance(own, int) else own
    return frozenset([*listed, tokenizer.eos_token_id, tokenizer.convert_tokens_to_ids("<end_of_turn>")])

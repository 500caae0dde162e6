"""From pictures to features, and all that decides them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import torch
import transformers

from ...core.ids import digest
from ..request import Picture
from .pixels import pixel_values

if TYPE_CHECKING:
    from .load import Loaded

_VISION = ("vision_tower", "multi_modal_projector")


def make_tower(loaded: Loaded) -> Callable[[Sequence[Picture]], torch.Tensor]:
    """The checkpoint's vision tower and projection: from pictures to (pictures, soft tokens, width) on the CPU."""
    def encode(pictures: Sequence[Picture]) -> torch.Tensor:
        pixels = pixel_values(loaded.processor.image_processor, pictures).to(loaded.device, loaded.dtype)
        features: torch.Tensor = loaded.model.get_image_features(pixel_values=pixels).pooler_output
        return features.cpu()
    return encode


def sight_digests(loaded: Loaded, tools: Sequence[str]) -> dict[str, str]:
    """Of all that decides a picture's features, the picture aside: weights, scaling, numeric type, device, library.

    Args:
        loaded: the checkpoint.
        tools: those with an adapter; they count only where one reaches the vision tower or the projection.

    Returns:
        By tool, and under the empty name for a tool without an adapter.
    """
    scaling = hashlib.sha256(loaded.processor.image_processor.to_json_string().encode("utf-8")).hexdigest()
    machine = [scaling, str(loaded.dtype), loaded.device.type, transformers.__version__]
    reached = any("lora_" in name and any(part in name for part in _VISION)
                  for name, _ in loaded.model.named_parameters())
    adapters = loaded.identity.adapters if reached else {}
    return {tool: digest([loaded.identity.weights_sha256, adapters.get(tool), *machine]) for tool in ("", *tools)}

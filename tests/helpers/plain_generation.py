"""How transformers itself answers a request, with nothing reused: what the reader's answers are compared with."""

from __future__ import annotations

from typing import Any

import torch
from PIL import Image

from caseloom.readers.request import Part, Picture, Request


def plain_inputs(processor: Any, request: Request[Any]) -> Any:
    """The model's inputs, made by the processor from chat messages."""
    messages = [] if request.system is None else [{"role": "system", "content": [_part(request.system)]}]
    messages.append({"role": "user", "content": [_part(part) for part in request.parts]})
    return processor.apply_chat_template(
        messages, add_generation_prompt=True, tokenize=True, return_dict=True, return_tensors="pt")


def plain_tokens(loaded: Any, request: Request[Any]) -> list[int]:
    """Tokens that `generate` writes, without the one that ends them."""
    inputs = plain_inputs(loaded.processor, request)
    with torch.inference_mode():
        written = loaded.model.generate(**inputs, max_new_tokens=request.max_tokens, do_sample=False)
    ids = written[0, inputs.input_ids.shape[1]:].tolist()
    return ids[:-1] if ids[-1] in loaded.model.generation_config.eos_token_id else ids


def plain_text(loaded: Any, request: Request[Any]) -> str:
    """What `generate` writes, as text."""
    text: str = loaded.tokenizer.decode(plain_tokens(loaded, request), skip_special_tokens=False)
    return text


def plain_logits(loaded: Any, request: Request[Any]) -> torch.Tensor:
    """Logits of the first token of the answer, (vocabulary,) float32."""
    inputs = plain_inputs(loaded.processor, request)
    inputs["pixel_values"] = inputs["pixel_values"].to(loaded.dtype)
    with torch.inference_mode():
        logits: torch.Tensor = loaded.model(**inputs, logits_to_keep=1).logits
    return logits[0, -1].float()


def _part(part: Part) -> dict[str, Any]:
    if isinstance(part, Picture):
        return {"type": "image", "image": Image.fromarray(part.pixels)}
    return {"type": "text", "text": part}

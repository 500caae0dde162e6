"""A random checkpoint of MedGemma's architecture at toy size: for tests and benchmarks, never to read with.

Everything is made here; nothing of it comes from trained weights or from their tokenizer.
"""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import Gemma3Config, Gemma3ForConditionalGeneration, GenerationConfig, SiglipVisionConfig
from transformers.models.gemma3 import Gemma3TextConfig

from .toy_tokenizer import CHAT_TEMPLATE, SPOKEN, make_tokenizer

TOY_MARK = "caseloom_toy"
"""Key of config.json that marks a toy checkpoint."""


@dataclass(frozen=True)
class ToyShape:
    """How large a toy is. Each count is of the true architecture's own parts.

    Args:
        image_size: side of the square that the image processor scales to, pixels; a multiple of 14, the patch.
        tokens_per_image: soft tokens of an image, a square number whose root divides `image_size / 14`.
        vision_width: hidden size of the vision tower; a multiple of 4.
        vision_layers: of the vision tower.
        text_width: hidden size of the decoder; a multiple of 4.
        text_layers: of the decoder; every third attends to all, the others to the sliding window.
        sliding_window: tokens.
        rope_factor: by which positions are divided in the layers that attend to all; 8 in the true model.
    """

    image_size: int = 56
    tokens_per_image: int = 4
    vision_width: int = 32
    vision_layers: int = 2
    text_width: int = 64
    text_layers: int = 3
    sliding_window: int = 16
    rope_factor: float = 1.0


def write_toy_checkpoint(folder: str | os.PathLike[str], *, seed: int = 0, shape: ToyShape | None = None) -> Path:
    """Write a checkpoint that `AutoProcessor` and `AutoModelForImageTextToText` load; the same seed, the same bytes.

    Args:
        folder: made if absent.
        seed: of the random weights.
        shape: None for the smallest useful one.

    Returns:
        The folder.
    """
    folder, shape = Path(folder), shape or ToyShape()
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = make_tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "chat_template.jinja").write_text(CHAT_TEMPLATE, encoding="utf-8")
    for name, content in _processor_files(shape).items():
        (folder / name).write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    ids = tokenizer.get_vocab()
    model = _random_model(_configuration(shape, ids), seed)
    _quieten(model, {number for token, number in ids.items() if token not in SPOKEN}, ids["<end_of_turn>"])
    model.save_pretrained(folder)
    return folder


def _processor_files(shape: ToyShape) -> dict[str, dict[str, Any]]:
    image_tokens = {"boi_token": "<start_of_image>", "eoi_token": "<end_of_image>", "image_token": "<image_soft_token>"}
    tokenizer = {
        "tokenizer_class": "GemmaTokenizer", "processor_class": "Gemma3Processor", "add_bos_token": True,
        "add_eos_token": False, "bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>",
        "unk_token": "<unk>", "clean_up_tokenization_spaces": False, "spaces_between_special_tokens": False,
        "model_max_length": 131072, "extra_special_tokens": image_tokens, **image_tokens,
    }
    images = {
        "image_processor_type": "Gemma3ImageProcessor", "processor_class": "Gemma3Processor",
        "image_seq_length": shape.tokens_per_image, "do_resize": True, "do_rescale": True, "do_normalize": True,
        "do_convert_rgb": None, "do_pan_and_scan": None, "resample": 2, "rescale_factor": 1 / 255,
        "image_mean": [0.5] * 3, "image_std": [0.5] * 3,
        "size": {"height": shape.image_size, "width": shape.image_size},
    }
    processor = {"image_seq_length": shape.tokens_per_image, "processor_class": "Gemma3Processor"}
    return {"tokenizer_config.json": tokenizer, "preprocessor_config.json": images, "processor_config.json": processor}


def _configuration(shape: ToyShape, ids: dict[str, int]) -> Gemma3Config:
    vocabulary = 64 * math.ceil((len(ids) + 1) / 64)
    text = Gemma3TextConfig(
        vocab_size=vocabulary, hidden_size=shape.text_width, intermediate_size=2 * shape.text_width,
        num_hidden_layers=shape.text_layers, num_attention_heads=4, num_key_value_heads=2,
        head_dim=shape.text_width // 4, query_pre_attn_scalar=shape.text_width // 4,
        sliding_window=shape.sliding_window, max_position_embeddings=131_072,
        layer_types=["sliding_attention" if (layer + 1) % 3 else "full_attention"
                     for layer in range(shape.text_layers)],
        rope_parameters={
            "full_attention": {"rope_type": "linear", "factor": shape.rope_factor, "rope_theta": 1_000_000.0},
            "sliding_attention": {"rope_type": "default", "rope_theta": 10_000.0},
        },
    )
    vision = SiglipVisionConfig(
        hidden_size=shape.vision_width, intermediate_size=2 * shape.vision_width, num_attention_heads=4,
        num_hidden_layers=shape.vision_layers, image_size=shape.image_size, patch_size=14, vision_use_head=False,
    )
    return Gemma3Config.from_dict({
        "text_config": text, "vision_config": vision, "mm_tokens_per_image": shape.tokens_per_image,
        "boi_token_index": ids["<start_of_image>"], "eoi_token_index": ids["<end_of_image>"],
        "image_token_index": ids["<image_soft_token>"], TOY_MARK: True,
        "bos_token_id": ids["<bos>"], "pad_token_id": ids["<pad>"],
        "eos_token_id": [ids["<eos>"], ids["<end_of_turn>"]],
    })


def _random_model(config: Gemma3Config, seed: int) -> Gemma3ForConditionalGeneration:
    """A model in which pictures and words both move the logits.

    Matrices are drawn with the variance 1 / inputs: the library's own initial values, made for training, leave the
    picture's projection at zero and the logits almost equal.
    """
    with torch.random.fork_rng(devices=[]):
        model = Gemma3ForConditionalGeneration(config)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            drawn = torch.randn(parameter.shape, generator=generator)
            parameter.copy_(drawn / math.sqrt(_inputs(name, parameter)) + _centre(name))
    model.generation_config = GenerationConfig(
        bos_token_id=config.bos_token_id, pad_token_id=config.pad_token_id, eos_token_id=config.eos_token_id,
        do_sample=False,
    )
    return model


def _quieten(model: Gemma3ForConditionalGeneration, tokens: set[int], end: int) -> None:
    """Make tokens unlikely, so that what the toy writes is text, and the end of a turn likely, so that it soon ends.

    Input and output share one table of embeddings.
    """
    with torch.no_grad():
        table = model.get_parameter("model.language_model.embed_tokens.weight")
        table[sorted(tokens - {end})] *= 0.25
        table[end] *= 2


def _inputs(name: str, parameter: torch.Tensor) -> int:
    """How many values one output of this parameter sums over; a table's rows are as long as its width."""
    if parameter.ndim == 1:
        return 100
    return parameter.shape[0] if name.endswith("mm_input_projection_weight") else math.prod(parameter.shape[1:])


def _centre(name: str) -> float:
    """Around what a parameter is drawn.

    Layer norms of the vision tower multiply by their weight, Gemma's by one more than it. What a decoder layer adds
    is made larger than the word that came in, or a model whose output table is its input table repeats one word.
    """
    if "vision_tower" in name and "norm" in name and name.endswith("weight"):
        return 1.0
    return 3.0 if "post_attention_layernorm" in name or "post_feedforward_layernorm" in name else 0.0

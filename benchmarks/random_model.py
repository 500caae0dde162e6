"""A model with random weights to measure with: at toy size, or of MedGemma 1.5 4B's true size."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import (
    AutoProcessor,
    Gemma3Config,
    Gemma3ForConditionalGeneration,
    GenerationConfig,
    SiglipVisionConfig,
)
from transformers.models.gemma3 import Gemma3TextConfig

from caseloom.core.report import ReaderIdentity
from caseloom.readers.local.load import Loaded, load_checkpoint
from caseloom.readers.toy import ToyShape, write_toy_checkpoint

TOY = ToyShape(image_size=448, tokens_per_image=64, vision_width=64, vision_layers=2, text_width=64, text_layers=3,
               sliding_window=1024)
"""Pictures dominate, and a vision token stands for 4 x 4 patches of 14 pixels, as in the true model."""
TRUE_PICTURES = ToyShape(image_size=896, tokens_per_image=256)


@dataclass(frozen=True)
class Size:
    """What is measured.

    Args:
        name: for the table.
        true: MedGemma 1.5 4B's own size, on a GPU in bfloat16; else the toy, on the CPU in float32.
        answer: tokens of every answer.
        repeats: runs of each measurement, of which the median counts.
        calls: calls of the pipeline about the CT, of which the median counts.
    """

    name: str
    true: bool
    answer: int
    repeats: int
    calls: int


TOY_SIZE = Size("toy size", False, answer=48, repeats=5, calls=18)
TRUE_SIZE = Size("MedGemma 1.5 4B's size with random weights", True, answer=100, repeats=5, calls=5)


def load(size: Size, folder: Path) -> Loaded:
    """A model ready to read.

    Args:
        size: which.
        folder: for the toy's files.
    """
    if size.true:
        device = torch.device("cuda:0")
        return load_true(write_toy_checkpoint(folder / "pictures", shape=TRUE_PICTURES), device)
    written = write_toy_checkpoint(folder / "toy", shape=TOY)
    return load_checkpoint(str(written), cache=folder / "digests", device="cpu")


def load_true(folder: Path, device: torch.device) -> Loaded:
    """The true model, made on the device. Its processor makes pictures of the true size; the tokenizer is the toy's."""
    processor = AutoProcessor.from_pretrained(folder, local_files_only=True)
    torch.set_default_dtype(torch.bfloat16)
    with device:
        model = Gemma3ForConditionalGeneration(true_config(processor)).eval()
    torch.set_default_dtype(torch.float32)
    model.requires_grad_(False)
    with torch.no_grad():
        model.get_parameter("model.multi_modal_projector.mm_input_projection_weight").normal_(std=0.03)
    model.generation_config = GenerationConfig(do_sample=False, pad_token_id=processor.tokenizer.pad_token_id)
    identity = ReaderIdentity(name="medgemma", model="random-4b", interprets=True, dtype="bfloat16",
                              weights_sha256="0" * 64, unfit="random weights")
    return Loaded(model, processor, processor.tokenizer, device, torch.bfloat16, identity)


def true_config(processor: AutoProcessor) -> Gemma3Config:
    """The public configuration of Gemma 3 4B, which MedGemma 1.5 4B shares; special tokens where the toy has them."""
    layers = 34
    text = Gemma3TextConfig(
        vocab_size=262_208, hidden_size=2560, intermediate_size=10_240, num_hidden_layers=layers,
        num_attention_heads=8, num_key_value_heads=4, head_dim=256, query_pre_attn_scalar=256, sliding_window=1024,
        max_position_embeddings=131_072, rope_parameters={
            "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1_000_000.0},
            "sliding_attention": {"rope_type": "default", "rope_theta": 10_000.0}},
        layer_types=["sliding_attention" if (layer + 1) % 6 else "full_attention" for layer in range(layers)],
    )
    vision = SiglipVisionConfig(
        hidden_size=1152, intermediate_size=4304, num_attention_heads=16, num_hidden_layers=27, image_size=896,
        patch_size=14, vision_use_head=False,
    )
    tokenizer = processor.tokenizer
    config = Gemma3Config(
        text_config=text, vision_config=vision, mm_tokens_per_image=256, image_token_id=tokenizer.image_token_id,
        boi_token_id=tokenizer.boi_token_id, eoi_token_id=tokenizer.eoi_token_id)
    config._attn_implementation = "sdpa"
    return config

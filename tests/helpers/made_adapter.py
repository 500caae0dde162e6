"""LoRA adapters with random weights."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForImageTextToText

EVERYWHERE = r".*\.(q_proj|v_proj|down_proj|fc2)"
"""In the decoder and in the vision tower."""


def write_adapter(
    folder: Path, base: Path, *, seed: int = 0, targets: str = r".*language_model.*\.(q_proj|v_proj|down_proj)",
    **settings: Any,
) -> Path:
    """An adapter of rank 2 as peft saves one after training; whole layers that it replaces differ from the model's."""
    with torch.random.fork_rng(), _peft_asks_for_an_outdated_name():
        torch.manual_seed(seed)
        model = AutoModelForImageTextToText.from_pretrained(base, local_files_only=True)
        wanted = {"r": 2, "target_modules": targets, "init_lora_weights": False, **settings}
        trained = get_peft_model(model, LoraConfig(**wanted))
        with torch.no_grad():
            for name, weight in trained.named_parameters():
                if "modules_to_save" in name:
                    weight.add_(0.05 * torch.randn_like(weight))
    trained.save_pretrained(folder)
    return folder


def merged(base: Path, adapter: Path) -> Any:
    """The model with an adapter's weights added to its own, by peft."""
    model = AutoModelForImageTextToText.from_pretrained(base, local_files_only=True)
    with _peft_asks_for_an_outdated_name():
        return PeftModel.from_pretrained(model, str(adapter), local_files_only=True).merge_and_unload()


@contextmanager
def _peft_asks_for_an_outdated_name() -> Iterator[None]:
    """Its own wrapper around a model does; Caseloom loads adapters without that wrapper."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*(tie_word_embeddings|no longer tied)", UserWarning)
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
        yield

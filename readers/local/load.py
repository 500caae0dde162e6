"""From a hub id or a folder to a model that is ready to read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import torch
from huggingface_hub.errors import StrictDataclassError
from safetensors import safe_open
from transformers import AutoConfig, AutoModelForImageTextToText
from transformers.utils import logging as library_logging

from ...core.report import ReaderIdentity
from ..toy import TOY_MARK
from .adapters import add_adapters
from .checkpoint import Checkpoint, find_checkpoint, unusable
from .identity import WeightDigests, file_stamp
from .processor import load_processor
from .room import check_room, free_memory, no_room
from .shortage import SHORTAGE, is_shortage, make_room

NAME = "medgemma"
TOY_NAME = "toy"
TOY = "it is a toy checkpoint with random weights"
_UNFIT_CONFIG = (StrictDataclassError, ValueError, TypeError, KeyError)
"""What transformers raises for a configuration that contradicts itself."""


@dataclass(frozen=True)
class Loaded:
    """A model ready to read.

    Args:
        model: Gemma3ForConditionalGeneration in evaluation mode, with its adapters switched off
            (`adapters.weights_for` switches one on).
        processor: Gemma3Processor whose image processor is the one that needs PIL alone.
        tokenizer: the processor's.
        device: where the model is.
        dtype: bfloat16 or float32.
        identity: what reports say of it.
    """

    model: Any
    processor: Any
    tokenizer: Any
    device: torch.device
    dtype: torch.dtype
    identity: ReaderIdentity

    def weights_sha256(self, tool: str) -> str:
        """What tells the weights that answer one tool from others: the key for everything kept of their work."""
        return f"{self.identity.weights_sha256}+{self.identity.adapters.get(tool, '')}"


def load_checkpoint(
    name_or_folder: str, *, cache: Path, adapters: Mapping[str, Path] | None = None, download: bool = False,
    device: str | None = None,
) -> Loaded:
    """Load a checkpoint of MedGemma's architecture; nothing of it is executed and, but for a download, no network used.

    Args:
        name_or_folder: a folder, or a hub id that is looked up in the local cache.
        cache: folder that remembers the digests of weights.
        adapters: folders of LoRA adapters, by the tool that reads with them.
        download: fetch what the local cache lacks.
        device: as torch names it; None for the first GPU, or the CPU where there is none.

    Raises:
        ReaderUnavailable: it is missing, gated, damaged, of another kind, or too large for this machine.
        StoreError: `cache` cannot be written to.
    """
    checkpoint = find_checkpoint(name_or_folder, download=download)
    place, dtype = choose_device(device)
    digests = WeightDigests(cache)
    before = [file_stamp(file) for file in checkpoint.files]
    with _quietly():
        processor = load_processor(checkpoint)
        model = _load_model(checkpoint, place, dtype)
        used = add_adapters(model, adapters or {}, digests)
    toy = bool(checkpoint.config.get(TOY_MARK))
    identity = ReaderIdentity(
        name=TOY_NAME if toy else NAME, model=checkpoint.model, revision=checkpoint.revision, interprets=True,
        dtype=str(dtype).removeprefix("torch."), weights_sha256=digests.of(checkpoint.files), adapters=used,
        unfit=TOY if toy else None,
    )
    if before != [file_stamp(file) for file in checkpoint.files]:
        raise unusable(checkpoint.model, "its weights changed while they were read; try again")
    return Loaded(model, processor, processor.tokenizer, place, dtype, identity)


def choose_device(name: str | None) -> tuple[torch.device, torch.dtype]:
    """Where to compute and in what: bfloat16 on GPUs that have it (compute capability 8 and up), else float32.

    Float16 is never used: Gemma 3's activations overflow it.

    Args:
        name: as torch names it; None for the first GPU, or the CPU where there is none.
    """
    device = torch.device(name or ("cuda:0" if torch.cuda.is_available() else "cpu"))
    if device.type == "cuda" and torch.cuda.get_device_capability(device)[0] >= 8:
        return device, torch.bfloat16
    return device, torch.float32


def _load_model(checkpoint: Checkpoint, device: torch.device, dtype: torch.dtype) -> Any:
    needed = _bytes_needed(checkpoint, dtype)
    check_room(needed, free_memory(), "memory")
    if device.type == "cuda":
        check_room(needed, torch.cuda.mem_get_info(device)[0], "the GPU's memory")
    from_pretrained: Any = AutoModelForImageTextToText.from_pretrained
    try:
        model, report = from_pretrained(
            checkpoint.folder, config=_attending(checkpoint), dtype=dtype, attn_implementation="sdpa",
            local_files_only=True, use_safetensors=True,
            trust_remote_code=False, output_loading_info=True, ignore_mismatched_sizes=True,
        )
        model = model.to(device).eval()
    except _UNFIT_CONFIG as error:
        raise unusable(checkpoint.model, "its config.json makes no sense to transformers") from error
    except SHORTAGE as error:
        if not is_shortage(error):
            raise
        make_room()
        raise no_room(needed, "there is less", "memory") from error
    if report["missing_keys"] or report["mismatched_keys"]:
        raise unusable(checkpoint.model, "its weights are not those of its config.json; get it again")
    return model.requires_grad_(False)


def _attending(checkpoint: Checkpoint) -> Any:
    """The checkpoint's configuration, reading with torch's own attention whatever it asks for.

    Its file may name another: one whose memory grows with the square of all pictures' tokens, or code on the hub.
    """
    config: Any = AutoConfig.from_pretrained(checkpoint.folder, local_files_only=True, trust_remote_code=False)
    for part in (config, config.text_config, config.vision_config):
        part._attn_implementation = "sdpa"
    return config


def _bytes_needed(checkpoint: Checkpoint, dtype: torch.dtype) -> int:
    """Bytes of all tensors once they are of `dtype`, from the files' headers."""
    numbers = 0
    for path in checkpoint.weights:
        with safe_open(path, framework="np") as file:
            numbers += sum(prod(file.get_slice(key).get_shape()) for key in file.keys())  # noqa: SIM118 - no mapping
    return numbers * dtype.itemsize


@contextmanager
def _quietly() -> Iterator[None]:
    """Without the library's progress bars and reports; what they would say is checked here."""
    level = library_logging.get_verbosity()
    bars = library_logging.is_progress_bar_enabled()
    library_logging.set_verbosity_error()
    library_logging.disable_progress_bar()
    try:
        yield
    finally:
        library_logging.set_verbosity(level)
        if bars:
            library_logging.enable_progress_bar()

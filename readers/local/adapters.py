"""LoRA adapters: other weights for one tool on top of the model's own."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel, PositiveFloat, PositiveInt, ValidationError
from safetensors.torch import load_file

from ...core.errors import ReaderUnavailable
from .checkpoint import check_safetensors, read_json, unusable
from .identity import WeightDigests

CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"
_BAD_CONFIG = (TypeError, ValueError, KeyError)
"""What peft raises for a configuration that makes no sense."""
_MISFIT = (ValueError, RuntimeError)
"""What peft and transformers raise for an adapter that was made for another model."""


class _Lora(BaseModel):
    """What peft takes from an adapter's configuration unseen."""

    r: PositiveInt
    lora_alpha: PositiveFloat
    target_modules: str | list[str]


def add_adapters(model: Any, adapters: Mapping[str, Path], digests: WeightDigests) -> dict[str, str]:
    """Load adapters beside a model's weights, all of them switched off.

    Args:
        model: a Gemma3ForConditionalGeneration; changed in place.
        adapters: folders, by the tool that reads with them.
        digests: of weight files.

    Returns:
        SHA-256 of each adapter's weights and configuration, by tool.

    Raises:
        ReaderUnavailable: peft is not installed, or an adapter does not fit the model.
    """
    if adapters and importlib.util.find_spec("peft") is None:
        raise ReaderUnavailable("--adapter needs the library peft: pip install 'caseloom[adapters]'")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Already found a `peft_config` attribute", UserWarning)  # several are meant
        found = {tool: _add(model, tool, folder, digests) for tool, folder in sorted(adapters.items())}
    if found:
        model.disable_adapters()
    return found


@contextmanager
def weights_for(model: Any, tool: str, adapters: Mapping[str, str]) -> Iterator[None]:
    """Compute with the weights of one tool: with its adapter where it has one, else with the model's own.

    Args:
        model: as `add_adapters` left it.
        tool: who asks.
        adapters: what `add_adapters` returned.
    """
    if tool not in adapters:
        yield
        return
    model.set_adapter(_name(tool))
    model.enable_adapters()
    try:
        yield
    finally:
        model.disable_adapters()


def _name(tool: str) -> str:
    return f"lora_of_{tool}"


def _add(model: Any, tool: str, folder: Path, digests: WeightDigests) -> str:
    from peft import PeftConfig

    _check_files(folder)
    weights = load_file(folder / WEIGHTS)
    try:
        config = PeftConfig.from_pretrained(str(folder.resolve()), local_files_only=True)
    except _BAD_CONFIG as error:
        raise unusable(folder.name, f"its {CONFIG} makes no sense") from error
    try:
        report = model.load_adapter(peft_config=config, adapter_state_dict=weights, adapter_name=_name(tool))
    except _MISFIT as error:
        raise unusable(folder.name, f"the adapter of {tool!r} was not made for this model") from error
    missing = [key for key in report.missing_keys if f".{_name(tool)}." in key]
    if missing or report.mismatched_keys or report.unexpected_keys:
        raise unusable(folder.name, f"the adapter of {tool!r} was not made for this model: its weights don't fit")
    return digests.of([folder / CONFIG, folder / WEIGHTS])


def _check_files(folder: Path) -> None:
    if not (folder / CONFIG).is_file():
        raise unusable(folder.name, f"its folder has no {CONFIG}, so it is no adapter")
    config = read_json(folder / CONFIG, folder.name)
    if config.get("peft_type") != "LORA":
        raise unusable(folder.name, f"it is an adapter of the kind {str(config.get('peft_type'))[:40]!r}, not LORA")
    try:
        _Lora.model_validate(config)
    except ValidationError as error:
        raise unusable(folder.name, f"its {CONFIG} makes no sense") from error
    if not (folder / WEIGHTS).is_file():
        raise unusable(folder.name, f"its folder has no {WEIGHTS}; pickled weights are not read")
    check_safetensors(folder / WEIGHTS, folder.name)

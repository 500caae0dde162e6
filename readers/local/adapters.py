"""LoRA adapters: other weights for one tool on top of the model's own."""

from __future__ import annotations

import importlib.util
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, PositiveFloat, PositiveInt, ValidationError, field_validator
from safetensors.torch import load_file

from ...core.errors import ReaderUnavailable
from .checkpoint import check_safetensors, read_json, unusable
from .identity import WeightDigests

CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"
_MISFIT = (ValueError, RuntimeError, TypeError)
"""What peft and transformers raise for an adapter that was made for another model."""
_TOLD = frozenset({"peft_type", "peft_version", "task_type", "base_model_name_or_path", "revision", "inference_mode",
                   "lora_dropout", "auto_mapping", "megatron_core", "qalora_group_size"})
"""Keys of a configuration that say where an adapter comes from, or matter only while training or beside other keys."""


class _Lora(BaseModel):
    """All of an adapter's configuration that is used; any other key must be empty.

    Starts other than these (PiSSA, OLoRA, CorDA, LoftQ) rewrite the model's own matrices when the adapter is added.
    """

    model_config = ConfigDict(extra="allow")

    r: PositiveInt
    lora_alpha: PositiveFloat
    target_modules: str | list[str]
    exclude_modules: str | list[str] | None = None
    modules_to_save: list[str] | None = None
    layers_to_transform: int | list[int] | None = None
    layers_pattern: str | list[str] | None = None
    rank_pattern: dict[str, PositiveInt] = {}
    alpha_pattern: dict[str, PositiveFloat] = {}
    use_rslora: bool = False
    bias: Literal["none"] = "none"
    init_lora_weights: bool | Literal["gaussian"] = False

    @field_validator("target_modules", "exclude_modules", "layers_pattern")
    @classmethod
    def _is_pattern(cls, value: str | list[str] | None) -> str | list[str] | None:
        if isinstance(value, str):
            try:
                re.compile(value)
            except re.error as error:
                raise ValueError("it is no regular expression") from error
        return value

    def unknown(self) -> list[str]:
        """Keys that say something and are not used here."""
        return sorted(key for key, value in (self.model_extra or {}).items() if value and key not in _TOLD)


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
        warnings.filterwarnings("ignore", "Model has `tie_word_embeddings=True`", UserWarning)  # nothing is merged
        found = {tool: _add(model, tool, folder, digests) for tool, folder in sorted(adapters.items())}
    if found:
        _switch(model, on=False)
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
    _switch(model, on=True)
    try:
        yield
    finally:
        _switch(model, on=False)


def _switch(model: Any, *, on: bool) -> None:
    """Adapters on or off, whole replaced layers (`modules_to_save`) too: transformers' own switch leaves those off."""
    from peft.tuners.tuners_utils import BaseTunerLayer
    from peft.utils import ModulesToSaveWrapper

    for module in model.modules():
        if isinstance(module, (BaseTunerLayer, ModulesToSaveWrapper)):
            module.enable_adapters(on)


def _name(tool: str) -> str:
    return f"lora_of_{tool}"


def _add(model: Any, tool: str, folder: Path, digests: WeightDigests) -> str:
    from peft import LoraConfig

    lora = _configuration(folder)
    weights = load_file(folder / WEIGHTS)
    used: dict[str, Any] = {**lora.model_dump(exclude=set(lora.model_extra or ())), "init_lora_weights": False}
    try:
        report = model.load_adapter(peft_config=LoraConfig(**used), adapter_state_dict=weights,
                                    adapter_name=_name(tool))
    except _MISFIT as error:
        raise unusable(folder.name, f"the adapter of {tool!r} was not made for this model") from error
    missing = [key for key in report.missing_keys if f".{_name(tool)}." in key]
    if missing or report.mismatched_keys or report.unexpected_keys:
        raise unusable(folder.name, f"the adapter of {tool!r} was not made for this model: its weights don't fit")
    return digests.of([folder / CONFIG, folder / WEIGHTS])


def _configuration(folder: Path) -> _Lora:
    """What an adapter's folder says of itself, its weight file looked at too."""
    if not (folder / CONFIG).is_file():
        raise unusable(folder.name, f"given with --adapter, it has no {CONFIG}, so it is no adapter")
    config = read_json(folder / CONFIG, folder.name)
    if config.get("peft_type") != "LORA":
        raise unusable(folder.name, f"it is an adapter of the kind {str(config.get('peft_type'))[:40]!r}, not LORA")
    try:
        lora = _Lora.model_validate(config)
    except ValidationError as error:
        key = str(error.errors(include_input=False, include_url=False)[0]["loc"][0])
        raise unusable(folder.name, f"the {key!r} of its {CONFIG} is not one that can be used") from error
    if unknown := lora.unknown():
        raise unusable(folder.name, f"its {CONFIG} uses {unknown[0]!r}, which is not supported; only plain LoRA is")
    if not (folder / WEIGHTS).is_file():
        raise unusable(folder.name, f"its folder has no {WEIGHTS}; pickled weights are not read")
    check_safetensors(folder / WEIGHTS, folder.name)
    return lora

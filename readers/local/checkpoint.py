"""Finding a checkpoint's folder and looking at its files, before any of it is loaded."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import errors as hub_errors
from huggingface_hub import snapshot_download
from safetensors import SafetensorError, safe_open

from ...core.errors import ReaderUnavailable

MEASURE_WORKS = "--reader measure works now, without a model"
LARGEST_JSON = 64 * 1024**2
MOST_LAYERS = 256

_HUB_ID = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
_SNAPSHOT = re.compile(r".*models--(?P<owner>[^/]+)--(?P<name>[^/]+)/snapshots/(?P<revision>[0-9a-f]{40})")
_WANTED = ("*.json", "*.jinja", "*.safetensors", "tokenizer.model")
_REFUSED = {
    "adapter_config.json": "it is an adapter, not a model: give it with --adapter TOOL=FOLDER",
    "pytorch_model.bin": "its weights are pickled, which can run code: only safetensors are read",
    "pytorch_model.bin.index.json": "its weights are pickled, which can run code: only safetensors are read",
}
_HTTP_ERROR = hub_errors.HTTPError  # type: ignore[attr-defined] # of whichever HTTP library the hub's client uses
_WITHHELD = (hub_errors.RepositoryNotFoundError, hub_errors.RevisionNotFoundError, hub_errors.HFValidationError)
"""What the hub's client raises for a repository that is gated, private or not there."""
_UNREACHED = (_HTTP_ERROR, hub_errors.LocalEntryNotFoundError, hub_errors.OfflineModeIsEnabled,
              hub_errors.XetDownloadError, OSError)
"""What a download that fails for no fault of the repository raises."""


@dataclass(frozen=True)
class Checkpoint:
    """A folder that looks like a checkpoint of MedGemma's architecture.

    Args:
        folder: where it is.
        model: hub id, or the folder's own name; never a path.
        revision: commit of the hub's repository, None where it is not known.
        weights: the safetensors files that the model is loaded from, sorted by name.
        config: content of config.json.
    """

    folder: Path
    model: str
    revision: str | None
    weights: tuple[Path, ...]
    config: dict[str, Any]

    @property
    def files(self) -> tuple[Path, ...]:
        """All that decides its answers: weights, configuration, tokenizer, chat template and scaling of pictures."""
        settings = {path for pattern in _WANTED for path in self.folder.glob(pattern) if path.suffix != ".safetensors"}
        return (*self.weights, *sorted(settings))


def find_checkpoint(name_or_folder: str, *, download: bool) -> Checkpoint:
    """The checkpoint of a folder, or of a hub id in the local cache.

    Args:
        name_or_folder: a folder that exists, else a hub id.
        download: fetch what the cache lacks; without it nothing is asked of any network.

    Raises:
        ReaderUnavailable: there is none, or it is of another kind; one line says what to do.
    """
    folder = Path(name_or_folder).expanduser()
    if not folder.is_dir():
        folder = Path(_snapshot(name_or_folder, download=download))
    folder = folder.resolve()
    known = _SNAPSHOT.fullmatch(folder.as_posix())
    model = f"{known['owner']}/{known['name']}" if known else folder.name
    config = _read_config(folder, model)
    return Checkpoint(folder, model, known["revision"] if known else None, _weight_files(folder, model), config)


def unusable(model: str, why: str) -> ReaderUnavailable:
    """The error for a checkpoint that is there and can't be used."""
    return ReaderUnavailable(f"the model {model!r} can't be used: {why}; {MEASURE_WORKS}")


def read_json(path: Path, model: str) -> dict[str, Any]:
    """A JSON object of the checkpoint.

    Raises:
        ReaderUnavailable: it is absent, too large, or no JSON object.
    """
    try:
        if path.stat().st_size > LARGEST_JSON:
            raise unusable(model, f"its {path.name} is too large to be one")
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise unusable(model, f"its folder has no {path.name}") from error
    except (OSError, ValueError, RecursionError) as error:
        raise unusable(model, f"its {path.name} can't be read") from error
    if not isinstance(content, dict):
        raise unusable(model, f"its {path.name} is not a JSON object")
    return content


def check_safetensors(path: Path, model: str) -> None:
    """Look at a file's header, which says how long the file must be.

    Raises:
        ReaderUnavailable: it is damaged, or shorter than its header says.
    """
    try:
        with safe_open(path, framework="np"):
            pass
    except (OSError, SafetensorError) as error:
        raise unusable(model, f"{path.name} is missing, damaged or incomplete; get it again") from error


def _snapshot(name: str, *, download: bool) -> str:
    if not _HUB_ID.fullmatch(name):
        raise ReaderUnavailable(f"there is no folder {Path(name).name!r} with a model in it; {MEASURE_WORKS}")
    try:
        return str(snapshot_download(name, local_files_only=not download, allow_patterns=list(_WANTED)))
    except _WITHHELD as error:
        raise ReaderUnavailable(f"the hub does not give out {name!r} to this account. {_how_to_get(name)}") from error
    except _UNREACHED as error:
        what = "could not be fetched" if download else "is not on this machine"
        raise ReaderUnavailable(f"the model {name!r} {what}. {_how_to_get(name)}") from error


def _how_to_get(name: str) -> str:
    return (f"Accept its terms (HAI-DEF for MedGemma) on the page of {name} on Hugging Face, log in with "
            f"`hf auth login`, then `hf download {name}` or --download, or give a folder with --model; {MEASURE_WORKS}")


def _read_config(folder: Path, model: str) -> dict[str, Any]:
    for name, why in _REFUSED.items():
        if (folder / name).exists():
            raise unusable(model, why)
    config = read_json(folder / "config.json", model)
    kind = config.get("model_type")
    if kind == "gemma3_text":
        raise unusable(model, "it is a Gemma 3 for text alone and can't see pictures")
    if kind != "gemma3" or "Gemma3ForConditionalGeneration" not in config.get("architectures", ()):
        raise unusable(model, f"it is of the kind {str(kind)[:40]!r}, not a Gemma 3 that reads pictures")
    for key in ("quantization_config", "transformers_weights"):
        if config.get(key) is not None:
            raise unusable(model, f"its config.json has {key!r}; only whole weights in bf16 or fp32 are read")
    for part in ("text_config", "vision_config"):
        _check_layers(config.get(part), part, model)
    return config


def _check_layers(part: Any, name: str, model: str) -> None:
    layers = part.get("num_hidden_layers", 1) if isinstance(part, dict) else None
    if not isinstance(layers, int) or not 1 <= layers <= MOST_LAYERS:
        raise unusable(model, f"the {name} of its config.json makes no sense")


def _weight_files(folder: Path, model: str) -> tuple[Path, ...]:
    """The files that the library will load: one, or the shards that the index names."""
    if any(folder.glob("shard-*.safetensors")):
        raise unusable(model, "its weights are the shards of a training run; save it whole with save_pretrained")
    names = {"model.safetensors"}
    if not (folder / "model.safetensors").exists():
        if not (folder / "model.safetensors.index.json").exists():
            raise unusable(model, "its folder has no model.safetensors and no index of shards; get the weights again")
        names = _shards(read_json(folder / "model.safetensors.index.json", model), model)
    files = tuple(folder / name for name in sorted(names))
    for file in files:
        check_safetensors(file, model)
    return files


def _shards(index: dict[str, Any], model: str) -> set[str]:
    shards = index.get("weight_map")
    if not isinstance(shards, dict) or not shards:
        raise unusable(model, "its index of shards names none")
    names = {str(name) for name in shards.values()}
    if any(Path(name).name != name for name in names):
        raise unusable(model, "its index of shards names files outside of its folder")
    return names

"""From what a user gives to a reader."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import ReaderUnavailable, UsageError
from .measure import MeasureReader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .protocol import Reader

MEDGEMMA = "google/medgemma-1.5-4b-it"
"""The hub id that `medgemma` stands for."""


@dataclass(frozen=True)
class ReaderChoice:
    """Who shall read.

    Args:
        name: `measure`; `medgemma`; the URL of an OpenAI-compatible server; the folder of a checkpoint; or the file
            of a recording (`.jsonl`).
        model: for `medgemma` a hub id or a folder, for a server the name of one of its models.
        adapters: folders of LoRA adapters, by the tool that reads with them.
        download: allow weights to be fetched from the hub; without it only local files are used.
        allow_plain_http: send pictures over plain http to a server that is not this machine.
        record: file (.jsonl) that every answer is also written to, to be played again by this name.
    """

    name: str = "measure"
    model: str | None = None
    adapters: Mapping[str, Path] = field(default_factory=dict)
    download: bool = False
    allow_plain_http: bool = False
    record: Path | None = None


def choose_reader(choice: ReaderChoice, cache: Path) -> Reader:
    """The reader that a user chose; a model's weights are read from the disk here, not at the first question.

    Args:
        choice: what the user gave.
        cache: folder for encoded pictures and digests of weights.

    Raises:
        UsageError: an option that has no meaning for this reader.
        ReaderUnavailable: the reader cannot be used here; one line says how to get it, or which one works now.
    """
    _check_options(choice)
    reader = _chosen(choice, cache)
    if choice.record is None:
        return reader
    from .recorded import Recorder

    return Recorder(reader, choice.record)


def _chosen(choice: ReaderChoice, cache: Path) -> Reader:
    if choice.name == "measure":
        return MeasureReader()
    if is_server(choice.name):
        from .served.reader import ServedReader

        return ServedReader(choice.name, choice.model, allow_plain_http=choice.allow_plain_http)
    if choice.name.endswith(".jsonl"):
        from .recorded import RecordedReader

        return RecordedReader(Path(choice.name))
    return _local(choice, cache)


def is_server(name: str) -> bool:
    """Whether a reader's name is the address of a server."""
    return name.startswith(("http://", "https://"))


def _local(choice: ReaderChoice, cache: Path) -> Reader:
    checkpoint = choice.model or MEDGEMMA if choice.name == "medgemma" else choice.name
    if choice.name != "medgemma" and not Path(choice.name).is_dir():
        raise ReaderUnavailable(f"there is no reader {choice.name!r}: give measure, medgemma, a server's URL, the "
                                "folder of a checkpoint or a recording (.jsonl); --reader measure works now")
    from .local.load import load_checkpoint
    from .local.reader import TransformersReader

    loaded = load_checkpoint(checkpoint, adapters=choice.adapters, download=choice.download, cache=cache)
    return TransformersReader(loaded, cache=cache)


def _check_options(choice: ReaderChoice) -> None:
    if not choice.name.strip():
        raise UsageError("--reader needs a name: measure, medgemma, a server's URL, a folder or a recording (.jsonl)")
    local = choice.name == "medgemma" or (not is_server(choice.name) and Path(choice.name).is_dir())
    if choice.model is not None and not (choice.name == "medgemma" or is_server(choice.name)):
        raise UsageError(f"--model has no meaning with the reader {choice.name!r}; leave it out")
    if (choice.adapters or choice.download) and not local:
        raise UsageError(f"--adapter and --download are for a model on this machine, not for {choice.name!r}")
    if choice.record is not None:
        _check_record(choice.name, choice.record)
    if choice.allow_plain_http and not is_server(choice.name):
        raise UsageError(f"--allow-plain-http is for a server, not for the reader {choice.name!r}")


def _check_record(reader: str, file: Path) -> None:
    if reader == "measure" or file.suffix != ".jsonl":
        raise UsageError("--record takes a .jsonl file, and a reader with a model")
    if not file.parent.is_dir():
        raise UsageError(f"--record {file}: there is no folder {file.parent}")
    if reader.endswith(".jsonl") and Path(reader).resolve() == file.resolve():
        raise UsageError(f"--record {file}: the recording that is played cannot be recorded into")

"""What kind of server answers at an address, and what it says about itself and its models."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from ...core.errors import ReaderFailed, ReaderUnavailable
from ...core.report import ReaderIdentity
from .transport import Refused, Transport

TOY_MARK = "caseloom_toy"
"""Key of config.json that marks a toy checkpoint (`readers.toy`, which loads torch)."""
OLLAMA_CONTEXT = 4096
"""Ollama's context, in tokens, on machines with little memory when nobody says otherwise (its documentation)."""
MOST_NAMED = 12


class Kind(StrEnum):
    """A kind of server, by its name for people."""

    VLLM = "vLLM"
    LLAMA_CPP = "llama.cpp's server"
    OLLAMA = "Ollama"
    TRANSFORMERS = "transformers serve"
    OTHER = "an OpenAI-compatible server"


@dataclass(frozen=True)
class Server:
    """A server and the model that it shall answer with.

    Args:
        kind: decides what it is trusted with.
        model: as the server wants it named.
        context: most tokens of prompt and answer together; None when it does not say.
        sees: whether the model takes pictures; None when the server does not say.
        root: what the server loaded the model from, where it says so.
        toy: it runs on this machine, with a folder marked as a toy's.
        origin: digest of its address.
    """

    kind: Kind
    model: str
    context: int | None = None
    sees: bool | None = None
    root: str | None = None
    toy: bool = False
    origin: str | None = None

    @property
    def identity(self) -> ReaderIdentity:
        """`served`, with the model as the server names it."""
        return ReaderIdentity(name="served", model=self.shown, interprets=True, unfit=self.why_unfit,
                              origin=self.origin)

    @property
    def shown(self) -> str:
        """The model's name without a folder."""
        return shown_name(self.model)

    @property
    def counts_pictures(self) -> bool:
        """Whether the prompt's token count must hold the 256 tokens that Gemma 3 has for each picture."""
        gemma = any("gemma" in name.lower() for name in (self.model, self.root or ""))
        return gemma and self.why_unfit is None and self.kind in {Kind.VLLM, Kind.LLAMA_CPP}

    @property
    def why_unfit(self) -> str | None:
        """Why no report may be written with this model; None when one may."""
        names = (shown_name(name).lower() for name in filter(None, (self.model, self.root)))
        toy = self.toy or any(re.search(r"(?<![a-z])toy(?![a-z])", name) for name in names)
        return "the server's model is a toy for tests" if toy else None


def inspect_server(transport: Transport, model: str | None) -> Server:
    """The server behind `transport`.

    Args:
        transport: to it.
        model: the one to answer with, by its name or the last part of it; None for the only one.

    Raises:
        ReaderUnavailable: it is down, wants a key, has no such model, or has several and none was chosen.
    """
    try:
        listed = _models(transport, model)
    except ReaderFailed as error:
        raise ReaderUnavailable(f"{error}; --reader measure works now") from error
    kind = _kind(transport, listed)
    chosen = _choose(listed, model, kind)
    about = _ABOUT.get(kind, _about_any)
    server = about(transport, Server(kind, str(chosen["id"]), root=_text(chosen.get("root"))), chosen)
    folders = filter(None, (server.model, server.root)) if transport.loopback else ()
    return replace(server, toy=any(map(_is_toy_folder, folders)), origin=transport.origin)


def shown_name(name: str) -> str:
    """A model's name, or the last part of it where the name is a folder or a file."""
    if re.match(r"[A-Za-z]:[\\/]", name):
        return PureWindowsPath(name).name
    is_hub_id = re.fullmatch(r"[\w.-]+/[\w.:-]+", name) and not name.startswith(".") and not name.endswith(".gguf")
    return name if is_hub_id or "/" not in name else PurePosixPath(name).name


def _models(transport: Transport, model: str | None) -> list[dict[str, Any]]:
    try:
        page = transport.get("/v1/models")
    except Refused as error:
        if model is not None and error.status in {404, 405, 500, 501}:
            return []
        raise
    data = page.get("data") if isinstance(page, dict) else None
    if not isinstance(data, list):
        raise ReaderFailed("the server lists no models as OpenAI-compatible servers do")
    return [entry for entry in data if isinstance(entry, dict) and isinstance(entry.get("id"), str)]


def _kind(transport: Transport, listed: list[dict[str, Any]]) -> Kind:
    owners = {entry.get("owned_by") for entry in listed}
    if "vllm" in owners or "llamacpp" in owners:
        return Kind.VLLM if "vllm" in owners else Kind.LLAMA_CPP
    if "version" in _page(transport, "/api/version"):
        return Kind.OLLAMA
    if "default_generation_settings" in _page(transport, "/props"):
        return Kind.LLAMA_CPP
    if "version" in _page(transport, "/version"):
        return Kind.VLLM
    paths = _page(transport, "/openapi.json").get("paths")
    return Kind.TRANSFORMERS if isinstance(paths, dict) and "/load_model" in paths else Kind.OTHER


def _choose(listed: list[dict[str, Any]], model: str | None, kind: Kind) -> dict[str, Any]:
    if model is None:
        candidates = listed
    else:
        named = {model, f"{model}:latest"}
        candidates = [entry for entry in listed if entry["id"] in named] or [
            entry for entry in listed if shown_name(entry["id"]).split("/")[-1] == model]
        if not candidates and (not listed or kind is Kind.TRANSFORMERS):
            return {"id": model}  # it lists what was downloaded, not what it was started with
    if len(candidates) == 1:
        return candidates[0]
    names = ", ".join(sorted(shown_name(entry["id"]) for entry in listed)[:MOST_NAMED]) or "none"
    wrong = "has several models" if model is None and listed else f"has no model {shown_name(model or '')!r}"
    raise ReaderUnavailable(f"the server {wrong if listed else 'lists no model'}; choose one with --model: {names}")


def _about_any(transport: Transport, server: Server, entry: dict[str, Any]) -> Server:
    return server


def _about_vllm(transport: Transport, server: Server, entry: dict[str, Any]) -> Server:
    return Server(server.kind, server.model, context=_count(entry.get("max_model_len")), root=server.root)


def _about_llama_cpp(transport: Transport, server: Server, entry: dict[str, Any]) -> Server:
    """By `/props`: the context of one slot, and whether a projector for pictures was given."""
    about = _page(transport, "/props")
    settings, modalities = about.get("default_generation_settings"), about.get("modalities")
    context = _count(settings.get("n_ctx")) if isinstance(settings, dict) else None
    sees = modalities.get("vision") if isinstance(modalities, dict) else None
    return Server(server.kind, server.model, context=context, sees=sees if isinstance(sees, bool) else None,
                  root=_text(about.get("model_path")))


def _about_ollama(transport: Transport, server: Server, entry: dict[str, Any]) -> Server:
    """The context is known once the model is loaded: Ollama cuts what is longer without saying so."""
    shown = _posted(transport, "/api/show", {"model": server.model})
    _posted(transport, "/api/generate", {"model": server.model, "stream": False}, loads=True)
    running = _page(transport, "/api/ps").get("models")
    contexts = [_count(one.get("context_length")) for one in (running if isinstance(running, list) else [])
                if isinstance(one, dict) and server.model in {one.get("name"), one.get("model")}]
    said = re.search(r"^num_ctx\s+(\d{1,9})\s*$", _text(shown.get("parameters")) or "", re.MULTILINE)
    context = next(filter(None, contexts), None) or (int(said[1]) if said else OLLAMA_CONTEXT)
    abilities = shown.get("capabilities")
    return Server(server.kind, server.model, context=context,
                  sees="vision" in abilities if isinstance(abilities, list) else None)


_ABOUT = {Kind.VLLM: _about_vllm, Kind.LLAMA_CPP: _about_llama_cpp, Kind.OLLAMA: _about_ollama}


def _page(transport: Transport, path: str) -> dict[str, Any]:
    """What a server says there, empty where it says nothing of use: it is asked only to tell kinds apart."""
    try:
        page = transport.get(path)
    except ReaderFailed:
        return {}
    return page if isinstance(page, dict) else {}


def _posted(transport: Transport, path: str, body: dict[str, Any], *, loads: bool = False) -> dict[str, Any]:
    """As `_page`; a request that loads the model may take as long as an answer."""
    try:
        page = transport.post(path, body) if loads else transport.inspect(path, body)
    except ReaderFailed:
        return {}
    return page if isinstance(page, dict) else {}


def _is_toy_folder(name: str) -> bool:
    try:
        config = json.loads((Path(name) / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(config, dict) and bool(config.get(TOY_MARK))


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None

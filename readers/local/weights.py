"""Which weights answer for which tool."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ...core.ids import digest

if TYPE_CHECKING:
    from .load import Loaded

_VISION = ("vision_tower", "multi_modal_projector")


class Weights:
    """A loaded checkpoint with its adapters, each named after the tool that reads with it.

    Args:
        loaded: the checkpoint; its model is wrapped by peft when there are adapters.
    """

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._adapted: Any = loaded.model if loaded.identity.adapters else None
        self.model: Any = loaded.model.get_base_model() if loaded.identity.adapters else loaded.model

    def digest(self, tool: str) -> str:
        """Tells apart all that decides the decoder's output for a tool."""
        identity = self._loaded.identity
        return digest([identity.weights_sha256, identity.adapters.get(tool)])

    def vision_digest(self, tool: str) -> str:
        """Tells apart all that decides a picture's features for a tool: an adapter counts only if it reaches them."""
        identity = self._loaded.identity
        adapter = identity.adapters.get(tool) if self._reaches_vision(tool) else None
        return digest([identity.weights_sha256, adapter])

    @contextmanager
    def active(self, tool: str) -> Iterator[None]:
        """Within it the model answers for a tool: with its adapter, or with none when it has none."""
        if self._adapted is None:
            yield
        elif tool in self._loaded.identity.adapters:
            self._adapted.set_adapter(tool)
            yield
        else:
            with self._adapted.disable_adapter():
                yield

    def _reaches_vision(self, tool: str) -> bool:
        if tool not in self._loaded.identity.adapters:
            return False
        return any(f".{tool}." in name and any(part in name for part in _VISION)
                   for name, _ in self._adapted.named_parameters())

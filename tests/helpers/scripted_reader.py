"""A reader that answers by a script: a full reader whose words go through the same parsing as a model's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from caseloom.core.errors import ReaderFailed
from caseloom.core.report import ReaderIdentity
from caseloom.readers.answers import make_reading
from caseloom.readers.reading import Reading, Seconds, Tokens
from caseloom.readers.request import Request

T = TypeVar("T")
Script = Mapping[str, str] | Callable[[Request[Any]], str]

SCRIPTED = ReaderIdentity(name="scripted", interprets=True, unfit="a scripted reader for tests")
PICTURE_TOKENS = 260


class ScriptedReader:
    """Answers every request by `script` and keeps the requests it got in `requests`.

    Args:
        script: the text for a recipe, by its name with or without version (`ct/1` or `ct`); or a function from the
            request to the text, which may raise ReaderFailed as a real reader would.
        identity: who it says it is.
        context: tokens that it says it holds.
    """

    def __init__(self, script: Script, identity: ReaderIdentity = SCRIPTED, context: int | None = None) -> None:
        self._script = script
        self._identity = identity
        self._context = context
        self.requests: list[Request[Any]] = []

    @property
    def identity(self) -> ReaderIdentity:
        return self._identity

    @property
    def context(self) -> int | None:
        return self._context

    def read(self, requests: Sequence[Request[T]]) -> list[Reading[T]]:
        """The script's readings, in order.

        Raises:
            ReaderFailed: the script knows no answer.
        """
        self.requests.extend(requests)
        return [self._read(request) for request in requests]

    def _read(self, request: Request[T]) -> Reading[T]:
        text = self._text(request)
        tokens = Tokens(prompt=prompt_tokens(request), reused=0, generated=len(text.split()))
        return make_reading(request, text, reader=self._identity, tokens=tokens, seconds=Seconds())

    def _text(self, request: Request[Any]) -> str:
        if not isinstance(self._script, Mapping):
            return self._script(request)
        for key in (request.recipe, request.recipe.split("/")[0]):
            if key in self._script:
                return self._script[key]
        raise ReaderFailed(f"the script has no answer for the recipe {request.recipe!r}")


def prompt_tokens(request: Request[Any]) -> int:
    """A plausible count: Gemma's 260 a picture, one a word."""
    words = " ".join(part for part in (request.system or "", *request.parts) if isinstance(part, str))
    return PICTURE_TOKENS * len(request.pictures) + len(words.split())

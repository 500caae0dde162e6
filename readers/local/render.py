"""From a request to the tokens that the checkpoint's own processor would make of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ..request import Part, Picture, Request

Key = int | str
"""A token of a prompt as compared: its id, or for a picture's soft tokens the picture's SHA-256."""


@dataclass(frozen=True)
class Span:
    """Where the soft tokens of a picture stand: `start` to before `stop`."""

    start: int
    stop: int


@dataclass(frozen=True)
class Prompt:
    """A rendered request.

    Args:
        ids: token ids, soft tokens of pictures included.
        keys: of the same length; two prompts begin alike as far as their keys do.
        spans: one per picture, in order.
        pictures: the pictures.
        stem: how many leading tokens the same request with another last part would share.
    """

    ids: tuple[int, ...]
    keys: tuple[Key, ...]
    spans: tuple[Span, ...]
    pictures: tuple[Picture, ...]
    stem: int


class Renderer:
    """Renders requests with a checkpoint's chat template and tokenizer.

    Args:
        processor: a Gemma3Processor.
    """

    def __init__(self, processor: Any) -> None:
        self._processor = processor
        self._tokenizer = processor.tokenizer
        self._soft = int(self._tokenizer.image_token_id)
        self._control = _control_pattern(self._tokenizer)

    def prompt(self, request: Request[Any]) -> Prompt:
        """The tokens of a request. What looks like a control token inside its text is taken apart by a space."""
        ids, keys, spans = self._tokens(request.parts, request.system)
        _, other, _ = self._tokens(request.parts[:-1], request.system)
        stem = min(common_length(keys, other), len(keys) - 1)
        return Prompt(tuple(ids), tuple(keys), tuple(spans), request.pictures, stem)

    def _tokens(self, parts: tuple[Part, ...], system: str | None) -> tuple[list[int], list[Key], list[Span]]:
        text = self._processor.apply_chat_template(
            self._messages(parts, system), add_generation_prompt=True, tokenize=False)
        tokenizer = self._tokenizer
        picture = f"\n\n{tokenizer.boi_token}{tokenizer.image_token}{tokenizer.eoi_token}\n\n"
        begun = text.startswith(tokenizer.bos_token)
        short = tokenizer.encode(text.replace(tokenizer.boi_token, picture), add_special_tokens=not begun)
        return self._expand(short, [part.sha256 for part in parts if isinstance(part, Picture)])

    def _messages(self, parts: tuple[Part, ...], system: str | None) -> list[dict[str, Any]]:
        content = [{"type": "image"} if isinstance(part, Picture) else self._text(part) for part in parts]
        user = {"role": "user", "content": content}
        return [user] if system is None else [{"role": "system", "content": [self._text(system)]}, user]

    def _text(self, words: str) -> dict[str, str]:
        return {"type": "text", "text": self._control.sub(lambda found: f"{found[0][0]} {found[0][1:]}", words)}

    def _expand(self, short: list[int], digests: list[str]) -> tuple[list[int], list[Key], list[Span]]:
        """Every picture's one soft token becomes as many as the model has."""
        ids: list[int] = []
        keys: list[Key] = []
        spans: list[Span] = []
        for token in short:
            count = self._processor.image_seq_length if token == self._soft else 1
            if token == self._soft:
                spans.append(Span(len(ids), len(ids) + count))
            keys.extend([digests[len(spans) - 1] if token == self._soft else token] * count)
            ids.extend([token] * count)
        return ids, keys, spans


def common_length(one: tuple[Key, ...] | list[Key], other: tuple[Key, ...] | list[Key]) -> int:
    """How many leading keys two sequences share."""
    shorter = min(len(one), len(other))
    return next((index for index in range(shorter) if one[index] != other[index]), shorter)


def _control_pattern(tokenizer: Any) -> re.Pattern[str]:
    """Tokens that steer the model: special ones, and those unused ones that fence a thinking trace."""
    added = tokenizer.added_tokens_decoder.values()
    words = {token.content for token in added if token.special or token.content.startswith("<unused")}
    return re.compile("|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)))

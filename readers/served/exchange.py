"""From a request to the body of a chat completion, and from the server's answer to a reading."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from PIL import Image

from ...core.errors import ReaderFailed
from ...core.ids import digest
from ..answers import make_reading
from ..counts import PICTURE_TOKENS, estimated_prompt
from ..reading import Reading, Seconds, Tokens
from ..request import Picture, Request
from .server import Kind, Server
from .transport import Refused

T = TypeVar("T")

_SCHEMA_KINDS = frozenset({Kind.VLLM, Kind.LLAMA_CPP, Kind.OLLAMA, Kind.OTHER})


def data_uri(picture: Picture) -> str:
    """The picture as a PNG data URI, without loss; packed quickly rather than small."""
    file = io.BytesIO()
    Image.fromarray(picture.pixels).save(file, format="PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode("ascii")


def check_request(request: Request[Any], server: Server) -> None:
    """Find out before anything is sent whether this server can read the request as it is meant.

    Raises:
        ReaderFailed: it cannot; the message says what can.
    """
    pictures = len(request.pictures)
    if pictures and server.sees is False:
        remedy = "start it with --mmproj" if server.kind is Kind.LLAMA_CPP else "choose a model with vision"
        raise ReaderFailed(f"the server's model takes no pictures; {remedy}")
    if server.kind is Kind.OLLAMA and not _pictures_lead(request):
        raise ReaderFailed(f"Ollama puts a prompt's pictures before its text, and {request.recipe} has text before or "
                           "between them; serve the model with vLLM or llama.cpp's server for it")
    needed = estimated_prompt(request) + request.max_tokens
    if server.context is not None and needed > server.context:
        raise ReaderFailed(f"{request.recipe} needs about {needed} tokens ({pictures} pictures), and the server's "
                           f"context has {server.context}; start it with a longer one")


def chat_body(request: Request[Any], server: Server, uri: Callable[[Picture], str]) -> dict[str, Any]:
    """The body of a chat completion: one user turn, its parts in order, decoded greedily.

    Args:
        request: what is asked.
        server: who is asked.
        uri: `data_uri`, or one that remembers.
    """
    parts = [{"type": "image_url", "image_url": {"url": uri(part)}} if isinstance(part, Picture)
             else {"type": "text", "text": part} for part in request.parts]
    messages: list[dict[str, Any]] = [{"role": "user", "content": parts}]
    if request.system is not None:
        messages.insert(0, {"role": "system", "content": request.system})
    body = {"model": server.model, "messages": messages, "temperature": 0, "seed": 0, "stream": False,
            "max_tokens": request.max_tokens}
    if request.expect.schema is not None and server.kind in _SCHEMA_KINDS:
        body["response_format"] = {"type": "json_schema", "json_schema": {
            "name": "answer", "strict": True, "schema": request.expect.schema}}
    if server.kind is Kind.VLLM:
        body["cache_salt"] = digest(["scope", request.scope])  # its prefix cache is then shared within a patient only
        body["skip_special_tokens"] = False  # the tags of a thinking trace must be seen to be cut
    return body


def read_completion(request: Request[T], server: Server, page: Any, seconds: float) -> Reading[T]:
    """The reading in a server's chat completion.

    Args:
        request: what was asked.
        server: who answered.
        page: the JSON that came.
        seconds: that it took.

    Raises:
        ReaderFailed: it is no chat completion, or the pictures did not arrive at the model.
    """
    said = _completion(page)
    if server.counts_pictures and said.prompt is not None and said.prompt < PICTURE_TOKENS * len(request.pictures):
        raise ReaderFailed(f"the server counted {said.prompt} tokens for {len(request.pictures)} pictures of "
                           f"{PICTURE_TOKENS} each: it did not show them to the model")
    tokens = Tokens(prompt=said.prompt or 0, reused=said.reused, generated=said.generated)
    notes = {"the server does not count tokens": said.prompt is None,
             "the server does not say whether its answer is whole": said.cut_off is None,
             f"{server.kind} does not hold an answer to its JSON schema":
                 request.expect.schema is not None and server.kind not in _SCHEMA_KINDS}
    return make_reading(request, said.text, reader=server.identity, tokens=tokens, seconds=Seconds(decode=seconds),
                        cut_off=bool(said.cut_off),
                        notes=tuple(note for note, applies in notes.items() if applies))


def explain(error: Refused, request: Request[Any]) -> ReaderFailed:
    """A refusal in words that say what to do, where the server's own are known."""
    limit = re.search(r"[Aa]t most (\d+) image", error.reason)
    if limit:
        return ReaderFailed(f"the server takes {limit[1]} pictures in one prompt, and {request.recipe} has "
                            f"{len(request.pictures)}; start it with --limit-mm-per-prompt '{{\"image\": 126}}'")
    if error.status in {400, 413} and re.search(r"context (length|size|window)|max_model_len|too long", error.reason):
        return ReaderFailed(f"the prompt of {request.recipe} ({len(request.pictures)} pictures) is too long for the "
                            "server's context; start it with a longer one")
    return error


@dataclass(frozen=True)
class _Completion:
    text: str
    cut_off: bool | None
    prompt: int | None
    reused: int
    generated: int


def _completion(page: Any) -> _Completion:
    try:
        choice = page["choices"][0]
        message = choice["message"]
        content = message.get("content") or ""
        trace = message.get("reasoning_content") or message.get("reasoning") or ""
        usage = page.get("usage") or {}
        details = usage.get("prompt_tokens_details") or {}
        prompt, generated = usage.get("prompt_tokens"), usage.get("completion_tokens", 0)
        reused = details.get("cached_tokens") or 0
        finish = choice.get("finish_reason")
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        raise ReaderFailed("the server's answer is no chat completion; is it an OpenAI-compatible server?") from error
    if not (isinstance(content, str) and isinstance(trace, str)):
        raise ReaderFailed("the server's answer holds no text")
    if not (_is_count(generated) and _is_count(reused) and (prompt is None or _is_count(prompt))):
        raise ReaderFailed("the server's token counts are no numbers")
    text = f"<unused94>thought\n{trace}<unused95>{content}" if trace else content
    cut_off = None if finish is None else finish != "stop"  # length, abort, content_filter, error: not of its own
    return _Completion(text.encode("utf-8", "replace").decode("utf-8"), cut_off, prompt, min(reused, prompt or 0),
                       generated)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _pictures_lead(request: Request[Any]) -> bool:
    kinds = [isinstance(part, Picture) for part in request.parts]
    return kinds == sorted(kinds, reverse=True)

"""Small real HTTP servers on this machine that behave, or misbehave, as other people's servers do."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = "google/medgemma-1.5-4b-it"


@dataclass
class Call:
    """What a client sent."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any


@dataclass
class Answer:
    """What the server does: JSON by default, or bytes as they are; `hang` seconds before; `close` without a word."""

    content: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    hang: float = 0.0
    close: bool = False
    dribble: int = 0
    """Bytes that are sent, one at a time, each after `hang` seconds, of a body said to be longer."""


Routes = Mapping[str, Answer | Callable[[Call], Answer]]


@dataclass
class LoopbackServer:
    """A running server: its URL, and what it was asked."""

    url: str
    calls: list[Call]

    @property
    def chats(self) -> list[Call]:
        """The chat completions among them."""
        return [call for call in self.calls if call.path == "/v1/chat/completions"]


@contextmanager
def serving(routes: Routes) -> Iterator[LoopbackServer]:
    """Serve `routes`, by path; any other path is 404."""
    calls: list[Call] = []
    stop = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer("GET")

        def do_POST(self) -> None:
            self._answer("POST")

        def log_message(self, *_: Any) -> None:
            """Nothing is printed."""

        def _answer(self, method: str) -> None:
            content = self.rfile.read(int(self.headers.get("content-length") or 0))
            call = Call(method, self.path, dict(self.headers.items()), json.loads(content) if content else None)
            calls.append(call)
            route = routes.get(self.path, Answer({"detail": "Not Found"}, 404))
            self._send(route(call) if callable(route) else route)

        def _send(self, answer: Answer) -> None:
            stop.wait(answer.hang)
            if answer.close:
                return
            written = answer.content if isinstance(answer.content, bytes) else json.dumps(answer.content).encode()
            self.send_response(answer.status)
            for name, value in {"content-length": str(len(written)), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                for _ in range(answer.dribble):
                    self.wfile.write(b" ")
                    stop.wait(answer.hang)
                self.wfile.write(written)
            except ConnectionError:
                return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield LoopbackServer(f"http://127.0.0.1:{server.server_port}", calls)
    finally:
        stop.set()
        server.shutdown()
        thread.join()
        server.server_close()


def completion(text: str | None = "Final Answer: yes", *, prompt: int = 30_000, generated: int = 5,
               finish: str | None = "stop", **message: Any) -> Answer:
    """A chat completion as OpenAI's API reference describes it."""
    return Answer({"object": "chat.completion", "model": MODEL, "choices": [
        {"index": 0, "message": {"role": "assistant", "content": text, **message}, "finish_reason": finish}],
        "usage": {"prompt_tokens": prompt, "completion_tokens": generated, "total_tokens": prompt + generated}})


Chat = Answer | Callable[[Call], Answer]


def vllm(chat: Chat, *, context: int = 34_816, model: str = MODEL, root: str = MODEL) -> Routes:
    """The pages of vLLM that tell what it is."""
    return {"/v1/models": Answer({"object": "list", "data": [
        {"id": model, "object": "model", "owned_by": "vllm", "root": root, "max_model_len": context}]}),
        "/version": Answer({"version": "0.17.1"}), "/v1/chat/completions": chat}


def llama_cpp(chat: Chat, *, context: int = 34_816, vision: bool = True) -> Routes:
    """The pages of llama.cpp's server that tell what it is."""
    return {"/v1/models": Answer({"object": "list", "data": [
        {"id": "/srv/models/medgemma-1.5-4b-it-Q8_0.gguf", "object": "model", "owned_by": "llamacpp"}]}),
        "/props": Answer({"default_generation_settings": {"n_ctx": context}, "modalities": {"vision": vision},
                          "model_path": "/srv/models/medgemma-1.5-4b-it-Q8_0.gguf"}),
        "/v1/chat/completions": chat}


def ollama(chat: Chat, *, parameters: str = "", context: int | None = None) -> Routes:
    """The pages of Ollama that tell what it is; the context is known of a loaded model only."""
    running = [{"name": "medgemma1.5:4b", "context_length": context}] if context else []
    return {"/v1/models": Answer({"object": "list", "data": [
        {"id": "medgemma1.5:4b", "object": "model", "owned_by": "library"}]}),
        "/api/version": Answer({"version": "0.12.0"}),
        "/api/show": Answer({"parameters": parameters, "capabilities": ["completion", "vision"]}),
        "/api/generate": Answer({"done": True}), "/api/ps": Answer({"models": running}),
        "/v1/chat/completions": chat}


def plain(chat: Chat, *models: str) -> Routes:
    """A server that says nothing about itself but its models."""
    return {"/v1/models": Answer({"data": [{"id": model, "object": "model"} for model in models or (MODEL,)]}),
            "/v1/chat/completions": chat}

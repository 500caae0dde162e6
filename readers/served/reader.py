"""The reader that asks an OpenAI-compatible server."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, TypeVar

from ...core.report import ReaderIdentity
from ..reading import Reading
from ..request import Picture, Request
from .exchange import chat_body, check_request, data_uri, explain, read_completion
from .server import inspect_server
from .settings import Patience, find_address
from .transport import Refused, Transport

T = TypeVar("T")

MOST_PICTURES_HELD = 256
"""Encoded pictures that are kept while requests are read."""


class ServedReader:
    """Reads with a model behind vLLM, llama.cpp's server, Ollama, `transformers serve` or another such server.

    The model's weights cannot be seen from here: its identity is the name that the server gives it.

    Args:
        url: of the server, with or without `/v1`. Plain http is for this machine.
        model: one of the server's models; None for the only one.
        allow_plain_http: send patients' pictures over plain http to another machine too.
        patience: time limits, attempts and bounds; None for the usual ones.

    Raises:
        UsageError: `url` is no address of a server.
        ReaderUnavailable: the server is down, has no such model, or may not be used.
    """

    def __init__(self, url: str, model: str | None = None, *, allow_plain_http: bool = False,
                 patience: Patience | None = None) -> None:
        self._address = find_address(url, os.environ, allow_plain_http=allow_plain_http)
        self._patience = patience or Patience()
        with self._transport() as transport:
            self._server = inspect_server(transport, model)

    @property
    def identity(self) -> ReaderIdentity:
        """`served`, with the model as the server names it."""
        return self._server.identity

    @property
    def context(self) -> int | None:
        """What the server says, where it does."""
        return self._server.context

    def read(self, requests: Sequence[Request[T]]) -> list[Reading[T]]:
        """The server's answers, in the order of the requests.

        Of requests that begin with the same pictures one goes first, so that the server has them in its prefix cache
        when the others come side by side.

        Raises:
            ReaderFailed: the server is down or answers with an error or with garbage, or cannot read one of the
                requests as it is meant; then none is sent.
        """
        for request in requests:
            check_request(request, self._server)
        readings: dict[int, Reading[T]] = {}
        uri = lru_cache(MOST_PICTURES_HELD)(data_uri)
        with self._transport() as transport:
            for wave in _waves(requests):
                asked = [requests[index] for index in wave]
                answers = self._side_by_side(transport, asked, uri)
                readings.update(zip(wave, answers, strict=True))
        return [readings[index] for index in range(len(requests))]

    def _transport(self) -> Transport:
        return Transport(self._address, self._patience)

    def _side_by_side(self, transport: Transport, requests: Sequence[Request[T]], uri: Any) -> list[Reading[T]]:
        if len(requests) == 1:
            return [self._ask(transport, requests[0], uri)]
        with ThreadPoolExecutor(self._patience.parallel) as pool:
            futures = [pool.submit(self._ask, transport, request, uri) for request in requests]
            try:
                return [future.result() for future in futures]
            finally:
                pool.shutdown(cancel_futures=True)

    def _ask(self, transport: Transport, request: Request[T], uri: Any) -> Reading[T]:
        body = chat_body(request, self._server, uri)
        start = time.perf_counter()
        try:
            page = transport.post("/v1/chat/completions", body)
        except Refused as error:
            raise explain(error, request) from error
        return read_completion(request, self._server, page, time.perf_counter() - start)


def _waves(requests: Sequence[Request[Any]]) -> Iterable[list[int]]:
    """Places of the first request of each group that shares its leading parts, then those of all others."""
    first: dict[tuple[Any, ...], int] = {}
    for index, request in enumerate(requests):
        first.setdefault(_leading(request) or (index,), index)
    leaders = sorted(first.values())
    others = sorted(set(range(len(requests))) - set(leaders))
    return [wave for wave in (leaders, others) if wave]


def _leading(request: Request[Any]) -> tuple[Any, ...]:
    """What a server computes once for several requests: scope, system text, and the parts up to the last picture or,
    where there is none, up to the last part; empty for a request of one text."""
    pictures = [place for place, part in enumerate(request.parts) if isinstance(part, Picture)]
    shared = request.parts[:pictures[-1] + 1] if pictures else request.parts[:-1]
    if not shared:
        return ()
    return (request.scope, request.system, *(part.sha256 if isinstance(part, Picture) else part for part in shared))

"""The reader that asks an OpenAI-compatible server."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, TypeVar

from ...core.errors import ReaderFailed
from ...core.report import ReaderIdentity
from ..answers import unread
from ..reading import Reading
from ..request import Picture, Request
from .exchange import chat_body, check_request, data_uri, explain, read_completion
from .server import Server, inspect_server
from .settings import Patience, find_address
from .transport import Refused, Transport

T = TypeVar("T")

MOST_PICTURES_HELD = 256
"""Encoded pictures that are kept while requests are read."""
MOST_FAILURES = 3
"""Requests in a row without an answer after which a server is asked nothing more."""
WRONGLY_ASKED = range(300, 429)
"""Statuses that speak of what was asked, not of the server's state: no other request would fare better."""


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
            ReaderFailed: the server is down or answers all of them with an error or with garbage, or will not read one
                of the requests as it is meant. Where some are answered, the others are `unread`.
        """
        for request in requests:
            check_request(request, self._server)
        answers: dict[int, Reading[T] | ReaderFailed] = {}
        with self._transport() as transport:
            ask = _Asking(transport, self._server)
            for wave in _waves(requests):
                answers.update(zip(wave, self._side_by_side(ask, [requests[index] for index in wave]), strict=True))
        failures = [answer for answer in answers.values() if isinstance(answer, ReaderFailed)]
        if failures and len(failures) == len(answers):
            raise failures[0]
        return [unread(self.identity, str(answer)) if isinstance(answer, ReaderFailed) else answer
                for _, answer in sorted(answers.items())]

    def _transport(self) -> Transport:
        return Transport(self._address, self._patience)

    def _side_by_side(self, ask: _Asking, requests: Sequence[Request[T]]) -> list[Reading[T] | ReaderFailed]:
        with ThreadPoolExecutor(self._patience.parallel) as pool:
            try:
                return list(pool.map(ask, requests))
            finally:
                pool.shutdown(cancel_futures=True)


class _Asking:
    """Asks request by request, from several threads, until the server has failed a few times in a row."""

    def __init__(self, transport: Transport, server: Server) -> None:
        self._transport = transport
        self._server = server
        self._uri = lru_cache(MOST_PICTURES_HELD)(data_uri)
        self._failures: list[ReaderFailed] = []

    def __call__(self, request: Request[T]) -> Reading[T] | ReaderFailed:
        if len(self._failures) >= MOST_FAILURES:
            return self._failures[-1]
        start = time.perf_counter()
        try:
            page = self._transport.post("/v1/chat/completions", chat_body(request, self._server, self._uri))
            reading = read_completion(request, self._server, page, time.perf_counter() - start)
        except ReaderFailed as error:
            if isinstance(error, Refused) and error.status in WRONGLY_ASKED:
                raise explain(error, request) from error
            self._failures.append(error)
            return error
        self._failures.clear()
        return reading


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

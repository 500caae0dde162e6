"""JSON over HTTP to a server that may be down, busy, slow or no server of this kind at all."""

from __future__ import annotations

import json
import random
import re
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx

from ...core.errors import ReaderFailed
from ...core.ids import digest
from .settings import KEY_VARIABLE, Address, Patience

AGAIN = frozenset({429, 502, 503, 504})
"""Statuses of a server that is busy or starting."""
_PRIVATE = re.compile(r"(?<![\w/])(?:[A-Za-z]:\\|~?/|\.{1,2}/)[^\s'\",;:()]+|[A-Za-z0-9+/=_-]{40,}")
MOST_WORDS = 160


class Refused(ReaderFailed):
    """The server answered with an error.

    Args:
        status: of HTTP.
        reason: what the server said, one short line without paths and long codes; may be empty.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"the server answered {status}" + (f": {reason}" if reason else ""))
        self.status = status
        self.reason = reason


class _Again(Exception):
    """Worth another attempt.

    Args:
        failure: what to raise when there is none.
        after: seconds that the server asks to wait, None when it does not.
    """

    def __init__(self, failure: ReaderFailed, after: float | None = None) -> None:
        super().__init__(str(failure))
        self.failure = failure
        self.after = after


@dataclass(frozen=True)
class Page:
    """A whole answer: status of HTTP, and content."""

    status: int
    content: bytes
    after: float | None


class Transport:
    """Asks one server; to be used in a `with` block, by several threads at once if need be.

    Redirects are not followed, compressed answers not accepted, and for this machine the environment's proxies are
    not used.
    """

    def __init__(self, address: Address, patience: Patience) -> None:
        self._address = address
        self._patience = patience
        headers = {"accept": "application/json", "accept-encoding": "identity"}
        if address.key is not None:
            headers["authorization"] = f"Bearer {address.key}"
        self._client = httpx.Client(headers=headers, follow_redirects=False, trust_env=not address.loopback,
                                    limits=httpx.Limits(max_connections=patience.parallel + 1))

    @property
    def origin(self) -> str:
        """Digest of the server's address."""
        return digest(["server", self._address.base])

    @property
    def loopback(self) -> bool:
        """The server runs on this machine."""
        return self._address.loopback

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._client.close()

    def get(self, path: str) -> Any:
        """The JSON at `path`, asked once.

        Raises:
            Refused: a status that is no success.
            ReaderFailed: no connection, no JSON, too slow, too much.
        """
        try:
            return self._once("GET", path, None, self._patience.inspect_seconds)
        except _Again as reason:
            raise reason.failure from reason

    def inspect(self, path: str, body: Any) -> Any:
        """The JSON that the server answers to the JSON `body` about itself, asked once. Raises as `get`."""
        try:
            return self._once("POST", path, json.dumps(body).encode("utf-8"), self._patience.inspect_seconds)
        except _Again as reason:
            raise reason.failure from reason

    def post(self, path: str, body: Any) -> Any:
        """The JSON that the server answers to the JSON `body`, asked again while the server is busy or out of reach.

        Args:
            path: below the server's base.
            body: JSON-able.

        Raises:
            Refused: a status that is no success.
            ReaderFailed: no connection, no JSON, too slow, too much.
        """
        written = json.dumps(body).encode("utf-8")
        for attempt in range(1, self._patience.attempts + 1):
            try:
                return self._once("POST", path, written, self._patience.answer_seconds)
            except _Again as reason:
                if attempt == self._patience.attempts:
                    raise reason.failure from reason
                time.sleep(self._wait(attempt, reason.after))
        raise AssertionError("at least one attempt is made")

    def _wait(self, attempt: int, after: float | None) -> float:
        doubled = self._patience.backoff_seconds * 2.0 ** (attempt - 1)
        spread = doubled * random.uniform(1, 1.5)  # noqa: S311 - it spreads requests and keeps no secret
        return min(max(spread, after or 0.0), self._patience.longest_backoff_seconds)

    def _once(self, method: str, path: str, body: bytes | None, seconds: float) -> Any:
        try:
            page = self._page(method, path, body, seconds)
        except httpx.TimeoutException as error:
            if isinstance(error, httpx.ConnectTimeout):
                raise _Again(_unreachable("no connection in time")) from error
            raise ReaderFailed(f"the server gave no answer within {seconds:g} seconds") from error
        except (httpx.NetworkError, httpx.RemoteProtocolError) as error:
            raise _Again(_unreachable(_brief(str(error)))) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ReaderFailed(f"the server cannot be asked: {_brief(str(error))}") from error
        return _read(page)

    def _page(self, method: str, path: str, body: bytes | None, seconds: float) -> Page:
        start = time.monotonic()
        timeout = httpx.Timeout(seconds, connect=min(seconds, self._patience.connect_seconds), pool=None)
        headers = {"content-type": "application/json"} if body is not None else {}
        content = bytearray()
        with self._client.stream(method, self._address.base + path, content=body, headers=headers,
                                 timeout=timeout) as response:
            for chunk in response.iter_raw():
                content += chunk
                if len(content) > self._patience.most_bytes:
                    raise ReaderFailed(f"the server answered more than {self._patience.most_bytes} bytes")
                if time.monotonic() - start > seconds:
                    raise ReaderFailed(f"the server gave no whole answer within {seconds:g} seconds")
            return Page(response.status_code, bytes(content), _seconds(response.headers.get("retry-after")))


def _unreachable(reason: str) -> ReaderFailed:
    words = re.sub(r"^\[Errno -?\d+\] ", "", reason) or "it closed the connection"
    return ReaderFailed(f"the server cannot be reached ({words}); start it, or check the URL")


def _read(page: Page) -> Any:
    if page.status in AGAIN:
        raise _Again(Refused(page.status, _reason(page.content) or "it is busy or still starting"), page.after)
    if 300 <= page.status < 400:
        raise Refused(page.status, "it sends elsewhere, and patients' pictures are not sent on; give the final URL")
    if page.status in {401, 403}:
        raise Refused(page.status, f"it wants another key; set {KEY_VARIABLE}")
    if page.status != 200:
        raise Refused(page.status, _reason(page.content))
    try:
        return json.loads(page.content)
    except (ValueError, RecursionError) as error:
        raise ReaderFailed("the server's answer is no JSON; is it an OpenAI-compatible server?") from error


def _seconds(header: str | None) -> float | None:
    return float(header) if header is not None and re.fullmatch(r"\d{1,6}", header) else None


def _reason(content: bytes) -> str:
    """What a server's error says, in the forms of OpenAI and vLLM, of FastAPI, and of Ollama."""
    try:
        said = json.loads(content)
    except (ValueError, RecursionError):
        return ""
    for key in ("error", "message", "detail"):
        if isinstance(said, dict):
            said = said.get(key, said)
    return _brief(said) if isinstance(said, str) else ""


def _brief(text: str) -> str:
    """One short line; paths, and codes such as a picture sent back, are left out."""
    line = _PRIVATE.sub("…", " ".join(text[:4000].split()))
    return line if len(line) <= MOST_WORDS else line[:MOST_WORDS - 1] + "…"

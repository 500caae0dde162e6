"""What every request passes first: the host it names, its size, how many come at once, and what the answer forbids."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import problems
from .options import Options

POLICY = ("default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; "
          "font-src 'self'; connect-src 'self'; worker-src 'self' blob:; frame-src 'self'; frame-ancestors 'none'; "
          "base-uri 'none'; form-action 'none'")
"""Of the pages: nothing is ever fetched from elsewhere. Styles may stand in elements, as viewers place overlays so."""
HEADERS = {"content-security-policy": POLICY, "x-content-type-options": "nosniff", "referrer-policy": "no-referrer",
           "x-frame-options": "DENY", "cross-origin-opener-policy": "same-origin",
           "cross-origin-resource-policy": "same-origin", "permissions-policy": "camera=(), microphone=(), "
           "geolocation=()", "cache-control": "no-store"}
"""An answer may set its own in their place: tiles may be kept by their reader's browser."""
MOST_BUCKETS = 10_000


@dataclass
class Rate:
    """A bucket of requests for each caller, filled again as time goes by.

    Args:
        per_second: requests that come back each second.
        burst: most that a bucket holds.
        clock: seconds, never going back.
    """

    per_second: float
    burst: int
    clock: Callable[[], float] = time.monotonic
    _left: dict[str, tuple[float, float]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def take(self, caller: str) -> float:
        """Take one request out of the caller's bucket.

        Returns:
            0 where there was one, else the seconds until there will be.
        """
        now = self.clock()
        with self._lock:
            left, at = self._left.pop(caller, (float(self.burst), now))
            left = min(float(self.burst), left + (now - at) * self.per_second)
            self._left[caller] = (left - 1.0 if left >= 1.0 else left, now)
            while len(self._left) > MOST_BUCKETS:
                self._left.pop(next(iter(self._left)))
        return 0.0 if left >= 1.0 else (1.0 - left) / self.per_second


class Gate:
    """Refuses a host that is not ours and a body that is too large, and puts what every answer forbids on it.

    Args:
        app: behind it.
        options: hosts and sizes.
    """

    def __init__(self, app: ASGIApp, options: Options) -> None:
        self._app, self._options = app, options

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refusal = self._refusal(scope)
        if refusal is not None:
            await problems.response(*refusal)(scope, receive, guarded)
            return
        await self._app(scope, self._counted(scope, receive), guarded)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        if _name_in(headers.get("host", "")) not in self._options.allowed_hosts:
            return 421, "this server does not go by that name; start it with --host or --allow-host to let it"
        length = headers.get("content-length", "0")
        if not length.isdigit():
            return 400, "the length of the request is no number"
        if int(length) > self._most(scope):
            return 413, _too_large(self._most(scope))
        return None

    def _most(self, scope: Scope) -> int:
        is_file = scope["method"] == "PUT" and "/files/" in scope["path"]
        return self._options.max_upload_bytes if is_file else self._options.max_body_bytes

    def _counted(self, scope: Scope, receive: Receive) -> Receive:
        """The body as it comes, broken off where it is longer than it said or than may be."""
        come, most = 0, self._most(scope)

        async def counted() -> Message:
            nonlocal come
            message = await receive()
            come += len(message.get("body", b""))
            if come > most:
                raise problems.Problem(413, _too_large(most))
            return message

        return counted


def _name_in(host: str) -> str | None:
    """The name in a Host header, whose port is left out; None where it is no such header."""
    found = re.fullmatch(r"(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::[0-9]{1,5})?", host.casefold())
    return found[1] or found[2] if found else None


def _too_large(most: int) -> str:
    return f"the request is larger than {most} bytes, which is the most here"

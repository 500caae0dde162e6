"""Where a server is and how patiently it is asked."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ...core.errors import ReaderUnavailable, UsageError
from ...core.settings import MIB

KEY_VARIABLE = "CASELOOM_SERVER_KEY"


@dataclass(frozen=True)
class Patience:
    """How long and how often a server is asked, and how much it may answer.

    Args:
        connect_seconds: for a connection.
        inspect_seconds: for what the server is asked about itself.
        answer_seconds: for one whole answer, waiting in the server's queue included.
        attempts: how often a request is sent that finds no connection or the status 429, 502, 503 or 504.
        backoff_seconds: before the second attempt; doubled for each further one, and up to half as much again at
            random, so that several clients do not come back at once.
        longest_backoff_seconds: longest wait, also when the server asks for a longer one.
        most_bytes: of an answer.
        parallel: requests under way at the same time.
    """

    connect_seconds: float = 10.0
    inspect_seconds: float = 30.0
    answer_seconds: float = 900.0
    attempts: int = 4
    backoff_seconds: float = 0.5
    longest_backoff_seconds: float = 30.0
    most_bytes: int = 8 * MIB
    parallel: int = 4


@dataclass(frozen=True)
class Address:
    """Where a server is.

    Args:
        base: URL up to, and without, `/v1`.
        loopback: it is this machine.
        key: sent as bearer token; None for none.
    """

    base: str
    loopback: bool
    key: str | None = field(default=None, repr=False)


def find_address(url: str, environment: Mapping[str, str], *, allow_plain_http: bool) -> Address:
    """The address of a server, if patients' pictures may be sent there.

    Args:
        url: http or https, with or without `/v1` at its end.
        environment: where `CASELOOM_SERVER_KEY` is looked up.
        allow_plain_http: send them over plain http to another machine too.

    Raises:
        UsageError: `url` is no address of a server, or the key cannot be sent.
        ReaderUnavailable: it is plain http to another machine, and that is not allowed.
    """
    host, scheme, base = _split(url)
    loopback = _is_loopback(host)
    if scheme == "http" and not loopback and not allow_plain_http:
        raise ReaderUnavailable(f"pictures and text of a patient would cross the network unprotected to {host}; use "
                                "https, or --allow-plain-http where that network is trusted")
    key = environment.get(KEY_VARIABLE) or None
    if key is not None and not (key.isascii() and key.isprintable()):
        raise UsageError(f"the key in {KEY_VARIABLE} has characters that no key has; set it again")
    return Address(base, loopback, key)


def _split(url: str) -> tuple[str, str, str]:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise UsageError("the reader's URL cannot be read; give it as http://127.0.0.1:8000") from error
    if parts.scheme not in {"http", "https"} or not host or parts.query or parts.fragment:
        raise UsageError("a server's URL has the form http://127.0.0.1:8000, with nothing after its path")
    if parts.username is not None or parts.password is not None:
        raise UsageError(f"a server's URL holds no user name or password; set {KEY_VARIABLE} for a key")
    path = parts.path.rstrip("/").removesuffix("/v1")
    return host, parts.scheme, f"{parts.scheme}://{parts.netloc}{path}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

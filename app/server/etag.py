"""Whether a client still has what it asks for."""

from __future__ import annotations

from fastapi import Request


def client_has(request: Request, tag: str) -> bool:
    """Whether If-None-Match names the tag, in a list too, or says that anything will do (RFC 9110, section 13.1.2).

    Tags are compared weakly: a proxy that packs an answer marks its tag as weak.

    Args:
        request: of the client.
        tag: of what would be sent, quoted; without a comma.
    """
    named = ",".join(request.headers.getlist("if-none-match")).split(",")
    return any(one.strip().removeprefix("W/") in (tag, "*") for one in named)

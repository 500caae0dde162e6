"""Who asks: the user of a token or of a browser's session, and the case as far as the user may see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import APIKeyCookie, HTTPBearer
from starlette.types import Scope

from .problems import Problem, too_many
from .roles import Role
from .service import Service
from .sessions import COOKIE, csrf_holds
from .users import User

SAFE = ("GET", "HEAD", "OPTIONS")
CSRF_HEADER = "x-csrf-token"
_BEARER = HTTPBearer(auto_error=False, description="The token that the server printed, or a user's own.")
_COOKIE = APIKeyCookie(name=COOKIE, auto_error=False, description=(
    "Of a browser's session. A request that changes something sends the session's word along in X-CSRF-Token."))


@dataclass(frozen=True)
class Caller:
    """Somebody who is known.

    Args:
        user: who.
        session: tells this browser, or this use of a token, apart from others of the same user.
    """

    user: User
    session: str

    def needs(self, role: Role) -> None:
        """Raises Problem 403 where the user's role does not suffice."""
        if not self.user.may(role):
            raise Problem(403, f"this takes the role {role}; {self.user.name} is a {self.user.role}")


def service_of(request: Request) -> Service:
    """The service behind the server."""
    found: Service = request.app.state.service
    return found


def caller_of(request: Request, service: Annotated[Service, Depends(service_of)],
              bearer: Annotated[object, Depends(_BEARER)], cookie: Annotated[str | None, Depends(_COOKIE)]) -> Caller:
    """Who asks.

    Raises:
        Problem: 401 without a token that is known, 403 for a forged request, 429 for too many.
    """
    token = getattr(bearer, "credentials", None)
    caller = _by_token(service, token) if token else _by_cookie(service, request, cookie) if cookie else None
    if caller is None:
        slow_down(service.strangers.take(address_of(request.scope)))
        raise Problem(401, "this needs a token: send it as `Authorization: Bearer TOKEN`, or open the address that the "
                      "server printed when it started", {"WWW-Authenticate": "Bearer"})
    slow_down(service.rate.take(caller.user.name))
    return caller


def _by_token(service: Service, token: str) -> Caller | None:
    user = service.users.with_token(token)
    return Caller(user, f"token of {user.name}") if user is not None else None


def _by_cookie(service: Service, request: Request, cookie: str) -> Caller | None:
    found = service.sessions.of(cookie)
    if found is None:
        return None
    user, session = found
    if request.method not in SAFE and not csrf_holds(session, request.headers.get(CSRF_HEADER)):
        raise Problem(403, "the request does not know its session's word (X-CSRF-Token), so it may be forged")
    return Caller(user, session.csrf)


def slow_down(seconds: float) -> None:
    """Raises Problem 429 where a caller has to wait."""
    if seconds:
        raise too_many(seconds)


def address_of(scope: Scope) -> str:
    """Where a request comes from."""
    client = scope.get("client")
    return str(client[0]) if client else "unknown"


ServiceHere = Annotated[Service, Depends(service_of)]
CallerHere = Annotated[Caller, Depends(caller_of)]

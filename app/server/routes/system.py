"""Health, sessions, who asks."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from .... import __version__
from ...doctor import Diagnosis, diagnose
from ..access import CallerHere, ServiceHere, address_of, slow_down
from ..problems import Problem, described
from ..roles import Role
from ..sessions import COOKIE
from ..words import Health, Me, TokenGiven

router = APIRouter()


@router.get("/health", tags=["server"])
def health() -> Health:
    """Whether the server is there. Needs no token."""
    return Health(status="ok", version=__version__)


@router.get("/ready", tags=["server"], responses=described(503))
def ready(service: ServiceHere) -> Health:
    """Whether the server can work: its state folder can be used and its queue is worked off. Needs no token."""
    if (reason := service.ready()) is not None:
        raise Problem(503, reason)
    return Health(status="ok", version=__version__)


@router.get("/doctor", tags=["server"], responses=described(401, 403))
def doctor(caller: CallerHere, service: ServiceHere) -> Diagnosis:
    """What is installed, which readers work, what is missing and how to get it. It names folders of the server."""
    caller.needs(Role.SIGNER)
    return service.turns.heavy(diagnose)


@router.post("/session", tags=["server"], responses=described(401, 422))
def begin_session(given: TokenGiven, request: Request, response: Response, service: ServiceHere) -> Me:
    """Begin a browser's session: the cookie that is set stands for the token."""
    user = service.users.with_token(given.token)
    if user is None:
        slow_down(service.strangers.take(address_of(request.scope)))
        raise Problem(401, "this is no token of this server", {"WWW-Authenticate": "Bearer"})
    slow_down(service.rate.take(user.name))
    cookie, session = service.sessions.begin(user)
    set_cookie(response, cookie, service)
    service.accesses.note("signed in", "", user.account)
    return _me(service, user.name, user.role, session.csrf)


@router.delete("/session", tags=["server"], status_code=204, responses=described(401, 403))
def end_session(caller: CallerHere, request: Request, response: Response, service: ServiceHere) -> None:
    """End a browser's session."""
    service.sessions.end(request.cookies.get(COOKIE, ""))
    response.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=service.options.secure)


@router.get("/me", tags=["server"], responses=described(401))
def me(caller: CallerHere, request: Request, service: ServiceHere) -> Me:
    """Who asks, and what a page needs to ask for more."""
    found = service.sessions.of(request.cookies.get(COOKIE, ""))
    csrf = found[1].csrf if found is not None and found[1].csrf == caller.session else None
    return _me(service, caller.user.name, caller.user.role, csrf)


def set_cookie(response: Response, cookie: str, service: ServiceHere) -> None:
    """Let the browser send the session along, to this server's own pages only."""
    response.set_cookie(COOKIE, cookie, max_age=service.options.session_seconds, httponly=True, samesite="strict",
                        secure=service.options.secure, path="/")


def _me(service: ServiceHere, name: str, role: object, csrf: str | None) -> Me:
    return Me.model_validate({"user": name, "role": role, "csrf": csrf, "readers": service.options.readers,
                              "roots": len(service.options.roots)})



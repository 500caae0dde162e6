"""Who may reach the door of other agents over HTTP."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from .access import address_of
from .problems import Problem, response, too_many
from .service import Service

USER = "caseloom.user"
"""Where a request keeps who sent it."""
NO_TOKEN = Problem(401, "this needs a token: send it as `Authorization: Bearer TOKEN`", {"WWW-Authenticate": "Bearer"})


class TokenGuard:
    """Lets only requests with a token through, each in its user's name.

    Args:
        app: the door over HTTP.
        service: whose users may come.
    """

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app, self._service = app, service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        kind, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
        user = self._service.users.with_token(token.strip()) if kind.casefold() == "bearer" else None
        wait = self._service.rate.take(user.name) if user is not None else self._service.strangers.take(
            address_of(scope))
        refusal = too_many(wait) if wait else NO_TOKEN if user is None else None
        if refusal is not None:
            answer = response(refusal.status, str(refusal), headers=refusal.headers)
            await answer(scope, receive, send)
        else:
            await self._app({**scope, USER: user}, receive, send)

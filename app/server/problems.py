"""What a server answers when it cannot do what it was asked: problem details (RFC 9457), one line each."""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from ...core.errors import (
    CaseloomError,
    InputError,
    ReaderFailed,
    ReaderUnavailable,
    StoreError,
    UsageError,
)
from ...core.words import Word
from ..entry import bug_line
from .jobs import QueueFull

log = logging.getLogger("caseloom")
MEDIA_TYPE = "application/problem+json"


class ProblemDetails(Word):
    """RFC 9457."""

    type: str = "about:blank"
    title: str
    """What the status says."""
    status: int
    detail: str
    """One line for a person: what is wrong, and what to do."""
    errors: tuple[str, ...] = Field(default=())
    """Of a request that is not as the description says: what is wrong where."""


class Problem(CaseloomError):
    """Something that a server cannot do, with the status that says so.

    Args:
        status: of HTTP.
        detail: one line for a person.
        headers: of the answer.
    """

    exit_code = 2

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.headers = status, headers or {}


_STATUS: tuple[tuple[type[CaseloomError], int], ...] = (
    (QueueFull, 429), (InputError, 409), (UsageError, 409), (StoreError, 409), (ReaderUnavailable, 503),
    (ReaderFailed, 502))
"""A call that is wrong in itself was refused by its description before; what is left clashes with the case's state."""


def response(status: int, detail: str, *, headers: dict[str, str] | None = None,
             errors: tuple[str, ...] = ()) -> JSONResponse:
    """A problem as it is sent."""
    told = ProblemDetails(title=HTTPStatus(status).phrase, status=status, detail=" ".join(detail.split()),
                          errors=errors)
    return JSONResponse(told.model_dump(), status, headers, media_type=MEDIA_TYPE)


def status_of(error: CaseloomError) -> int:
    """The status that tells an error of ours."""
    if isinstance(error, Problem):
        return error.status
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def told_of(error: Exception, without_folders: Callable[[str], str]) -> dict[str, Any]:
    """An error as the last event of a stream that has begun.

    Args:
        error: any.
        without_folders: takes the names of the server's folders out of a line.
    """
    status = status_of(error) if isinstance(error, CaseloomError) else 500
    detail = without_folders(str(error)) if isinstance(error, CaseloomError) else _bug(error)
    return ProblemDetails(title=HTTPStatus(status).phrase, status=status, detail=detail).model_dump()


def too_many(seconds: float) -> Problem:
    """What is said to somebody who asks too often.

    Args:
        seconds: until there is room again.
    """
    return Problem(429, "too many requests; slow down", {"Retry-After": str(int(seconds) + 1)})


def tell_problems(app: FastAPI) -> None:
    """Let every error leave the server as a problem."""

    @app.exception_handler(CaseloomError)
    def ours(_: Request, error: CaseloomError) -> JSONResponse:
        headers = error.headers if isinstance(error, Problem) else {}
        status = status_of(error)
        later = {"Retry-After": "10"} if status in (429, 503) else {}
        return response(status, app.state.service.without_folders(str(error)), headers=later | headers)

    @app.exception_handler(RequestValidationError)
    def misread(request: Request, error: RequestValidationError) -> JSONResponse:
        if error.errors()[0]["loc"][0] == "body" and not _is_json(request):
            return response(422, "the body is read as JSON; send it with Content-Type: application/json")
        return response(422, "the request is not as the description says", errors=faults_of(error))

    @app.exception_handler(HTTPException)
    def refused(request: Request, error: HTTPException) -> JSONResponse:
        headers = dict(error.headers or {})
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = _allowed(app, request, headers.get("Allow", ""))
        return response(error.status_code, _spoken(error), headers=headers)

    @app.exception_handler(Exception)
    def bug(_: Request, error: Exception) -> JSONResponse:
        return response(500, _bug(error))


def faults_of(error: RequestValidationError | ValidationError) -> tuple[str, ...]:
    """What is wrong where, a line for each place."""
    return tuple(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())


def _is_json(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().casefold()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def _bug(error: Exception) -> str:
    log.error("a request failed: %s", type(error).__name__, exc_info=error if log.isEnabledFor(logging.DEBUG) else None)
    return bug_line(error).replace("run again with --debug", "start the server with --debug")


def _allowed(app: FastAPI, request: Request, of_one: str) -> str:
    """The methods that an address takes, whichever of its functions serves them.

    Args:
        app: whose description names every address with its methods.
        request: whose method is not taken.
        of_one: the methods of the first function at the address.
    """
    found = {method.upper() for path, methods in app.openapi()["paths"].items() for method in methods
             if compile_path(path)[0].match(request.url.path)}
    return ", ".join(sorted(found | {method.strip() for method in of_one.split(",") if method.strip()}))


def _spoken(error: HTTPException) -> str:
    return {404: "there is nothing at this address", 405: "this address does not take this method"}.get(
        error.status_code, str(error.detail))


def described(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a description says of the problems that a request may meet."""
    return {status: {"description": HTTPStatus(status).phrase,
                     "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}}}
            for status in sorted({*statuses})}

"""The workbench: one page that asks the same addresses as every other client, and its built files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi import Path as InPath
from fastapi.responses import FileResponse, RedirectResponse, Response

from ..access import ServiceHere, address_of, slow_down
from ..problems import Problem
from .cases import CaseKey
from .system import set_cookie

router = APIRouter(include_in_schema=False)
BUILT = Path(__file__).resolve().parents[2] / "web" / "built"
"""What `npm run build` made of `app/web`; it lies beside the source, so that nobody needs node."""
FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
"""Names of built files hold a digest of what is in them."""
KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".png": "image/png"}


@router.get("/", response_class=FileResponse)
def home(request: Request, service: ServiceHere,
         token: Annotated[str | None, Query(max_length=200)] = None) -> Response:
    """The page; with the token that the server printed, a browser's session begins first."""
    if token is None:
        return _page()
    user = service.users.with_token(token)
    if user is None:
        slow_down(service.strangers.take(address_of(request.scope)))
        return RedirectResponse("/sign-in?refused=1", 303)
    slow_down(service.rate.take(user.name))
    answer = RedirectResponse("/", 303)
    set_cookie(answer, service.sessions.begin(user)[0], service)
    service.accesses.note("signed in", "", user.account)
    return answer


@router.get("/sign-in", response_class=FileResponse)
def sign_in() -> Response:
    """The page, which asks for a token there."""
    return _page()


@router.get("/doctor", response_class=FileResponse)
def doctor_page() -> Response:
    """The page, which shows there what is installed."""
    return _page()


@router.get("/cases/{case}", response_class=FileResponse)
def case_page(case: CaseKey) -> Response:
    """The page, which shows a case there, once it is known who asks."""
    return _page()


@router.get("/assets/{name}", response_class=FileResponse)
def asset(name: Annotated[str, InPath(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,199}$")]) -> FileResponse:
    """A built file."""
    file = BUILT / "assets" / name
    if file.suffix not in KINDS or not file.is_file():
        raise Problem(404, "there is nothing at this address")
    return FileResponse(file, media_type=KINDS[file.suffix], headers=FOREVER)


@router.get("/icon.svg", response_class=FileResponse)
def icon() -> FileResponse:
    """The sign of the page."""
    return FileResponse(BUILT / "icon.svg", media_type="image/svg+xml")


def _page() -> FileResponse:
    return FileResponse(BUILT / "index.html", media_type="text/html; charset=utf-8",
                        headers={"Cache-Control": "no-cache"})

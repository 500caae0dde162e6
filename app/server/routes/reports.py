"""The report of a case: read in every form, changed, signed; its pictures; who did what to it."""

from __future__ import annotations

from pathlib import Path as Folder
from shutil import rmtree
from tempfile import mkdtemp
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from ....core.forms import Form
from ....core.report import Report, ReportStatus
from ....core.words import Word
from ....memory.audit import Entry
from ..access import Caller, CallerHere, ServiceHere
from ..draft_words import Approval, Edits, NewAddendum, Rejection, SentenceCheck, SentenceStands
from ..etag import client_has
from ..problems import Problem, described
from ..registry import CaseEntry
from ..reports import WRITTEN
from ..roles import Role
from ..service import Service
from .cases import CaseKey
from .jobs import PictureName

router = APIRouter(prefix="/cases/{case}", tags=["reports"])
MEDIA = {Form.JSON: "application/json", Form.MARKDOWN: "text/markdown; charset=utf-8",
         Form.HTML: "text/html; charset=utf-8", Form.PDF: "application/pdf", Form.FHIR: "application/fhir+json"}
MADE = {".dcm": "application/dicom", ".csv": "text/csv; charset=utf-8", ".geojson": "application/geo+json",
        ".json": "application/schema+json", ".zip": "application/zip"}
"""Of the forms that are made when they are asked for, by the suffix of their file."""
PAGE_POLICY = "sandbox allow-scripts allow-downloads; default-src 'none'; style-src 'unsafe-inline'; img-src data:; " \
              "script-src 'unsafe-inline'; frame-ancestors 'self'"
"""Of the report's own page, which holds everything it shows: it may draw itself and nothing else, apart from the
session it was opened in."""
CONTENT = "Caseloom-Content-SHA256"


class Trail(Word):
    """Who did what to a case's report, and who looked at it, oldest first."""

    entries: tuple[Entry, ...]


@router.get("/report", response_class=FileResponse, responses={
    200: {"model": Report, "description": "The report. JSON is schema caseloom.report/1; several files come as .zip.",
          "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in (
              "text/markdown", "text/html", "application/pdf", "application/dicom", "text/csv", "application/zip")}
          | {kind: {"schema": {"type": "object"}} for kind in (
              "application/fhir+json", "application/geo+json", "application/schema+json")}},
    304: {"description": "What the client has is still the report."}, **described(401, 404, 409, 422, 503)})
def read_report(case: CaseKey, request: Request, caller: CallerHere, service: ServiceHere,
                form: Annotated[Form, Query(alias="format", description="In which form.")] = Form.JSON) -> Response:
    """The latest report of the case."""
    entry = service.case(caller.user, case)
    service.reports.folder(entry)
    service.accesses.note("report read", entry.id, caller.user.account, form=form)
    if form not in WRITTEN:
        return _made(service, caller, entry, form)
    written = service.reports.written(entry, form)
    tag = f'"{written.sha256}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if form is Form.JSON:
        headers[CONTENT] = written.digest
    if form is Form.HTML:
        headers |= {"Content-Security-Policy": PAGE_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    if client_has(request, tag):
        return Response(status_code=304, headers=headers)
    return Response(written.content, media_type=MEDIA[form], headers=headers)


@router.get("/overlays/{name}", response_class=FileResponse, responses=described(401, 404))
def read_picture(case: CaseKey, name: PictureName, caller: CallerHere, service: ServiceHere) -> FileResponse:
    """A picture that the report's evidence names."""
    entry = service.case(caller.user, case)
    file = service.reports.folder(entry) / "overlays" / name
    if not file.is_file() or file.suffix != ".png":
        raise Problem(404, "there is no such picture")
    service.accesses.note_once(caller.session, "picture seen", entry.id, caller.user.account, f"overlays/{name}")
    return FileResponse(file, media_type="image/png", headers={"Cache-Control": "private, max-age=3600"})


@router.post("/report/check", responses=described(401, 403, 404, 409, 422))
def check_words(case: CaseKey, given: SentenceCheck, caller: CallerHere, service: ServiceHere) -> SentenceStands:
    """How new words for a sentence would stand, held against the findings that it cites; nothing is changed."""
    caller.needs(Role.READER)
    entry = service.case(caller.user, case)
    service.accesses.note_once(caller.session, "words checked", entry.id, caller.user.account)
    stands = service.reports.checked(entry, given.at, given.text)
    return SentenceStands(text=stands.text, support=stands.support, reason=stands.reason)


@router.post("/report/edits", responses=described(401, 403, 404, 409, 422))
def edit_report(case: CaseKey, given: Edits, caller: CallerHere, service: ServiceHere) -> Report:
    """Change sentences of the draft; it becomes a new version, in which unsupported words are marked."""
    caller.needs(Role.READER)
    return service.reports.edit(caller.user, _reviewed(service, caller, case), given)


@router.post("/report/signature", responses=described(401, 403, 404, 409, 422))
def sign_report(case: CaseKey, given: Approval, caller: CallerHere, service: ServiceHere) -> Report:
    """Sign the draft: bound to the digest of its content, the user recorded beside the name."""
    caller.needs(Role.SIGNER)
    return service.reports.sign(caller.user, _reviewed(service, caller, case), given)


@router.post("/report/rejection", responses=described(401, 403, 404, 409, 422))
def reject_report(case: CaseKey, given: Rejection, caller: CallerHere, service: ServiceHere) -> Report:
    """Reject the draft; it stays on record with the reason."""
    caller.needs(Role.SIGNER)
    return service.reports.reject(caller.user, _reviewed(service, caller, case), given)


@router.post("/report/addenda", responses=described(401, 403, 404, 409, 422))
def add_to_report(case: CaseKey, given: NewAddendum, caller: CallerHere, service: ServiceHere) -> Report:
    """Add to the signed report; what was signed stays as it is."""
    caller.needs(Role.SIGNER)
    entry = _reviewed(service, caller, case)
    if service.reports.of(entry).status is not ReportStatus.SIGNED:
        raise Problem(409, "only a signed report gets addenda; edit the draft, or sign it first")
    return service.reports.add_to(caller.user, entry, given.name, given.text)


@router.get("/trail", responses=described(401, 403, 404, 409))
def read_trail(case: CaseKey, caller: CallerHere, service: ServiceHere) -> Trail:
    """Who did what to the report, and who looked at the case; refused where the trail does not hold."""
    caller.needs(Role.SIGNER)
    return Trail(entries=tuple(service.trail(service.case(caller.user, case))))


def _reviewed(service: Service, caller: Caller, case: str) -> CaseEntry:
    entry = service.case(caller.user, case)
    service.reports.folder(entry)
    return entry


def _made(service: Service, caller: Caller, entry: CaseEntry, form: Form) -> FileResponse:
    folder = Folder(mkdtemp(prefix="caseloom-export-"))
    try:
        file = service.reports.exported(caller.user, entry, form, folder)
    except BaseException:
        rmtree(folder, ignore_errors=True)
        raise
    return FileResponse(file, filename=file.name, media_type=MADE[file.suffix],
                        background=BackgroundTask(rmtree, folder, ignore_errors=True))

"""Cases: known by a folder or by uploaded files, and what every file is."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from ....sources.inspect import Inspection
from ..access import CallerHere, ServiceHere
from ..jobs import JobKind
from ..problems import Problem, described
from ..registry import CaseEntry, Origin
from ..roles import Role
from ..service import Service
from ..uploads import safe_name
from ..users import User
from ..words import CASE_ID, CaseChange, CaseList, CaseState, FileKept, FileList, NewCase, case_state

router = APIRouter(prefix="/cases", tags=["cases"])
CaseKey = Annotated[str, Path(pattern=r"^c-[0-9a-f]{16}$", description="Id of a case.", examples=[CASE_ID])]
FileName = Annotated[str, Path(min_length=1, max_length=1000, description="Relative path, forward slashes.",
                               examples=["ct/slice-001.dcm"])]


@router.get("", responses=described(401))
def list_cases(caller: CallerHere, service: ServiceHere,
               limit: Annotated[int, Query(ge=1, le=200)] = 50,
               offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0) -> CaseList:
    """The cases that the user may see, newest first."""
    service.accesses.note_once(caller.session, "cases listed", "", caller.user.account)
    entries = service.registry.seen_by(caller.user)
    return CaseList(cases=tuple(shown(service, entry) for entry in entries[offset:offset + limit]), total=len(entries))


@router.post("", status_code=201, responses=described(401, 403, 404, 422))
def add_case(given: NewCase, response: Response, caller: CallerHere, service: ServiceHere) -> CaseState:
    """Make a case known: a folder or .zip under one of the server's roots, or one whose files are uploaded next."""
    caller.needs(Role.READER)
    fields = {"title": given.title, "patient": given.patient, "question": given.question}
    entry = (service.register(caller.user, given.folder, **fields) if given.folder is not None
             else service.begin_upload(caller.user, **fields))
    service.accesses.note("case added", entry.id, caller.user.account, origin=entry.origin)
    response.headers["Location"] = f"/api/cases/{entry.id}"
    return shown(service, entry)


@router.get("/{case}", responses=described(401, 404))
def get_case(case: CaseKey, caller: CallerHere, service: ServiceHere) -> CaseState:
    """A case: how far it is."""
    entry = service.case(caller.user, case)
    service.accesses.note_once(caller.session, "case seen", entry.id, caller.user.account)
    return shown(service, entry)


@router.patch("/{case}", responses=described(401, 403, 404, 409, 422))
def change_case(case: CaseKey, given: CaseChange, caller: CallerHere, service: ServiceHere) -> CaseState:
    """Change a case's title, patient or question, or who else may see it."""
    caller.needs(Role.READER)
    entry = service.case(caller.user, case)
    fields = given.model_dump(exclude_unset=True)
    if "users" in fields and not _owns(caller.user, entry):
        raise Problem(403, "only its owner or a signer shares a case")
    strangers = [name for name in fields.get("users", ()) if service.users.named(name) is None]
    if strangers:
        raise Problem(409, f"this server has no user of the name {', '.join(strangers)}")
    service.accesses.note("case changed", entry.id, caller.user.account, fields=sorted(fields))
    if "patient" in fields and fields["patient"] != entry.patient:
        fields["report"] = None  # what was reviewed is another person's
        service.close(entry)
    changed = service.registry.change(entry.id, **fields)
    return shown(service, changed or entry)


@router.delete("/{case}", status_code=204, responses=described(401, 403, 404))
def remove_case(case: CaseKey, caller: CallerHere, service: ServiceHere) -> None:
    """Take a case off the list, its uploaded files with it; its jobs are stopped. What was decided about it stays."""
    caller.needs(Role.READER)
    entry = service.case(caller.user, case)
    if not _owns(caller.user, entry):
        raise Problem(403, "only its owner or a signer removes a case")
    service.accesses.note("case removed", entry.id, caller.user.account)
    service.forget(entry)


@router.get("/{case}/files", responses=described(401, 404, 409))
def list_files(case: CaseKey, caller: CallerHere, service: ServiceHere) -> FileList:
    """The files that were uploaded so far."""
    entry = _uploaded(service, caller.user, case)
    service.accesses.note_once(caller.session, "uploads listed", entry.id, caller.user.account)
    return FileList(files=tuple(FileKept(file=name, bytes=size)
                                for name, size in sorted(service.uploads.sizes(entry.id).items())))


@router.put("/{case}/files/{name:path}", status_code=201, responses=described(401, 403, 404, 409, 413, 422),
            openapi_extra={"requestBody": {"required": False, "content": {
                "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}})
async def upload_file(case: CaseKey, name: FileName, request: Request, caller: CallerHere,
                      service: ServiceHere) -> FileKept:
    """Upload one file as it is, under its path in the case. A case that is one .zip is unpacked when it is read."""
    caller.needs(Role.READER)
    entry = await run_in_threadpool(_uploaded, service, caller.user, case)
    await run_in_threadpool(service.accesses.note, "file uploaded", entry.id, caller.user.account, file=name)
    size = await service.uploads.keep(entry.id, name, request.stream())
    await run_in_threadpool(service.uploaded, entry)
    return FileKept(file=safe_name(name).as_posix(), bytes=size)


@router.delete("/{case}/files/{name:path}", status_code=204, responses=described(401, 403, 404, 409, 422))
def remove_file(case: CaseKey, name: FileName, caller: CallerHere, service: ServiceHere) -> None:
    """Take an uploaded file out of its case."""
    caller.needs(Role.READER)
    entry = _uploaded(service, caller.user, case)
    service.accesses.note("file removed", entry.id, caller.user.account, file=name)
    service.uploads.remove(entry.id, name)
    service.uploaded(entry)


@router.get("/{case}/inspection", responses=described(401, 404, 409, 422, 503))
def inspect_files(case: CaseKey, caller: CallerHere, service: ServiceHere) -> Inspection:
    """What every file is, what would read it, and what is refused and why."""
    entry = service.case(caller.user, case)
    service.accesses.note("files listed", entry.id, caller.user.account)
    return service.inspected(entry)


def shown(service: Service, entry: CaseEntry) -> CaseState:
    """A case as a list shows it."""
    files = len(service.uploads.sizes(entry.id)) if entry.origin is Origin.UPLOADED else None
    latest = next((job for job in service.jobs.of(entry.id) if job.kind is JobKind.REVIEW), None)
    head = service.reports.if_any(entry)
    return case_state(entry, files, latest, head.status if head else None, head.version if head else None)


def _owns(user: User, entry: CaseEntry) -> bool:
    return entry.owner == user.name or user.may(Role.SIGNER)


def _uploaded(service: Service, user: User, case: str) -> CaseEntry:
    entry = service.case(user, case)
    if entry.origin is not Origin.UPLOADED:
        raise Problem(409, "the case is a folder of the server; its files are not changed from here")
    return entry

"""Reviews and runs of tools: started, watched, stopped, taken up again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from ....core.result import ToolResult
from ..access import CallerHere, ServiceHere
from ..jobs import OVER, Job, JobKind, JobState
from ..problems import Problem, described
from ..roles import Role
from ..service import Service
from ..words import JOB_ID, JobList, JobShown, NewReview, NewToolRun, ToolName
from .cases import CaseKey

router = APIRouter(tags=["jobs"])
JobKey = Annotated[str, Path(pattern=r"^j-[0-9a-f]{16}$", description="Id of a job.", examples=[JOB_ID])]
PictureName = Annotated[str, Path(pattern=r"^[A-Za-z0-9._-]{1,200}$", description="File name of a picture.")]
GLANCE = 0.25
"""Seconds between two looks at a job that is watched."""


def job_of(job: JobKey, caller: CallerHere, service: ServiceHere) -> Job:
    """The job that a request names, once the access trail holds that somebody looks; a stream asks before it begins."""
    found = service.job(caller.user, job)
    service.accesses.note_once(caller.session, "jobs seen", found.case, caller.user.account)
    return found


JobHere = Annotated[Job, Depends(job_of)]


def done_tool(job: JobHere) -> Job:
    """The run of a tool that a request names, once it is done."""
    if job.kind is not JobKind.TOOL:
        raise Problem(404, "this job is a review; its result is the case's report")
    if job.state is not JobState.DONE:
        raise Problem(409, f"the job is {job.state}; it has no result yet")
    return job


DoneTool = Annotated[Job, Depends(done_tool)]


@router.post("/cases/{case}/reviews", status_code=202, responses=described(401, 403, 404, 409, 422, 503))
def start_review(case: CaseKey, given: NewReview, response: Response, caller: CallerHere,
                 service: ServiceHere) -> JobShown:
    """Queue a review of the whole case. One that is queued or runs already with the same wishes is given back."""
    caller.needs(Role.READER)
    entry = service.case(caller.user, case)
    service.accesses.note("review queued", entry.id, caller.user.account, fresh=given.fresh)
    job = service.queue_review(caller.user, entry, reader=given.reader, question=given.question, fresh=given.fresh)
    return _accepted(service, job, response)


@router.post("/cases/{case}/tools/{tool}", status_code=202, responses=described(401, 403, 404, 409, 422, 503))
def start_tool(case: CaseKey, tool: ToolName, given: NewToolRun, response: Response, caller: CallerHere,
               service: ServiceHere) -> JobShown:
    """Queue a run of one tool on files of the case."""
    caller.needs(Role.READER)
    entry = service.case(caller.user, case)
    service.accesses.note("tool queued", entry.id, caller.user.account, tool=tool)
    job = service.queue_tool(caller.user, entry, tool, given)
    return _accepted(service, job, response)


@router.get("/cases/{case}/jobs", responses=described(401, 404))
def list_jobs(case: CaseKey, caller: CallerHere, service: ServiceHere) -> JobList:
    """The jobs of a case, newest first."""
    entry = service.case(caller.user, case)
    service.accesses.note_once(caller.session, "jobs seen", entry.id, caller.user.account)
    return JobList(jobs=tuple(_shown(service, job) for job in service.jobs.of(entry.id)))


@router.get("/jobs/{job}", responses=described(401, 404))
def get_job(found: JobHere, service: ServiceHere) -> JobShown:
    """How far a job is."""
    return _shown(service, found)


@router.post("/jobs/{job}/cancel", responses=described(401, 403, 404))
def cancel_job(found: JobHere, caller: CallerHere, service: ServiceHere) -> JobShown:
    """Stop a job, waiting or running. What it has done is kept; one that is over stays as it is."""
    caller.needs(Role.READER)
    service.accesses.note("job cancelled", found.case, caller.user.account, job=found.id)
    return _shown(service, service.runner.cancel(found))


@router.post("/jobs/{job}/resume", responses=described(401, 403, 404))
def resume_job(found: JobHere, caller: CallerHere, service: ServiceHere) -> JobShown:
    """Let a job that was stopped or failed wait again; it goes on where it stopped."""
    caller.needs(Role.READER)
    service.accesses.note("job resumed", found.case, caller.user.account, job=found.id)
    return _shown(service, service.jobs.resume(found.id) or found)


@router.get("/jobs/{job}/events", response_class=EventSourceResponse, responses=described(401, 404))
async def watch_job(found: JobHere, service: ServiceHere,
                    last_event_id: Annotated[str, Header(pattern=r"^[0-9]{0,9}$")] = ""
                    ) -> AsyncIterator[ServerSentEvent]:
    """What happens to a job, as it happens (server-sent events), until it is over. A client that lost the connection
    goes on behind the event it saw last."""
    seen = int(last_event_id or 0)
    while True:
        now = await run_in_threadpool(service.jobs.get, found.id)
        for event in await run_in_threadpool(service.jobs.events, found.id, seen):
            seen = event.number
            yield ServerSentEvent(data=event, event="step" if event.step else "state", id=str(event.number))
        if now is None or now.state in OVER:
            return
        await asyncio.sleep(GLANCE)


@router.get("/jobs/{job}/result", responses=described(401, 404, 409))
def tool_result(found: DoneTool, caller: CallerHere, service: ServiceHere) -> ToolResult:
    """What a run of a tool gave. A review's result is the case's report."""
    service.accesses.note("result read", found.case, caller.user.account, job=found.id)
    return ToolResult.model_validate_json((service.runner.folder(found) / "result.json").read_bytes())


@router.get("/jobs/{job}/overlays/{name}", response_class=FileResponse, responses=described(401, 404, 409))
def tool_picture(found: DoneTool, name: PictureName, caller: CallerHere, service: ServiceHere) -> FileResponse:
    """A picture that evidence of a tool's result names."""
    file = service.runner.folder(found) / "overlays" / name
    if not file.is_file() or file.suffix != ".png":
        raise Problem(404, "there is no such picture")
    service.accesses.note_once(caller.session, "picture seen", found.case, caller.user.account, f"{found.id}/{name}")
    return FileResponse(file, media_type="image/png")


def _accepted(service: Service, job: Job, response: Response) -> JobShown:
    response.headers["Location"] = f"/api/jobs/{job.id}"
    return _shown(service, job)


def _shown(service: Service, job: Job) -> JobShown:
    if job.error is not None:
        job = job.model_copy(update={"error": job.error.model_copy(update={
            "detail": service.without_folders(job.error.detail)})})
    return JobShown(job=job, position=service.jobs.position(job))

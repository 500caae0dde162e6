"""What the server is sent and what it answers, beside the published words of reports, answers and tool results."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field, StrictBool

from ...core.report import ReportStatus, TimelineEvent
from ...core.words import Word
from ...memory.query import Query
from .jobs import Job, JobState
from .registry import CaseEntry, Origin
from .roles import Role

CASE_ID = "c-0123456789abcdef"
JOB_ID = "j-0123456789abcdef"
ToolName = Literal["volume", "pathology", "localization", "comparison", "labs", "records"]
DATE = r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$"
NO_CONTROLS = r"^[^\x00-\x1f\x7f]*$"


def example(**fields: Any) -> ConfigDict:
    """How a word looks, for the description."""
    return ConfigDict(json_schema_extra={"examples": [fields]})


class NewCase(Word):
    """A case to be known: a folder or .zip under one of the server's roots, or, without one, files to be uploaded."""

    model_config = example(title="Follow-up in November", folder="cases/anna")

    title: str | None = Field(default=None, min_length=1, max_length=200, pattern=NO_CONTROLS)
    folder: str | None = Field(default=None, min_length=1, max_length=1000, pattern=NO_CONTROLS)
    """Absolute, or relative to a root."""
    patient: str | None = Field(default=None, min_length=1, max_length=200, pattern=NO_CONTROLS)
    """Whose case it is, where the files name several people."""
    question: str | None = Field(default=None, min_length=1, max_length=2000)
    """What the report should answer."""


class CaseChange(Word):
    """What is to be other about a case."""

    model_config = example(title="Anna, November", users=["ben"])

    title: str = Field(default="", min_length=1, max_length=200, pattern=NO_CONTROLS)
    patient: str | None = Field(default=None, min_length=1, max_length=200, pattern=NO_CONTROLS)
    """Null where the files name one person alone."""
    question: str | None = Field(default=None, min_length=1, max_length=2000)
    """Null for none."""
    users: tuple[str, ...] = Field(default=(), max_length=100)
    """Names of others who may see it; only its owner and signers change that."""


class CaseState(Word):
    """A case as a list shows it."""

    model_config = example(id=CASE_ID, title="Anna", origin="uploaded", owner="local", users=[], patient="CL-1",
                           question="Has the nodule grown?", created_at="2026-11-26T10:00:00+00:00", files=12,
                           state="reviewed", report_status="draft", report_version=1, job=JOB_ID)

    id: str
    title: str
    origin: Origin
    owner: str
    users: tuple[str, ...]
    patient: str | None
    question: str | None
    created_at: str
    files: int | None
    """Uploaded so far; None for a folder that was registered."""
    state: Literal["empty", "new", "queued", "running", "failed", "cancelled", "reviewed"]
    report_status: ReportStatus | None
    report_version: int | None
    job: str | None
    """The latest review."""


class CaseList(Word):
    """A page of cases, newest first."""

    cases: tuple[CaseState, ...]
    total: int


class FileKept(Word):
    """An uploaded file, as it was kept."""

    model_config = example(file="ct/slice-001.dcm", bytes=526336)

    file: str
    bytes: int


class FileList(Word):
    """The files of an uploaded case."""

    model_config = example(files=[{"file": "ct/slice-001.dcm", "bytes": 526336}])

    files: tuple[FileKept, ...]


class NewReview(Word):
    """How a case is to be reviewed."""

    model_config = example(reader="measure", question="Has the nodule grown?", fresh=False)

    reader: str | None = Field(default=None, max_length=200)
    """One that the server allows; without it, its first."""
    question: str | None = Field(default=None, min_length=1, max_length=2000)
    """In place of the case's."""
    fresh: StrictBool = False
    """Start over, forget what was done."""


class NewToolRun(Word):
    """One tool on files of the case."""

    model_config = example(files=["labs/2025-11-10.pdf"], question="Is haemoglobin low?")

    files: tuple[str, ...] = Field(min_length=1, max_length=1000)
    """As the inspection names them; two studies, prior first, for `comparison`."""
    reader: str | None = Field(default=None, max_length=200)
    question: str | None = Field(default=None, min_length=1, max_length=2000)
    query: str | None = Field(default=None, min_length=1, max_length=200)
    """What to look for on slides."""
    like: tuple[int, int, int, int] | None = None
    """A place on the slide to find others like: x, y, width, height in level-0 pixels."""


class JobShown(Word):
    """A job, and how many are before it."""

    model_config = example(position=0, job={
        "id": JOB_ID, "kind": "review", "case": CASE_ID, "state": "done", "user": "web:local",
        "request": {"reader": "measure", "question": "Has the nodule grown?", "fresh": False},
        "created_at": "2026-11-26T10:00:00+00:00", "started_at": "2026-11-26T10:00:01+00:00",
        "ended_at": "2026-11-26T10:01:12+00:00", "usable": True})

    job: Job
    position: int
    """Jobs until it runs, itself counted; 0 when it does not wait."""


class JobList(Word):
    """The jobs of a case, newest first."""

    jobs: tuple[JobShown, ...]


class Question(Word):
    """A question about the case."""

    model_config = example(question="How did haemoglobin change since March?")

    question: str = Field(min_length=1, max_length=2000)


class TimelineAsked(Word):
    """Which events are wanted; all without a wish. Dates are ISO 8601, as precise as one likes."""

    search: str | None = Field(default=None, min_length=1, max_length=200, examples=["anaemia"])
    as_of: str | None = Field(default=None, pattern=DATE, examples=["2025-06-01"])
    """Only what was known then."""
    since: str | None = Field(default=None, pattern=DATE, examples=["2025-03"])
    until: str | None = Field(default=None, pattern=DATE, examples=["2025-11-30"])
    kind: str | None = Field(default=None, min_length=1, max_length=50, examples=["lab"])
    site: str | None = Field(default=None, min_length=1, max_length=100, examples=["right lung"])
    analyte: str | None = Field(default=None, min_length=1, max_length=100, examples=["Hemoglobin"])
    history: bool = False
    """Also what was corrected since."""

    @property
    def query(self) -> Query:
        """As the timeline takes it; the words to search for go beside it."""
        between = (self.since or "", self.until or "") if self.since or self.until else None
        return Query(as_of=self.as_of, between=between, kind=self.kind, site=self.site, analyte=self.analyte,
                     history=self.history)


class TimelineHit(Word):
    """An event, and why a search found it."""

    event: TimelineEvent
    match: str | None


class TimelinePage(Word):
    """Events in their order; where there are none, one line says what the timeline holds."""

    events: tuple[TimelineHit, ...]
    none: str


class TokenGiven(Word):
    """A token, for a browser's session."""

    model_config = example(token="the-token-that-the-server-printed")  # noqa: S106 - it is no token

    token: str = Field(min_length=1, max_length=200)


class Me(Word):
    """Who asks, and what a page needs to ask for more."""

    model_config = example(user="local", role="signer", csrf="…", readers=["measure"], roots=1)

    user: str
    role: Role
    csrf: str | None
    """The session's word, which requests that change something send as X-CSRF-Token; null with a bare token."""
    readers: tuple[str, ...]
    roots: int
    """Folders under which cases may be registered."""


class Health(Word):
    """Whether the server is there."""

    model_config = example(status="ok", version="0.1.0")

    status: Literal["ok"]
    version: str


def case_state(entry: CaseEntry, files: int | None, latest: Job | None, status: ReportStatus | None,
               version: int | None) -> CaseState:
    """A case as a list shows it.

    Args:
        entry: the case.
        files: uploaded so far, None for a folder.
        latest: its latest review.
        status: of its report, None before the first review.
        version: of its report.
    """
    state: str = "reviewed" if status is not None else "empty" if files == 0 else "new"
    if latest is not None and latest.state is not JobState.DONE:
        state = latest.state
    return CaseState.model_validate({
        **entry.model_dump(include={"id", "title", "origin", "owner", "users", "patient", "question", "created_at"}),
        "files": files, "state": state, "report_status": status, "report_version": version,
        "job": latest.id if latest else None})

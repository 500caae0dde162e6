"""Long work in a bounded queue that outlives the server: reviews and runs of single tools."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from pydantic import Field

from ...core.errors import CaseloomError
from ...core.words import Word
from .registry import Database, new_key, now


class QueueFull(CaseloomError):
    """As many jobs wait as may; later there is room again."""


class JobKind(StrEnum):
    """What a job does."""

    REVIEW = "review"
    TOOL = "tool"


class JobState(StrEnum):
    """How far a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


OVER = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


class JobError(Word):
    """Why a job failed: the line and the exit code that the command line would have given."""

    detail: str
    exit_code: int


class Job(Word):
    """One piece of long work on a case."""

    id: str
    kind: JobKind
    case: str
    state: JobState = JobState.QUEUED
    user: str
    """Account of whoever queued it."""
    request: dict[str, Any] = Field(default_factory=dict)
    """As it was asked for: `reader`, `question`, `fresh`; `tool`, `files` ..."""
    created_at: str
    started_at: str | None = None
    ended_at: str | None = None
    error: JobError | None = None
    usable: bool | None = None
    """Whether anything was found, once it is done."""


class JobEvent(Word):
    """Something that happened to a job: it changed its state, or a step of it began or ended."""

    number: int
    """Counts from 1 for each job."""
    at: str
    state: JobState
    step: str | None = None
    done: bool | None = None


class JobStore:
    """The jobs of a server and what happened to them.

    Args:
        database: where they are kept.
        most_waiting: jobs that may wait.
    """

    def __init__(self, database: Database, most_waiting: int) -> None:
        self._database = database
        self._most_waiting = most_waiting

    def add(self, kind: JobKind, case: str, user: str, request: dict[str, Any]) -> Job:
        """Queue a job; one for the same work on the same case that has not ended is given back instead.

        Raises:
            QueueFull: as many wait as may.
        """
        job = Job(id=new_key("j"), kind=kind, case=case, user=user, request=request, created_at=now())
        with self._database.open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            waiting = [Job.model_validate_json(row["job"]) for row in connection.execute(
                "SELECT job FROM jobs WHERE state IN ('queued', 'running') ORDER BY number")]
            for same in waiting:
                if (same.kind, same.case, same.request) == (kind, case, request):
                    return same
            self._check_room(connection)
            _insert(connection, job)
        return job

    def forget_old(self, case: str, most: int) -> list[Job]:
        """Forget the oldest jobs of a case that have ended, so that so many of them stay.

        Returns:
            Those that are forgotten.
        """
        old = [job for job in self.of(case) if job.ended_at is not None][most:]
        with self._database.open() as connection:
            _remove(connection, [job.id for job in old])
        return old

    def get(self, key: str) -> Job | None:
        """A job by its id."""
        with self._database.open() as connection:
            return _job(connection, key)

    def of(self, case: str) -> Sequence[Job]:
        """The jobs of a case, newest first."""
        with self._database.open() as connection:
            rows = connection.execute("SELECT job FROM jobs WHERE json_extract(job, '$.case') = ? ORDER BY number DESC",
                                      (case,)).fetchall()
        return [Job.model_validate_json(row["job"]) for row in rows]

    def position(self, job: Job) -> int:
        """How many jobs are before it, itself counted; 0 once it runs."""
        with self._database.open() as connection:
            row = connection.execute("SELECT count(*) FROM jobs WHERE state = 'queued' AND number <= (SELECT number "
                                     "FROM jobs WHERE id = ? AND state = 'queued')", (job.id,)).fetchone()
        return int(row[0])

    def waiting(self) -> int:
        """How many jobs wait."""
        with self._database.open() as connection:
            return int(connection.execute("SELECT count(*) FROM jobs WHERE state = 'queued'").fetchone()[0])

    def take(self, claim: str) -> Job | None:
        """The job that waits longest, now running under this claim; None where none waits.

        Args:
            claim: a runner's name, a slash, and what tells this attempt apart from every other.
        """
        with self._database.open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            row = connection.execute("SELECT job FROM jobs WHERE state = 'queued' ORDER BY number LIMIT 1").fetchone()
            if row is None:
                return None
            job = Job.model_validate_json(row["job"])
            return _moved(connection, job, JobState.RUNNING, claim, started_at=now())

    def cancel(self, key: str) -> Job | None:
        """End a job that waits or runs; one that is over stays as it is."""
        with self._database.open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            job = _job(connection, key)
            if job is None or job.state in OVER:
                return job
            return _moved(connection, job, JobState.CANCELLED, None, ended_at=now())

    def end(self, key: str, claim: str, state: JobState, **fields: Any) -> Job | None:
        """Note how an attempt ended; nothing is noted where the job runs under another claim, or no more."""
        return self._from(key, claim, state, ended_at=now(), **fields)

    def give_back(self, key: str, claim: str) -> Job | None:
        """Let a job whose attempt was broken off wait again; it goes on where it stopped."""
        return self._from(key, claim, JobState.QUEUED, started_at=None)

    def resume(self, key: str) -> Job | None:
        """Let a job that was stopped or failed wait again; it goes on where it stopped.

        Raises:
            QueueFull: as many wait as may.
        """
        with self._database.open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            job = _job(connection, key)
            if job is None or job.state not in (JobState.CANCELLED, JobState.FAILED):
                return job
            self._check_room(connection)
            return _moved(connection, job, JobState.QUEUED, None, started_at=None, ended_at=None, error=None)

    def _check_room(self, connection: sqlite3.Connection) -> None:
        waiting = connection.execute("SELECT count(*) FROM jobs WHERE state = 'queued'").fetchone()[0]
        if waiting >= self._most_waiting:
            raise QueueFull(f"{self._most_waiting} jobs wait already; try again when one of them is done")

    def left_by(self, alive: Sequence[str]) -> list[tuple[Job, str]]:
        """Running jobs whose runner is not among those alive, each with its claim."""
        with self._database.open() as connection:
            rows = connection.execute("SELECT job, runner FROM jobs WHERE state = 'running'").fetchall()
        return [(Job.model_validate_json(row["job"]), row["runner"]) for row in rows
                if row["runner"].partition("/")[0] not in alive]

    def step(self, key: str, step: str, done: bool) -> None:
        """Note that a step of a running job began or ended."""
        with self._database.open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            _happened(connection, key, JobState.RUNNING, step, done)

    def events(self, key: str, after: int = 0) -> list[JobEvent]:
        """What happened to a job after its event of that number, in order."""
        with self._database.open() as connection:
            rows = connection.execute("SELECT event FROM job_events WHERE job = ? AND number > ? ORDER BY number",
                                      (key, after)).fetchall()
        return [JobEvent.model_validate_json(row["event"]) for row in rows]

    def remove_of(self, case: str) -> None:
        """Forget the jobs of a case."""
        with self._database.open() as connection:
            _remove(connection, [row["id"] for row in connection.execute(
                "SELECT id FROM jobs WHERE json_extract(job, '$.case') = ?", (case,))])

    def _from(self, key: str, claim: str, state: JobState, **fields: Any) -> Job | None:
        with self._database.open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            row = connection.execute("SELECT runner FROM jobs WHERE id = ? AND state = 'running'", (key,)).fetchone()
            job = _job(connection, key)
            if job is None or row is None or row["runner"] != claim:
                return job
            return _moved(connection, job, state, None, **fields)


def _job(connection: sqlite3.Connection, key: str) -> Job | None:
    row = connection.execute("SELECT job FROM jobs WHERE id = ?", (key,)).fetchone()
    return Job.model_validate_json(row["job"]) if row else None


def _remove(connection: sqlite3.Connection, keys: Sequence[str]) -> None:
    connection.executemany("DELETE FROM job_events WHERE job = ?", [(key,) for key in keys])
    connection.executemany("DELETE FROM jobs WHERE id = ?", [(key,) for key in keys])


def _insert(connection: sqlite3.Connection, job: Job) -> None:
    connection.execute("INSERT INTO jobs SELECT ?, coalesce(max(number), 0) + 1, ?, NULL, ? FROM jobs",
                       (job.id, job.state, job.model_dump_json()))
    _happened(connection, job.id, job.state)


def _moved(connection: sqlite3.Connection, job: Job, state: JobState, runner: str | None, **fields: Any) -> Job:
    moved = job.model_copy(update={"state": state, **fields})
    connection.execute("UPDATE jobs SET state = ?, runner = ?, job = ? WHERE id = ?",
                       (state, runner, moved.model_dump_json(), job.id))
    _happened(connection, job.id, state)
    return moved


def _happened(connection: sqlite3.Connection, key: str, state: JobState, step: str | None = None,
              done: bool | None = None) -> None:
    last = connection.execute("SELECT coalesce(max(number), 0) FROM job_events WHERE job = ?", (key,)).fetchone()[0]
    event = JobEvent(number=last + 1, at=now(), state=state, step=step, done=done)
    connection.execute("INSERT INTO job_events VALUES (?, ?, ?)", (key, event.number, event.model_dump_json()))

"""What every door of the server does: the same for REST and MCP, each for a user and a case that the user may see."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from shutil import rmtree
from typing import Any

from filelock import FileLock

from ...agent.door import inspect_case, open_case
from ...agent.run import listing
from ...core.case import Case
from ...core.errors import StoreError
from ...core.settings import Settings
from ...memory.audit import Entry, access_trail
from ...memory.home import Home
from ...sources.inspect import Inspection
from .access_log import AccessLog
from .chats import Chats
from .gate import Rate
from .images import Images
from .jobs import Job, JobKind, JobState, JobStore
from .options import Options
from .problems import Problem
from .recent import Recent
from .registry import CaseEntry, Origin, Registry, new_key, now, open_database
from .reports import Reports
from .runner import Runner
from .sessions import Sessions
from .turns import Turns
from .uploads import Uploads, case_path
from .users import User, Users
from .words import NewToolRun

STRANGERS_PER_SECOND = 1.0
MOST_CASES = 32
"""Opened cases that are kept at hand."""
MOST_JOBS = 100
"""Ended jobs of a case that are kept, with the results of its tools."""
FRESH_SECONDS = 5.0
"""So long nobody looks whether the files of a case have changed."""


class Service:
    """A server's cases and what is done with them.

    Args:
        settings: limits and the state folder.
        options: of the server.
        users: who may use it.
    """

    def __init__(self, settings: Settings, options: Options, users: Users) -> None:
        self.settings, self.options, self.users = settings, options, users
        self.home = Home(settings.home)
        self.turns = Turns(settings, options.heavy_at_once)
        self.reports = Reports(self.home, self.turns)
        self.chats = Chats(self.reports, self.turns, options.readers[0])
        database = open_database(self.home)
        self.registry = Registry(database)
        self.jobs = JobStore(database, options.max_waiting)
        self.runner = Runner(self.home, self.jobs, self.registry, options.jobs_at_once)
        self.uploads = Uploads(self.home.path, options)
        self.sessions = Sessions(users, options.session_seconds)
        self.accesses = AccessLog(access_trail(self.home))
        self.images = Images(self.home.path / "server" / "images", self.home.cache, settings.limits)
        self.rate = Rate(options.requests_per_second, options.burst)
        self.strangers = Rate(STRANGERS_PER_SECOND, options.strangers_at_once)
        self._cases: Recent[tuple[float, int, Case]] = Recent(MOST_CASES)

    @contextmanager
    def running(self) -> Iterator[None]:
        """While the server runs: the access trail is written, the queue worked off."""
        with ExitStack() as stack:
            self.accesses.start()
            stack.callback(self.accesses.stop)
            stack.callback(self.images.close)
            self.runner.start()
            stack.callback(self.runner.stop)
            yield

    # Cases

    def case(self, user: User, key: str) -> CaseEntry:
        """A case that the user may see.

        Raises:
            Problem: 404 where there is none; one that the user may not see is none.
        """
        entry = self.registry.get(key)
        if entry is None or not entry.seen_by(user):
            raise Problem(404, "there is no such case")
        return entry

    def register(self, user: User, folder: str, **fields: object) -> CaseEntry:
        """Know a folder or .zip under one of the server's roots as a case.

        Raises:
            Problem: 403 where it lies elsewhere or no root is allowed, 404 where there is nothing.
        """
        path = self.below_a_root(folder)
        given = {"title": path.name, **{name: value for name, value in fields.items() if value is not None}}
        return self._add(user, Origin.REGISTERED, new_key("c"), path, given)

    def begin_upload(self, user: User, **fields: object) -> CaseEntry:
        """A new case without files yet."""
        key = new_key("c")
        given = {"title": "Untitled case", **{name: value for name, value in fields.items() if value is not None}}
        return self._add(user, Origin.UPLOADED, key, self.uploads.begin(key), given)

    def uploaded(self, entry: CaseEntry) -> CaseEntry:
        """The case once its files have changed: a single .zip is the case itself.

        Raises:
            Problem: 404 where it was removed meanwhile; nothing of what was sent stays.
        """
        files = sorted(self.uploads.sizes(entry.id))
        changed = self.registry.change(entry.id, path=case_path(self.uploads.folder(entry.id), files))
        if changed is None:
            self.uploads.remove_all(entry.id)
            raise Problem(404, "there is no such case")
        return changed

    def forget(self, entry: CaseEntry) -> None:
        """Take a case off the list, its jobs stopped, its uploaded files and the results of its tools deleted. What was
        decided about it stays in the state folder."""
        for job in self.jobs.of(entry.id):
            if job.ended_at is None:
                self.runner.cancel(job)
            rmtree(self.runner.folder(job), ignore_errors=True)
        self.registry.remove(entry.id)
        self.close(entry)
        self.jobs.remove_of(entry.id)
        if entry.origin is Origin.UPLOADED:
            self.uploads.remove_all(entry.id)

    def close(self, entry: CaseEntry) -> None:
        """Keep nothing of the case at hand."""
        self._cases.drop(entry.id)
        self.chats.close(entry)

    def inspected(self, entry: CaseEntry) -> Inspection:
        """What every file of the case is."""
        return self.turns.heavy(lambda: inspect_case(entry.path))

    def opened(self, entry: CaseEntry) -> Case:
        """The case with its studies, as it lies there now; looked through again when a file has changed.

        Raises:
            InputError: nothing usable, or several patients and none named.
        """
        known = self._cases.get(entry.id)
        if known is not None and time.monotonic() - known[0] < FRESH_SECONDS:
            return known[2]
        state = hash((entry.patient, tuple(listing(entry.path))))
        if known is None or known[1] != state:
            case = self.turns.heavy(lambda: open_case(entry.path, patient=entry.patient), entry)
        else:
            case = known[2]
        self._cases.put(entry.id, (time.monotonic(), state, case))
        return case

    def _add(self, user: User, origin: Origin, key: str, path: Path, given: Mapping[str, object]) -> CaseEntry:
        return self.registry.add(CaseEntry.model_validate(
            {"id": key, "origin": origin, "path": path, "owner": user.name, "created_at": now(), **given}))

    def below_a_root(self, folder: str) -> Path:
        """The path of a folder or .zip that may be registered.

        Raises:
            Problem: 403 where it lies elsewhere or no root is allowed, 404 where there is nothing.
        """
        roots = [root.resolve() for root in self.options.roots]
        if not roots:
            raise Problem(403, "no folder may be registered here; start the server with --root FOLDER, or upload files")
        given = Path(folder)
        for root in roots:
            try:
                path = (root / given).resolve()  # an absolute path stays what it is
                there = path.exists()
            except (OSError, ValueError) as error:
                raise Problem(404, "that cannot be the name of a folder") from error
            if path.is_relative_to(root) and not path.is_relative_to(self.home.path.resolve()):
                if there:
                    return path
                raise Problem(404, "there is no such folder under the server's roots")
        raise Problem(403, "the folder does not lie under one of the server's roots")

    # Reviews and tools

    def queue_review(self, user: User, entry: CaseEntry, *, reader: str | None, question: str | None,
                     fresh: bool) -> Job:
        """Let a review wait for its turn."""
        request = {"reader": self._reader(reader), "question": question, "fresh": fresh}
        return self._queued(JobKind.REVIEW, user, entry, request)

    def queue_tool(self, user: User, entry: CaseEntry, tool: str, run: NewToolRun, *, again: bool = True) -> Job:
        """Let a run of one tool on files of the case wait for its turn.

        Args:
            user: who wants it.
            entry: the case.
            tool: which.
            run: on what, and what is asked.
            again: run it even where the same was done already.
        """
        request = {"tool": tool, **run.model_dump(mode="json"), "reader": self._reader(run.reader)}
        done = next((job for job in self.jobs.of(entry.id) if (job.kind, job.state, job.request) == (
            JobKind.TOOL, JobState.DONE, request)), None)
        return done if done is not None and not again else self._queued(JobKind.TOOL, user, entry, request)

    def _queued(self, kind: JobKind, user: User, entry: CaseEntry, request: dict[str, Any]) -> Job:
        for old in self.jobs.forget_old(entry.id, MOST_JOBS):
            rmtree(self.runner.folder(old), ignore_errors=True)
        return self.jobs.add(kind, entry.id, user.account, request)

    def job(self, user: User, key: str) -> Job:
        """A job on a case that the user may see.

        Raises:
            Problem: 404 where there is none.
        """
        job = self.jobs.get(key)
        entry = self.registry.get(job.case) if job is not None else None
        if job is None or entry is None or not entry.seen_by(user):
            raise Problem(404, "there is no such job")
        return job

    def _reader(self, named: str | None) -> str:
        if named is not None and named not in self.options.readers:
            raise Problem(403, f"this server reads with {' or '.join(self.options.readers)}; --reader adds one")
        return named or self.options.readers[0]

    def without_folders(self, text: str) -> str:
        """A line for somebody who need not know where things lie on this machine, and has no command line."""
        for folder in sorted({self.home.path, self.home.path.resolve(), *self.options.roots,
                              *(root.resolve() for root in self.options.roots)}, key=lambda one: -len(str(one))):
            text = text.replace(f"{folder}{os.sep}", "").replace(str(folder), "the server's folder")
        text = text.replace("Choose one with --patient ID", "Give the case the identifier of its patient")
        return re.sub(r": give (it|them|yours) with --[a-z]+", "", text)

    def ready(self) -> str | None:
        """Why the server cannot work now; None where it can."""
        if not self.runner.works:
            return "the queue is not worked off"
        try:
            with FileLock(self.home.path / "locks" / "ready.lock", timeout=0.5):
                self.jobs.waiting()
        except (OSError, StoreError) as error:
            return f"the state folder cannot be used ({type(error).__name__})"
        return None

    def trail(self, entry: CaseEntry) -> list[Entry]:
        """Who did what to the report, and who looked at the case, oldest first.

        Raises:
            StoreError: one of the trails does not hold.
        """
        return sorted([*self.reports.decisions(entry), *self.accesses.trail.entries(entry.id)], key=lambda one: one.at)

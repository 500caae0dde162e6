"""What every door of the server does: the same for REST and MCP, each for a user and a case that the user may see."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar
from zipfile import ZIP_DEFLATED, ZipFile

from filelock import FileLock

from ...agent.chat.graph import Event
from ...agent.chat.history import Turn
from ...agent.chat.session import Chat
from ...agent.decide import add_addendum, edit_case, reject_case, sign_case
from ...agent.door import inspect_case, open_case, open_chat, reader_choice, timeline_found
from ...agent.edit import worded_anew
from ...agent.handover import export_case
from ...agent.nodes import content_digest
from ...agent.opened import working_with
from ...agent.run import listing
from ...core.case import Case
from ...core.errors import StoreError
from ...core.forms import Form
from ...core.report import Report, Sentence
from ...core.result import Answer
from ...core.settings import Settings
from ...memory.audit import AuditTrail, Entry, acting_as
from ...memory.home import Home
from ...sources.inspect import Inspection
from .access_log import AccessLog, access_trail
from .gate import Rate
from .images import Images
from .jobs import Job, JobKind, JobState, JobStore
from .options import Options
from .problems import Problem
from .registry import CaseEntry, Origin, Registry, new_key, now, open_database
from .runner import Runner
from .sessions import Sessions
from .uploads import Uploads, case_path
from .users import User, Users
from .words import NewToolRun, TimelineAsked, TimelineHit, TimelinePage

T = TypeVar("T")
STRANGERS_PER_SECOND = 1.0
MOST_CHATS = 8
"""Chats that stay open; the one that was not asked for longest is closed, and loses nothing by it."""
WAIT_FOR_OTHERS = 60.0
"""Seconds that a request waits for other heavy ones."""
MOST_REPORTS = 32
"""Reports that are kept at hand."""
FRESH_SECONDS = 5.0
"""So long nobody looks whether the files of a case have changed."""
NOT_REVIEWED = "the case was not reviewed yet; start a review"
WRITTEN = {Form.JSON: "report.json", Form.MARKDOWN: "report.md", Form.HTML: "report.html", Form.PDF: "report.pdf",
           Form.FHIR: "fhir.json"}
"""Forms that a review writes itself, and their files."""


@dataclass(frozen=True)
class OpenChat:
    """A chat that is open, and the state of the report it was opened on."""

    chat: Chat
    stamp: tuple[int, int]
    lock: threading.Lock


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
        self._heavy = threading.BoundedSemaphore(options.heavy_at_once)
        self._locks: dict[str, threading.Lock] = {}
        self._chats: dict[str, OpenChat] = {}
        self._cases: dict[str, tuple[float, int, Case]] = {}
        self._reports: dict[str, tuple[tuple[int, int], Report]] = {}
        self._mine = threading.Lock()

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
        """The case once its files have changed: a single .zip is the case itself."""
        files = sorted(self.uploads.sizes(entry.id))
        return self.registry.change(entry.id, path=case_path(self.uploads.folder(entry.id), files)) or entry

    def forget(self, entry: CaseEntry) -> None:
        """Take a case off the list, its uploaded files with it. What was decided about it stays in the state folder.

        Raises:
            Problem: 409 while a job of it runs.
        """
        for job in self.jobs.of(entry.id):
            if job.ended_at is None:
                self.runner.cancel(job)
        self.registry.remove(entry.id)
        self._cases.pop(entry.id, None)
        self.jobs.remove_of(entry.id)
        if entry.origin is Origin.UPLOADED:
            self.uploads.remove_all(entry.id)

    def inspected(self, entry: CaseEntry) -> Inspection:
        """What every file of the case is."""
        return self.heavy(lambda: inspect_case(entry.path))

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
            case = self.heavy(lambda: open_case(entry.path, patient=entry.patient))
        else:
            case = known[2]
        self._cases[entry.id] = time.monotonic(), state, case
        while len(self._cases) > MOST_REPORTS:
            self._cases.pop(next(iter(self._cases)))
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
        return self.jobs.add(JobKind.REVIEW, entry.id, user.account, request)

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
        return done if done is not None and not again else self.jobs.add(JobKind.TOOL, entry.id, user.account, request)

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

    # Reports

    def folder(self, entry: CaseEntry) -> Path:
        """Where the latest report of a case lies.

        Raises:
            Problem: 404 before the first review.
        """
        folder = self.home.run_folder(entry.report) if entry.report else None
        if folder is None or not (folder / "report.json").is_file():
            raise Problem(404, NOT_REVIEWED)
        return folder

    def report(self, entry: CaseEntry) -> Report:
        """The report as it stands.

        Raises:
            Problem: 404 before the first review.
        """
        self.folder(entry)
        found = self.head(entry)
        if found is None:
            raise Problem(404, NOT_REVIEWED)
        return found

    def head(self, entry: CaseEntry) -> Report | None:
        """The report of a case as it stands, None before the first review; read again only when it was written anew."""
        file = self.home.run_folder(entry.report) / "report.json" if entry.report else None
        if file is None or not file.is_file():
            return None
        stamp = _stamp(file)
        known = self._reports.get(entry.report or "")
        if known is None or known[0] != stamp:
            known = stamp, Report.model_validate_json(file.read_bytes())
            self._reports[entry.report or ""] = known
            while len(self._reports) > MOST_REPORTS:
                self._reports.pop(next(iter(self._reports)))
        return known[1]

    def exported(self, user: User, entry: CaseEntry, form: Form, into: Path) -> Path:
        """The report in a form that other systems read; several files come as one .zip.

        Args:
            user: whose export the audit trail notes.
            entry: the case.
            form: which.
            into: a folder that the caller removes.

        Raises:
            Problem: 409 where the report holds nothing that this form can.
        """
        self.folder(entry)
        with TemporaryDirectory(dir=into) as made:
            done = self.alone(user, entry, lambda: export_case(entry.path, [form], made, patient=entry.patient))
            if not done.files:
                why = "; ".join(done.left_out) or "no such content"
                raise Problem(409, f"the report has nothing for {form}: {why}")
            if len(done.files) == 1:
                return done.files[0].rename(into / done.files[0].name)
            with ZipFile(into / f"{form}.zip", "w", ZIP_DEFLATED) as packed:
                for file in done.files:
                    packed.write(file, file.relative_to(made))
        return into / f"{form}.zip"

    def checked(self, entry: CaseEntry, at: str, text: str) -> Sentence:
        """How new words for a sentence would stand; nothing is changed."""
        return worded_anew(self.report(entry), at, text)

    def edit(self, user: User, entry: CaseEntry, changes: Mapping[str, str | None], name: str) -> Report:
        """Change sentences of the draft."""
        return self.alone(user, entry, lambda: edit_case(entry.path, changes, name=name, patient=entry.patient))

    def sign(self, user: User, entry: CaseEntry, name: str, content_sha256: str | None) -> Report:
        """Sign the draft.

        Raises:
            Problem: 409 where it is not what was looked at.
        """
        def work() -> Report:
            if content_sha256 not in (None, content_digest(self.report(entry))):
                raise Problem(409, "the report is not the one that was looked at; look at it again, then sign")
            return sign_case(entry.path, name=name, patient=entry.patient)

        return self.alone(user, entry, work)

    def reject(self, user: User, entry: CaseEntry, name: str, reason: str) -> Report:
        """Reject the draft."""
        return self.alone(user, entry, lambda: reject_case(entry.path, name=name, reason=reason, patient=entry.patient))

    def add_to(self, user: User, entry: CaseEntry, name: str, text: str) -> Report:
        """Add to the signed report."""
        return self.alone(user, entry, lambda: add_addendum(entry.path, text, name=name, patient=entry.patient))

    def timeline(self, user: User, entry: CaseEntry, asked: TimelineAsked) -> TimelinePage:
        """The patient's timeline."""
        self.folder(entry)
        found = self.alone(user, entry, lambda: timeline_found(entry.path, patient=entry.patient, search=asked.search,
                                                               query=asked.query))
        return TimelinePage(none=found.none, events=tuple(
            TimelineHit(event=hit.event, match=hit.match.value if hit.match is not None else None)
            for hit in found.hits))

    def trail(self, entry: CaseEntry) -> list[Entry]:
        """Who did what to the report, and who looked at the case, oldest first."""
        decided = AuditTrail(self.home).entries(entry.report) if entry.report else []
        return sorted([*decided, *self.accesses.trail.entries(entry.id)], key=lambda one: one.at)

    # Chat

    def ask(self, user: User, entry: CaseEntry, question: str, watch: Callable[[Event], None] | None = None) -> Answer:
        """The checked answer to a question about the case."""
        opened = self._chat(user, entry)
        with opened.lock, acting_as(user.account):
            return self.heavy(lambda: opened.chat.ask(question, watch=watch))

    def turns(self, user: User, entry: CaseEntry, most: int) -> list[Turn]:
        """What was asked and answered about the case, oldest first."""
        return self._chat(user, entry).chat.history.turns(most)

    def _chat(self, user: User, entry: CaseEntry) -> OpenChat:
        stamp = _stamp(self.folder(entry) / "report.json")
        with self._mine:
            opened = self._chats.pop(entry.id, None)
        if opened is None or opened.stamp != stamp:
            reader = reader_choice(reader=self.options.readers[0])
            chat = self.alone(user, entry, lambda: open_chat(entry.path, patient=entry.patient, reader=reader))
            opened = OpenChat(chat, stamp, threading.Lock())
        with self._mine:
            self._chats[entry.id] = opened
            while len(self._chats) > MOST_CHATS:
                self._chats.pop(next(iter(self._chats)))
        return opened

    # How work is kept apart

    def alone(self, user: User, entry: CaseEntry, work: Callable[[], T]) -> T:
        """What needs the case's checkpoints: one request at a time, in the user's name.

        Raises:
            StoreError: a review of the case is under way.
        """
        with self._mine:
            lock = self._locks.setdefault(entry.id, threading.Lock())
        with lock, acting_as(user.account):
            return self.heavy(work)

    def heavy(self, work: Callable[[], T]) -> T:
        """What takes a processor for a while: only so many at once.

        Raises:
            Problem: 503 where others took too long.
        """
        if not self._heavy.acquire(timeout=WAIT_FOR_OTHERS):
            raise Problem(503, "the server is busy; try again later")
        try:
            with working_with(self.settings):
                return work()
        finally:
            self._heavy.release()

    def ready(self) -> str | None:
        """Why the server cannot work now; None where it can."""
        if not self.runner.works:
            return "the queue is not worked off"
        try:
            with FileLock(self.home.path / "locks" / "ready.lock", timeout=5):
                self.jobs.waiting()
        except (OSError, StoreError) as error:
            return f"the state folder cannot be used ({type(error).__name__})"
        return None


def _stamp(file: Path) -> tuple[int, int]:
    """Changes whenever the file is written anew."""
    state = file.stat()
    return state.st_mtime_ns, state.st_size

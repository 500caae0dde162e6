"""One review as it runs: resumed where it was stopped, watched while it works, decided by a person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout
from langgraph.types import Command
from pydantic import Field, ValidationError

from .. import __version__
from ..core.errors import StoreError, UsageError
from ..core.files import write_bytes
from ..core.ids import digest
from ..core.report import Addendum, ReaderIdentity, Report, ReportStatus
from ..core.words import Word
from ..memory.checkpoints import open_checkpoints, storable_types
from . import state as state_words
from .changed import changed_files
from .edit import check_changes
from .graph import make_graph
from .nodes import Review
from .state import ReviewState, Task, Verdict

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver
    from langgraph.graph.state import CompiledStateGraph

WAITING_FOR_A_PERSON = ("sign_off",)
NOT_REVIEWED = ("this case has no report in its present state (it was not reviewed, or a file changed since): run "
                "`caseloom review` on it first")


@dataclass(frozen=True)
class Progress:
    """One step of a review: a node, or one tool on one study, started or finished."""

    step: str
    done: bool


Watcher = Callable[[Progress], None]


@dataclass(frozen=True)
class ReviewRun:
    """A review bound to its checkpoints.

    Args:
        review: what is reviewed and with what.
        graph: the compiled review graph.
        saver: where its checkpoints are.
        thread: key of this review's checkpoints: path and state of the files, patient, reader, version.
    """

    review: Review
    graph: CompiledStateGraph[Any, Any, Any, Any]
    saver: BaseCheckpointSaver[Any]
    thread: str

    def go(self, question: str | None, *, fresh: bool = False, latest: bool = True,
           watch: Watcher | None = None) -> Report:
        """The draft that answers `question`, made now or found finished; an interrupted run goes on where it stopped.

        Another question than last time costs a new draft, but no tool work. What a reader that failed left unread is
        read again, and so is a file that changed since, as long as the draft was not decided on.

        Args:
            question: the user's, or None for case.yaml's.
            fresh: forget what was done and start over.
            latest: this is now the review of its case that is signed.
            watch: told of every step that starts or ends.
        """
        if fresh:
            self.saver.delete_thread(self.thread)
            rmtree(self.review.results, ignore_errors=True)
            _latest_file(self.review).unlink(missing_ok=True)
        elif self._left_unread() or self._rests_on_other_files():
            self.saver.delete_thread(self.thread)
        self.finish(question, watch)
        if self.graph.get_state(self._config).values.get("question") != question:
            self.graph.update_state(self._config, {"question": question}, as_node="remember")
            self._drive(None, watch)
        if latest:
            remember_latest(self.review, question)
        return self.report()

    def _left_unread(self) -> bool:
        snapshot = self.graph.get_state(self._config)
        return snapshot.next == WAITING_FOR_A_PERSON and bool(snapshot.values.get("unread"))

    def _rests_on_other_files(self) -> bool:
        """Whether a finished draft cites a file that is another now, though of the same size and time."""
        snapshot = self.graph.get_state(self._config)
        done = snapshot.next == WAITING_FOR_A_PERSON
        return done and bool(changed_files(snapshot.values["case"], snapshot.values["report"]))

    def finish(self, question: str | None = None, watch: Watcher | None = None) -> Report:
        """The report as it stands, whatever question it answers; what was not begun or not ended is done first."""
        snapshot = self.graph.get_state(self._config)
        if "report" not in snapshot.values and not snapshot.next:
            # Nothing was done, or the run was stopped before its first step: there is nothing to go on from.
            self.saver.delete_thread(self.thread)
            self._drive({"question": question}, watch)
        elif snapshot.next not in ((), WAITING_FOR_A_PERSON):
            self._drive(None, watch)
        if latest_of(self.review) is None:
            remember_latest(self.review, question)
        return self.report()

    def decide(self, verdict: Verdict) -> Report:
        """Sign, reject or change the draft.

        What cannot be decided so is refused before the graph goes on: LangGraph keeps the first word that a waiting
        node was given, so a node that refuses it would refuse every later one with it.

        Raises:
            UsageError: there is no draft that waits for a decision, or none that can be changed so.
        """
        if self.graph.get_state(self._config).next != WAITING_FOR_A_PERSON:
            raise UsageError(_NO_DRAFT[self.report().status])
        check_changes(self.report(), verdict.changes)
        self._drive(Command(resume=verdict), None)
        return self.report()

    def add(self, addendum: Addendum) -> Report:
        """Add to the signed report, and write it anew beside what was signed."""
        report = self.report()
        added = report.model_copy(update={"addenda": (*report.addenda, addendum)})
        self.graph.update_state(self._config, {"report": added}, as_node="publish")
        self.review.publish(self.state())
        return added

    def report(self) -> Report:
        """The report as it stands.

        Raises:
            UsageError: the case was not reviewed.
        """
        report: Report | None = self.graph.get_state(self._config).values.get("report")
        if report is None:
            raise UsageError(NOT_REVIEWED)
        return report

    def state(self) -> ReviewState:
        """Everything that the finished steps left."""
        values: ReviewState = self.graph.get_state(self._config).values  # type: ignore[assignment]
        return values

    def _drive(self, given: Any, watch: Watcher | None) -> None:
        running: dict[str, str] = {}
        for event in self.graph.stream(given, self._config, durability="sync", stream_mode="tasks"):
            if watch is not None:
                watch(_progress(event, running))

    @property
    def _config(self) -> Any:
        return {"configurable": {"thread_id": self.thread}, "max_concurrency": self.review.settings.workers}


_NO_DRAFT = {
    ReportStatus.SIGNED: "the report is signed and stays as it is: add to it with `caseloom sign CASE --name NAME "
                         "--addendum TEXT`, or make a new draft with `caseloom review CASE --fresh`",
    ReportStatus.REJECTED: "the draft was rejected: make a new one with `caseloom review CASE --fresh`",
    ReportStatus.DRAFT: "there is no draft yet that waits for a decision: run `caseloom review CASE` to its end first",
}
"""Why nothing waits for a decision, by what the report is."""


def _progress(event: dict[str, Any], running: dict[str, str]) -> Progress:
    """A task event of LangGraph as progress; `running` keeps the labels of what has started, by task id."""
    if "input" not in event:
        return Progress(step=running.pop(event["id"], event["name"]), done=True)
    task = event["input"].get("task")
    running[event["id"]] = task.label if isinstance(task, Task) else event["name"]
    return Progress(step=running[event["id"]], done=False)


@contextmanager
def open_run(review: Review, question: str | None = None) -> Iterator[ReviewRun]:
    """A review with its checkpoints, held by this process alone.

    Args:
        review: what is reviewed and with what.
        question: the user's; a review with a model is another one for another question.

    Raises:
        StoreError: another process reviews the same case, or the checkpoints cannot be opened.
    """
    thread = thread_of(review, question)
    review = replace(review, results=review.results / thread)
    lock = FileLock(review.home.path / "locks" / f"{thread}.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise StoreError("another process is reviewing this case; wait for it to end, or stop it") from error
    try:
        with open_checkpoints(review.home.checkpoints, storable_types([state_words])) as saver:
            yield ReviewRun(review=review, graph=make_graph(review, saver), saver=saver, thread=thread)
    finally:
        lock.release()


def thread_of(review: Review, question: str | None) -> str:
    """Key of a review's checkpoints; any change of a file, of the reader or of a tool makes another one.

    A question is part of it where a model puts it to the images; rules answer it from findings that do not change.
    """
    reader = review.reader.identity
    asked = question if reader.interprets else None
    own = [dict(review.own)] if review.own else []
    return digest([*_input_of(review), reader.model_dump(), reader.origin, asked, *own])[:32]


class Latest(Word):
    """Which review of a case came last."""

    reader: ReaderIdentity
    origin: str | None = None
    question: str | None
    own: dict[str, str] = Field(default_factory=dict)
    """Of the tools that were not the shipped ones, the class by name."""

    @property
    def identity(self) -> ReaderIdentity:
        """Of the reader, with its origin."""
        return self.reader.model_copy(update={"origin": self.origin})


def remember_latest(review: Review, question: str | None) -> None:
    """Note that this review is the latest of its case: what is signed, and whose timeline is shown."""
    file, who = _latest_file(review), review.reader.identity
    file.parent.mkdir(exist_ok=True, mode=0o700)
    latest = Latest(reader=who, origin=who.origin, question=question, own=dict(review.own))
    write_bytes(file, latest.model_dump_json().encode(), private=True)


def latest_of(review: Review) -> Latest | None:
    """The latest review of the same case in its present state, whoever read it; None when there was none."""
    file = _latest_file(review)
    try:
        return Latest.model_validate_json(file.read_bytes()) if file.is_file() else None
    except ValidationError as error:
        raise StoreError(f"{file.name} in the state folder's 'latest' is damaged; delete it and review the case again"
                         ) from error


def _latest_file(review: Review) -> Path:
    return review.home.path / "latest" / f"{digest(_input_of(review))[:32]}.json"


def _input_of(review: Review) -> list[Any]:
    return [str(review.path.resolve()), listing(review.path), review.patient, review.settings.space, __version__]


def listing(path: Path) -> list[tuple[str, int, int]]:
    """Path, size and time of change of every file of a case: another listing is another state of it."""
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    stats = ((file, file.stat()) for file in files)
    return [(str(file.relative_to(path)), stat.st_size, stat.st_mtime_ns) for file, stat in stats]

"""Runs what waits in the queue, each job in a process of its own: it can be stopped at once, and takes no time from
those who read. A job that was cut off goes on where it stopped when it runs again."""

from __future__ import annotations

import json
import logging
import os
import secrets
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from ...core.errors import StoreError
from ...memory.home import Home
from .jobs import Job, JobError, JobKind, JobState, JobStore
from .registry import CaseEntry, Registry

log = logging.getLogger("caseloom")
GLANCE = 0.2
"""Seconds between two looks into the queue."""
PATIENCE = 10.0
"""Seconds that a stopped process has for its own end."""


class Runner:
    """Takes jobs from the queue, so many at once.

    Args:
        home: the opened state folder.
        store: the queue.
        registry: the cases.
        at_once: jobs side by side.
    """

    def __init__(self, home: Home, store: JobStore, registry: Registry, at_once: int) -> None:
        self._home, self._store, self._registry = home, store, registry
        self._name = f"runner-{secrets.token_hex(4)}"
        self._alive = FileLock(home.path / "locks" / f"{self._name}.lock", thread_local=False)
        self._at_once = at_once
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []
        self._children: dict[tuple[str, str], subprocess.Popen[str]] = {}
        self._lock = threading.Lock()

    def start(self) -> None:
        """Take up what a server that is gone left running, and begin."""
        self._alive.acquire()
        for job, claim in self._store.left_by(self._living()):
            self._store.give_back(job.id, claim)
        self._threads = [threading.Thread(target=self._work, name=f"{self._name}-{n}", daemon=True)
                         for n in range(self._at_once)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop; what runs waits again, and goes on when a server starts."""
        self._over.set()
        with self._lock:
            running = list(self._children.values())
        for child in running:
            _stop(child)
        for thread in self._threads:
            thread.join()
        self._alive.release()
        Path(self._alive.lock_file).unlink(missing_ok=True)

    def cancel(self, job: Job) -> Job:
        """End a job, waiting or running; what it has done stays done."""
        ended = self._store.cancel(job.id)
        with self._lock:
            running = [child for (key, _), child in self._children.items() if key == job.id]
        for child in running:
            _stop(child)
        return ended or job

    @property
    def works(self) -> bool:
        """Whether its threads are there to take a job."""
        return len(self._threads) == self._at_once and all(thread.is_alive() for thread in self._threads)

    def folder(self, job: Job) -> Path:
        """Where the results of a tool's run lie."""
        return self._home.path / "server" / "jobs" / job.id

    def _living(self) -> list[str]:
        living = [self._name]
        for file in (self._home.path / "locks").glob("runner-*.lock"):
            if file.stem != self._name and _is_held(file):
                living.append(file.stem)
        return living

    def _work(self) -> None:
        while not self._over.is_set():
            claim = f"{self._name}/{secrets.token_hex(4)}"
            try:
                job = self._store.take(claim)
                if job is not None:
                    self._run(job, claim)
            except (StoreError, OSError) as error:  # a locked database, no room for a process: it may pass
                log.error("a job could not be run: %s", type(error).__name__)
                job = None
            if job is None:
                self._over.wait(GLANCE)

    def _run(self, job: Job, claim: str) -> None:
        entry = self._registry.get(job.case)
        if entry is None:
            self._store.end(job.id, claim, JobState.FAILED, error=JobError(detail="the case is gone", exit_code=2))
            return
        last = self._watched(job, claim, self._order(job, entry))
        if self._over.is_set() and "result" not in last:
            self._store.give_back(job.id, claim)
        elif "result" in last:
            ended = self._store.end(job.id, claim, JobState.DONE, usable=last["result"]["usable"])
            if job.kind is JobKind.REVIEW and ended is not None and ended.state is JobState.DONE:
                self._registry.change(job.case, report=last["result"]["report"], reader=job.request["reader"])
        else:
            self._store.end(job.id, claim, JobState.FAILED, error=JobError.model_validate(last["error"]))

    def _order(self, job: Job, entry: CaseEntry) -> dict[str, Any]:
        return {"kind": job.kind, "account": job.user, "space": entry.id, "case": str(entry.path),
                "patient": entry.patient, "question": entry.question, "out": str(self.folder(job)),
                "request": job.request}

    def _watched(self, job: Job, claim: str, order: dict[str, Any]) -> dict[str, Any]:
        """The last line of the job's process: its result, or why there is none."""
        last: dict[str, Any] = {}
        child = self._begin(job, claim, order)
        try:
            with child:
                for line in child.stdout or ():
                    last = _told(line) or last
                    if "step" in last:
                        self._store.step(job.id, last["step"], last["done"])
        finally:
            with self._lock:
                self._children.pop((job.id, claim), None)
        if "result" in last or "error" in last:
            return last
        return {"error": {"detail": f"the job's process ended without a result (code {child.returncode})",
                          "exit_code": 1}}

    def _begin(self, job: Job, claim: str, order: dict[str, Any]) -> subprocess.Popen[str]:
        environment = {name: value for name, value in os.environ.items() if name != "CASELOOM_TOKEN"}
        child = subprocess.Popen([sys.executable, "-m", "caseloom.app.server.worker"], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8",
                                 env={**environment, "CASELOOM_HOME": str(self._home.path)}, start_new_session=True)
        with self._lock:
            self._children[job.id, claim] = child
        stored = self._store.get(job.id)
        if self._over.is_set() or stored is None or stored.state is not JobState.RUNNING:
            child.terminate()  # cancelled before it began
        if child.stdin is not None:
            with suppress(BrokenPipeError):  # it is gone already; its end says so
                child.stdin.write(json.dumps(order) + "\n")
                child.stdin.flush()  # and stays open: the process ends with whoever holds the other end
        return child



def _stop(child: subprocess.Popen[str]) -> None:
    child.terminate()
    try:
        child.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()


def _told(line: str) -> dict[str, Any] | None:
    """A line of a job's process; None where it is none of its own."""
    try:
        told = json.loads(line)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


def _is_held(file: Path) -> bool:
    try:
        with FileLock(file, timeout=0):
            return False
    except Timeout:
        return True



"""Asks a limited process to open a document, and turns however it ends into an answer or a refusal."""

from __future__ import annotations

import atexit
import json
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any, Literal, cast

from ..core.errors import RefusedFile
from ..core.refusal import RefusalCode
from ..core.settings import Limits
from .pdf_child import ANSWER
from .pdf_server import ERRORS

MAX_ANSWER_BYTES = 256 * 1024 * 1024
START_SECONDS = 60.0
"""Within which a server must have loaded the library."""
_COMMAND = (sys.executable, "-P", "-m", "caseloom.sources.pdf_server")


_NO_MEMORY = re.compile(r"^MemoryError|bad_alloc|malloc|[Cc]annot allocate memory|[Uu]nable to allocate|failed to map")
"""The last words of a process that got no memory, from Python, C++, the system or NumPy."""


class Server:
    """One running `pdf_server`, for one document at a time."""

    def __init__(self) -> None:
        self._owner = os.getpid()
        self._process = subprocess.Popen(_COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=subprocess.DEVNULL, start_new_session=True, text=True)
        self._requests, self._statuses = cast("IO[str]", self._process.stdin), cast("IO[str]", self._process.stdout)
        self._told(START_SECONDS)

    @property
    def usable(self) -> bool:
        """Whether it still runs, and was started by this very process."""
        return self._owner == os.getpid() and self._process.poll() is None

    def open(self, request: dict[str, Any], seconds: float) -> int | None:
        """How the document's process ended, as `subprocess` gives it; None when it did not end in time."""
        self._requests.write(json.dumps(request) + "\n")
        self._requests.flush()
        return self._told(seconds)

    def _told(self, seconds: float) -> int | None:
        """The status that the server tells next; None, with the server ended, when it tells none in time."""
        timer = threading.Timer(seconds, self._kill)
        timer.start()
        line = ""
        try:
            line = self._statuses.readline()
        finally:
            timer.cancel()
            if not line:
                self.end()
        return int(line) if line else None

    def _kill(self) -> None:
        if hasattr(os, "killpg"):
            os.killpg(self._process.pid, signal.SIGKILL)
        else:
            self._process.kill()

    def end(self) -> None:
        """End it, and the document's process with it."""
        if self.usable:
            self._kill()
        with self._process:
            pass


class _Servers:
    """Servers that wait for work."""

    def __init__(self) -> None:
        self._idle: list[Server] = []
        self._lock = threading.Lock()

    def take(self) -> Server:
        """A waiting server, or a new one."""
        with self._lock:
            while self._idle:
                server = self._idle.pop()
                if server.usable:
                    return server
                server.end()
        return Server()

    def give_back(self, server: Server) -> None:
        """Keep a server for the next document."""
        with self._lock:
            self._idle.append(server)

    def end(self) -> None:
        """End those that wait."""
        with self._lock:
            while self._idle:
                self._idle.pop().end()


_SERVERS = _Servers()
atexit.register(_SERVERS.end)


def ask_child(task: Literal["read", "render"], path: Path, folder: Path, limits: Limits,
              **options: float) -> list[dict[str, Any]]:
    """Let a process of its own open a document.

    Args:
        task: `read` (words, and pictures of pages that need OCR) or `render` (one page in colour).
        path: the document.
        folder: existing empty folder for the answer and for pictures.
        limits: wall clock, processor time, memory, pages and pixels.
        options: `page` (1-based) and `dpi` for `render`.

    Returns:
        One dictionary per page, as `pdf_child` describes them.

    Raises:
        RefusedFile: encrypted, damaged, too large or too slow.
    """
    request = {"task": task, "path": str(path.absolute()), "folder": str(folder), "seconds": limits.document_seconds,
               "memory_bytes": limits.document_memory_bytes, "max_pages": limits.max_document_pages,
               "max_pixels": limits.max_page_pixels, "max_file_bytes": 4 * limits.max_page_pixels, **options}
    status = _opened(request, limits.document_seconds)
    if status is None:
        raise too_slow(limits)
    written = folder / ANSWER
    if status != 0 or not written.exists() or written.stat().st_size > MAX_ANSWER_BYTES:
        raise ended_badly(status, errors_in(folder), limits)
    answer: dict[str, Any] = json.loads(written.read_bytes())
    if "error" in answer:
        code, reason = answer["error"]
        raise RefusedFile(RefusalCode(code), reason)
    pages: list[dict[str, Any]] = answer["pages"]
    return pages


def _opened(request: dict[str, Any], seconds: float) -> int | None:
    """How the document's process ended, as `Server.open` tells it; a server that died while it waited is replaced."""
    server = _SERVERS.take()
    try:
        return server.open(request, seconds)
    except BrokenPipeError:
        server.end()
        server = Server()
        return server.open(request, seconds)
    finally:
        _SERVERS.give_back(server)


def errors_in(folder: Path) -> str:
    """What the document's process wrote about its end."""
    try:
        return (folder / ERRORS).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def too_slow(limits: Limits) -> RefusedFile:
    """The refusal of a document that takes too long."""
    return RefusedFile(RefusalCode.TIMED_OUT, f"opening it took longer than {limits.document_seconds:.0f} s; "
                                              "print it to a new PDF and try again")


def ended_badly(status: int, messages: str, limits: Limits) -> RefusedFile:
    """Why the process ended without an answer.

    Raises:
        RuntimeError: the process has a bug (its traceback is the message); only that is not the document's fault.
    """
    if -status in (signal.SIGXCPU, signal.SIGKILL):
        return too_slow(limits)
    if status < 0:
        return RefusedFile(RefusalCode.CORRUPT, "the PDF library broke down over it; print it to a new PDF")
    last = (messages.strip().splitlines() or [""])[-1]
    if not last or _NO_MEMORY.search(last):
        return RefusedFile(RefusalCode.TOO_LARGE, "reading it needs more memory than one document may use")
    raise RuntimeError(messages)

"""Asks the limited child process to open a document, and turns however it ends into an answer or a refusal."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

from ..core.errors import RefusedFile
from ..core.refusal import RefusalCode
from ..core.settings import Limits

MAX_ANSWER_BYTES = 256 * 1024 * 1024


def ask_child(task: Literal["read", "render"], path: Path, folder: Path, limits: Limits,
              **options: float) -> list[dict[str, Any]]:
    """Let the child process open a document.

    Args:
        task: `read` (words, and pictures of pages that need OCR) or `render` (one page in colour).
        path: the document.
        folder: existing folder for pictures.
        limits: wall clock, processor time, memory, pages and pixels.
        options: `page` (1-based) and `dpi` for `render`.

    Returns:
        One dictionary per page, as `pdf_child` describes them.

    Raises:
        RefusedFile: encrypted, damaged, too large or too slow.
    """
    request = {"task": task, "path": str(path), "folder": str(folder), "seconds": limits.document_seconds,
               "memory_bytes": limits.document_memory_bytes, "max_pages": limits.max_document_pages,
               "max_pixels": limits.max_page_pixels, "max_file_bytes": 4 * limits.max_page_pixels, **options}
    command = [sys.executable, "-P", "-m", "caseloom.sources.pdf_child"]
    try:
        done = subprocess.run(command, input=json.dumps(request).encode(), capture_output=True, check=False,
                              timeout=limits.document_seconds)
    except subprocess.TimeoutExpired as error:
        raise too_slow(limits) from error
    if done.returncode != 0 or len(done.stdout) > MAX_ANSWER_BYTES:
        raise ended_badly(done.returncode, done.stderr, limits)
    answer: dict[str, Any] = json.loads(done.stdout)
    if "error" in answer:
        code, reason = answer["error"]
        raise RefusedFile(RefusalCode(code), reason)
    pages: list[dict[str, Any]] = answer["pages"]
    return pages


def too_slow(limits: Limits) -> RefusedFile:
    """The refusal of a document that takes too long."""
    return RefusedFile(RefusalCode.TIMED_OUT, f"opening it took longer than {limits.document_seconds:.0f} s; "
                                              "print it to a new PDF and try again")


def ended_badly(status: int, messages: bytes, limits: Limits) -> RefusedFile:
    """Why the child process ended without an answer.

    Raises:
        RuntimeError: the child has a bug (its traceback is the message); only that is not the document's fault.
    """
    if -status in (signal.SIGXCPU, signal.SIGKILL):
        return too_slow(limits)
    if status < 0:
        return RefusedFile(RefusalCode.CORRUPT, "the PDF library broke down over it; print it to a new PDF")
    if b"MemoryError" in messages or b"memory" in messages or status == 0:
        return RefusedFile(RefusalCode.TOO_LARGE, "reading it needs more memory than one document may use")
    raise RuntimeError(messages.decode(errors="replace"))

"""The process that keeps the PDF library loaded and gives every document a process of its own.

    python -P -m caseloom.sources.pdf_server

One line when it is ready; then one request a line (see `pdf_child`), and one line back when its process has ended: the
exit status as `subprocess` gives it. A document's process is a fresh fork that has seen no other document. Where the
system cannot fork, the server itself opens one document and ends.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .pdf_child import answer_request
from .pdf_words import library

ERRORS = "errors.txt"


def main() -> None:
    """Serve until there are no more requests."""
    library()
    report(0)
    for line in sys.stdin:
        request = json.loads(line)
        if not hasattr(os, "fork"):
            open_one(request, report)
            return
        child = os.fork()
        if child == 0:
            open_one(request, os._exit)
        report(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def open_one(request: dict[str, Any], end: Callable[[int], Any]) -> None:
    """Open the document in this process and call `end` with 0, or with 1 and the traceback in the request's folder."""
    status = 1
    try:
        try:
            answer_request(request)
            status = 0
        finally:
            if status:
                Path(request["folder"], ERRORS).write_text(traceback.format_exc(), encoding="utf-8")
    finally:
        end(status)


def report(status: int) -> None:
    """Tell how a document's process ended."""
    sys.stdout.write(f"{status}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

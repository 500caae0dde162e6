"""The process of one job: an order as JSON on the first line of stdin, a line of JSON on stdout for each step, the
result last.

    python -m caseloom.app.server.worker
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any, TextIO

from ...agent.door import open_case, review_case, run_tool
from ...agent.opened import working_with
from ...agent.run import Progress
from ...core.errors import CaseloomError, UsageError
from ...core.refusal import RefusalCode
from ...core.settings import Settings
from ...memory.audit import acting_as
from ..entry import bug_line

ORPHANED = 75
"""Exit code of a job whose server is gone (EX_TEMPFAIL: try again)."""
NICENESS = 10
"""So much the job gives way to those who read."""


def main() -> None:
    """Do what stdin says."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints is no part of the answer
    os.nice(NICENESS)
    order = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_server, name="server", daemon=True).start()
    try:
        settings = Settings.from_environment(os.environ).model_copy(update={"space": order["space"]})
        with acting_as(order["account"]), working_with(settings):
            _tell(out, {"result": _done(order, out)})
    except CaseloomError as error:
        _tell(out, {"error": {"detail": str(error), "exit_code": error.exit_code}})
    except Exception as error:  # noqa: BLE001 - the outermost door of this process: a bug is said in one line
        _tell(out, {"error": {"detail": bug_line(error), "exit_code": 1}})


def _done(order: dict[str, Any], out: TextIO) -> dict[str, Any]:
    request = order["request"]
    if order["kind"] == "review":
        def watch(progress: Progress) -> None:
            _tell(out, {"step": progress.step, "done": progress.done})

        report = review_case(order["case"], patient=order["patient"], reader=request["reader"],
                             question=request.get("question") or order["question"], fresh=request.get("fresh", False),
                             watch=watch)
        return {"report": report.case.id, "usable": bool(report.findings)}
    paths = _paths(order, request["files"])
    result = run_tool(request["tool"], paths, question=request.get("question"), reader=request["reader"],
                      query=request.get("query"), like=request.get("like"), out=order["out"])
    return {"usable": bool(result.findings or result.evidence)}


def _end_with_server() -> None:
    """End when the server is gone, which held the other end of stdin: the next one takes the job up again."""
    sys.stdin.read()
    os._exit(ORPHANED)


def _paths(order: dict[str, Any], files: list[str]) -> list[Path]:
    """Where the wanted files and folders of the case lie.

    Raises:
        UsageError: one is none of the case's, or is another person's.
    """
    case = open_case(order["case"], patient=order["patient"])
    read = {file.path for study in case.studies for file in study.files}
    for wanted in files:
        below = wanted.rstrip("/") + "/"
        if wanted not in read and not any(path.startswith(below) for path in read):
            raise UsageError(f"{wanted!r} is no file of the case that is read; the inspection names them")
        if others := [item.file for item in case.not_read
                      if item.code is RefusalCode.OTHER_PATIENT and item.file.startswith(below)]:
            raise UsageError(f"{wanted!r} holds files of another patient ({len(others)}); name single files")
    return [case.root / file for file in files]


def _tell(out: TextIO, line: dict[str, Any]) -> None:
    out.write(json.dumps(line, ensure_ascii=False) + "\n")
    out.flush()


if __name__ == "__main__":
    main()

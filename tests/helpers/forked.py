"""Processes that start at once: a server that has the program loaded forks one for each request.

    python forked.py

Request, a line of JSON: {"call": "module:function", "words": [...], "environment": {...}, "folder", "typed"}. Answer, a
line: the exit status, negative for the signal that ended the process. Its output lies in the folder as `out` and `err`.
A fork has its own memory, files and death, as a fresh process has. It only ends without the interpreter's own clearing
up, which waits for native threads that no fork has.
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from functools import cache
from pathlib import Path
from typing import IO, Any, NoReturn, cast

LOADED = ("caseloom.app.command_line", "caseloom.agent.door", "caseloom.agent.run", "caseloom.agent.handover",
          "caseloom.memory.timeline", "caseloom.report.write", "chromadb", "pymupdf", "torch",
          "transformers.models.bert.modeling_bert", "transformers.models.gemma3.modeling_gemma3",
          "transformers.models.siglip.modeling_siglip")
"""What every request needs and what takes long to load."""
SECONDS = 120
"""After which a process is ended."""


def run(call: str, *words: str | Path, typed: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a function of the program in a process of its own, as `python -c` would, and wait for its end.

    Args:
        call: `module:function`; it gets the words as `sys.argv[1:]`, and what it returns is the exit status.
        words: of the command line.
        typed: its input.
        environment: variables that differ from those of this process.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "in").write_text(typed, encoding="utf-8")
        request = {"call": call, "words": list(map(str, words)), "folder": name,
                   "environment": dict(os.environ) | environment, "cwd": str(Path.cwd())}
        status = _ask(json.dumps(request))
        out, err = ((folder / part).read_text(encoding="utf-8") for part in ("out", "err"))
    return subprocess.CompletedProcess([call, *map(str, words)], status, out, err)


@cache
def _server() -> subprocess.Popen[str]:
    server = subprocess.Popen([sys.executable, "-W", "error::UserWarning:caseloom", __file__], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
    atexit.register(server.kill)
    return server


def _ask(request: str) -> int:
    requests, answers = cast("IO[str]", _server().stdin), cast("IO[str]", _server().stdout)
    requests.write(request + "\n")
    requests.flush()
    return int(answers.readline())


def _serve() -> None:
    for module in LOADED:
        importlib.import_module(module)
    _load_embedder()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _become(json.loads(line))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)  # noqa: T201 - the server's answer


def _load_embedder() -> None:
    """The packaged weights are read once; on one thread, since a fork has none of the threads of a pool."""
    import torch

    from caseloom.memory.embeddings import MiniLm

    torch.set_num_threads(1)
    MiniLm().embed(["what is loaded before a request"])


def _become(request: dict[str, Any]) -> NoReturn:
    """Be the process that the request asks for, to its end."""
    signal.alarm(SECONDS)
    folder = Path(request["folder"])
    for number, part, flags in ((0, "in", os.O_RDONLY), (1, "out", os.O_WRONLY | os.O_CREAT),
                                (2, "err", os.O_WRONLY | os.O_CREAT)):
        os.dup2(os.open(folder / part, flags), number)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - it lives as long as the process
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["cwd"])
    sys.argv = ["caseloom", *request["words"]]
    module, _, function = request["call"].partition(":")
    status: object = 1
    try:
        status = getattr(importlib.import_module(module), function)()
    except SystemExit as end:
        status = end.code
    except BaseException:  # noqa: BLE001 - as the interpreter does at the outermost level
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status if isinstance(status, int) else int(status is not None))


if __name__ == "__main__":
    _serve()

"""An evaluation whose process is killed in the middle: `python evaluated_until_killed.py DATA OUT HOME QUESTIONS`."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from scripted_reader import ScriptedReader

from caseloom.evals.published.evaluate import Wish, evaluate
from caseloom.evals.published.task import Source
from caseloom.memory.home import Home
from caseloom.readers.request import Request

if __name__ == "__main__":
    data, out, home, most = sys.argv[1:]

    def answers_then_dies(request: Request[Any]) -> str:
        if len(reader.requests) > int(most):
            os.kill(os.getpid(), signal.SIGKILL)
        return "Final Answer: yes"

    reader = ScriptedReader(answers_then_dies)
    evaluate("ct-rate", Source(Path(data)), reader, Home(Path(home)), wish=Wish(blind=False, out=Path(out)))

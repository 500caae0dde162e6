"""`caseloom serve` in a process of its own, on a free port."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TOKEN = "the-token-of-a-test-and-of-nothing-else"


@contextmanager
def served(home: Path, *options: str) -> Iterator[str]:
    """The address of a running server; it is stopped by its own process id."""
    child = subprocess.Popen([sys.executable, "-m", "caseloom", "serve", "--port", "0", *options],
                             env={**os.environ, "CASELOOM_HOME": str(home), "CASELOOM_TOKEN": TOKEN},
                             stderr=subprocess.PIPE, text=True)
    try:
        told = re.search(r"http://127\.0\.0\.1:\d+", child.stderr.readline())
        assert told, f"the server ended: {child.poll()}"
        yield told.group()
    finally:
        child.terminate()
        child.wait(30)
        child.stderr.close()

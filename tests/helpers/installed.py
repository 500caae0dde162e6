"""The installed program, run as a user would."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def caseloom(home: Path, *words: str | Path, typed: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run it under a state folder of its own; what it wrote and its exit code; `typed` is its input."""
    program = Path(sys.executable).with_name("caseloom")
    return subprocess.run([str(program), *map(str, words)], capture_output=True, text=True, check=False, timeout=120,
                          input=typed,
                          env=os.environ | {"CASELOOM_HOME": str(home)})
